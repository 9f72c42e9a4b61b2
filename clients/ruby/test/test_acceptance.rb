# frozen_string_literal: true

require_relative 'helper'

# A1 to A9: how an application accepts, refuses, and answers.
class AcceptanceTest < ServedTest
  # A body that knows what was done with it.
  class Body
    attr_reader :asked, :closed

    def each
      @asked = true
      yield 'body'
    end

    def close
      @closed = true
    end
  end

  def handler = Recorder.new

  def stream(headers = {}) = EventStream.new(port, '/sse', headers)

  # The status that a client sees when the application answers with `status`, of both protocols.
  def statuses(status, headers = {})
    accept(handler, headers, status: status)
    web_socket = web_socket()
    stream = stream()
    [web_socket.status, stream.answer.status, stream.answer['Content-Type']]
  ensure
    web_socket&.drop
    stream&.drop
  end

  def test_a1_below_300_is_accepted_whatever_it_is
    [0, -1, 101, 200, 299].each do |status|
      assert_equal [101, 200, 'text/event-stream; charset=utf-8'], statuses(status), status
    end
  end

  def test_a1_the_body_is_closed_and_not_sent
    body = Body.new
    serve do |env|
      env['rack.upgrade'] = handler
      [200, { 'Content-Length' => '4' }, body]
    end
    web_socket do |client|
      client.frame(WebSocket::PING, 'x')
      assert_equal [WebSocket::PONG, 'x'], client.read
    end
    assert_equal [nil, true], [body.asked, body.closed]
  end

  def test_a3_300_and_above_deny
    serve do |env|
      env['rack.upgrade'] = handler
      env['PATH_INFO'] == '/away' ? [302, { 'Location' => '/login' }, []] : [401, { 'X-Why' => 'no' }, ['denied']]
    end
    web_socket do |client|
      assert_equal [401, ['no'], 'denied'], [client.status, client.headers['x-why'], client.body]
      client.socket.write("GET /again HTTP/1.1\r\nHost: a.test\r\n\r\n")
      assert_match(%r{\AHTTP/1.1 401 }, client.socket.gets)
    end
    assert_equal 401, stream.answer.status
    web_socket('/away') { |client| assert_equal [302, ['/login']], [client.status, client.headers['location']] }
  end

  def test_a4_what_cannot_be_upgraded_is_answered
    accept(handler, { 'X-A' => 'b' })
    answer = Http.get(port, '/')
    assert_equal [200, 'b', ''], [answer.status, answer['X-A'], answer.body]
    assert_empty handler.names
  end

  def test_a5_nothing_accepted_is_a_plain_answer
    serve { |_env| [200, { 'Content-Type' => 'text/plain' }, ['plain']] }
    web_socket { |client| assert_equal [200, 'plain'], [client.status, client.body] }
    http = Http.new(port)
    assert_equal 'plain', http.request('GET', '/', { 'Accept' => 'text/event-stream' }).body
    http.close
  end

  def test_a6_an_exception_is_500_and_nothing_is_upgraded
    recorder = handler
    serve do |env|
      env['rack.upgrade'] = recorder
      raise 'boom'
    end
    web_socket { |client| assert_equal 500, client.status }
    assert_equal 500, stream.answer.status
    assert_equal 500, Http.get(port, '/plain').status
    assert_empty recorder.names
    assert_match(%r{error: call of Served::Swap, GET /listen: boom \(RuntimeError\)\n +from .*test_acceptance}, log)
  end

  DROPPED = {
    'Content-Length' => '0', 'Content-Type' => 'text/html', 'Transfer-Encoding' => 'chunked', 'Content-Encoding' => 'gzip',
    'connection' => 'close', 'Upgrade' => 'h2c', 'Sec-WebSocket-Accept' => 'x', 'Sec-WebSocket-Extensions' => 'y',
    'rack.hijack' => 'z'
  }.freeze

  def test_a7_headers_are_added_except_those_of_the_handshake
    accept(handler, { 'X-A' => 'b' }.merge(DROPPED))
    web_socket do |client|
      assert_equal 101, client.status
      assert_equal [['b'], ['websocket'], nil, nil], client.headers.values_at('x-a', 'upgrade', 'content-length', 'content-type')
      assert_equal [['s3pPLMBiTxaQ9kYGzzhZRbK+xOo='], nil, nil],
                   client.headers.values_at('sec-websocket-accept', 'sec-websocket-extensions', 'rack.hijack')
    end
    answer = stream.answer
    assert_equal ['b', 'text/event-stream; charset=utf-8', nil, nil],
                 [answer['X-A'], answer['Content-Type'], answer['Content-Length'], answer['Content-Encoding']]
    assert_equal %w[no-cache no], [answer['Cache-Control'], answer['X-Accel-Buffering']]
  end

  def test_a8_sub_protocols_are_what_the_application_says
    offered = { 'Sec-WebSocket-Protocol' => 'a, chat' }
    accept(handler)
    web_socket('/', offered) { |client| refute_includes client.headers, 'sec-websocket-protocol' }
    accept(handler, { 'sec-websocket-protocol' => 'chat' })
    web_socket('/', offered) { |client| assert_equal ['chat'], client.headers['sec-websocket-protocol'] }
  end

  def test_a9_values_of_rack_2_and_rack_3
    [{ 'Set-Cookie' => "a=b\nc=d" }, { 'set-cookie' => %w[a=b c=d] }].each do |headers|
      accept(handler, headers)
      web_socket { |client| assert_equal %w[a=b c=d], client.headers['set-cookie'] }
      assert_equal %w[a=b c=d], stream.answer.lines('Set-Cookie')
      serve { |_env| [200, headers, ['x']] }
      assert_equal %w[a=b c=d], Http.get(port, '/').lines('Set-Cookie')
    end
  end

  # What is no answer of Rack: 500, one line in the log, and the next request is answered.
  def test_garbage
    garbage = [nil, 'text', [], [200], [200, {}], ['x', {}, []], [200, {}, [1]], [99, {}, []], [2000, {}, []],
               [200, {}, nil], [200, { 'A' => 'b' }, Object.new], [10**30, {}, []]]
    garbage.each do |answer|
      serve { |_env| answer }
      assert_equal 500, Http.get(port, '/').status, answer.inspect
      assert_match(/error: /, log, answer.inspect)
      setup
      assert_equal 404, Http.get(port, '/').status
    end
  end

  def test_header_lines_cannot_be_forged
    serve { |_env| [200, { 'X-A' => "b\r\nX-Forged: c", "X-B\r\nX-Forged" => 'd' }, ['ok']] }
    answer = Http.get(port, '/')
    refute_includes answer.headers, 'x-forged'
  end

  def test_bodies_come_in_pieces
    body = Enumerator.new { |y| 3.times { |part| y << "part #{part}\n" } }
    serve { |_env| [200, {}, body] }
    assert_equal "part 0\npart 1\npart 2\n", Http.get(port, '/').body
    file = Struct.new(:to_path).new(__FILE__)
    serve { |_env| [200, {}, file] }
    assert_equal File.binread(__FILE__), Http.get(port, '/').body
    large = 'x' * 3_000_000
    serve { |_env| [200, { 'Content-Length' => large.bytesize.to_s }, [large].each] }
    answer = Http.get(port, '/')
    assert_equal [large.bytesize.to_s, large.bytesize], [answer['Content-Length'], answer.body.bytesize]
  end

  def test_pieces_arrive_as_they_are_made
    release = Queue.new
    serve { |_env| [200, {}, Enumerator.new { |y| y << 'a' && release.pop && y << 'b' }] }
    http = Http.new(port)
    http.send_request('GET', '/')
    assert_equal [200, 'a'], [http.read_head.status, http.read_chunk]
    release << true
    assert_equal 'b', http.read_chunk
  ensure
    http&.close
  end

  # A body of Rack 3 that is called with a stream.
  def test_streams
    serve do |_env|
      [200, {}, lambda { |stream|
        stream << 'a'
        stream.write('b')
        stream.close
      }]
    end
    assert_equal 'ab', Http.get(port, '/').body
  end

  def test_a_body_that_fails_is_broken_off
    serve { |_env| [200, {}, Enumerator.new { |y| y << 'a' && raise('boom') }] }
    http = Http.new(port)
    http.send_request('GET', '/')
    assert_equal 200, http.read_head.status
    assert_equal 'a', http.read_chunk
    assert_nil http.read_chunk
    assert_empty http.socket.read
    eventually { log.include?('body of GET /: boom (RuntimeError)') }
  ensure
    http&.close
  end

  def test_head_is_get_without_a_body
    closed = Body.new
    serve { |_env| [200, { 'Content-Length' => '4' }, closed] }
    answer = Http.request(port, 'HEAD', '/')
    assert_equal [200, '4', ''], [answer.status, answer['Content-Length'], answer.body]
    assert closed.closed
  end
end
