import Contracts
import JSON
import Store

/// A task as a watcher sees it: the later word of the database and of the broker.
struct WatchedTask: Sendable, Equatable {
    var id: String
    /// In the plan.
    var position: Int
    var domain: String
    var skill: String
    var status: String
    var attempt: Int
    /// 0 to 1, as its executor says.
    var progress: Double?
    var message: String?
    var startedAt: Int64?
    var endedAt: Int64?
    /// Why its last attempt ended badly, or why it was skipped.
    var error: String?

    static let ended: Set = ["succeeded", "failed", "cancelled", "skipped"]
    var hasEnded: Bool { Self.ended.contains(status) }

    /// How far an attempt is in its life; what is said later in it wins, in whatever order it arrives.
    private static func stage(_ status: String) -> Int {
        switch status {
        case "pending": 0
        case "dispatched", "awaiting_approval": 1
        case "running": 2
        case "failed": 3  // it may be retried
        default: 4
        }
    }

    func isOlder(than status: String, attempt: Int) -> Bool {
        (self.attempt, Self.stage(self.status)) < (attempt, Self.stage(status))
    }

    init(_ row: TaskRow) {
        id = row.taskID
        position = row.position
        domain = row.domain ?? ""
        skill = row.skill ?? row.kind
        status = row.status
        attempt = row.attempt
        startedAt = row.startedAt
        endedAt = row.endedAt
        error = row.error?["message"]?.string ?? row.error?["code"]?.string ?? row.error?["reason"]?.string
    }

    /// - Parameter plan: the task as the plan has it.
    init(planned id: String, _ plan: JSONValue, position: Int) {
        self.id = id
        self.position = position
        domain = plan["domain"]?.string ?? ""
        skill = plan["skill"]?.string ?? ["approval", "gate", "workflow", "wait"].first { plan[$0] != nil } ?? ""
        status = "pending"
        attempt = 0
    }

    init(id: TaskID, key: RoutingKey?) {
        self.id = id.text
        position = .max
        domain = key?.domain?.text ?? ""
        skill = key?.skill?.text ?? ""
        status = "pending"
        attempt = 0
    }
}
