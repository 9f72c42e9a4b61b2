# frozen_string_literal: true

require_relative 'helper'

# What idle connections cost. The extension may be one of a development build: sizes are the same.
class MemoryTest < Minitest::Test
  CONNECTIONS = 3000

  # Bytes of user-space memory, sockets of the client not among them.
  BYTES_MAX = 6000

  APP = <<~RUBY
    require 'outpour'
    class Idle
      def on_message(client, data) = client.write(data)
    end
    IDLE = Idle.new
    run(lambda do |env|
      env['rack.upgrade'] = IDLE
      [200, {}, []]
    end)
  RUBY

  KINDS = {
    websocket: ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'],
    sse: ['Accept: text/event-stream']
  }.freeze

  def setup
    @program = Program.new({ 'config.ru' => APP }, *%w[rackup -s outpour -E none -o 127.0.0.1 -p PORT]).start
  end

  def teardown
    @program.stop
  end

  def own_bytes = File.read("/proc/#{@program.pid}/smaps_rollup")[/^Private_Dirty:\s+(\d+) kB/, 1].to_i * 1024

  def open(lines)
    socket = TCPSocket.new('127.0.0.1', @program.port)
    socket.write("GET /listen HTTP/1.1\r\nHost: a.test\r\n#{lines.map { |line| "#{line}\r\n" }.join}\r\n")
    assert_match(%r{\AHTTP/1.1 (101|200) }, socket.readpartial(1000))
    socket
  end

  KINDS.each do |kind, lines|
    define_method("test_idle_#{kind}") do
      limit = Process.getrlimit(:NOFILE).first
      skip("only #{limit} files may be open") if limit < CONNECTIONS + 200
      open(lines).close
      before = own_bytes
      sockets = Array.new(CONNECTIONS) { open(lines) }
      bytes = (own_bytes - before) / CONNECTIONS
      assert_operator bytes, :<=, BYTES_MAX, "bytes per idle connection (#{kind})"
    ensure
      sockets&.each(&:close)
    end
  end
end
