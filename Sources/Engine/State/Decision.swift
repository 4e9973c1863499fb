package import Contracts

/// What comes of a message.
package struct Decision: Sendable {
    /// In the order in which they are to be applied, written down and published.
    package var events: [Event] = []
    /// Tasks that may be dispatched now, as soon as their domain's window has room:
    /// ``WorkflowState/dispatch(_:causation:now:)``.
    package var ready: [ReadyTask] = []
    /// The message was taken before. What it caused is in the history, under its id as the causation, and is to be
    /// published again; `events` then holds only answers.
    package var isKnown = false
    /// The message is refused, and nothing changes.
    package var refusal: Refusal?
    /// A slot that it waits for, to be taken once this is written: ``WorkflowState/grantSlot(_:causation:now:)``.
    package var slot: SlotRequest?
    /// By how many the orders that are out have changed, by domain.
    package var orders: [DomainName: Int] = [:]

    package init() {}
}

/// Why a message is not taken.
package struct Refusal: Error, Sendable {
    package var problem: Problem
    /// It may be this copy of the state that is behind: read the rows again, and believe a second refusal.
    package var mayBeBehind = false
    /// It came too late or for nothing, which is no fault of the message: an answer, but no dead letter.
    package var isCourtesy = false
}

/// A task that waits for nothing but room in its domain's window.
package struct ReadyTask: Sendable, Hashable, Comparable {
    package var workflowID: WorkflowID
    package var taskID: TaskID
    package var domain: DomainName
    package var priority: Int
    /// When its workflow was created.
    package var age: Timestamp
    /// Its place in the plan.
    package var order: Int

    /// What is to be dispatched first is less: by priority, then of the oldest workflow, then as the plan has it.
    package static func < (left: ReadyTask, right: ReadyTask) -> Bool {
        if left.priority != right.priority { return left.priority > right.priority }
        if left.age != right.age { return left.age < right.age }
        if left.workflowID != right.workflowID { return left.workflowID < right.workflowID }
        return left.order < right.order
    }
}

/// What a workflow may carry; its messages have to stay below the broker's limit of 1 MiB.
package struct EngineLimits: Sendable {
    /// Of a task's input with the records of the artifacts it needs, as JSON.
    package var inputBytes = 512 * 1024
    /// Of a task's output, of the list of outputs of a `forEach`, and of a workflow's output.
    package var outputBytes = 512 * 1024
    /// Elements of one `forEach`.
    package var items = 1000
    /// How deep workflows start workflows.
    package var depth = 8
    /// Of a plan that grows.
    package var plan = PlanLimits()

    package init() {}
}
