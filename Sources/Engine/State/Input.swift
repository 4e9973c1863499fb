package import Contracts

/// A message that a workflow takes.
package struct Input: Sendable {
    package var id: MessageID
    package var kind: Kind
    /// Who sent it: the person or executor it names, else the broker's user.
    package var actor: String
    /// The runner domain in its routing key; `nil` for what no executor says.
    package var domain: DomainName?
    /// The skills of the workflow's workspace: has to be there for a completion that adds tasks.
    package var catalog: SkillCatalog?

    package enum Kind: Sendable {
        case created(WorkflowCreated)
        case started(TaskStarted)
        case heartbeat(TaskHeartbeat)
        case completed(TaskCompleted)
        case failed(TaskFailed)
        case taskWake(TaskWake)
        case workflowWake
        case cancel(ControlCancel)
        case decided(ApprovalDecided)
        case signal(SignalReceived)
        case pause(ControlPause)
        case resume(ControlResume)
        case undo(ControlUndo)
        case retry(ControlRetry)
        case skip(ControlSkip)
        /// The broker gave the order up: it came back too often.
        case poisoned(TaskDispatched)
        /// The order's domain has no queue.
        case noRoute(TaskDispatched)
        /// Part of the contracts, but not of what workflows take yet.
        case unsupported(MessageType)
    }

    package init(id: MessageID, kind: Kind, actor: String, domain: DomainName? = nil) {
        self.id = id
        self.kind = kind
        self.actor = actor
        self.domain = domain
    }

    /// A message from the broker.
    package init(_ message: InboundMessage) {
        let user = message.envelope.userID ?? message.envelope.source
        var (id, actor, domain) = (message.envelope.id, user, message.key?.domain)
        let kind: Kind
        switch message.body {
        case .workflowCreated(let body): kind = .created(body)
        case .taskStarted(let body): (kind, actor) = (.started(body), body.executor.text)
        case .taskHeartbeat(let body): (kind, actor) = (.heartbeat(body), body.executor.text)
        case .taskCompleted(let body): (kind, actor) = (.completed(body), body.executor?.text ?? user)
        case .taskFailed(let body): (kind, actor) = (.failed(body), body.executor?.text ?? user)
        case .taskWake(let body): kind = .taskWake(body)
        case .workflowWake: kind = .workflowWake
        case .controlCancel(var body):
            if user != BrokerUser.dispatcher { body.child = nil }
            (kind, actor) = (.cancel(body), body.actor.id)
        case .approvalDecided(let body): (kind, actor) = (.decided(body), body.actor.id)
        case .signalReceived(let body): (kind, actor) = (.signal(body), body.actor.id)
        case .controlPause(let body): (kind, actor) = (.pause(body), body.actor.id)
        case .controlResume(let body): (kind, actor) = (.resume(body), body.actor.id)
        case .controlUndo(let body): (kind, actor) = (.undo(body), body.actor.id)
        case .controlRetry(let body): (kind, actor) = (.retry(body), body.actor.id)
        case .controlSkip(let body): (kind, actor) = (.skip(body), body.actor.id)
        case .taskDispatched(let order):
            // It comes back under the id of the event that it is, which the history knows.
            (id, kind, domain) = (.derived(from: id.text, "poisoned"), .poisoned(order), nil)
        default: kind = .unsupported(message.envelope.type)
        }
        self.init(id: id, kind: kind, actor: actor, domain: domain)
    }

    /// An order that could not be published because its domain has no queue.
    ///
    /// - Parameter id: of the order's event.
    package static func noRoute(_ order: TaskDispatched, id: MessageID) -> Input {
        Input(id: .derived(from: id.text, "no_route"), kind: .noRoute(order), actor: "dispatcher")
    }
}
