# frozen_string_literal: true

require 'digest/sha1'
require 'socket'
require 'timeout'

# A WebSocket client that sends what it is told, right or wrong, and shows every frame.
class WebSocket
  TEXT = 1
  BINARY = 2
  CLOSE = 8
  PING = 9
  PONG = 10

  # Status line and headers of the answer to the handshake.
  attr_reader :status, :headers, :socket

  def self.open(port, path, headers = {})
    client = new(port, path, headers)
    return client unless block_given?

    begin
      yield client
    ensure
      client.drop
    end
  end

  def initialize(port, path, headers = {})
    @socket = TCPSocket.new('127.0.0.1', port)
    @socket.setsockopt(Socket::IPPROTO_TCP, Socket::TCP_NODELAY, 1)
    given = { 'Host' => "127.0.0.1:#{port}", 'Connection' => 'Upgrade', 'Upgrade' => 'websocket',
              'Sec-WebSocket-Key' => 'dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version' => '13' }.merge(headers)
    @socket.write("GET #{path} HTTP/1.1\r\n#{given.compact.map { |name, value| "#{name}: #{value}\r\n" }.join}\r\n")
    read_head
  end

  def upgraded? = status == 101

  def text(payload) = frame(TEXT, payload)

  def binary(payload) = frame(BINARY, payload)

  def close(code = 1000) = frame(CLOSE, [code].pack('n'))

  def frame(opcode, payload, fin: true, masked: true)
    payload = payload.b
    head = [(fin ? 0x80 : 0) | opcode].pack('C')
    bit = masked ? 0x80 : 0
    head << case payload.bytesize
            when 0..125 then [bit | payload.bytesize].pack('C')
            when 126..65_535 then [bit | 126, payload.bytesize].pack('Cn')
            else [bit | 127, payload.bytesize].pack('CQ>')
            end
    # A mask of zeros leaves the payload as it is.
    head << "\0\0\0\0" if masked
    @socket.write(head + payload)
  end

  # The next frame as [opcode, payload]; nil at the end.
  def read(within = 60)
    Timeout.timeout(within) do
      first, second = @socket.read(2)&.unpack('CC')
      return if second.nil?

      length = second & 0x7f
      length = @socket.read(2).unpack1('n') if length == 126
      length = @socket.read(8).unpack1('Q>') if length == 127
      [first & 0x0f, length.zero? ? +'' : @socket.read(length)]
    end
  rescue Errno::ECONNRESET
    nil
  end

  # The payload of the next text.
  def read_text
    opcode, payload = read
    raise "not a text: #{opcode.inspect} #{payload.inspect}" unless opcode == TEXT

    payload.force_encoding(Encoding::UTF_8)
  end

  # The code of the close frame that comes next.
  def read_close
    opcode, payload = read
    raise "not a close frame: #{opcode.inspect} #{payload.inspect}" unless opcode == CLOSE

    payload.unpack1('n')
  end

  # What follows the head of an answer that is no upgrade.
  def body = @socket.read(@headers.fetch('content-length').first.to_i)

  def drop = @socket.close

  private

  def read_head
    Timeout.timeout(60) do
      @status = @socket.gets("\r\n").split[1].to_i
      @headers = Hash.new { |hash, name| hash[name] = [] }
      while (line = @socket.gets("\r\n")) != "\r\n"
        name, value = line.chomp("\r\n").split(': ', 2)
        @headers[name.downcase] << value
      end
      @headers.default_proc = nil
    end
  end
end
