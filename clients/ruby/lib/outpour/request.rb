# frozen_string_literal: true

module Outpour
  # What a handler with `on_request(request, response)` is asked.
  class Request
    # The whole Rack environment.
    attr_reader :env
    alias to_h env

    def initialize(env)
      @env = env
    end

    def request_method = env['REQUEST_METHOD']

    def path_info = env['PATH_INFO']

    def query_string = env['QUERY_STRING']

    def server_name = env['SERVER_NAME']

    def server_port = env['SERVER_PORT']

    def remote_addr = env['REMOTE_ADDR']

    # The body, read to its end.
    def body
      @body ||= env['rack.input'].read.tap { env['rack.input'].rewind }
    end

    # Request headers by their names in the environment: `{ 'HTTP_ACCEPT' => ... }`.
    def headers
      env.select { |name, _| name.start_with?('HTTP_') }
    end
  end
end
