/// A workflow without its documents, for lists.
package struct WorkflowSummary: Sendable, Equatable {
    package var id: String
    package var workspace: String
    package var requestID: String
    package var name: String
    package var version: Int?
    package var status: String
    package var statusReason: String?
    package var priority: Int
    package var parentID: String?
    package var createdAt: Int64
    package var endedAt: Int64?
    package var tasks: Int
    package var tasksEnded: Int

    package init(
        id: String, workspace: String, requestID: String, name: String, version: Int? = nil, status: String,
        statusReason: String? = nil, priority: Int, parentID: String? = nil, createdAt: Int64, endedAt: Int64? = nil,
        tasks: Int, tasksEnded: Int
    ) {
        self.id = id
        self.workspace = workspace
        self.requestID = requestID
        self.name = name
        self.version = version
        self.status = status
        self.statusReason = statusReason
        self.priority = priority
        self.parentID = parentID
        self.createdAt = createdAt
        self.endedAt = endedAt
        self.tasks = tasks
        self.tasksEnded = tasksEnded
    }
}
