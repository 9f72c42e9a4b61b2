# frozen_string_literal: true

require 'socket'

module Outpour
  # One server with its Ruby threads, from the binding of its addresses to its end.
  class Runner
    # The one that serves in this process.
    class << self
      attr_accessor :current
    end

    # Binds; from here on clients can connect, and wait.
    def initialize(app, settings)
      refuse_second
      @pid = Process.pid
      @settings = settings
      Outpour.strict_write = settings.strict_write?
      @native = Native.new(app, settings.to_h)
      @threads = []
      Runner.current = self
    end

    # Serves on threads of its own.
    def start
      begin_serving
      work_on([@settings.threads, 1].max)
      nil
    end

    # Serves until the end, with the calling thread as one of the Ruby threads. An exception that is meant for this
    # thread (`exit`, a signal) ends the server first.
    def run
      begin_serving
      work_on(@settings.threads - 1)
      @native.work
      finish
    rescue SystemExit, SignalException
      shutdown
      @native.work
      finish
      raise
    end

    # Ends gracefully: nothing new is accepted, callbacks hear `on_shutdown` and `on_close`. Returns at once and may be
    # called from a signal handler.
    def shutdown
      check_process
      @native.quit
      nil
    end

    # Waits until everything has ended.
    def join
      check_process
      finish
    end

    # Whether this process is the one that serves.
    def here? = @pid == Process.pid

    attr_reader :native

    def check_process
      return if here?

      raise ForkError, "the server runs in process #{@pid}: a forked process has none of its threads"
    end

    private

    def refuse_second
      current = Runner.current or return
      current.check_process
      raise StartError, 'a server runs in this process already'
    end

    def begin_serving
      check_process
      @native.start
      Hooks.run(:start)
    end

    def work_on(threads)
      threads.times { |number| @threads[number] = worker(number) }
    end

    def finish
      return unless Runner.current.equal?(self)

      # Not by `join`, which would raise what a thread was ended with.
      sleep 0.005 while @threads.any?(&:alive?)
      @native.join
      Runner.current = nil
      Hooks.run(:shutdown)
      nil
    end

    # A thread that was ended by what it ran (`exit`, `Thread#kill`) leaves its place to another one: there may be
    # callbacks to run until the end of the server.
    def worker(number)
      Thread.new do
        Thread.current.name = "outpour #{number}"
        Thread.current.report_on_exception = false
        done = false
        @native.work
        done = true
      ensure
        @threads[number] = worker(number) unless done
      end
    end
  end

  # Blocks that run when a server begins and after it has ended.
  module Hooks
    @blocks = { start: [], shutdown: [] }

    class << self
      def add(event, block)
        @blocks.fetch(event) << block
        nil
      end

      def run(event)
        @blocks.fetch(event).each do |block|
          block.call
        rescue StandardError => e
          Log.exception("on_#{event}", e)
        end
      end
    end
  end

  class << self
    # The block runs as soon as the server serves.
    def on_start(&block) = Hooks.add(:start, block)

    # The block runs when the server has ended and every `on_close` has run.
    def on_shutdown(&block) = Hooks.add(:shutdown, block)

    # Ends the server gracefully; see {Runner#shutdown}.
    def shutdown = Runner.current&.shutdown
  end
end
