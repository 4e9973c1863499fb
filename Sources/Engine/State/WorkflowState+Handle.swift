package import Contracts
import JSON

extension WorkflowState {
    /// Decides what comes of a message, and changes nothing.
    ///
    /// - Parameter now: by the database's clock.
    package func handle(_ input: Input, now: Timestamp) -> Decision {
        var copy = self
        return copy.take(input, now: now)
    }

    /// As ``handle(_:now:)``, and the decision is applied already.
    package mutating func take(_ input: Input, now: Timestamp) -> Decision {
        var turn = Turn(causation: input.id, now: now)
        if taken.contains(input.id) {
            turn.decision.isKnown = true
            answerAgain(input, &turn)
        } else {
            do {
                try decide(input, &turn)
                settle(&turn)
            } catch {
                turn.decision.refusal = error
            }
        }
        return turn.decision
    }

    /// Orders a task of its domain, if it is ready.
    ///
    /// The shell calls it for a ``ReadyTask`` when the domain's window has room. The order is an event of the
    /// workflow like any other: it is to be committed before `causation` is acked, and a redelivery of that message
    /// publishes it again.
    ///
    /// - Parameter causation: the message in hand that made the task ready, or made the room.
    /// - Returns: nothing when the task is not ready (any more); its failure when its input cannot be made.
    package mutating func dispatch(_ task: TaskID, causation: MessageID, now: Timestamp) -> Decision {
        var turn = Turn(causation: causation, now: now)
        guard exists, !isTerminal, let index = indices[task], isReady(index, now: now) else { return turn.decision }
        order(index, &turn)
        settle(&turn)
        return turn.decision
    }

    private mutating func decide(_ input: Input, _ turn: inout Turn) throws(Refusal) {
        if case .created(let body) = input.kind { return try created(body, input, &turn) }
        if !exists, case .cancel(let body) = input.kind, let child = body.child {
            return try bury(body, child, input, &turn)
        }
        guard exists else {
            throw refusal("unknown_workflow", "/workflow_id", "there is no workflow \(id)", mayBeBehind: true)
        }
        switch input.kind {
        case .created: break
        case .started(let body): try started(body, input, &turn)
        case .heartbeat(let body): try heartbeat(body, input, &turn)
        case .completed(let body): try completed(body, input, &turn)
        case .failed(let body): try failed(body, input, &turn)
        case .taskWake(let body): wake(body, input, &turn)
        case .workflowWake:
            turn.decision.ready = readyTasks(now: turn.now)
            askForSlot(&turn)
        case .decided(let body): try decided(body, input, &turn)
        case .signal(let body): try signal(body, input, &turn)
        case .pause(let body): try pause(body, input, &turn)
        case .resume(let body): try resume(body, input, &turn)
        case .undo(let body): try undo(body, input, &turn)
        case .retry(let body): try retry(body, input, &turn)
        case .skip(let body): try skip(body, input, &turn)
        case .cancel(let body): try cancel(body, input, &turn)
        case .poisoned(let order): returned(order, "poisoned", "the broker gave the order up: its runs died", &turn)
        case .noRoute(let order): returned(order, "no_route", "the domain \(order.runnerDomain) has no queue", &turn)
        case .unsupported(let type):
            throw refusal("not_supported_yet", "", "\(type.rawValue) is not supported yet")
        }
    }

    func refusal(
        _ code: String, _ path: String, _ message: String, mayBeBehind: Bool = false, isCourtesy: Bool = false
    ) -> Refusal {
        Refusal(
            problem: Problem(path: path, code: code, message: message), mayBeBehind: mayBeBehind,
            isCourtesy: isCourtesy)
    }

    // MARK: The workflow

    private mutating func created(_ body: WorkflowCreated, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        if let header {
            return answer(body, isAccepted: header.requestDigest == body.requestDigest, &turn)
        }
        do {
            _ = try Plan(json: body.plan)
        } catch {
            throw refusal("invalid_plan", "/plan\(error.path)", error.message)
        }
        record(input, .workflowCreated(body), &turn)
        answer(body, isAccepted: true, &turn)
        do {
            _ = try evaluateSlotKey()
        } catch {
            let reason = "\(error.path): \(error.message)"
            cancelAll(reason: reason, children: .leave, &turn)
            skipUndo(&turn)
            return finish(.failed, error: WorkflowError(code: "expression_failed", message: reason), &turn)
        }
        askForSlot(&turn)
        for index in places where planned(index).needs.isEmpty { needsEnded(index, &turn) }
    }

    /// Tells the sender of a request, if it asked, whether its request is this workflow.
    private mutating func answer(_ body: WorkflowCreated, isAccepted: Bool, _ turn: inout Turn) {
        guard let route = body.replyTo.flatMap({ Route.reply(to: $0) }) else { return }
        let publication = Publication(route: route, correlationID: body.replyCorrelationID, isMandatory: false)
        guard !isAccepted else {
            let accepted = WorkflowAccepted(workflowID: id, requestID: body.requestID)
            return emit(.workflowAccepted(accepted), publication, isHistory: false, &turn)
        }
        let problem = Problem(
            path: "/request_id", code: "request_id_reused",
            message: "\(body.requestID) was the id of another request in \(body.workspace)")
        let rejected = WorkflowRejected(
            workflowID: id, requestID: body.requestID, workspace: body.workspace, problems: [problem])
        emit(.workflowRejected(rejected), publication, isHistory: false, &turn)
    }

    /// What is said in answer to a message is not history, so it is said again.
    private mutating func answerAgain(_ input: Input, _ turn: inout Turn) {
        switch input.kind {
        case .created(let body):
            answer(body, isAccepted: header?.requestDigest == body.requestDigest, &turn)
            askForSlot(&turn)
        case .started(let body):
            guard let index = indices[body.taskID], tasks[index].status == .running,
                tasks[index].isRun(of: body.executor, delivery: body.delivery, attempt: body.attempt)
            else { return }
            go(index, body.executor, &turn)
        default: break
        }
    }
}
