package import Foundation

/// Where the management API is, and as whom.
package struct ManagementSettings: Sendable, Equatable {
    /// Scheme, host, port and, behind a proxy, a path; without credentials.
    package var address: URL
    package var user: String
    package var password: String
    /// For each request, from its start to the end of the answer.
    package var timeout: Duration

    /// - Parameter url: such as `http://user:password@host:15672`; without credentials it is `guest`.
    package init(url text: String, timeout: Duration = .seconds(15)) throws(ManagementError) {
        guard var parts = URLComponents(string: text), ["http", "https"].contains(parts.scheme),
            parts.host?.isEmpty == false
        else {
            throw ManagementError(
                code: .refused, operation: "reading the address",
                detail: "expected http://user:password@host:port, not \"\(text)\"")
        }
        (user, password) = (parts.user ?? "guest", parts.password ?? "guest")
        (parts.user, parts.password, parts.query, parts.fragment) = (nil, nil, nil, nil)
        while parts.path.hasSuffix("/") { parts.path.removeLast() }
        guard let address = parts.url else { preconditionFailure("an address without credentials is an address") }
        self.address = address
        self.timeout = timeout
    }
}
