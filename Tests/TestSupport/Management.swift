package import Foundation
import HTTP

#if canImport(FoundationNetworking)
    import FoundationNetworking
#endif

/// The broker's management over HTTP, as far as tests need it.
package struct Management: Sendable {
    package struct Failure: Error, CustomStringConvertible {
        package let description: String
    }

    private let base: String
    private let authorization: String

    /// - Parameter url: such as `http://guest:guest@127.0.0.1:15672`.
    package init(url: String) throws {
        guard var parts = URLComponents(string: url), let user = parts.user, let password = parts.password else {
            throw Failure(description: "a management URL needs a user and a password")
        }
        parts.user = nil
        parts.password = nil
        base = parts.string ?? ""
        authorization = "Basic " + Data("\(user):\(password)".utf8).base64EncodedString()
    }

    /// A name as a component of a path.
    package static func encoded(_ name: String) -> String {
        name.addingPercentEncoding(withAllowedCharacters: .alphanumerics.union(.init(charactersIn: "-._~"))) ?? name
    }

    @discardableResult
    package func send(_ method: String, _ path: String, _ body: [String: any Sendable]? = nil) async throws -> Data {
        guard let url = URL(string: base + path) else { throw Failure(description: "no URL: \(path)") }
        var request = URLRequest(url: url)
        request.httpMethod = method
        request.setValue(authorization, forHTTPHeaderField: "Authorization")
        if let body {
            request.httpBody = try JSONSerialization.data(withJSONObject: body)
            request.setValue("application/json", forHTTPHeaderField: "Content-Type")
        }
        let (data, response) = try await URLSession.shared.response(to: request)
        guard (200..<300).contains(response.statusCode) else {
            throw Failure(
                description: "\(method) \(path): \(response.statusCode) \(String(decoding: data, as: UTF8.self))")
        }
        return data
    }

    package func list(_ path: String) async throws -> [[String: Any]] {
        try JSONSerialization.jsonObject(with: try await send("GET", path)) as? [[String: Any]] ?? []
    }
}

extension Broker {
    /// Closes by force the connection that has this `connectionName`, once the management knows of it.
    package func closeConnection(named name: String) async throws {
        let path = "/api/vhosts/\(Management.encoded(virtualHost))/connections"
        while true {
            try Task.checkCancellation()
            let connections = try await management.list(path)
            let found = connections.first { $0["user_provided_name"] as? String == name }
            guard let id = found?["name"] as? String else { continue }
            try await management.send("DELETE", "/api/connections/\(Management.encoded(id))")
            return
        }
    }

    /// Sets a policy for the queues whose names match `pattern`.
    package func setPolicy(_ name: String, pattern: String, _ definition: [String: any Sendable]) async throws {
        try await management.send(
            "PUT", "/api/policies/\(Management.encoded(virtualHost))/\(Management.encoded(name))",
            ["pattern": pattern, "definition": definition, "apply-to": "queues"])
    }

    /// Makes a user that exists as long as the broker does, or until ``deleteUser(_:)``.
    package func addUser(_ name: String, password: String, configure: String, write: String, read: String) async throws
    {
        try await management.send("PUT", "/api/users/\(name)", ["password": password, "tags": ""])
        try await management.send(
            "PUT", "/api/permissions/\(Management.encoded(virtualHost))/\(name)",
            ["configure": configure, "write": write, "read": read])
    }

    package func deleteUser(_ name: String) async throws { try await management.send("DELETE", "/api/users/\(name)") }
}
