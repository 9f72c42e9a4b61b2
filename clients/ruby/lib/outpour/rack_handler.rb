# frozen_string_literal: true

require_relative 'signals'

module Outpour
  # What Rack's and Rackup's handlers have in common.
  module RackHandler
    # Serves `app` until it is told to end. Yields the server before.
    def run(app, **options)
      host = options.fetch(:Host) { options.fetch('Host', 'localhost') }
      port = options.fetch(:Port) { options.fetch('Port', 9292) }
      settings = Settings.new(Addresses.of(host, port), options)
      runner = Runner.new(app, settings)
      yield runner if block_given?
      Log.info("version #{VERSION}, #{settings[:configuration] || settings.addresses.join(', ')}") unless options[:quiet]
      Signals.handled(-> { runner.shutdown }) { runner.run }
    end

    # Ends the server; safe in a signal handler.
    def shutdown
      Outpour.shutdown
    end

    # What `rackup -h -s outpour` shows.
    def valid_options
      own = Settings::OPTIONS.to_h { |name, (default, text)| ["#{name}=VALUE", "#{text} (default: #{default.inspect})"] }
      { 'Host=HOST' => 'address to listen on (default: localhost)', 'Port=PORT' => 'port (default: 9292)' }.merge(own)
    end
  end

  # Addresses as a `listen` directive has them.
  module Addresses
    class << self
      # Every address of a host: `localhost` may have one of each family.
      def of(host, port)
        host = host.to_s
        return [host] if host.start_with?('unix:')

        port = Integer(port)
        port = free_port if port.zero?
        return ["0.0.0.0:#{port}"] if ['', '*', '0.0.0.0'].include?(host)

        Addrinfo.getaddrinfo(host.delete('[]'), port, nil, :STREAM).map { |info| inspect(info) }.uniq
      rescue SocketError => e
        raise StartError, "host #{host}: #{e.message}"
      rescue ArgumentError
        raise ConfigurationError, "#{port.inspect} is no port"
      end

      # `http://host:port`, `https://...`, `http://:port` and `unix:///path`, as Agoo's `bind` has them.
      def of_url(url)
        case url
        when %r{\Aunix://(.+)\z} then ["unix:#{Regexp.last_match(1)}"]
        when %r{\Ahttps?://(\[[^\]]+\]|[^:/]*):(\d+)/?\z} then of(Regexp.last_match(1), Regexp.last_match(2))
        else raise ConfigurationError, "bind: #{url.inspect} is none of http://host:port and unix:///path"
        end
      end

      private

      def inspect(info)
        info.ipv6? ? "[#{info.ip_address}]:#{info.ip_port}" : "#{info.ip_address}:#{info.ip_port}"
      end

      def free_port
        TCPServer.open('127.0.0.1', 0) { |server| server.addr[1] }
      end
    end
  end
end
