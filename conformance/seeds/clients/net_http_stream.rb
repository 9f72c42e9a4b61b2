# A subscriber that prints what a stream brings, piece by piece.
require 'net/http'
require 'uri'

$stdout.sync = true
uri = URI(ARGV[0])
Net::HTTP.start(uri.host, uri.port) do |http|
  http.request(Net::HTTP::Get.new(uri)) do |response|
    puts "status #{response.code}"
    response.read_body { |piece| puts "piece #{piece.inspect}" }
  end
end
