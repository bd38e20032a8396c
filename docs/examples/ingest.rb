#!/usr/bin/env ruby
# Sends one event with Ruby's standard library, and retries while the service is unreachable.
require "json"
require "net/http"

uri = URI("#{ENV.fetch("OPENCLONE_ENDPOINT", "http://127.0.0.1:8000")}/api/v1/ingest")
now = Time.now.to_f
batch = {
  source_type: "braindump", platform: "linux", device_id: "test-001", plugin_id: "plain-http", plugin_version: "1.0.0",
  timestamp: now, events: [{ timestamp: now, data: { text: "Hello from Ruby!" }, raw_ref: "ruby-1" }]
}
headers = { "Content-Type" => "application/json", "X-API-Key" => ENV.fetch("API_KEY") }

5.times do |attempt|
  begin
    response = Net::HTTP.post(uri, JSON.generate(batch), headers)
    if response.code.to_i == 200
      puts response.body
      exit
    end
    # A bad key or a bad batch stays bad; 429 and 5xx pass.
    abort "#{response.code}: #{response.body}" unless [408, 429, 500, 502, 503, 504].include?(response.code.to_i)
    pause = response["Retry-After"].to_i
  rescue SystemCallError, IOError, Timeout::Error => error
    warn error.message
    pause = 0
  end
  sleep [pause, rand * 0.5 * 2**attempt].max
end
abort "not sent: keep the event and try later, under the same raw_ref"
