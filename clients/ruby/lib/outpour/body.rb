# frozen_string_literal: true

module Outpour
  # Writes what a body yields into a stream, until the client has gone.
  def self.pour(body, stream)
    body.each { |part| break unless stream.push(part) }
    nil
  end
end
