# A Rails-like application behind outpour: it knows who may listen, publishes, and hands streams over.
require "json"
require "net/http"
require "rack"

PUSH = URI(ENV.fetch("PUSH_URL"))

def publish(channel, text)
  Net::HTTP.post(URI("#{PUSH}/pub?id=#{Rack::Utils.escape(channel)}"), text).code.to_i
end

run(lambda do |env|
  request = Rack::Request.new(env)
  case request.path_info
  when "/login"
    response = Rack::Response.new("welcome")
    response.set_cookie("session", { value: "secret", path: "/", httponly: true })
    response.finish
  when "/stream"
    if request.cookies["session"] == "secret"
      [200, { "X-Accel-Redirect" => "/push/sub/room-#{request.params["room"]}", "Content-Type" => "text/event-stream" }, []]
    else
      [401, { "Content-Type" => "text/plain" }, ["log in first"]]
    end
  when "/say"
    [publish("room-#{request.params["room"]}", request.body.read), { "Content-Type" => "text/plain" }, ["said"]]
  when "/move"
    [302, { "Location" => "http://#{request.host_with_port}/login" }, []]
  else
    seen = %w[HTTP_HOST HTTP_X_FORWARDED_FOR HTTP_X_FORWARDED_PROTO REQUEST_METHOD QUERY_STRING].to_h { |k| [k, env[k]] }
    [200, { "Content-Type" => "application/json" }, [JSON.generate(seen)]]
  end
end)
