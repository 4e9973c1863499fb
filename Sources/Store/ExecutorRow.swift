package import JSON

/// A live executor replica, as its last heartbeat told.
package struct ExecutorRow: Sendable, Equatable {
    package var id: String
    package var domain: String
    package var skills: [String]
    package var concurrency: Int
    package var running: Int
    package var version: String?
    package var startedAt: Int64
    package var seenAt: Int64
    package var extra: JSONValue?

    package init(
        id: String, domain: String, skills: [String] = [], concurrency: Int, running: Int, version: String? = nil,
        startedAt: Int64 = 0, seenAt: Int64 = 0, extra: JSONValue? = nil
    ) {
        self.id = id
        self.domain = domain
        self.skills = skills
        self.concurrency = concurrency
        self.running = running
        self.version = version
        self.startedAt = startedAt
        self.seenAt = seenAt
        self.extra = extra
    }
}
