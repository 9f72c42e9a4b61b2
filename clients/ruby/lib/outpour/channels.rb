# frozen_string_literal: true

module Outpour
  class << self
    # Publishes to a channel of the server: to clients that subscribed by {Client#subscribe}, and to the subscriber
    # locations of the configuration. True if it is scheduled, false without a server.
    def publish(channel, data, engine = nil, **options)
      native = serving or return false
      native.publish(channel, data, engine, **options)
    end

    private

    def serving
      runner = Runner.current or return
      runner.check_process
      runner.native
    end
  end
end
