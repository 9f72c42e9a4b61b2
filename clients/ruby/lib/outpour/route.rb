# frozen_string_literal: true

module Outpour
  # A handler and the requests that it takes.
  class Route
    attr_reader :method, :pattern, :app, :index

    def initialize(index, method, pattern, app)
      @index = index
      @method = method
      @pattern = Pattern.new(pattern)
      @app = app
    end

    # GET handlers answer HEAD, too.
    def methods = method == 'GET' ? %w[GET HEAD] : [method]

    def match?(method, path)
      (@method.nil? || methods.include?(method)) && pattern.match?(path)
    end

    # An object with `call(env)` from what {Server.handle} takes: an object or the name of a class, with `call(env)` or
    # `on_request(request, response)`.
    def self.app_of(handler)
      handler = Object.const_get(handler) if handler.is_a?(String) || handler.is_a?(Symbol)
      handler = handler.new if handler.is_a?(Class) && !handles?(handler)
      raise ArgumentError, "#{handler.inspect} has neither call nor on_request" unless handles?(handler)

      return OnRequest.new(handler) unless handler.respond_to?(:call)

      static?(handler) ? Static.new(handler) : handler
    end

    def self.handles?(object) = object.respond_to?(:call) || object.respond_to?(:on_request)

    def self.static?(object) = object.respond_to?(:static?) && object.static? == true

    private_class_method :handles?, :static?

    # A handler whose answer never changes: asked once.
    class Static
      def initialize(handler)
        @handler = handler
        @mutex = Mutex.new
      end

      def call(_env)
        @answer || @mutex.synchronize { @answer ||= @handler.call(nil) }
      end
    end

    # A handler with `on_request(request, response)`.
    class OnRequest
      def initialize(handler)
        @handler = handler
      end

      def call(env)
        response = Response.new
        @handler.on_request(Request.new(env), response)
        response.to_a
      end
    end
  end
end
