require 'faraday'

module Pushstream
  # Publishes through Faraday: a text as it is, a hash as form data.
  class Publisher
    def initialize(url)
      @connection = Faraday.new(url: url) do |faraday|
        faraday.request :url_encoded
        faraday.response :raise_error
        faraday.adapter Faraday.default_adapter
      end
    end

    def publish(channel, data)
      @connection.post("pub?id=#{channel}", data)
    end
  end
end
