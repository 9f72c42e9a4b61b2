# frozen_string_literal: true

require 'socket'
require 'timeout'

# One connection of HTTP/1.1 that shows answers as they are.
class Http
  Answer = Struct.new(:status, :headers, :body) do
    def [](name) = headers[name.downcase]&.join(', ')

    # Values of a header, line by line.
    def lines(name) = headers.fetch(name.downcase, [])
  end

  def self.get(port, path, headers = {}) = request(port, 'GET', path, headers)

  def self.request(port, method, path, headers = {}, body = nil)
    http = new(port)
    http.request(method, path, headers, body)
  ensure
    http&.close
  end

  attr_reader :socket

  def initialize(port)
    @socket = TCPSocket.new('127.0.0.1', port)
  end

  def request(method, path, headers = {}, body = nil)
    send_request(method, path, headers, body)
    Timeout.timeout(60) do
      head = read_head
      head.body = method == 'HEAD' ? '' : read_body(head)
      head
    end
  end

  def send_request(method, path, headers = {}, body = nil)
    given = { 'Host' => 'a.test' }
    given['Content-Length'] = body.bytesize if body
    lines = given.merge(headers).compact.map { |name, value| Array(value).map { |v| "#{name}: #{v}\r\n" } }
    @socket.write("#{method} #{path} HTTP/1.1\r\n#{lines.join}\r\n#{body}")
  end

  # Status and headers.
  def read_head
    status = @socket.gets("\r\n")&.split&.at(1) or raise(EOFError, 'no answer')
    headers = {}
    while (line = @socket.gets("\r\n")) != "\r\n"
      name, value = line.chomp("\r\n").split(/: ?/, 2)
      (headers[name.downcase] ||= []) << value
    end
    Answer.new(status.to_i, headers, nil)
  end

  # One chunk; nil at the last one, or when the connection ends before it.
  def read_chunk(within = 60)
    Timeout.timeout(within) do
      size = @socket.gets("\r\n") or return
      length = size.to_i(16)
      chunk = @socket.read(length)
      @socket.read(2)
      length.zero? ? nil : chunk
    end
  end

  def close = @socket.close

  private

  def read_body(head)
    return '' if [204, 304].include?(head.status)
    return @socket.read(head['content-length'].to_i) if head['content-length']
    return @socket.read unless head['transfer-encoding']

    all = +''
    while (chunk = read_chunk)
      all << chunk
    end
    all
  end
end

# An EventSource's connection.
class EventStream
  attr_reader :answer, :http

  def initialize(port, path = '/sse', headers = {})
    @http = Http.new(port)
    @http.send_request('GET', path, { 'Accept' => 'text/event-stream' }.merge(headers))
    @answer = Timeout.timeout(60) { @http.read_head }
    @rest = +''
  end

  # The next event, as a Hash of its fields; lines of data are joined. nil at the end.
  def event
    loop do
      while (block = @rest.slice!(/\A.*?\n\n/m))
        event = fields(block)
        return event unless event.empty?
      end
      @rest << (@http.read_chunk or return)
    end
  end

  def drop = @http.close

  private

  def fields(block)
    lines = block.split("\n").reject { |line| line.start_with?(':') }.map { |line| line.split(': ', 2) }
    lines.each_with_object({}) do |(name, value), event|
      event[name] = name == 'data' && event[name] ? "#{event[name]}\n#{value}" : value.to_s
    end
  end
end
