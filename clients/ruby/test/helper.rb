# frozen_string_literal: true

require 'minitest/autorun'
require 'socket'
require 'fileutils'
require 'stringio'
require 'tmpdir'
require 'timeout'
require 'outpour'

require_relative 'support/web_socket'
require_relative 'support/http'
require_relative 'support/process'

# A server in this process, whose application every test chooses for itself.
module Served
  LOG = StringIO.new

  # Whatever the running test serves.
  class Swap
    attr_accessor :app

    def call(env) = app.call(env)
  end

  SWAP = Swap.new

  class << self
    def port
      @port ||= start
    end

    private

    def start
      Outpour::Log.io = LOG
      port = TCPServer.open('127.0.0.1', 0) { |server| server.addr[1] }
      options = { threads: 4, workers: 2, ping: 30, drain_timeout: 5, configuration: configuration(port) }
      runner = Outpour::Runner.new(SWAP, Outpour::Settings.new([], options))
      runner.start
      Minitest.after_run do
        runner.shutdown
        runner.join
      end
      port
    end

    # The channels of the server beside the application: what shares them are locations of nginx's kind.
    def configuration(port)
      path = File.join(Dir.mktmpdir('outpour-ruby'), 'push.conf')
      Minitest.after_run { FileUtils.rm_rf(File.dirname(path)) }
      text = File.read(File.join(__dir__, 'push.conf')).sub('PORT', port.to_s)
      File.write(path, text)
      path
    end
  end
end

# What all tests have.
class ServedTest < Minitest::Test
  def setup
    Served::LOG.truncate(0)
    Served::LOG.rewind
    serve { |_env| [404, {}, []] }
  end

  def port = Served.port

  def serve(app = nil, &block)
    Served::SWAP.app = app || block
    port
  end

  # Accepts every upgrade with `handler`.
  def accept(handler, headers = {}, status: 200)
    serve do |env|
      env['rack.upgrade'] = handler
      [status, headers, []]
    end
  end

  def web_socket(path = '/listen', headers = {}, &block) = WebSocket.open(port, path, headers, &block)

  def log = Served::LOG.string

  # Waits until the block says something else than nil and false.
  def eventually(within = 30)
    deadline = now + within
    loop do
      value = yield
      return value if value

      flunk('it did not happen in time') if now > deadline
      sleep 0.005
    end
  end

  def now = Process.clock_gettime(Process::CLOCK_MONOTONIC)
end

# A handler that remembers what it heard, and does what a test tells it to.
class Recorder
  attr_reader :heard, :client

  def initialize(**actions)
    @actions = actions
    @heard = Queue.new
  end

  # The names of what was heard so far, in order.
  def names = all.map(&:first)

  def all
    list = Array.new(@heard.size) { @heard.pop }
    list.each { |entry| @heard << entry }
    list
  end

  def count(name) = names.count(name)

  %i[on_open on_message on_drained on_shutdown on_close on_error].each do |name|
    define_method(name) do |client, *rest|
      @client = client
      @heard << [name, *rest]
      @actions[name]&.call(client, *rest)
    end
  end
end
