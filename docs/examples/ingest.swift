// Sends one event with URLSession: swift ingest.swift (macOS, iOS 15 and later).
import Foundation

struct Event: Encodable {
    let timestamp: Double
    let data: [String: String]
    let rawRef: String
}

struct Batch: Encodable {
    let sourceType = "braindump"
    let platform = "macos"
    let deviceId: String
    let pluginId = "plain-http"
    let pluginVersion = "1.0.0"
    let timestamp = Date().timeIntervalSince1970
    let events: [Event]
}

let environment = ProcessInfo.processInfo.environment
let endpoint = environment["OPENCLONE_ENDPOINT"] ?? "http://127.0.0.1:8000"
guard let key = environment["API_KEY"], let url = URL(string: "\(endpoint)/api/v1/ingest") else {
    fatalError("set API_KEY to the key in ~/.openclone/.env")
}
let event = Event(timestamp: Date().timeIntervalSince1970, data: ["text": "Hello from Swift!"], rawRef: "swift-1")
// sourceType becomes source_type.
let encoder = JSONEncoder()
encoder.keyEncodingStrategy = .convertToSnakeCase

var request = URLRequest(url: url, timeoutInterval: 30)
request.httpMethod = "POST"
request.setValue("application/json", forHTTPHeaderField: "Content-Type")
request.setValue(key, forHTTPHeaderField: "X-API-Key")
request.httpBody = try encoder.encode(Batch(deviceId: "test-001", events: [event]))

for attempt in 0..<5 {
    var pause = Double.random(in: 0...1) * 0.5 * pow(2, Double(attempt))
    do {
        let (body, response) = try await URLSession.shared.data(for: request)
        guard let answer = response as? HTTPURLResponse else { fatalError("no HTTP") }
        let text = String(decoding: body, as: UTF8.self)
        if answer.statusCode == 200 {
            print(text)
            exit(0)
        }
        // A bad key or a bad batch stays bad; 429 and 5xx pass.
        guard [408, 429, 500, 502, 503, 504].contains(answer.statusCode) else {
            fatalError("\(answer.statusCode): \(text)")
        }
        pause = max(pause, Double(answer.value(forHTTPHeaderField: "Retry-After") ?? "") ?? 0)
    } catch let error as URLError {
        print(error.localizedDescription)
    }
    try await Task.sleep(nanoseconds: UInt64(pause * 1e9))
}
fatalError("not sent: keep the event and try later, under the same raw_ref")
