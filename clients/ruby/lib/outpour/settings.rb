# frozen_string_literal: true

require 'etc'

module Outpour
  # The options of {RackHandler.run} and {Server.init}, as typed values. Names are Symbols; values may be Strings, as
  # `rackup -O name=value` gives them.
  class Settings
    # Name, default, and what it means: also the help of rackup.
    OPTIONS = {
      threads: [5, 'Ruby threads that run the application and its callbacks'],
      workers: [nil, 'threads that serve connections, without Ruby (default: one per core)'],
      configuration: [nil, 'configuration file in the syntax of nginx, in the place of host, port and the options on limits'],
      sse_event: ['msg', 'event name of what is written to an EventSource; empty for none'],
      ping: [30, 'seconds without a word from the peer until it is pinged'],
      pending_max: [1024, 'messages that may wait for one client'],
      pending_bytes_max: [1 << 20, 'bytes that may wait for one client'],
      message_max: [1 << 20, 'bytes of one message of a WebSocket client'],
      body_max: ['64m', 'bytes of a request body, with k, m or g'],
      drain_timeout: [10, 'seconds in which connections may end at a graceful shutdown'],
      send_timeout: [60, 'seconds in which a client has to take something of what waits for it'],
      ssl_cert: [nil, 'file with the certificate; makes every address one of TLS'],
      ssl_key: [nil, 'file with its key'],
      strict_write: [false, 'write takes Strings only']
    }.freeze

    INTEGERS = %i[threads workers pending_max pending_bytes_max message_max drain_timeout send_timeout].freeze

    # How many Ruby threads there are to be; 0: none but the one that runs the server.
    attr_reader :threads

    # Addresses as `listen` has them.
    attr_reader :addresses

    def initialize(addresses, options)
      @addresses = addresses
      @given = OPTIONS.to_h { |name, (default, _)| [name, options.fetch(name) { options.fetch(name.to_s, default) }] }
      INTEGERS.each { |name| @given[name] = integer(name) }
      @threads = self[:threads]
    end

    def [](name) = @given[name]

    # What {Native.new} takes.
    def to_h
      { threads: [threads, 1].max, file: self[:configuration], text: self[:configuration] ? nil : text,
        sse_event: self[:sse_event].to_s, ping: Float(self[:ping]), pending_max: self[:pending_max],
        pending_bytes_max: self[:pending_bytes_max], message_max: self[:message_max] }
    end

    def strict_write? = [true, 'true', '1', 'on'].include?(self[:strict_write])

    # The same as text in the syntax of nginx.
    def text
      <<~CONFIGURATION
        worker_processes #{self[:workers] || 'auto'};
        worker_shutdown_timeout #{self[:drain_timeout]}s;
        error_log stderr warn;
        events { worker_connections 1000000; }
        http {
            access_log off;
            client_max_body_size #{word(self[:body_max])};
            send_timeout #{self[:send_timeout]}s;
            server {
        #{listens.map { |line| "        #{line}\n" }.join}
            }
        }
      CONFIGURATION
    end

    private

    def listens
      lines = addresses.map { |address| "listen #{word(address)}#{' ssl' if tls?};" }
      return lines unless tls?

      lines + ["ssl_certificate #{word(self[:ssl_cert])};", "ssl_certificate_key #{word(self[:ssl_key])};"]
    end

    def tls? = !self[:ssl_cert].nil?

    # A word of the configuration, whatever is in it.
    def word(text) = "\"#{text.to_s.gsub(/["\\$]/) { |char| "\\#{char}" }}\""

    def integer(name)
      value = self[name]
      value.nil? ? nil : Integer(value)
    rescue ArgumentError, TypeError
      raise ConfigurationError, "#{name}: #{value.inspect} is no number"
    end
  end
end
