# frozen_string_literal: true

module Outpour
  # The `rack.input` of every request without a body: one object for all of them.
  class EmptyInput
    def read(length = nil, buffer = nil)
      buffer&.clear
      length.nil? || length.zero? ? (buffer || String.new) : nil
    end

    def gets(*) = nil

    def each = self

    def rewind = 0

    def size = 0

    def close = nil

    def eof? = true

    # Streams of requests are binary: Rack asks for it.
    def external_encoding = Encoding::BINARY

    def set_encoding(*) = self

    def binmode = self
  end
end
