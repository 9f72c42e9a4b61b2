# frozen_string_literal: true

require_relative 'helper'

# What is written to an EventSource, on the wire.
class EventsTest < ServedTest
  def stream
    recorder = Recorder.new
    accept(recorder)
    stream = EventStream.new(port)
    yield eventually { recorder.client }, stream
  ensure
    stream&.drop
  end

  def test_every_line_of_a_text_arrives
    stream do |client, events|
      ["a\nb", "a\r\nb", "a\rb", "a\n\nb", '', 'x'].each do |text|
        assert client.write(text)
        assert_equal({ 'event' => 'msg', 'data' => text.gsub(/\r\n?/, "\n") }, events.event, text.inspect)
      end
    end
  end

  def test_binary_has_to_be_a_text
    stream do |client, events|
      assert_raises(ArgumentError) { client.write("\xff".b) }
      client.write("\u00e4".b)
      assert_equal "\u00e4".b, events.event['data'].b
    end
  end

  def test_events_with_fields
    stream do |client, events|
      assert client.event('x', event: 'tick', id: 7, retry: 1.5)
      assert_equal({ 'event' => 'tick', 'id' => '7', 'retry' => '1500', 'data' => 'x' }, events.event)
      client.event('y', event: '')
      assert_equal({ 'data' => 'y' }, events.event)
      client.event('z')
      assert_equal({ 'event' => 'msg', 'data' => 'z' }, events.event)
      assert_raises(ArgumentError) { client.event('x', other: 1) }
      client.event('x', event: "a\ndata: forged")
      assert_equal({ 'event' => 'a', 'data' => 'x' }, events.event)
    end
  end

  def test_a_web_socket_gets_the_text_of_an_event
    recorder = Recorder.new
    accept(recorder)
    web_socket do |peer|
      eventually { recorder.client }.event('x', event: 'tick')
      assert_equal 'x', peer.read_text
    end
  end

  def test_http_10_is_not_chunked
    accept(Recorder.new(on_open: lambda { |client|
      client.write('x')
      client.close
    }))
    socket = TCPSocket.new('127.0.0.1', port)
    socket.write("GET /sse HTTP/1.0\r\nHost: a\r\nAccept: text/event-stream\r\n\r\n")
    head, body = socket.read.split("\r\n\r\n", 2)
    refute_match(/chunked/i, head)
    assert_match(/event: msg\ndata: x\n\n\z/, body)
  ensure
    socket&.close
  end
end
