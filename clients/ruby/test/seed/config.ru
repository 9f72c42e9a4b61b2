# The application of the seed for rackup.
require 'rack'
require 'outpour'

class Clock
  def initialize
    @mutex = Mutex.new
    @clients = []
    Thread.new { start }
  end

  def on_open(client)
    puts '--- on_open'
    @mutex.synchronize { @clients << client }
  end

  def on_close(client)
    puts '--- on_close'
    @mutex.synchronize { @clients.delete(client) }
  end

  def on_drained(_client)
    puts '--- on_drained'
  end

  def on_message(client, data)
    puts "--- on_message #{data}"
    client.write("echo: #{data}")
  end

  def start
    loop do
      now = Time.now
      msg = '%02d:%02d:%02d' % [now.hour, now.min, now.sec]
      @mutex.synchronize do
        @clients.each do |c|
          begin
            puts '--- write failed' unless c.write(msg)
          rescue Exception => e
            puts "*** #{e.class}: #{e.message}"
          end
        end
      end
      sleep(1)
    end
  end
end

$stdout.sync = true
$clock = Clock.new

class Listen
  def call(env)
    path = env['SCRIPT_NAME'] + env['PATH_INFO']
    case path
    when '/websocket.html', '/sse.html'
      return [200, { 'Content-Type' => 'text/html' }, [File.read(".#{path}")]]
    when '/listen', '/sse'
      unless env['rack.upgrade?'].nil?
        env['rack.upgrade'] = $clock
        return [200, {}, []]
      end
    end
    [404, {}, []]
  end
end

run Listen.new
