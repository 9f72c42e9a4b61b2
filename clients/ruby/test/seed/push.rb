# The application of the seed: a clock that pushes the time and echoes what it is sent.
require 'outpour'

class HelloHandler
  def call(_req)
    [200, {}, ['hello world']]
  end
end

class Clock
  def initialize
    @mutex = Mutex.new
    @clients = []
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
    unless env['rack.upgrade?'].nil?
      env['rack.upgrade'] = $clock
      [200, {}, []]
    else
      [404, {}, []]
    end
  end
end

Outpour::Log.configure(dir: '', console: true, classic: true, colorize: true,
                       states: { INFO: true, DEBUG: false, connect: true, request: true, response: true, eval: true, push: true })

Outpour::Server.init(ENV.fetch('PORT', 6464).to_i, '.', thread_count: 1)
Outpour::Server.handle(:GET, '/hello', HelloHandler.new)
Outpour::Server.handle(:GET, '/listen', Listen.new)
Outpour::Server.handle(:GET, '/sse', Listen.new)
Outpour::Server.start()
$clock.start
