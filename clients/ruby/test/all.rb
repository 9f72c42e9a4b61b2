# frozen_string_literal: true

# Every test in one process: ruby -Ilib test/all.rb
Dir[File.join(__dir__, 'test_*.rb')].sort.each { |file| require file }
