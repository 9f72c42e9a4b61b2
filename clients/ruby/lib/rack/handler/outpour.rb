# frozen_string_literal: true

require 'rack/handler'
require 'outpour'

module Rack
  module Handler
    # `rackup -s outpour` of Rack 2.
    module Outpour
      extend ::Outpour::RackHandler
    end

    register :outpour, 'Rack::Handler::Outpour'
  end
end
