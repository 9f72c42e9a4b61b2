# frozen_string_literal: true

require_relative 'helper'

# C1 to C10: which callbacks run, in which order, and never at once.
class CallbacksTest < ServedTest
  def test_c1_nothing_overtakes_on_open
    opening = Queue.new
    recorder = Recorder.new(on_open: lambda { |client|
      opening.pop
      client.write('open')
    })
    accept(recorder)
    web_socket do |client|
      client.text('a')
      client.text('b')
      client.frame(WebSocket::PING, '')
      # The pong says that the server has read what came before.
      assert_equal [WebSocket::PONG, ''], client.read
      eventually { recorder.names == [:on_open] }
      opening << true
      eventually { recorder.count(:on_message) == 2 }
    end
    eventually { recorder.names.last == :on_close }
    messages = recorder.all.reject { |name, _| name == :on_drained }
    assert_equal [[:on_open], [:on_message, 'a'], [:on_message, 'b'], [:on_close]], messages
  end

  def test_c2_one_connection_never_overlaps_and_two_do
    mutex = Mutex.new
    running = Hash.new(0)
    both = most = 0
    slow = lambda do |client, _data|
      mutex.synchronize do
        running[client] += 1
        most = [most, running[client]].max
        both = [both, running.values.sum].max
      end
      sleep 0.05
      mutex.synchronize { running[client] -= 1 }
    end
    recorder = Recorder.new(on_message: slow)
    accept(recorder)
    clients = Array.new(2) { web_socket }
    4.times { |number| clients.each { |client| client.text(number.to_s) } }
    eventually { recorder.count(:on_message) == 8 }
    assert_equal [1, 2], [most, both]
  ensure
    clients&.each(&:drop)
  end

  def test_c2_messages_come_back_as_they_were_sent
    seen = nil
    accept(Recorder.new(on_message: lambda { |client, data|
      seen = data
      client.write(data)
    }))
    web_socket do |client|
      ['text', '', "\u00e4\u20ac\u{1f980}", 'x' * 100_000].each do |text|
        client.text(text)
        assert_equal [WebSocket::TEXT, text.b], client.read
        assert_equal [Encoding::UTF_8, true, false], [seen.encoding, seen.valid_encoding?, seen.frozen?]
      end
      ["\xff\x00".b, ''.b, "\xff".b * 100_000].each do |bytes|
        client.binary(bytes)
        assert_equal [WebSocket::BINARY, bytes], client.read
        assert_equal Encoding::BINARY, seen.encoding
      end
      client.frame(WebSocket::TEXT, 'one ', fin: false)
      client.frame(0, 'two ', fin: false)
      client.frame(0, 'three')
      assert_equal [WebSocket::TEXT, 'one two three'], client.read
    end
  end

  def test_c3_on_drained_once_pending_was_more_than_0
    pending = []
    recorder = Recorder.new(
      on_message: lambda { |client, _|
        client.write('x' * 600_000)
        pending << client.pending
      },
      on_drained: ->(client) { pending << client.pending }
    )
    accept(recorder)
    web_socket do |client|
      client.text('go')
      assert_equal 600_000, client.read.last.bytesize
      eventually { recorder.count(:on_drained) == 1 }
    end
    assert_equal 0, pending.last
    assert_equal 1, pending.first
  end

  def test_c5_on_close_once_whatever_the_reason
    ends = {
      'the peer closes' => ->(client) { client.close },
      'the peer goes' => ->(client) { client.drop },
      'the protocol is broken' => ->(client) { client.frame(WebSocket::TEXT, 'x', masked: false) }
    }
    ends.each do |reason, act|
      recorder = Recorder.new
      accept(recorder)
      client = web_socket
      eventually { recorder.names == [:on_open] }
      act.call(client)
      eventually { recorder.names.include?(:on_close) }
      assert_equal [:on_open, :on_close], recorder.names - [:on_error], reason
      client.drop unless client.socket.closed?
    end
  end

  def test_c5_event_streams_that_go_are_closed
    recorder = Recorder.new
    accept(recorder)
    stream = EventStream.new(port)
    eventually { recorder.names == [:on_open] }
    stream.drop
    eventually { recorder.names == %i[on_open on_close] }
  end

  def test_c6_on_error_before_on_close
    recorder = Recorder.new
    accept(recorder)
    web_socket do |client|
      client.frame(3, 'reserved')
      assert_equal 1002, client.read_close
    end
    eventually { recorder.names.last == :on_close }
    assert_equal %i[on_open on_error on_close], recorder.names
    assert_match(/1002/, recorder.all[1].last)
  end

  # Close codes that the server gives by itself.
  def test_what_is_refused_has_its_code
    { 1007 => ->(client) { client.text("\xff") }, 1009 => ->(client) { client.text('x' * 1_100_000) },
      1002 => ->(client) { client.frame(WebSocket::TEXT, 'x', masked: false) } }.each do |code, act|
      accept(Recorder.new)
      web_socket do |client|
        act.call(client)
        assert_equal code, client.read_close
      end
    end
  end

  def test_c8_missing_callbacks_are_no_error
    private_ones = Class.new do
      private

      def on_open(_client) = raise('private')
      def on_message(_client, _data) = raise('private')
    end
    [Object.new, private_ones.new].each do |handler|
      accept(handler)
      web_socket do |client|
        client.text('x')
        client.close
        assert_equal 1000, client.read_close
      end
      EventStream.new(port).drop
    end
    assert_empty log
  end

  def test_c9_exceptions_are_logged_and_the_connection_stays
    fail_with = ->(*) { raise ArgumentError, 'boom' }
    recorder = Recorder.new(on_open: fail_with, on_close: fail_with, on_message: lambda { |client, data|
      client.write(data)
      raise NotImplementedError, 'no'
    })
    accept(recorder)
    web_socket do |client|
      2.times do
        client.text('still here')
        assert_equal 'still here', client.read_text
      end
    end
    eventually { log.include?('on_close') }
    assert_match(%r{error: on_open of Recorder, GET /listen: boom \(ArgumentError\)\n +from .*test_callbacks}, log)
    assert_match(/error: on_message of Recorder.*no \(NotImplementedError\)/, log)
  end

  def test_c9_a_thousand_exceptions
    accept(Recorder.new(on_message: ->(*) { raise 'boom' }))
    web_socket do |client|
      1000.times { client.text('x') }
      eventually { log.scan('boom').size == 1000 }
    end
    serve { |_env| [200, {}, ['fine']] }
    assert_equal 'fine', Http.get(port, '/').body
  end

  def test_c10_a_class_is_a_handler_itself
    klass = Class.new do
      class << self
        attr_reader :client

        def on_open(client) = @client = client
        def on_message(client, data) = client.write("class: #{data}")
      end
    end
    accept(klass)
    web_socket do |client|
      client.text('x')
      assert_equal 'class: x', client.read_text
      assert_equal klass, klass.client.handler
    end
  end
end
