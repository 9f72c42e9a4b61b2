# frozen_string_literal: true

require 'fileutils'
require 'rbconfig'
require 'socket'
require 'tmpdir'

# A program of its own, in a folder of its own.
class Program
  LIB = File.expand_path('../../lib', __dir__)

  attr_reader :port, :folder, :pid, :status

  # `files` are copied into the folder or, as a Hash, written there. PORT in `command` becomes a free port.
  def initialize(files, *command)
    @folder = Dir.mktmpdir('outpour-ruby')
    place(files)
    @port = TCPServer.open('127.0.0.1', 0) { |server| server.addr[1] }
    @command = command.map { |word| word.gsub('PORT', @port.to_s) }
  end

  # Starts it, and waits until it accepts.
  def start(environment = {})
    include_lib = ENV['OUTPOUR_INSTALLED'] ? {} : { 'RUBYLIB' => LIB }
    output = File.open(File.join(@folder, 'output'), 'w')
    @pid = spawn({ 'PORT' => @port.to_s }.merge(include_lib, environment), *@command, chdir: @folder, out: output, err: output)
    output.close
    wait { accepts? || ended? }
    raise "#{@command} ended: #{output_text}" if ended?

    self
  end

  def accepts?
    TCPSocket.new('127.0.0.1', @port).close
    true
  rescue SystemCallError
    false
  end

  def ended? = @status ||= Process.wait2(@pid, Process::WNOHANG)&.last

  # The exit status, once the program has ended.
  def wait_for_end(within = 60)
    wait(within) { ended? }
    @status
  end

  def signal(name) = Process.kill(name, @pid)

  def output_text = File.read(File.join(@folder, 'output'))

  def wait_for(text, within = 30) = wait(within) { output_text.include?(text) }

  def stop
    unless @pid.nil? || ended?
      signal('KILL')
      wait_for_end
    end
    FileUtils.rm_rf(@folder)
  end

  private

  def place(files)
    return files.each { |name, text| File.write(File.join(@folder, name), text) } if files.is_a?(Hash)

    FileUtils.cp(files, @folder)
  end

  def wait(within = 60)
    deadline = Process.clock_gettime(Process::CLOCK_MONOTONIC) + within
    until yield
      raise "too late: #{output_text}" if Process.clock_gettime(Process::CLOCK_MONOTONIC) > deadline

      sleep 0.02
    end
  end
end
