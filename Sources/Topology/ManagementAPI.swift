import Foundation
import HTTP
package import JSON

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The broker's HTTP API: JSON in, JSON out, every call with a deadline.
package final class ManagementAPI: Sendable {
    package let settings: ManagementSettings
    private let session: URLSession

    package init(_ settings: ManagementSettings) {
        self.settings = settings
        let configuration = URLSessionConfiguration.ephemeral
        configuration.httpMaximumConnectionsPerHost = 8
        configuration.httpShouldSetCookies = false
        configuration.urlCache = nil
        session = URLSession(configuration: configuration, delegate: NoSecondAttempt(), delegateQueue: nil)
    }

    deinit { session.finishTasksAndInvalidate() }

    /// - Parameter path: parts after `/api/`, each as it is named; they are percent-encoded here.
    /// - Returns: `nil` for what does not exist.
    package func get(_ path: String...) async throws(ManagementError) -> JSONValue? { try await get(path) }

    package func get(_ path: [String]) async throws(ManagementError) -> JSONValue? {
        let answer: Answer
        do {
            answer = try await send("GET", path)
        } catch {
            // A list of what somebody else deletes just now can fail in the broker.
            guard let status = error.status, status >= 500 else { throw error }
            answer = try await send("GET", path)
        }
        // Not `? nil :`, which would be JSON's null.
        return answer.status == 404 ? Optional.none : answer.body
    }

    package func put(_ path: [String], _ body: JSONValue) async throws(ManagementError) {
        try await required("PUT", path, body)
    }

    @discardableResult
    package func post(_ path: [String], _ body: JSONValue) async throws(ManagementError) -> JSONValue {
        try await required("POST", path, body)
    }

    /// What is not there any more counts as deleted.
    package func delete(_ path: [String]) async throws(ManagementError) { _ = try await send("DELETE", path) }

    @discardableResult
    private func required(
        _ method: String, _ path: [String], _ body: JSONValue
    ) async throws(ManagementError) -> JSONValue {
        let answer = try await send(method, path, body)
        guard answer.status != 404 else {
            throw ManagementError(
                code: .refused, operation: operation(method, path), detail: answer.reason, status: 404)
        }
        return answer.body
    }
}

extension ManagementAPI {
    struct Answer {
        var status: Int
        var body: JSONValue

        /// The broker's own words.
        var reason: String { body["reason"]?.string ?? body["error"]?.string ?? body.text }
    }

    private func send(
        _ method: String, _ path: [String], _ body: JSONValue? = nil
    ) async throws(ManagementError) -> Answer {
        let operation = operation(method, path)
        let (data, status) = try await exchange(request(method, path, body), operation)
        func failure(_ code: ManagementError.Code, _ detail: String) -> ManagementError {
            ManagementError(code: code, operation: operation, detail: detail, status: status)
        }
        var answer = Answer(status: status, body: .null)
        if !data.isEmpty {
            var limits = JSONLimits(bytes: 256 << 20, depth: 64, keys: 10_000_000)
            // Of a quorum queue that has no leader, RabbitMQ tells `online` twice.
            limits.takesRepeatedNames = true
            do {
                answer.body = try JSONReader.parse([UInt8](data), limits: limits)
            } catch {
                throw failure(
                    .unreadable, "\(error); it begins with \(String(decoding: data.prefix(80), as: UTF8.self))")
            }
        }
        switch status {
        case 200...299, 404: return answer
        case 401, 403: throw failure(.unauthorised, "\(settings.user): \(answer.reason)")
        default: throw failure(.refused, answer.reason)
        }
    }

    private func exchange(_ request: URLRequest, _ operation: String) async throws(ManagementError) -> (Data, Int) {
        do {
            return try await withDeadline(settings.timeout) { [session] in
                let (data, response) = try await session.response(to: request)
                return (data, response.statusCode)
            }
        } catch let error as URLError where error.code == .cancelled && !Task.isCancelled {
            let detail = "\(settings.user): unknown, another password, or no access to the virtual host"
            throw ManagementError(code: .unauthorised, operation: operation, detail: detail, status: 401)
        } catch let error as URLError where error.code == .timedOut {
            throw ManagementError(code: .timedOut, operation: operation, detail: "after \(settings.timeout)")
        } catch {
            throw ManagementError(
                code: .unreachable, operation: operation, detail: "\(settings.address): \(error.localizedDescription)")
        }
    }

    private func request(_ method: String, _ path: [String], _ body: JSONValue?) -> URLRequest {
        guard let url = URL(string: settings.address.absoluteString + "/api/" + Self.encoded(path)) else {
            preconditionFailure("percent-encoded parts make an address")
        }
        var request = URLRequest(url: url)
        request.httpMethod = method
        // Later than our own deadline, so that there is one.
        request.timeoutInterval = 2 * (settings.timeout / .seconds(1))
        let credentials = Data("\(settings.user):\(settings.password)".utf8).base64EncodedString()
        request.setValue("Basic \(credentials)", forHTTPHeaderField: "Authorization")
        request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        request.httpBody = body.map { Data($0.serialized()) }
        return request
    }

    private func operation(_ method: String, _ path: [String]) -> String { "\(method) /api/\(Self.encoded(path))" }

    /// A name may hold anything, a slash too: all but RFC 3986's unreserved characters is escaped.
    private static func encoded(_ path: [String]) -> String {
        let unreserved = CharacterSet(
            charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        return path.map { $0.addingPercentEncoding(withAllowedCharacters: unreserved) ?? "" }.joined(separator: "/")
    }
}

/// URLSession's own timeout begins anew with every byte that comes.
private func withDeadline<Result: Sendable>(
    _ duration: Duration, _ body: @escaping @Sendable () async throws -> Result
) async throws -> Result {
    try await withThrowingTaskGroup(of: Result.self) { group in
        defer { group.cancelAll() }
        group.addTask(operation: body)
        group.addTask {
            try await Task.sleep(for: duration)
            throw URLError(.timedOut)
        }
        guard let result = try await group.next() else { throw CancellationError() }
        return result
    }
}

/// Takes 401 for the end of a request: by itself, URLSession on Linux asks for other credentials for ever.
private final class NoSecondAttempt: NSObject, URLSessionTaskDelegate {
    func urlSession(
        _ session: URLSession, task: URLSessionTask, didReceive challenge: URLAuthenticationChallenge,
        completionHandler: @escaping @Sendable (URLSession.AuthChallengeDisposition, URLCredential?) -> Void
    ) {
        completionHandler(.cancelAuthenticationChallenge, nil)
    }
}
