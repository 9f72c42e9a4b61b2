# frozen_string_literal: true

require_relative 'pattern'
require_relative 'request'
require_relative 'response'
require_relative 'route'
require_relative 'files'

module Outpour
  # Finds what answers a request: for GET and HEAD path groups, the root if it is first, handlers, the root; for other
  # methods handlers only; then whoever takes what is not found.
  class Router
    NOT_FOUND = [404, { 'Content-Type' => 'text/plain' }.freeze, ["Not Found\n"].freeze].freeze

    attr_reader :files
    attr_writer :root, :root_first, :not_found

    def initialize
      @plain = {}
      @patterns = []
      @count = 0
      @middleware = []
      @groups = []
      @domains = []
      @files = Files.new
    end

    # `method` nil: every one.
    def handle(method, pattern, handler)
      app = @middleware.reverse.inject(Route.app_of(handler)) { |inner, (klass, arguments)| klass.new(inner, *arguments) }
      route = Route.new(@count += 1, method&.to_s&.upcase, pattern, app)
      return @patterns << route unless route.pattern.plain?

      route.methods.each { |name| (@plain[name] ||= {})[route.pattern.plain] ||= route }
    end

    # For handlers registered from here on.
    def use(klass, *arguments)
      @middleware << [klass, arguments]
    end

    def path_group(path, folders)
      @groups << [path.chomp('/'), Array(folders)]
    end

    # Another root for requests to that host: a String, or a Regexp whose groups stand in the root as `$(1)`.
    def domain(host, root)
      @domains << [host, root]
    end

    def call(env)
      method = env['REQUEST_METHOD']
      path = env['PATH_INFO']
      file = %w[GET HEAD].include?(method)
      (file && before(path, env)) || handled(method, path, env) || (file && from_root(path, env)) || not_found(env)
    end

    private

    def before(path, env)
      grouped(path, env) || (@root_first && from_root(path, env))
    end

    def grouped(path, env)
      @groups.each do |prefix, folders|
        next unless path.start_with?("#{prefix}/")

        folders.each { |folder| (answer = @files.serve(folder, path[prefix.size..], env)) and return answer }
      end
      nil
    end

    def handled(method, path, env) = route(method, path)&.app&.call(env)

    # The first that was registered.
    def route(method, path)
      normal = Pattern.normal(path)
      plain = [@plain.dig(method, normal), @plain.dig(nil, normal)].compact.min_by(&:index)
      @patterns.each do |route|
        break if plain && plain.index < route.index
        return route if route.match?(method, path)
      end
      plain
    end

    def from_root(path, env)
      root = root_of(env['SERVER_NAME'])
      root && @files.serve(root, path, env)
    end

    def root_of(host)
      @domains.each do |name, root|
        return root if name == host
        next unless name.is_a?(Regexp) && (match = name.match(host))

        groups = match.to_a.map { |group| safe(group.to_s) }
        return root.gsub(/\$\((\d)\)/) { groups[Regexp.last_match(1).to_i].to_s }
      end
      @root
    end

    # What a client says may name a folder, not lead out of one.
    def safe(group) = group.include?('/') || group.start_with?('.') ? '' : group

    def not_found(env) = @not_found ? @not_found.call(env) : NOT_FOUND
  end
end
