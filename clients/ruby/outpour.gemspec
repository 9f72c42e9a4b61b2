# frozen_string_literal: true

require_relative 'lib/outpour/version'

Gem::Specification.new do |gem|
  gem.name = 'outpour'
  gem.version = Outpour::VERSION
  gem.summary = 'A Rack server with WebSocket and EventSource push'
  gem.description = 'Serves Rack applications, which accept WebSocket and EventSource connections through ' \
                    "env['rack.upgrade'], and nginx-push-stream channels beside them. The server is written in Rust."
  gem.authors = ['The outpour authors']
  gem.licenses = %w[MIT Apache-2.0]
  gem.required_ruby_version = '>= 3.1'

  # `source` is the server: a link to the repository's root in a clone, a folder in the gem.
  server = %w[source/Cargo.toml source/LICENSE-MIT source/LICENSE-APACHE] +
           %w[core config server].flat_map { |name| Dir["source/crates/#{name}/{Cargo.toml,src/**/*}", base: __dir__] }
  gem.files = Dir['{lib,sig,src}/**/*.{rb,rbs,rs}', base: __dir__] + %w[Cargo.toml Cargo.lock README.md outpour.gemspec] +
              Dir.chdir(__dir__) { server.select { |file| File.file?(file) } }
  gem.extensions = ['Cargo.toml']
  gem.metadata = { 'cargo_crate_name' => 'outpour_ruby', 'rubygems_mfa_required' => 'true' }
end
