# frozen_string_literal: true

module Outpour
  # Signals that end a server gracefully, while the block runs, unless the program has handlers of its own.
  module Signals
    NAMES = %w[TERM INT].freeze

    # What `trap` returns where nobody has a handler.
    UNHANDLED = ['DEFAULT', 'SYSTEM_DEFAULT', nil].freeze

    # Runs `action` at a signal, until the block has ended.
    def self.handled(action)
      return yield unless Thread.current == Thread.main

      before = NAMES.to_h { |name| [name, take(name, action)] }
      yield
    ensure
      before&.each { |name, handler| trap(name, handler) if handler }
    end

    # Runs `action` at a signal from here on.
    def self.handle(action)
      NAMES.each { |name| take(name, action) }
    end

    # The handler before, if it was replaced.
    def self.take(name, action)
      before = trap(name) { action.call }
      return before || 'DEFAULT' if UNHANDLED.include?(before)

      trap(name, before)
      nil
    end
    private_class_method :take
  end
end
