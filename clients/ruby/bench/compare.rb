#!/usr/bin/env ruby
# frozen_string_literal: true

# Puma and outpour side by side, each in a process of its own, on this machine: requests per second of a hello world
# (wrk), round trips per second of a WebSocket echo, and memory per idle connection. From a clone, with the extension
# built for release in lib/ (see README.md):
#
#   ruby bench/compare.rb [--seconds 5] [--rounds 3]
#
# Needs wrk, puma and node. Figures of a busy machine are low; the ratios are what counts.

require 'etc'
require 'fileutils'
require 'json'
require 'optparse'
require 'rbconfig'
require 'socket'
require 'tmpdir'

OPTIONS = { seconds: 5, rounds: 3, idle: 3000 }
OptionParser.new do |parser|
  parser.on('--seconds N', Integer)
  parser.on('--rounds N', Integer)
  parser.on('--idle N', Integer)
end.parse!(into: OPTIONS)

LIB = File.expand_path('../lib', __dir__)

CONFIG = <<~RUBY
  class Echo
    def on_message(client, data) = client.write(data)
  end
  HELLO = [200, { 'Content-Type' => 'text/plain' }.freeze, ['hello world'].freeze].freeze
  ECHO = Echo.new
  run(lambda do |env|
    next HELLO unless env['rack.upgrade?']
    env['rack.upgrade'] = ECHO
    [200, {}, []]
  end)
RUBY

# A server that runs while the block does.
class Subject
  attr_reader :port, :pid

  def self.run(name, *command)
    subject = new(name, *command)
    yield subject
  ensure
    subject&.stop
  end

  def initialize(name, *command)
    @folder = Dir.mktmpdir('outpour-bench')
    File.write(File.join(@folder, 'config.ru'), CONFIG)
    @port = TCPServer.open('127.0.0.1', 0) { |server| server.addr[1] }
    command = command.map { |word| word.gsub('PORT', @port.to_s) }
    @pid = spawn({ 'RUBYLIB' => LIB }, *command, chdir: @folder, out: File::NULL, err: File.join(@folder, 'err'))
    wait(name)
  end

  def stop
    Process.kill('TERM', @pid)
    Process.wait(@pid)
    FileUtils.rm_rf(@folder)
  end

  # Bytes of memory that are this process's own.
  def bytes
    File.read("/proc/#{@pid}/smaps_rollup")[/^Pss:\s+(\d+) kB/, 1].to_i * 1024
  end

  private

  def wait(name)
    deadline = Time.now + 20
    begin
      TCPSocket.new('127.0.0.1', @port).close
    rescue SystemCallError
      raise "#{name} does not start: #{File.read(File.join(@folder, 'err'))}" if Time.now > deadline

      sleep 0.05
      retry
    end
  end
end

def hello(port)
  output = IO.popen(%W[wrk -t1 -c32 -d#{OPTIONS[:seconds]}s http://127.0.0.1:#{port}/], &:read)
  raise output if output.match?(/Non-2xx|Socket errors/)

  output[%r{Requests/sec:\s+([\d.]+)}, 1].to_f
end

def echo(port, connections)
  script = File.join(__dir__, 'echo.cjs')
  JSON.parse(IO.popen(['node', script, port.to_s, connections.to_s, OPTIONS[:seconds].to_s], &:read)).fetch('perSecond')
end

# Opens idle connections with the head that `lines` say; yields while they are open.
def idle(port, lines)
  sockets = Array.new(OPTIONS[:idle]) do
    socket = TCPSocket.new('127.0.0.1', port)
    socket.write("GET /listen HTTP/1.1\r\nHost: a.test\r\n#{lines.map { |line| "#{line}\r\n" }.join}\r\n")
    socket.readpartial(1000)
    socket
  end
  yield
ensure
  sockets&.each(&:close)
end

KINDS = {
  'WebSocket' => ['Connection: Upgrade', 'Upgrade: websocket', 'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==', 'Sec-WebSocket-Version: 13'],
  'EventSource' => ['Accept: text/event-stream']
}.freeze

# In a process that had no connections before: what they leave behind would be used again.
def per_connection(subject, lines)
  before = subject.bytes
  idle(subject.port, lines) { (subject.bytes - before) / OPTIONS[:idle] }
end

def median(values) = values.sort[values.size / 2]

def spread(values) = "#{median(values).round} (#{values.min.round}-#{values.max.round})"

rackup = ->(name, *rest) { ['rackup', '-s', name, '-E', 'none', '-o', '127.0.0.1', '-p', 'PORT', *rest] }
servers = { 'puma, 1 thread' => rackup.call('puma', '-O', 'Threads=1:1', '-q'), 'puma, 5 threads' => rackup.call('puma', '-O', 'Threads=5:5', '-q'),
            'outpour, 1 thread' => rackup.call('outpour', '-O', 'threads=1', '-O', 'workers=1'), 'outpour, 5 threads' => rackup.call('outpour') }

puts "#{Etc.nprocessors} cores, Ruby #{RUBY_VERSION}, #{OPTIONS[:rounds]} rounds of #{OPTIONS[:seconds]} s: median (least-most)"
hellos = Hash.new { |hash, name| hash[name] = [] }
echoes = Hash.new { |hash, name| hash[name] = [] }
OPTIONS[:rounds].times do
  servers.each do |name, command|
    Subject.run(name, *command) do |subject|
      hellos[name] << hello(subject.port)
      [1, 32].each { |connections| echoes[[name, connections]] << echo(subject.port, connections) } if name.start_with?('outpour')
    end
  end
end
hellos.each { |name, values| puts "hello world, requests/s, #{name}: #{spread(values)}" }
best = hellos.transform_values { |values| median(values) }
puma = best.select { |name, _| name.start_with?('puma') }.values.max
best.each { |name, value| puts "#{name}: #{(value / puma).round(1)} times the better puma" if name.start_with?('outpour') }
echoes.each { |(name, connections), values| puts "WebSocket echo, round trips/s, #{name}, #{connections} connections: #{spread(values)}" }
KINDS.each do |kind, lines|
  Subject.run('outpour', *servers['outpour, 5 threads']) do |subject|
    puts "memory after the start: #{subject.bytes / 1024} kB"
    puts "memory per idle #{kind}: #{per_connection(subject, lines)} bytes"
  end
end
