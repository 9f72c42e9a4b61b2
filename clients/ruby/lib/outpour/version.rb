# frozen_string_literal: true

module Outpour
  VERSION = '0.1.0'
end
