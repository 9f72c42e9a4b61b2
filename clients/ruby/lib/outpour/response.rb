# frozen_string_literal: true

module Outpour
  # What a handler with `on_request(request, response)` fills in.
  class Response
    # HTTP status; 200 unless set.
    attr_reader :code
    # The body: a String, or anything with `to_s`.
    attr_accessor :body

    def initialize
      @code = 200
      @headers = {}
      @body = ''
    end

    def code=(code)
      raise ArgumentError, "#{code} is no HTTP status" unless (100..599).cover?(code.to_i)

      @code = code.to_i
    end

    def [](name) = @headers[name]

    def []=(name, value)
      @headers[name.to_s] = value.to_s
    end

    # The answer as Rack knows it.
    def to_a = [code, @headers, [body.to_s]]

    def to_s = body.to_s
  end
end
