# frozen_string_literal: true

require_relative 'helper'

# The same callbacks while Ruby's collector moves and frees whatever it may.
class CollectorTest < ServedTest
  def exercise(rounds)
    recorder = Recorder.new(on_message: ->(client, data) { client.write("#{data} #{client.env['PATH_INFO']}") })
    accept(recorder)
    clients = Array.new(3) { |number| web_socket("/#{number}") }
    stream = EventStream.new(port)
    rounds.times do |round|
      clients.each_with_index do |client, number|
        client.text("message #{round}")
        assert_equal "message #{round} /#{number}", client.read_text
      end
    end
    serve { |env| [200, { 'X-Path' => env['PATH_INFO'] }, [env['QUERY_STRING']]] }
    rounds.times { |round| assert_equal "q=#{round}", Http.get(port, "/p?q=#{round}").body }
    clients.each(&:drop)
    stream.drop
    eventually { recorder.count(:on_close) == 4 }
  end

  def test_compaction
    stop = false
    thread = Thread.new { GC.compact && sleep(0.05) until stop }
    exercise(50)
  ensure
    stop = true
    thread.join
  end

  STRESSED = <<~RUBY
    require 'outpour'
    class Stressed
      def on_open(client) = client.subscribe('news')
      def on_message(client, data) = client.write("\#{data} \#{client.env['PATH_INFO']}")
      def on_close(client) = client.pending

      def call(env)
        return [200, { 'X-Path' => env['PATH_INFO'] }, [env['QUERY_STRING']]] unless env['rack.upgrade?']

        env['rack.upgrade'] = self
        [200, {}, []]
      end
    end
    Outpour::Server.init(ENV['PORT'], nil, thread_count: 2)
    Outpour::Server.handle(nil, '/**', Stressed.new)
    Outpour::Server.start
    GC.stress = true
    sleep
  RUBY

  # The server alone: a client under stress would only be slow.
  def test_stress
    program = Program.new({ 'app.rb' => STRESSED }, 'ruby', 'app.rb').start
    stream = EventStream.new(program.port)
    WebSocket.open(program.port, '/a') do |client|
      3.times { |number| client.text("message #{number}") }
      3.times { |number| assert_equal "message #{number} /a", client.read_text }
    end
    2.times { |number| assert_equal "q=#{number}", Http.get(program.port, "/p?q=#{number}").body }
    stream.drop
    program.signal('TERM')
    assert_equal 0, program.wait_for_end.exitstatus, program.output_text
  ensure
    program&.stop
  end

  # Nothing is kept of connections that have ended.
  def test_nothing_stays
    recorder = Class.new { def on_message(client, data) = client.write(data) }
    accept(recorder.new)
    before = live_clients
    30.times do
      web_socket do |client|
        client.text('x')
        client.read
      end
    end
    eventually { live_clients <= before + 5 }
  end

  def live_clients
    GC.start
    ObjectSpace.each_object(Outpour::Client).count
  end
end
