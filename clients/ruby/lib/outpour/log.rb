# frozen_string_literal: true

module Outpour
  # What goes wrong in an application, on the standard error output or wherever {Log.io=} points.
  module Log
    LEVELS = { debug: 0, info: 1, warn: 2, error: 3 }.freeze

    # What applications find as `rack.errors`: writes to the log's output, whatever that is by then.
    class Stream
      def puts(*lines) = Log.io.puts(*lines)

      def write(*parts) = Log.io.write(*parts)

      def print(*parts) = Log.io.print(*parts)

      def flush
        Log.io.flush
        self
      end

      def sync = true

      def <<(part)
        write(part)
        self
      end
    end

    @level = LEVELS[:info]
    @io = nil

    class << self
      # Where lines go; the standard error output unless set.
      attr_writer :io

      def io = @io || $stderr

      # Lines below `level` are dropped: `:debug`, `:info` (default), `:warn` or `:error`.
      def level=(level)
        @level = LEVELS.fetch(level.to_sym)
      end

      LEVELS.each do |name, number|
        define_method(name) { |text| number < @level ? nil : entry(name, text) }
      end

      # Takes the options of Agoo's `Log.configure`. Requests and frames are not logged here, so that all that counts of
      # them is `states`: `DEBUG: true` shows the lines of that level, `INFO: false` hides those of `info`.
      def configure(options = {})
        states = options[:states] || {}
        self.level = states[:INFO] == false ? :warn : :info
        self.level = :debug if states[:DEBUG]
        nil
      end

      # An exception that an application let through; `place` names the callback, its object and the request.
      def exception(place, error)
        backtrace = (error.backtrace || []).map { |line| "\n        from #{line}" }.join
        entry(:error, "#{place}: #{error.message} (#{error.class})#{backtrace}")
      end

      private

      # One write per entry, so that threads do not mix their lines; a closed output is no reason to end a callback.
      def entry(level, text)
        io.write("outpour: #{level}: #{text}\n")
        nil
      rescue IOError, SystemCallError
        nil
      end
    end
  end
end
