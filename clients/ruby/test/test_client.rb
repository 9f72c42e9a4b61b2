# frozen_string_literal: true

require_relative 'helper'

# The methods of the client object, and what `write` makes of its argument.
class ClientTest < ServedTest
  # An open WebSocket and the client object of it.
  def connected(recorder = Recorder.new)
    accept(recorder)
    web_socket do |peer|
      eventually { recorder.client }
      yield recorder.client, peer
    end
  end

  def test_write_by_encoding
    connected do |client, peer|
      { 'text' => [1, 'text'], "\u00e4" => [1, "\u00e4".b], 'ascii'.dup.force_encoding('US-ASCII') => [1, 'ascii'],
        "\xff\x01".b => [2, "\xff\x01".b], "\xe4".dup.force_encoding('ISO-8859-1') => [1, "\u00e4".b], :symbol => [1, 'symbol'],
        12 => [1, '12'], nil => [1, ''] }.each do |data, frame|
        assert_equal true, client.write(data), data.inspect
        assert_equal frame, peer.read, data.inspect
      end
    end
  end

  def test_invalid_texts_are_refused
    connected do |client, peer|
      assert_raises(ArgumentError) { client.write("\xff") }
      assert_raises(EncodingError) { client.write("\xff".dup.force_encoding('EUC-JP')) }
      client.write('next')
      assert_equal 'next', peer.read_text
    end
  end

  def test_strict_write
    connected do |client, _peer|
      Outpour.strict_write = true
      assert_raises(TypeError) { client.write(12) }
      assert client.write('x')
    ensure
      Outpour.strict_write = false
    end
  end

  def test_nothing_follows_a_close
    results = []
    recorder = Recorder.new(on_open: lambda { |client|
      results << client.write('first') << client.close << client.write('second') << client.open? << client.pending
      client.close
    }, on_close: ->(client) { results << client.write('third') << client.env['PATH_INFO'] })
    accept(recorder)
    web_socket('/listen') do |peer|
      assert_equal 'first', peer.read_text
      assert_equal 1000, peer.read_close
      peer.close
      assert_nil peer.read
    end
    eventually { results.size == 7 }
    assert_equal [true, nil, false, false, -1, false, '/listen'], results
    assert_equal 1, recorder.count(:on_close)
  end

  def test_close_ends_an_event_stream
    accept(Recorder.new(on_open: lambda { |client|
      client.write('last')
      client.close
    }))
    stream = EventStream.new(port)
    assert_equal({ 'event' => 'msg', 'data' => 'last' }, stream.event)
    assert_nil stream.event
    stream.drop
  end

  def test_what_a_client_knows
    connected do |client, _peer|
      assert_equal [true, 0, :websocket], [client.open?, client.pending, client.protocol]
      assert_equal ['GET', client.handler], [client.env['REQUEST_METHOD'], client.env['rack.upgrade']]
      assert_equal [client, client.hash], [{ client => client }.fetch(client), client.hash]
      assert_nil client.env['rack.hijack']
    end
    recorder = Recorder.new
    accept(recorder)
    stream = EventStream.new(port)
    assert_equal :sse, eventually { recorder.client }.protocol
    stream.drop
  end

  def test_timeouts
    connected do |client, peer|
      assert_equal 30, client.timeout
      [0, -1, 1 << 40].each { |seconds| assert_raises(RangeError) { client.timeout = seconds } }
      client.timeout = 1
      assert_equal 1, client.timeout
      assert_equal [WebSocket::PING, ''], peer.read
    end
  end

  def test_writers_of_every_kind
    connected do |client, peer|
      Thread.new { client.write('thread') }.join
      assert_equal 'thread', peer.read_text
      other = Recorder.new(on_message: ->(*) { client.write('other connection') })
      accept(other)
      web_socket { |second| second.text('x') && assert_equal('other connection', peer.read_text) }
      Thread.new { client.close }.join
      assert_equal 1000, peer.read_close
    end
  end

  def test_what_waits_is_bounded
    recorder = Recorder.new
    accept(recorder)
    web_socket do |peer|
      client = eventually { recorder.client }
      results = Array.new(10_000) { client.write('x' * 10_000) }
      assert_includes results, false
      assert_operator client.pending, :>, 0
      assert_operator client.pending, :<=, 1024
      results.count(true).times { assert_equal 10_000, peer.read.last.bytesize }
      eventually { recorder.count(:on_drained) >= 1 }
      assert_equal 0, client.pending
      assert client.write('more')
      assert_equal 'more', peer.read_text
    end
  end

  def test_another_handler_takes_over
    order = Queue.new
    second = Recorder.new(on_open: ->(client) { order << [:second, client.open?] }, on_message: ->(client, _) { client.write('second') })
    first = Recorder.new(on_message: ->(client, _) { client.handler = second },
                         on_close: ->(client) { order << [:first, client.write('bye')] })
    accept(first)
    web_socket do |peer|
      peer.text('x')
      assert_equal 'bye', peer.read_text
      peer.text('x')
      assert_equal 'second', peer.read_text
      assert_equal [[:first, true], [:second, true]], [order.pop, order.pop]
      assert_equal [second, second], [first.client.handler, first.client.env['rack.upgrade']]
      second.client.handler = nil
      assert_equal 1000, peer.read_close
    end
    eventually { second.count(:on_close) == 1 }
    assert_equal 1, first.count(:on_close)
  end

  def test_the_class_is_open
    loud = Module.new { def write(data) = super("#{data}!") }
    connected do |client, peer|
      assert_equal Outpour::Client, client.class
      client.singleton_class.prepend(loud)
      client.write('loud')
      assert_equal 'loud!', peer.read_text
      client.instance_variable_set(:@mine, 1)
      assert_equal 1, client.instance_variable_get(:@mine)
    end
    assert_raises(TypeError, NoMethodError) { Outpour::Client.new }
  end

  def test_prepending_to_the_class
    Outpour::Client.prepend(Module.new { def shout(data) = write(data.upcase) })
    connected do |client, peer|
      client.shout('x')
      assert_equal 'X', peer.read_text
    end
  end
end
