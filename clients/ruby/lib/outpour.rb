# frozen_string_literal: true

require 'stringio'

require_relative 'outpour/version'
require_relative 'outpour/empty_input'
require_relative 'outpour/errors'
require_relative 'outpour/log'

# A web server with push: Rack applications accept WebSocket and EventSource connections by leaving an object with
# callbacks in `env['rack.upgrade']`.
module Outpour
  # The `rack.input` of requests without a body.
  EMPTY_INPUT = EmptyInput.new

  # The `rack.errors` of every request.
  ERRORS = Log::Stream.new
end

# The extension: Outpour::Native, Outpour::Client and Outpour::Stream.
require 'outpour.so'

require_relative 'outpour/body'
require_relative 'outpour/settings'
require_relative 'outpour/runner'
require_relative 'outpour/channels'
require_relative 'outpour/rack_handler'
require_relative 'outpour/server'

# What a bare `rackup` picks when config.ru requires this file.
ENV['RACK_HANDLER'] ||= 'outpour'
