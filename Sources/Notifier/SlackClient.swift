import Foundation
import HTTP
import JSON

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// Slack, or what stands in for it.
package struct SlackSettings: Sendable {
    /// `https://slack.com/api` but in tests.
    package var baseURL: String
    /// A bot's token with the scope `chat:write`.
    package var token: String

    package init(baseURL: String = "https://slack.com/api", token: String) {
        self.baseURL = baseURL
        self.token = token
    }
}

/// What Slack said instead of yes.
enum SlackError: Error, Equatable {
    /// Try again after so long (`Retry-After`).
    case limited(Duration)
    /// Slack's own word: `channel_not_found`, `invalid_auth` …
    case refused(String)
    /// The network, or a server in trouble.
    case unavailable(String)
}

/// Where a message stands in Slack.
struct SlackAddress: Equatable, Sendable {
    var channel: String
    var timestamp: String

    init(channel: String, timestamp: String) {
        self.channel = channel
        self.timestamp = timestamp
    }

    init?(_ json: JSONValue?) {
        guard let channel = json?["channel"]?.string, let timestamp = json?["ts"]?.string else { return nil }
        self.init(channel: channel, timestamp: timestamp)
    }

    var json: JSONValue { ["channel": .string(channel), "ts": .string(timestamp)] }
}

/// Calls Slack's web API (“chat.postMessage”, “chat.update”, “Rate limits”, Slack).
struct SlackClient: Sendable {
    private let settings: SlackSettings
    private let session: URLSession

    init(_ settings: SlackSettings) {
        self.settings = settings
        let configuration = URLSessionConfiguration.ephemeral
        configuration.timeoutIntervalForRequest = 10
        configuration.urlCache = nil
        session = URLSession(configuration: configuration)
    }

    func post(_ message: SlackMessage, to channel: String) async throws(SlackError) -> SlackAddress {
        let answer = try await call(
            "chat.postMessage",
            ["channel": .string(channel), "text": .string(message.text), "blocks": .array(message.blocks)])
        guard let address = SlackAddress(answer) else { throw .unavailable("an answer without channel and ts") }
        return address
    }

    func update(_ message: SlackMessage, at address: SlackAddress) async throws(SlackError) {
        _ = try await call(
            "chat.update",
            [
                "channel": .string(address.channel), "ts": .string(address.timestamp), "text": .string(message.text),
                "blocks": .array(message.blocks),
            ])
    }

    /// Says something in the thread of a message: unlike an edit, it is noticed.
    func reply(_ text: String, to address: SlackAddress) async throws(SlackError) {
        _ = try await call(
            "chat.postMessage",
            [
                "channel": .string(address.channel), "thread_ts": .string(address.timestamp), "text": .string(text),
            ])
    }

    private func call(_ method: String, _ arguments: JSONValue) async throws(SlackError) -> JSONValue {
        guard let url = URL(string: "\(settings.baseURL)/\(method)") else {
            throw .refused("the base URL is no URL: \(settings.baseURL)")
        }
        var request = URLRequest(url: url)
        request.httpMethod = "POST"
        request.setValue("application/json; charset=utf-8", forHTTPHeaderField: "Content-Type")
        request.setValue("Bearer \(settings.token)", forHTTPHeaderField: "Authorization")
        request.httpBody = Data(arguments.serialized())
        let (data, response): (Data, HTTPURLResponse)
        do {
            (data, response) = try await session.response(to: request)
        } catch {
            throw .unavailable("\(method): \((error as? URLError)?.localizedDescription ?? "no answer")")
        }
        let status = response.statusCode
        if status == 429 {
            let seconds = response.value(forHTTPHeaderField: "Retry-After").flatMap { Int($0) }
            throw .limited(.seconds(seconds ?? 30))
        }
        guard (200..<300).contains(status), let answer = try? JSONReader.parse(Array(data)) else {
            throw .unavailable("\(method): status \(status)")
        }
        guard answer["ok"]?.bool == true else {
            let word = answer["error"]?.string ?? "no reason given"
            if word == "ratelimited" { throw .limited(.seconds(30)) }
            throw .refused(word)
        }
        return answer
    }
}
