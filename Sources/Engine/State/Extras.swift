package import Contracts
package import JSON

/// What a task keeps beside its columns; a row's `extra` is this as JSON.
package struct TaskExtra: Codable, Sendable, Equatable {
    /// The last attempt before a person had it run again; `retry` counts from there.
    package var base: Int?
    /// A person had it skipped: what needs it goes on as if it had succeeded.
    package var isWaived: Bool?
    /// Of an approval that was asked for.
    package var approval: ApprovalState?

    package init() {}

    enum CodingKeys: String, CodingKey {
        case base, approval
        case isWaived = "waived"
    }
}

/// What was asked in an attempt of an approval, and what was answered so far.
package struct ApprovalState: Codable, Sendable, Equatable {
    package var of: JSONValue?
    package var title: String?
    package var by: [String]
    package var quorum: Int
    /// In the order in which they came.
    package var votes: [Vote] = []

    package struct Vote: Codable, Sendable, Equatable {
        package var by: String
        package var decision: ApprovalDecision
        package var comment: String?
        package var modifications: JSONValue?
        package var at: Timestamp
    }
}

/// What a workflow keeps beside its columns; a row's `extra` is this as JSON.
package struct WorkflowExtra: Codable, Sendable, Equatable {
    /// How often a person had it go on after its end.
    package var reopened: Int?
    /// The slot of its concurrency key that it holds.
    package var slot: Int?
    /// Signals that came before their waits, by name, in the order in which they came.
    package var signals: [String: [JSONValue]]?
    /// The task whose failure has paused it.
    package var pausedFor: TaskID?
    /// How it will end once what can be undone is.
    package var ending: WorkflowEnding?
    /// Of a child: how many workflows are above.
    package var depth: Int?

    package init() {}
}

extension Encodable {
    /// As a column holds it; nothing for one that says nothing.
    package var extraJSON: JSONValue? {
        guard let json = try? JSONValueEncoder().encode(self), json.object?.isEmpty == false else { return nil }
        return json
    }
}
