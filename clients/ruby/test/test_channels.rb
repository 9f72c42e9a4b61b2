# frozen_string_literal: true

require_relative 'helper'

# Channels: shared by Ruby code, clients and the locations of the configuration.
class ChannelsTest < ServedTest
  # Channels of one test only.
  def channel = "#{name}-#{object_id}"

  # A client that subscribes when it opens.
  def subscribed(*arguments, **options, &block)
    returned = Queue.new
    accept(Recorder.new(on_open: ->(client) { returned << client.subscribe(*arguments, **options, &block) },
                        on_message: ->(client, data) { client.publish(channel, data) }))
    peer = web_socket
    [peer, returned.pop]
  end

  def test_all_of_them_share_channels
    first, returned = subscribed(channel)
    assert_equal channel, returned
    second, = subscribed(channel.to_sym)
    location = web_socket("/sub/#{channel}")
    peers = [first, second, location]
    assert Outpour.publish(channel, 'from the module')
    first.text('from a client')
    peers.each { |peer| assert_equal ['from the module', 'from a client'], [peer.read_text, peer.read_text] }
    assert_equal 200, Http.request(port, 'POST', "/pub?id=#{channel}", {}, 'from a location').status
    peers.each { |peer| assert_equal 'from a location', peer.read_text }
    serve { |_env| [200, {}, [Outpour.publish(channel, 'from a request').to_s]] }
    assert_equal 'true', Http.get(port, '/').body
    peers.each { |peer| assert_equal 'from a request', peer.read_text }
  ensure
    peers&.each(&:drop)
  end

  def test_kinds
    peer, = subscribed(channel)
    Outpour.publish(channel, "\xff".b)
    assert_equal [WebSocket::BINARY, "\xff".b], peer.read
    Outpour.publish(channel, 12)
    assert_equal [WebSocket::TEXT, '12'], peer.read
    peer.drop
    peer, = subscribed(channel, as: :binary)
    Outpour.publish(channel, 'text')
    assert_equal [WebSocket::BINARY, 'text'], peer.read
    assert_raises(ArgumentError) { Outpour.publish(channel, "\xff") }
    assert_raises(ArgumentError) { Outpour.publish('', 'x') }
  ensure
    peer&.drop
  end

  def test_event_streams_subscribe_too
    accept(Recorder.new(on_open: ->(client) { client.subscribe(channel) }))
    stream = EventStream.new(port)
    eventually { Outpour.publish(channel, "a\nb") && stream.http.socket.wait_readable(0.05) }
    assert_equal "a\nb", stream.event['data']
  ensure
    stream&.drop
  end

  def test_blocks_and_handlers_hear_in_the_place_of_the_client
    heard = Queue.new
    peer, = subscribed(channel) { |from, data| heard << [from, data, data.encoding] }
    Outpour.publish(channel, 'text')
    assert_equal [channel, 'text', Encoding::UTF_8], heard.pop
    Outpour.publish(channel, "\xff".b)
    assert_equal [channel, "\xff".b, Encoding::BINARY], heard.pop
    peer.frame(WebSocket::PING, 'x')
    assert_equal [WebSocket::PONG, 'x'], peer.read
    peer.drop
    peer, = subscribed(channel, handler: ->(_from, data) { heard << data })
    Outpour.publish(channel, 'handler')
    assert_equal 'handler', heard.pop
  ensure
    peer&.drop
  end

  def test_patterns
    heard = Queue.new
    peer, = subscribed("#{channel}.*", match: :redis) { |from, _data| heard << from }
    %w[a other b].each { |part| Outpour.publish(part == 'other' ? channel : "#{channel}.#{part}", 'x') }
    assert_equal ["#{channel}.a", "#{channel}.b"], [heard.pop, heard.pop]
  ensure
    peer&.drop
  end

  def test_history
    %w[1 2 3].each { |id| Outpour.publish(channel, "message #{id}", id: id, store: true) }
    { 2 => ['message 2', 'message 3'], '2' => ['message 3'] }.each do |since, expected|
      peer, = subscribed(channel, since: since)
      assert_equal expected, expected.map { peer.read_text }
      peer.drop
    end
  end

  def test_subscriptions_end
    results = Queue.new
    accept(Recorder.new(on_open: lambda { |client|
      client.subscribe(channel)
      results << client.unsubscribe(channel) << client.unsubscribe(channel)
      client.write('ready')
    }, on_close: ->(client) { results << client.subscribe(channel) << client.unsubscribe(channel) << client.publish(channel, 'x') }))
    web_socket do |peer|
      assert_equal 'ready', peer.read_text
      Outpour.publish(channel, 'unheard')
      peer.frame(WebSocket::PING, 'x')
      assert_equal [WebSocket::PONG, 'x'], peer.read
    end
    assert_equal [true, false, nil, nil, false], Array.new(5) { results.pop }
  end

  def test_options_are_checked
    errors = Queue.new
    wrong = [{ match: :regexp }, { since: :first }, { as: :xml }, { other: 1 }]
    accept(Recorder.new(on_open: lambda { |client|
      wrong.each do |options|
        client.subscribe(channel, **options)
      rescue ArgumentError => e
        errors << e.message
      end
    }))
    web_socket { wrong.each { assert_match(/is not known|unknown keyword/, errors.pop) } }
  end

  # What a subscription held is let go of with its connection.
  def test_blocks_are_not_kept
    blocks = 5.times.map do
      block = proc { |_from, _data| nil }
      peer, = subscribed(channel, handler: block)
      peer.drop
      block.object_id
    end
    eventually do
      GC.start
      blocks.count { |id| ObjectSpace._id2ref(id) rescue nil } <= 2
    end
  end
end
