# frozen_string_literal: true

require_relative 'helper'

# Start, end, signals and forks: servers in processes of their own.
class LifecycleTest < Minitest::Test
  # Each test has processes of its own, which mostly wait.
  parallelize_me!

  def teardown
    @program&.stop
  end

  def start(script, *command, **environment)
    command = %w[ruby app.rb] if command.empty?
    @program = Program.new({ 'app.rb' => script, 'config.ru' => script }, *command)
    @program.start(environment.transform_keys(&:to_s))
  end

  SHUTDOWN = <<~RUBY
    require 'outpour'
    $stdout.sync = true
    class Bye
      def on_shutdown(client) = client.write('bye')
      def on_close(client) = puts("closed \#{client.protocol} \#{client.open?}")
    end
    run(lambda do |env|
      env['rack.upgrade'] = Bye.new
      [200, {}, []]
    end)
  RUBY

  # C4: what on_shutdown writes arrives, then the connection ends properly.
  def test_graceful_end
    start(SHUTDOWN, 'rackup', '-E', 'none', '-o', '127.0.0.1', '-p', 'PORT')
    web_socket = WebSocket.open(@program.port, '/')
    stream = EventStream.new(@program.port)
    @program.signal('TERM')
    assert_equal ['bye', 1001], [web_socket.read_text, web_socket.read_close]
    assert_equal 'bye', stream.event['data']
    assert_nil stream.event
    web_socket.close
    assert_equal 0, @program.wait_for_end(9).exitstatus, @program.output_text
    assert_equal ['closed sse false', 'closed websocket false'], @program.output_text.lines.grep(/closed/).map(&:chomp).sort
    refute_predicate @program, :accepts?
  end

  FORK = <<~RUBY
    require 'outpour'
    $stdout.sync = true
    class Forks
      def call(env)
        reader, writer = IO.pipe
        child = fork do
          begin
            Outpour::Server.shutdown
          rescue Outpour::ForkError => e
            writer.write(e.message)
          end
          begin
            Outpour::Server.start
          rescue Outpour::ForkError => e
            writer.write(' twice')
          end
        end
        Process.wait(child)
        writer.close
        [200, {}, [reader.read]]
      end
    end
    Outpour::Server.init(ENV['PORT'], nil, thread_count: 2)
    Outpour::Server.handle(:GET, '/fork', Forks.new)
    Outpour::Server.start
    sleep
  RUBY

  def test_a_forked_process_has_no_server
    start(FORK)
    text = Http.get(@program.port, '/fork').body
    assert_match(/the server runs in process \d+: .* twice\z/, text)
    assert_match(/twice/, Http.get(@program.port, '/fork').body)
  end

  ENDS = <<~RUBY
    require 'outpour'
    $stdout.sync = true
    at_exit { puts 'at_exit' }
    Outpour.on_start { puts 'on_start' }
    Outpour.on_shutdown { puts 'on_shutdown' }
    class Exits
      def call(env)
        exit 7 if env['PATH_INFO'] == '/exit'
        Thread.current.kill if env['PATH_INFO'] == '/kill'
        [200, {}, ['fine']]
      end
    end
    Outpour::Server.init(ENV['PORT'], nil, thread_count: ENV['THREADS'].to_i)
    Outpour::Server.handle(nil, '/**', Exits.new)
    Outpour::Server.start
    sleep
  RUBY

  def test_exit_in_a_callback_ends_the_process
    %w[0 2].each do |threads|
      start(ENDS, THREADS: threads)
      assert_equal 500, Http.get(@program.port, '/exit').status
      assert_equal 7, @program.wait_for_end.exitstatus, @program.output_text
      assert_equal %W[on_start\n on_shutdown\n at_exit\n].sort, (@program.output_text.lines & %W[on_start\n on_shutdown\n at_exit\n]).sort
      @program.stop
    end
  end

  def test_a_killed_thread_is_replaced
    start(ENDS, THREADS: '2')
    3.times { assert_equal 500, Http.get(@program.port, '/kill').status }
    assert_equal 'fine', Http.get(@program.port, '/').body
  end

  def test_what_cannot_start_says_why
    TCPServer.open('127.0.0.1', 0) do |other|
      port = other.addr[1]
      command = [RbConfig.ruby, '-I', Program::LIB, '-e', "require 'outpour'; Outpour::Server.init(0, nil, bind: 'http://127.0.0.1:#{port}'); Outpour::Server.start"]
      output = IO.popen(command, err: %i[child out], &:read)
      assert_match(/bind\(\) to 127.0.0.1:#{port} failed .*StartError/, output)
    end
    error = assert_raises(Outpour::ConfigurationError) { Outpour::Settings.new([], threads: 'many') }
    assert_match(/threads: "many" is no number/, error.message)
  end

  def test_a_configuration_with_mistakes_names_them
    Dir.mktmpdir do |folder|
      path = File.join(folder, 'push.conf')
      File.write(path, "http {\n    server {\n        lisen 80;\n    }\n}\n")
      error = assert_raises(Outpour::ConfigurationError) { Outpour::Native.new(proc {}, threads: 1, file: path) }
      assert_match(/unknown directive "lisen" .*push.conf:3/, error.message)
    end
  end
end
