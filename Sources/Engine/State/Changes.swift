package import Contracts
package import JSON

/// What has changed in a workflow since its last commit: the rows to write, and no others.
package struct Changes: Sendable {
    package var id: WorkflowID
    /// Of a new workflow: all of its row.
    package var created: WorkflowSnapshot?
    /// Of one that has a row: what changes of it; `nil` when only tasks' leases and wake-ups have moved.
    package var standing: WorkflowStanding?
    /// Of one that has a row: its plan, when it has grown.
    package var plan: JSONValue?
    package var tasks: [TaskSnapshot] = []
    package var leases: [LeaseExtension] = []
    package var approvals: [ApprovalSnapshot] = []
    /// It goes on after its end: its input and its concurrency key may be others.
    package var isReopened = false
    /// Of the tasks above; earlier ones of the same tasks are void.
    package var wakes: [Wake] = []
    /// The revision that the row has to have for these changes to be right; 0 for a new workflow.
    package var baseRevision: Int

    package var isEmpty: Bool { created == nil && standing == nil && tasks.isEmpty && leases.isEmpty }
}

/// A running task was heard of: only its lease moves.
package struct LeaseExtension: Sendable, Hashable {
    package var taskID: TaskID
    package var attempt: Int
    package var leaseUntil: Timestamp
}

/// A `task.wake` that is wanted.
package struct Wake: Sendable, Hashable {
    package var taskID: TaskID
    package var attempt: Int
    package var at: Timestamp
}

/// What has been touched since the last commit.
struct ChangeLog: Sendable {
    var isNew = false
    var isWorkflowTouched = false
    var isPlanTouched = false
    var tasks: [Int] = []
    var approvals: [ApprovalSnapshot] = []
    var isReopened = false
    var baseRevision = 0
}

extension WorkflowState {
    /// What is to be written, told once: the next call tells what has changed since this one. A shell whose commit was
    /// refused drops this copy and reads the rows again.
    package mutating func takeChanges() -> Changes {
        let log = changes
        changes = ChangeLog(baseRevision: seq)
        var taken = Changes(
            id: id, approvals: log.approvals, isReopened: log.isReopened, baseRevision: log.baseRevision)
        if log.isNew {
            taken.created = snapshot
        } else if log.isWorkflowTouched {
            taken.standing = standing
            if log.isPlanTouched { taken.plan = plan.json }
        }
        for index in log.tasks {
            let task = tasks[index]
            tasks[index].touched = .nothing
            guard task.touched == .row else {
                if let lease = task.leaseUntil {
                    taken.leases.append(LeaseExtension(taskID: task.id, attempt: task.attempt, leaseUntil: lease))
                }
                continue
            }
            taken.tasks.append(snapshot(of: index))
            if let at = task.wakeAt { taken.wakes.append(Wake(taskID: task.id, attempt: task.attempt, at: at)) }
        }
        return taken
    }
}
