# frozen_string_literal: true

require_relative 'helper'

# The same callbacks while Ruby's collector moves and frees whatever it may.
class CollectorTest < ServedTest
  def exercise(rounds, clients: 3)
    recorder = Recorder.new(on_message: ->(client, data) { client.write("#{data} #{client.env['PATH_INFO']}") })
    accept(recorder)
    clients = Array.new(clients) { |number| web_socket("/#{number}") }
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
    eventually(20) { recorder.count(:on_close) == clients.size + 1 }
  end

  def test_compaction
    stop = false
    thread = Thread.new { GC.compact && sleep(0.05) until stop }
    exercise(50)
  ensure
    stop = true
    thread.join
  end

  def test_stress
    GC.stress = true
    exercise(1, clients: 1)
  ensure
    GC.stress = false
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
