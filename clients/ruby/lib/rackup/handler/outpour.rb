# frozen_string_literal: true

require 'rackup/handler'
require 'outpour'

module Rackup
  module Handler
    # `rackup -s outpour` of Rack 3.
    module Outpour
      extend ::Outpour::RackHandler
    end

    register :outpour, Outpour
  end
end
