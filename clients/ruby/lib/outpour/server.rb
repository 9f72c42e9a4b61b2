# frozen_string_literal: true

require_relative 'router'

module Outpour
  # A server without Rack's handler: handlers by method and path, static files.
  #
  #   Outpour::Server.init(6464, '.', thread_count: 1)
  #   Outpour::Server.handle(:GET, '/hello', Hello.new)
  #   Outpour::Server.start
  module Server
    METHODS = %w[GET HEAD POST PUT PATCH DELETE OPTIONS CONNECT].freeze

    class << self
      # Sets the server up: `port` (0: those of `bind:` only), `root` for static files (nil: none). Options are those of
      # {Settings}, and `thread_count` (0: {start} serves in the calling thread), `bind`, `root_first`,
      # `connection_timeout`, `max_push_pending`. Others of Agoo's are accepted without effect.
      def init(port = 6464, root = nil, options = {})
        @router = Router.new
        @router.root = root
        @router.root_first = options[:root_first]
        @settings = Settings.new(addresses(port, options), translated(options))
        nil
      end

      # `method` is a Symbol as `:GET`, or nil for all; see {Pattern} and {Route.app_of}.
      def handle(method, pattern, handler)
        name = method&.to_s&.upcase
        raise ArgumentError, "#{method.inspect} is no method" unless name.nil? || METHODS.include?(name)

        router.handle(name, pattern, handler)
        nil
      end

      # Who answers what nobody else takes.
      def handle_not_found(handler)
        router.not_found = Route.app_of(handler)
        nil
      end

      # Middleware around the handlers that are registered from here on.
      def use(middleware, *arguments)
        router.use(middleware, *arguments)
        nil
      end

      # Files below `path` are looked for in these folders, first of all.
      def path_group(path, folders)
        router.path_group(path, folders)
        nil
      end

      # A header for files whose path and media type (`*`: any) fit.
      def header_rule(path, mime, name, value)
        router.files.header_rule(path, mime, name, value)
        nil
      end

      def add_mime(suffix, type)
        router.files.add_mime(suffix, type)
        nil
      end

      # Another root for requests to `host`, a String or Regexp.
      def domain(host, root)
        router.domain(host, root)
        nil
      end

      # Serves. Returns at once, unless `thread_count` is 0: then at the end of the server.
      def start
        runner = Runner.new(router, @settings)
        return Signals.handled(-> { runner.shutdown }) { runner.run } if @settings.threads.zero?

        runner.start
        end_with_process(runner)
        nil
      end

      # Ends the server gracefully, and waits for it unless this is one of its own threads or a signal handler.
      def shutdown
        Outpour.shutdown
        nil
      end

      private

      def router
        @router or raise(StartError, 'Outpour::Server.init comes first')
      end

      def addresses(port, options)
        bound = Array(options[:bind]).flat_map { |url| Addresses.of_url(url) }
        port = Integer(port)
        port.zero? && bound.any? ? bound : Addresses.of('0.0.0.0', port) + bound
      end

      def translated(options)
        names = { thread_count: :threads, connection_timeout: :ping, max_push_pending: :pending_max }
        options.to_h { |name, value| [names.fetch(name.to_sym, name.to_sym), value] }.then do |given|
          { threads: 1 }.merge(given)
        end
      end

      # The main thread does something else: its end, and signals, end the server before the process.
      def end_with_process(runner)
        Signals.handle(-> { Thread.main.raise(SystemExit) })
        at_exit do
          next unless runner.here? && Runner.current.equal?(runner)

          runner.shutdown
          runner.join
        end
      end
    end
  end
end
