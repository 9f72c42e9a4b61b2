# The publisher of seed 000: a text or data, through Faraday.
require 'faraday'
require 'uri'

module Pushstream
  class Publisher
    def self.publish(channel_name, data)
      new.publish(channel_name, data)
    end

    def initialize
      @url = "http://#{ENV['NGINX_IP']}:#{ENV['NGINX_PORT']}"
      @conn = Faraday.new(:url => @url) do |faraday|
        faraday.request  :url_encoded
        faraday.adapter  Faraday.default_adapter
      end
    end

    def publish(channel_name, data)
      path = 'pub'
      query_string = "id=#{channel_name}"
      @conn.post "#{path}?#{query_string}", data
    end
  end
end

response =
  if ARGV[0] == 'data'
    Pushstream::Publisher.publish('my-channel', {username: 'rando', text: 'hello world!'})
  else
    Pushstream::Publisher.publish('my-channel', 'Hello World!')
  end
puts response.status, response.body
