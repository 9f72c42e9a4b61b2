# The publisher of seed 001: the request line carries the absolute address.
require 'net/http'
require 'uri'

uri = URI("http://localhost:#{ARGV[0]}/pub?id=ch1")
http = Net::HTTP.new(uri.host, uri.port)
req = Net::HTTP::Post.new(uri.to_s)
req.body = 'Some Text'
response = http.request(req)
puts response.code, response.body
