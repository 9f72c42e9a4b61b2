# frozen_string_literal: true

module Outpour
  # A path pattern: `*` stands for one segment or the rest of one, `**` for everything that follows. A final `/` of the
  # request's path does not count.
  class Pattern
    def initialize(text)
      @text = text
      parts = text.chomp('/').split(/(\*\*.*\z|\*)/, -1)
      @expression = /\A#{parts.map { |part| expression(part) }.join}\/?\z/m unless parts.size == 1
      @plain = text == '/' ? '/' : text.chomp('/')
    end

    # Whether every path that fits is this very text, so that a Hash can find it.
    def plain? = @expression.nil?

    # The text without its final slash.
    attr_reader :plain

    def match?(path)
      plain? ? self.class.normal(path) == @plain : @expression.match?(path)
    end

    def to_s = @text

    # A path without its final slash.
    def self.normal(path) = path.size > 1 && path.end_with?('/') ? path.chomp('/') : path

    private

    def expression(part)
      return '.*' if part.start_with?('**')

      part == '*' ? '[^/]*' : Regexp.escape(part)
    end
  end
end
