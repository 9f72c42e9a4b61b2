# frozen_string_literal: true

require_relative 'helper'

# The own interface without a network: which handler takes which request, and static files.
class ServerTest < Minitest::Test
  def setup
    @router = Outpour::Router.new
  end

  def handle(method, pattern, name = pattern)
    @router.handle(method, pattern, ->(_env) { [200, {}, [name]] })
  end

  def call(method, path, **env)
    @router.call({ 'REQUEST_METHOD' => method, 'PATH_INFO' => path, 'SERVER_NAME' => 'a.test' }.merge(env.transform_keys(&:to_s)))
  end

  def answer(method, path) = call(method, path).last.join

  def test_patterns
    { '/a' => [%w[/a /a/], %w[/ /b /a/b]], '/a/*' => [%w[/a/b /a/b/ /a/], %w[/a/b/c /b]], '/a*' => [%w[/a /abc], %w[/b /a/b]],
      '/a/*/c' => [%w[/a/b/c], %w[/a/b/d /a/b/b/c]], '/a/**' => [%w[/a/b /a/b/c /a/], %w[/b/a]], '/**' => [%w[/ /a /a/b], []],
      '/' => [%w[/], %w[/a]], '/a.b' => [%w[/a.b], %w[/acb]] }.each do |text, (fits, others)|
      pattern = Outpour::Pattern.new(text)
      fits.each { |path| assert pattern.match?(path), "#{text} fits #{path}" }
      others.each { |path| refute pattern.match?(path), "#{text} does not fit #{path}" }
    end
  end

  def test_the_first_handler_wins
    handle('GET', '/a/*', 'pattern')
    handle('GET', '/a/b', 'plain')
    handle('GET', '/c', 'plain')
    handle('GET', '/**', 'rest')
    assert_equal %w[pattern plain rest], [answer('GET', '/a/b'), answer('GET', '/c/'), answer('GET', '/d')]
  end

  def test_methods
    handle('GET', '/a')
    handle('POST', '/b')
    handle(nil, '/c')
    assert_equal [200, 200, 404], [call('GET', '/a')[0], call('HEAD', '/a')[0], call('POST', '/a')[0]]
    assert_equal [404, 404, 200], [call('GET', '/b')[0], call('HEAD', '/b')[0], call('POST', '/b')[0]]
    assert_equal [200, 200], [call('GET', '/c')[0], call('PATCH', '/c')[0]]
  end

  class Named
    def call(_env) = [200, {}, ['named']]
  end

  class Asks
    def on_request(request, response)
      response.code = 201
      response['X-Path'] = request.path_info
      response.body = request.request_method
    end
  end

  class Once
    attr_reader :calls

    def static? = true

    def call(env)
      @calls = @calls.to_i + 1
      [200, {}, [env.inspect]]
    end
  end

  def test_kinds_of_handlers
    @router.handle('GET', '/name', 'ServerTest::Named')
    @router.handle('GET', '/class', Named)
    @router.handle('GET', '/asks', Asks.new)
    once = Once.new
    @router.handle('GET', '/once', once)
    assert_equal %w[named named], [answer('GET', '/name'), answer('GET', '/class')]
    assert_equal [201, { 'X-Path' => '/asks' }, ['GET']], call('GET', '/asks')
    2.times { assert_equal 'nil', answer('GET', '/once') }
    assert_equal 1, once.calls
    assert_raises(ArgumentError) { @router.handle('GET', '/', Object.new) }
    assert_raises(NameError) { @router.handle('GET', '/', 'No::Such') }
  end

  def test_middleware_wraps_what_comes_later
    wrapper = Struct.new(:app, :text) { def call(env) = app.call(env).tap { |answer| answer[2] << text } }
    handle('GET', '/before')
    @router.use(wrapper, ' wrapped')
    handle('GET', '/after')
    @router.not_found = ->(_env) { [404, {}, ['mine']] }
    assert_equal ['/before', '/after wrapped', 'mine'], %w[/before /after /else].map { |path| answer('GET', path) }
  end

  def with_files
    Dir.mktmpdir do |folder|
      root = File.join(folder, 'root')
      Dir.mkdir(root)
      File.write(File.join(folder, 'secret.txt'), 'secret')
      File.write(File.join(root, 'a b.html'), 'page')
      File.write(File.join(root, 'index.html'), 'index')
      File.write(File.join(root, 'x.dat'), 'data')
      File.symlink('../secret.txt', File.join(root, 'link.txt'))
      yield root
    end
  end

  def test_files
    with_files do |root|
      @router.root = root
      @router.files.add_mime('dat', 'application/x-data')
      @router.files.header_rule('/**', 'text/html', 'X-Rule', 'yes')
      status, headers, body = call('GET', '/a%20b.html')
      assert_equal [200, 'text/html', '4', 'yes', 'page'], [status, *headers.values_at('Content-Type', 'Content-Length', 'X-Rule'), body.join]
      assert_equal ['application/x-data', nil], call('GET', '/x.dat')[1].values_at('Content-Type', 'X-Rule')
      assert_equal 'index', answer('GET', '/')
      assert_equal [304, []], call('GET', '/x.dat', HTTP_IF_MODIFIED_SINCE: headers['Last-Modified']).values_at(0, 2)
      assert_equal 404, call('POST', '/x.dat')[0]
    end
  end

  def test_nothing_outside_of_the_root
    with_files do |root|
      @router.root = root
      %w[/../secret.txt /%2e%2e/secret.txt /..%2fsecret.txt /link.txt /x.dat%00 /. /no].each do |path|
        refute_equal 'secret', answer('GET', path), path
      end
    end
  end

  def test_the_order_of_files_and_handlers
    with_files do |root|
      handle('GET', '/x.dat', 'handler')
      @router.root = root
      assert_equal 'handler', answer('GET', '/x.dat')
      @router.root_first = true
      assert_equal 'data', answer('GET', '/x.dat')
      @router.path_group('/group', [root])
      assert_equal 'data', answer('GET', '/group/x.dat')
      @router.domain(/\A(\w+)\.site\z/, File.join(File.dirname(root), '$(1)'))
      assert_equal 'data', @router.call({ 'REQUEST_METHOD' => 'GET', 'PATH_INFO' => '/x.dat', 'SERVER_NAME' => 'root.site' })[2].join
    end
  end

  def test_addresses
    assert_equal ['unix:/run/a.sock'], Outpour::Addresses.of_url('unix:///run/a.sock')
    assert_equal ['[::1]:80'], Outpour::Addresses.of_url('http://[::1]:80')
    assert_equal ['0.0.0.0:80'], Outpour::Addresses.of_url('http://:80')
    assert_raises(Outpour::ConfigurationError) { Outpour::Addresses.of_url('ftp://x:1') }
  end

  def test_options_become_a_configuration
    text = Outpour::Settings.new(['127.0.0.1:1'], 'workers' => '3', body_max: '1k', ssl_cert: '/a "b"', ssl_key: '/k').text
    assert_includes text, 'worker_processes 3;'
    assert_includes text, 'client_max_body_size "1k";'
    assert_includes text, 'listen "127.0.0.1:1" ssl;'
    assert_includes text, 'ssl_certificate "/a \"b\"";'
  end
end
