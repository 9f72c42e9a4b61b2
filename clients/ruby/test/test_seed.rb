# frozen_string_literal: true

require_relative 'helper'
require 'json'
require 'open3'

# D1 to D6: the files of the seed, in which only `require 'agoo'` and the constant are others.
class SeedTest < Minitest::Test
  # Each test has processes of its own, which mostly wait.
  parallelize_me!

  FILES = Dir[File.join(__dir__, 'seed/*')]
  PAGES = %w[websocket.html sse.html].freeze
  TIME = /\A\d\d:\d\d:\d\d\z/

  ENVIRONMENTS = %w[development deployment none].freeze

  def setup
    @programs = []
  end

  def teardown
    @programs.each(&:stop)
  end

  def start(*command, files: FILES)
    @programs << (@program = Program.new(files, *command).start)
  end

  def rackup(environment, server: %w[-s outpour]) = start('rackup', *server, '-E', environment, '-o', '127.0.0.1', '-p', 'PORT')

  # D1, D2, D4 and D5 in Chromium: both pages of every variant show that they are connected, and the time, which changes.
  def test_pages_in_chromium
    ENVIRONMENTS.each { |environment| rackup(environment) }
    start('ruby', 'push.rb')
    urls = @programs.product(PAGES).map { |program, page| "http://127.0.0.1:#{program.port}/#{page}" }
    output, status = Open3.capture2e('node', File.join(__dir__, 'pages.cjs'), *urls)
    assert_predicate status, :success?, output
    shown = output.lines.map { |line| JSON.parse(line) }
    assert_equal urls, shown.map { |page| page['url'] }
    shown.each do |page|
      assert_equal 'connected', page['status']
      assert_match TIME, page['first'].to_s, page
      assert_match TIME, page['second'].to_s, page
    end
  end

  # D2 and D3 without a browser: the time, an echo, the console.
  def check_clock
    WebSocket.open(@program.port, '/listen') do |client|
      assert_predicate client, :upgraded?
      assert_match TIME, client.read_text
      client.text('hi')
      texts = Array.new(3) { client.read_text }
      assert_includes texts, 'echo: hi'
      client.close
      assert_equal 1000, client.read_close
    end
    @program.wait_for('--- on_close')
    assert_match(/--- on_open\n.*--- on_message hi\n.*--- on_close\n/m, @program.output_text)
  end

  # D4 without a browser: events of the name that the page listens to.
  def check_events
    stream = EventStream.new(@program.port)
    event = stream.event
    assert_equal 'msg', event['event']
    assert_match TIME, event['data']
  ensure
    stream&.drop
  end

  def check_not_upgradeable
    assert_equal 404, Http.get(@program.port, '/listen').status
  end

  def check_end
    @program.signal('TERM')
    assert_equal 0, @program.wait_for_end.exitstatus, @program.output_text
  end

  ENVIRONMENTS.each do |environment|
    define_method("test_rackup_in_#{environment}") do
      rackup(environment)
      check_clock
      check_events
      check_not_upgradeable
      check_end
    end
  end

  # D1 as it is typed: the require in config.ru picks the server.
  def test_bare_rackup
    rackup('none', server: [])
    check_clock
    @program.signal('INT')
    assert_equal 0, @program.wait_for_end.exitstatus
  end

  # D5.
  def test_own_interface
    start('ruby', 'push.rb')
    hello = Http.get(@program.port, '/hello')
    assert_equal [200, 'hello world'], [hello.status, hello.body]
    page = Http.get(@program.port, '/websocket.html')
    assert_equal [200, 'text/html'], [page.status, page['Content-Type']]
    assert_equal File.read(File.join(__dir__, 'seed/websocket.html')), page.body
    check_clock
    check_events
    check_not_upgradeable
    check_end
  end

  # The seed's script as it is written for Agoo.
  def test_unchanged_script
    script = File.read(File.join(__dir__, 'seed/push.rb')).sub("require 'outpour'", "require 'outpour/agoo'")
    start('ruby', 'push.rb', files: { 'push.rb' => script.gsub('Outpour::', 'Agoo::') })
    assert_equal 'hello world', Http.get(@program.port, '/hello').body
    check_clock
  end
end
