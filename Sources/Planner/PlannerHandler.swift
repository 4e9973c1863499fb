package import Contracts
package import Engine
import Gathering
package import Handover
package import JSON
package import Relay

/// What the planner looks up: definitions and skills, as they were registered.
package protocol PlanningLibrary: Sendable {
    /// - Parameter version: the latest when `nil`.
    /// - Returns: the definition as it was registered; `nil` when there is none.
    func definition(_ name: DefinitionName, version: Int?, workspace: Workspace) async throws -> JSONValue?
    func catalog(of workspace: Workspace) async throws -> SkillCatalog
}

/// Turns each request into a plan, or into all the reasons why there is none.
///
/// It writes nothing down: what it says depends on the request and the library alone, so that to say it
/// twice does no harm.
package struct PlannerHandler<Library: PlanningLibrary>: MessageHandler {
    private let library: Library
    private let source: String
    private let schemas = SchemaShelf()
    private let now: @Sendable () -> Timestamp

    /// - Parameter source: who speaks, such as `/planner/host-4711`.
    package init(library: Library, source: String, now: @escaping @Sendable () -> Timestamp) {
        self.library = library
        self.source = source
        self.now = now
    }

    package func handle(
        _ batch: [Received]
    ) async throws(HandlingFailure) -> [Received.ID: Outcome<WireMessage>] {
        var catalogs: [Workspace: SkillCatalog] = [:]
        var outcomes: [Received.ID: Outcome<WireMessage>] = [:]
        for received in batch {
            outcomes[received.id] = try await outcome(of: received.message, &catalogs)
        }
        return outcomes
    }

    private func outcome(
        of wire: WireMessage, _ catalogs: inout [Workspace: SkillCatalog]
    ) async throws(HandlingFailure) -> Outcome<WireMessage> {
        let message: InboundMessage
        let request: WorkflowRequested
        do throws(ContractViolation) {
            message = try InboundMessage.decode(wire)
            guard case .workflowRequested(let body) = message.body else {
                throw ContractViolation(.unknownType, "the planner takes `workflow.requested` only")
            }
            request = body
        } catch {
            let reason = Reason(code: error.code.rawValue, pointer: error.pointer.text, message: error.message)
            return .deadLetter(reason, telling: answers(WorkflowRejected(problems: [error.problem]), to: wire))
        }
        // Only a dispatcher knows that a task of a workflow asks for it.
        guard request.parent == nil || message.envelope.userID == BrokerUser.dispatcher else {
            let problem = Problem(
                path: "/parent", code: "not_allowed", message: "only a workflow's own task asks for a child of it")
            return .done(answers(WorkflowRejected(problems: [problem]), to: wire))
        }
        switch try await read(request, &catalogs) {
        case .success(let plan):
            return .done([Outgoing(try created(plan.definition, input: plan.input, request, message))])
        case .failure(let refusal):
            if let parent = request.parent { return .done([Outgoing(try failed(parent, refusal, message))]) }
            let rejected = WorkflowRejected(
                workflowID: request.workflowIfAccepted,
                requestID: request.requestID, workspace: request.workspace, problems: refusal.problems)
            return .done(answers(rejected, to: wire))
        }
    }

    // MARK: Reading a request

    /// The definition that a request names or brings, and its input, checked; or everything that is wrong with it.
    private func read(
        _ request: WorkflowRequested, _ catalogs: inout [Workspace: SkillCatalog]
    ) async throws(HandlingFailure) -> Result<(definition: Definition, input: JSONValue), PlanRefusal> {
        if let goal = request.goal {
            let catalog = try await catalog(of: request.workspace, &catalogs)
            do throws(PlanRefusal) {
                return .success(
                    try Definition.planning(
                        goal, input: request.input, catalog: catalog, actor: request.actor, compile: schemas.compile))
            } catch {
                return .failure(error)
            }
        }
        let value: JSONValue
        if let plan = request.plan {
            value = plan
        } else {
            switch try await lookUp(request.definition ?? "", of: request.workspace) {
            case .success(let found): value = found
            case .failure(let refusal): return .failure(refusal)
            }
        }
        let catalog = try await catalog(of: request.workspace, &catalogs)
        do throws(PlanRefusal) {
            let isNamed = request.plan == nil
            let definition = try Definition.read(
                value, catalog: catalog, isNamed: isNamed, actor: request.actor,
                path: isNamed ? "/definition" : "/plan", compile: schemas.compile,
                checkGather: GatherDefinition.problems(in:at:))
            let problems = definition.problems(ofInput: request.input) { schemas.problems(of: $1, by: $0) }
            return problems.isEmpty
                ? .success((definition, request.input)) : .failure(PlanRefusal(problems: problems))
        } catch {
            return .failure(error)
        }
    }

    /// - Parameter reference: `name@version`, or `name` for the latest.
    private func lookUp(
        _ reference: String, of workspace: Workspace
    ) async throws(HandlingFailure) -> Result<JSONValue, PlanRefusal> {
        let parts = reference.split(separator: "@", maxSplits: 1, omittingEmptySubsequences: false)
        guard let name = parts.first.flatMap({ DefinitionName(String($0)) }),
            parts.count == 1 || Int(parts[1]).map({ $0 > 0 }) == true
        else { return .failure("/definition", "invalid_reference", "a definition is named `name` or `name@version`") }
        let version = parts.count == 2 ? Int(parts[1]) : nil
        do {
            if let found = try await library.definition(name, version: version, workspace: workspace) {
                return .success(found)
            }
        } catch {
            throw .unavailable
        }
        return .failure(
            "/definition", "unknown_definition", "`\(reference)` is not registered in workspace `\(workspace)`")
    }

    private func catalog(
        of workspace: Workspace, _ catalogs: inout [Workspace: SkillCatalog]
    ) async throws(HandlingFailure) -> SkillCatalog {
        if let known = catalogs[workspace] { return known }
        do {
            let catalog = try await library.catalog(of: workspace)
            catalogs[workspace] = catalog
            return catalog
        } catch {
            throw .unavailable
        }
    }

    // MARK: Saying so

    private func created(
        _ definition: Definition, input: JSONValue, _ request: WorkflowRequested, _ message: InboundMessage
    ) throws(HandlingFailure) -> WireMessage {
        let workflow = request.workflowIfAccepted
        let digest = SHA256.digest(request.canonicalText).hex
        let created = WorkflowCreated(
            workflowID: workflow, requestID: request.requestID, workspace: request.workspace, requestDigest: digest,
            name: definition.name?.text ?? "plan", version: definition.version ?? 0, plan: definition.plan.json,
            input: input, actor: request.actor, priority: request.priority ?? definition.priority,
            notify: request.notify ?? definition.notify, gather: definition.gather,
            replyTo: message.envelope.replyTo, replyCorrelationID: message.envelope.correlationID,
            parent: request.parent)
        // The planner keeps no history: the same request leads to the same id.
        let id = MessageID.derived(from: "workflow.created", workflow.text, digest)
        let envelope = Envelope(
            of: created, id: id, source: source, time: now(), causation: message.envelope.id,
            trace: message.envelope.trace)
        return try envelope.message(carrying: created, to: created.route)
    }

    /// A child that could not be planned: the task that asked for it fails, for good.
    private func failed(
        _ parent: ParentReference, _ refusal: PlanRefusal, _ message: InboundMessage
    ) throws(HandlingFailure) -> WireMessage {
        let lines = refusal.problems.map { "\($0.path): \($0.message)" }.joined(separator: "; ")
        let error = TaskError(
            code: "child_refused", message: String(lines.prefix(8000)), permanent: true,
            details: ["workflow_id": .string(parent.child.text)])
        let body = TaskFailed(
            workflowID: parent.workflowID, taskID: parent.taskID, attempt: parent.attempt, error: error)
        let envelope = Envelope(
            of: body, id: .derived(from: "child_refused", message.envelope.id.text), source: source, time: now(),
            causation: message.envelope.id, correlationID: parent.workflowID.text)
        return try envelope.message(carrying: body, to: .task(.taskFailed, domain: nil, skill: nil))
    }

    /// The refusal, to the workflow exchange for whoever listens and to the sender if it gave an address.
    private func answers(_ rejected: WorkflowRejected, to wire: WireMessage) -> [Outgoing<WireMessage>] {
        let cause = wire.messageID ?? wire.headers["ce-id"] ?? ""
        let envelope = Envelope(
            of: rejected, id: .derived(from: "workflow.rejected", cause, rejected.workflowID?.text ?? ""),
            source: source,
            time: now(), causation: MessageID(cause), correlationID: rejected.workflowID?.text)
        var messages: [WireMessage] = []
        if let event = try? envelope.message(carrying: rejected, to: rejected.route) { messages.append(event) }
        if let address = wire.replyTo, let route = Route.reply(to: address) {
            var answer = envelope
            answer.correlationID = wire.correlationID
            if let reply = try? answer.message(carrying: rejected, to: route) { messages.append(reply) }
        }
        return messages.map { Outgoing($0, ifReturned: .drop) }
    }
}

extension Result where Failure == PlanRefusal {
    fileprivate static func failure(_ path: String, _ code: String, _ message: String) -> Self {
        .failure(PlanRefusal(problems: [Problem(path: path, code: code, message: message)]))
    }
}

extension Envelope {
    /// - Throws: ``HandlingFailure/refused(_:)`` for a body that has no JSON form, which is a mistake of ours.
    fileprivate func message(carrying body: some MessageBody, to route: Route) throws(HandlingFailure) -> WireMessage {
        do {
            return message(to: route, body: try body.encoded())
        } catch {
            throw .refused(Reason(code: "not_encodable", message: "\(error)"))
        }
    }
}

extension WorkflowRequested {
    /// What two spellings of one request have in common.
    fileprivate var canonicalText: String { (try? JSONValueEncoder().encode(self).canonicalText) ?? "" }
}
