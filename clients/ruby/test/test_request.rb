# frozen_string_literal: true

require_relative 'helper'

# Q1 to Q5: what an application sees of a request, and which can be upgraded.
class RequestTest < ServedTest
  # The environment of one request, through the answer.
  def seen(method: 'GET', path: '/', headers: {}, body: nil)
    env = nil
    serve do |given|
      env = given.merge('body' => given['rack.input'].read)
      [204, {}, []]
    end
    Http.request(port, method, path, headers, body)
    env
  end

  def asked(**request) = seen(**request).fetch('rack.upgrade?')

  def upgrade_headers(**changes)
    { 'Connection' => 'Upgrade', 'Upgrade' => 'websocket', 'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Version' => '13' }.merge(changes.transform_keys(&:to_s))
  end

  def test_q1_every_request_says_whether_it_can_be_upgraded
    assert_nil asked
    assert_equal :websocket, asked(headers: upgrade_headers)
    assert_equal :sse, asked(headers: { 'Accept' => 'text/event-stream' })
  end

  def test_q2_nothing_is_accepted_before_the_call
    refute_includes seen(headers: upgrade_headers), 'rack.upgrade'
  end

  def test_q3_web_sockets
    assert_equal :websocket, asked(headers: upgrade_headers('Connection' => 'keep-alive, upgrade', 'Upgrade' => 'WebSocket'))
    assert_nil asked(method: 'POST', headers: upgrade_headers)
    assert_nil asked(headers: upgrade_headers('Connection' => 'keep-alive'))
    assert_nil asked(headers: upgrade_headers('Upgrade' => 'h2c'))
    assert_nil asked(headers: upgrade_headers('Sec-WebSocket-Key' => 'short'))
  end

  def test_q3_other_versions_are_426
    serve { |_env| [200, {}, []] }
    answer = Http.get(port, '/listen', upgrade_headers('Sec-WebSocket-Version' => '8'))
    assert_equal [426, '13'], [answer.status, answer['Sec-WebSocket-Version']]
  end

  def test_q4_event_streams
    assert_equal :sse, asked(headers: { 'Accept' => 'text/event-stream, */*' })
    assert_equal :sse, asked(headers: { 'Accept' => 'text/html, Text/Event-Stream;q=0.5' })
    assert_nil asked(headers: { 'Accept' => '*/*' })
    assert_nil asked(headers: { 'Accept' => 'text/event-stream;q=0' })
    assert_nil asked(method: 'POST', headers: { 'Accept' => 'text/event-stream' }, body: '')
  end

  def test_q5_the_request_is_like_any_other
    env = seen(path: '/a%20b/c?d=e&f', headers: { 'Accept' => 'text/event-stream', 'Cookie' => 'a=b', 'Last-Event-ID' => '7' })
    assert_equal ['GET', '', '/a%20b/c', 'd=e&f'], env.values_at('REQUEST_METHOD', 'SCRIPT_NAME', 'PATH_INFO', 'QUERY_STRING')
    assert_equal ['a=b', '7', 'a.test'], env.values_at('HTTP_COOKIE', 'HTTP_LAST_EVENT_ID', 'HTTP_HOST')
  end

  def test_environment
    env = seen(headers: { 'Host' => 'b.test:81', 'X-Long-Header-Name-Of-A-Proxy' => '1', 'X_Y' => 'forged' })
    assert_equal ['b.test', '81', 'HTTP/1.1', '127.0.0.1', 'http'],
                 env.values_at('SERVER_NAME', 'SERVER_PORT', 'SERVER_PROTOCOL', 'REMOTE_ADDR', 'rack.url_scheme')
    assert_equal [[1, 3], true, false, false, false],
                 env.values_at('rack.version', 'rack.multithread', 'rack.multiprocess', 'rack.run_once', 'rack.hijack?')
    assert_equal '1', env['HTTP_X_LONG_HEADER_NAME_OF_A_PROXY']
    refute_includes env, 'HTTP_X_Y'
    assert_equal '80', seen['SERVER_PORT']
  end

  def test_repeated_headers_are_joined
    env = seen(headers: { 'X-A' => %w[1 2], 'Cookie' => %w[a=b c=d] })
    assert_equal ['1, 2', 'a=b; c=d'], env.values_at('HTTP_X_A', 'HTTP_COOKIE')
  end

  def test_bodies
    env = seen(method: 'POST', headers: { 'Content-Type' => 'text/x' }, body: "\xFFabc".b)
    assert_equal ['text/x', '4', "\xFFabc".b], env.values_at('CONTENT_TYPE', 'CONTENT_LENGTH', 'body')
    assert_equal Encoding::BINARY, env['body'].encoding
    chunks = "3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n"
    http = Http.new(Served.port)
    http.send_request('POST', '/', { 'Transfer-Encoding' => 'chunked' })
    env = nil
    serve { |given| (env = given) && [200, {}, [given['rack.input'].read]] }
    http.socket.write(chunks)
    assert_equal 200, http.read_head.status
    assert_equal '5', env['CONTENT_LENGTH']
  ensure
    http&.close
  end

  def test_lint_is_content
    require 'rack'
    require 'uri'
    app = ->(_env) { [200, { 'Content-Type' => 'text/plain' }, ['ok']] }
    serve(Rack::Lint.new(app))
    assert_equal 'ok', Http.get(port, '/?x').body
    assert_equal 'ok', Http.request(port, 'POST', '/', {}, 'body').body
    assert_equal 'ok', Http.get(port, '/', upgrade_headers).body
  end
end
