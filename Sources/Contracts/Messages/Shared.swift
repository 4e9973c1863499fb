package import JSON

/// Who acts: a person, or a process of ours.
package struct Actor: Codable, Equatable, Sendable {
    /// Such as `ada@example.org`, `operator`, `dispatcher`.
    package var id: String
    package var roles: [String]

    package init(id: String, roles: [String] = []) {
        self.id = id
        self.roles = roles
    }

    enum CodingKeys: String, CodingKey {
        case id, roles
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        id = try members.decode(String.self, forKey: .id)
        roles = try members.decodeIfPresent([String].self, forKey: .roles) ?? []
    }
}

/// One reason why something was refused, and its place.
package struct Problem: Codable, Equatable, Sendable {
    /// JSON Pointer of the place; empty for the whole.
    package var path: String
    /// For programs, such as `unknown_skill`.
    package var code: String
    /// For people.
    package var message: String
    /// In the file it was read from, from 1.
    package var line: Int?
    package var column: Int?

    package init(path: String, code: String, message: String, line: Int? = nil, column: Int? = nil) {
        self.path = path
        self.code = code
        self.message = message
        self.line = line
        self.column = column
    }
}

/// Why an attempt of a task ended badly.
package struct TaskError: Codable, Equatable, Sendable {
    /// For programs, such as `timed_out`.
    package var code: String
    package var message: String
    /// Another attempt would end the same way.
    package var permanent: Bool
    /// How long to wait at least before the next attempt.
    package var retryAfter: Seconds?
    /// Whatever else the executor knows.
    package var details: JSONValue?

    /// What an executor that has to stop says of a run whose order it has acked already: a lost run, not a failed one.
    package static let handedBack = "handed_back"

    package init(
        code: String, message: String, permanent: Bool = false, retryAfter: Seconds? = nil, details: JSONValue? = nil
    ) {
        self.code = code
        self.message = message
        self.permanent = permanent
        self.retryAfter = retryAfter
        self.details = details
    }

    enum CodingKeys: String, CodingKey {
        case code, message, permanent, details
        case retryAfter = "retry_after"
    }

    package init(from decoder: any Decoder) throws {
        let members = try decoder.container(keyedBy: CodingKeys.self)
        code = try members.decode(String.self, forKey: .code)
        message = try members.decode(String.self, forKey: .message)
        permanent = try members.decodeIfPresent(Bool.self, forKey: .permanent) ?? false
        retryAfter = try members.decodeIfPresent(Seconds.self, forKey: .retryAfter)
        details = try members.decodeIfPresent(JSONValue.self, forKey: .details)
    }
}

/// Why a workflow ended badly.
package struct WorkflowError: Codable, Equatable, Sendable {
    package var code: String
    package var message: String
    /// The task whose end decided it.
    package var taskID: TaskID?

    package init(code: String, message: String, taskID: TaskID? = nil) {
        self.code = code
        self.message = message
        self.taskID = taskID
    }

    enum CodingKeys: String, CodingKey {
        case code, message
        case taskID = "task_id"
    }
}
