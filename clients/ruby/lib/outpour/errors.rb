# frozen_string_literal: true

module Outpour
  # What this library raises.
  class Error < StandardError; end

  # A configuration or an option that cannot be used.
  class ConfigurationError < Error; end

  # An address that cannot be bound, a certificate that cannot be used.
  class StartError < Error; end

  # The server is used in a process that was forked from the one in which it was started: its threads are not there.
  class ForkError < Error; end
end
