# frozen_string_literal: true

require 'time'

module Outpour
  # Static files below a folder. Nothing outside of it is ever opened, whatever the path or a link says.
  class Files
    TYPES = {
      'css' => 'text/css', 'csv' => 'text/csv', 'gif' => 'image/gif', 'htm' => 'text/html', 'html' => 'text/html',
      'ico' => 'image/x-icon', 'jpeg' => 'image/jpeg', 'jpg' => 'image/jpeg', 'js' => 'application/javascript',
      'json' => 'application/json', 'map' => 'application/json', 'mjs' => 'application/javascript',
      'pdf' => 'application/pdf', 'png' => 'image/png', 'rb' => 'text/plain', 'svg' => 'image/svg+xml',
      'ttf' => 'font/ttf', 'txt' => 'text/plain', 'wasm' => 'application/wasm', 'webp' => 'image/webp',
      'woff' => 'font/woff', 'woff2' => 'font/woff2', 'xml' => 'application/xml'
    }.freeze

    HeaderRule = Struct.new(:pattern, :mime, :name, :value) do
      def match?(path, type) = pattern.match?(path) && (mime == '*' || mime == type)
    end

    def initialize
      @types = TYPES.dup
      @rules = []
    end

    # Files that end with `.suffix` are of that media type.
    def add_mime(suffix, type)
      @types[suffix.to_s.delete_prefix('.').downcase] = type.to_s
    end

    # Adds a header to files whose path fits `pattern` and whose media type is `mime` (`*`: any).
    def header_rule(pattern, mime, name, value)
      @rules << HeaderRule.new(Pattern.new(pattern), mime, name, value)
    end

    # The answer for `path` (percent-encoded) below `root`; nil if there is no such file.
    def serve(root, path, env)
      file = find(root, path) or return
      stat = File.stat(file)
      headers = headers_of(path, file, stat)
      return [304, headers.except('Content-Type', 'Content-Length'), []] if fresh?(stat, env)

      [200, headers, env['REQUEST_METHOD'] == 'HEAD' ? [] : [File.binread(file)]]
    rescue SystemCallError
      nil
    end

    private

    def find(root, path)
      decoded = path.gsub(/%\h\h/) { |escape| escape[1, 2].hex.chr }.force_encoding(Encoding::BINARY)
      return if decoded.include?("\0")

      base = File.realpath(root)
      file = File.join(base, decoded)
      file = File.join(file, 'index.html') if File.directory?(file)
      file = File.realpath(file)
      file if file.start_with?("#{base.chomp('/')}/") && File.file?(file)
    end

    def headers_of(path, file, stat)
      type = @types.fetch(File.extname(file).delete_prefix('.').downcase, 'application/octet-stream')
      headers = { 'Content-Type' => type, 'Content-Length' => stat.size.to_s, 'Last-Modified' => stat.mtime.httpdate }
      @rules.each { |rule| headers[rule.name] = rule.value if rule.match?(path, type) }
      headers
    end

    def fresh?(stat, env)
      since = env['HTTP_IF_MODIFIED_SINCE'] or return false
      stat.mtime.to_i <= Time.httpdate(since).to_i
    rescue ArgumentError
      false
    end
  end
end
