package import Contracts
package import JSON

/// People decide.
extension WorkflowState {
    mutating func ask(_ index: Int, _ rule: ApprovalRule, _ turn: inout Turn) {
        let attempt = tasks[index].attempt + 1
        var body = ApprovalRequested(
            workflowID: id, taskID: tasks[index].id, attempt: attempt, by: rule.by, quorum: rule.quorum,
            expiresAt: turn.now + rule.expires)
        do {
            var evaluator = Evaluator(scope: scope(index))
            let of = try rule.of?.resolved(&evaluator, at: "/approval/of")
            body.of = of?.isNull == true ? .none : of
            let title = try rule.title.map { text throws(ExpressionError) in
                try JSONValue.string(text).resolved(&evaluator, at: "/approval/title")
            }
            body.title = title.map { String(evaluator.text(of: $0).prefix(2000)) }
        } catch {
            return fail(index, attempt: attempt, TaskError(error), &turn)
        }
        let bytes = body.of?.serialized().count ?? 0
        guard bytes <= limits.inputBytes else {
            let message = "what is to be approved has \(bytes) bytes; at most \(limits.inputBytes)"
            return fail(index, attempt: attempt, permanently("input_too_large", message), &turn)
        }
        emit(.approvalRequested(body), Publication(route: body.route), &turn)
    }

    /// `continue` counts once for each person, and decides when there are as many as the quorum; a `retry` or an
    /// `abort` decides at once, whoever says it of those who may.
    mutating func decided(_ body: ApprovalDecided, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        let index = try target(body.taskID)
        try mayDecide(body, index, now: turn.now)
        record(input, .approvalDecided(body), &turn)
        guard let approval = tasks[index].extra.approval else { return }
        let attempt = tasks[index].attempt
        switch body.decision {
        case .continue:
            guard approval.votes.count >= approval.quorum else { return }
            complete(index, attempt: attempt, output: approval.output, &turn)
        case .abort:
            let message = "\(body.actor.id) has refused" + (body.comment.map { ": \($0)" } ?? "")
            fail(index, attempt: attempt, permanently("approval_aborted", message), &turn)
        case .retry:
            let reason = body.comment ?? "\(body.actor.id) wants another try"
            let asking = tasks[index].origin?.task ?? index
            let needs = planned(asking).needs.compactMap { indices[$0] }
            runAgain(needs.isEmpty ? [asking] : needs, startingOver: true, reason: reason, &turn)
        }
    }

    private func mayDecide(_ body: ApprovalDecided, _ index: Int, now: Timestamp) throws(Refusal) {
        let task = tasks[index]
        guard case .approval = planned(index).kind, task.items == nil else {
            throw notApplicable("decide it", index)
        }
        if let attempt = body.attempt, attempt != task.attempt {
            throw courtesy(
                "superseded", "/attempt",
                "the decision is on attempt \(attempt) of \(task.id), which is at attempt \(task.attempt)")
        }
        guard task.status == .awaitingApproval, !isTerminal, let approval = task.extra.approval else {
            throw notApplicable("decide it", index)
        }
        guard !Set(body.actor.roles).isDisjoint(with: approval.by) else {
            throw courtesy(
                "role_not_allowed", "/actor/roles",
                "\(task.id) is decided by \(approval.by.joined(separator: " or ")), and \(body.actor.id) is neither; "
                    + "allowed: a decision by somebody who is")
        }
        if let deadline = task.deadline, deadline <= now {
            throw courtesy(
                "expired", "", "\(task.id) could be decided until \(deadline); allowed: retry, when it has ended")
        }
        if body.decision == .continue, approval.votes.contains(where: { $0.by == body.actor.id }) {
            throw courtesy(
                "already_decided", "/actor/id",
                "\(body.actor.id) has said continue: \(approval.votes.count) of \(approval.quorum); "
                    + "allowed: retry, abort, or continue by somebody else")
        }
    }

    mutating func expire(_ index: Int, _ turn: inout Turn) {
        let count = tasks[index].extra.approval.map { "\($0.votes.count) of \($0.quorum) had approved" } ?? ""
        let error = permanently("approval_expired", "nobody decided in time: \(count)")
        fail(index, attempt: tasks[index].attempt, error, &turn)
    }

    /// The input of a task with what those who approved it have changed: JSON Merge Patch (RFC 7396), in the order of
    /// the approvals in `needs`.
    func modified(_ input: JSONValue, _ index: Int) -> JSONValue {
        var input = input
        for need in planned(index).needs.compactMap({ indices[$0] }) where tasks[need].status == .succeeded {
            guard case .approval = planned(need).kind else { continue }
            for task in tasks[need].instances.isEmpty ? [need] : tasks[need].instances {
                guard let changes = tasks[task].output?["modifications"], !changes.isNull else { continue }
                input = input.merged(with: changes)
            }
        }
        return input
    }

    // MARK: Applying

    mutating func asked(_ index: Int, _ body: ApprovalRequested, at now: Timestamp) {
        hasBegun(index, attempt: body.attempt, at: now)
        tasks[index].deadline = body.expiresAt
        tasks[index].extra.approval = ApprovalState(
            of: body.of, title: body.title, by: body.by, quorum: body.quorum ?? 1)
        transition(index, to: .awaitingApproval)
        tasks[index].wakeAt = tasks[index].due
        noteApproval(index, closedAt: nil)
    }

    mutating func voted(_ index: Int, _ body: ApprovalDecided, at now: Timestamp) {
        tasks[index].extra.approval?.votes.append(
            ApprovalState.Vote(
                by: body.actor.id, decision: body.decision, comment: body.comment, modifications: body.modifications,
                at: now))
        noteApproval(index, closedAt: nil)
    }

    /// What its row is to say.
    ///
    /// - Parameter closedAt: when it ends without a decision.
    mutating func noteApproval(_ index: Int, closedAt: Timestamp?) {
        let task = tasks[index]
        guard let approval = task.extra.approval, let askedAt = task.startedAt else { return }
        let vote = approval.decisive
        let note = ApprovalSnapshot(
            taskID: task.id, attempt: task.attempt, asked: approval.asked, askedAt: askedAt, expiresAt: task.deadline,
            decision: vote?.decision, decidedBy: vote?.by, decidedAt: vote?.at, comment: vote?.comment,
            modifications: approval.modifications, closedAt: vote?.at ?? closedAt)
        changes.approvals.removeAll { $0.taskID == task.id && $0.attempt == task.attempt }
        changes.approvals.append(note)
    }
}

/// What was asked in one attempt of an approval, and what was decided.
package struct ApprovalSnapshot: Sendable, Equatable {
    package var taskID: TaskID
    package var attempt: Int
    package var asked: JSONValue
    package var askedAt: Timestamp
    package var expiresAt: Timestamp?
    package var decision: ApprovalDecision?
    package var decidedBy: String?
    package var decidedAt: Timestamp?
    package var comment: String?
    package var modifications: JSONValue?
    /// Since when nobody is asked any more.
    package var closedAt: Timestamp?
}

extension ApprovalState {
    /// What the task gives: the decision, who made it, and what they have changed, each over those before.
    fileprivate var output: JSONValue {
        var output = JSONObject([("decision", "continue"), ("by", votes.last.map { .string($0.by) } ?? .null)])
        output["approvers"] = .array(votes.map { .string($0.by) })
        let comments = votes.compactMap(\.comment)
        output["comment"] = comments.isEmpty ? JSONValue.null : .string(comments.joined(separator: "\n"))
        output["modifications"] = modifications ?? JSONValue.null
        return .object(output)
    }

    /// What the voters have changed, each over those before.
    fileprivate var modifications: JSONValue? {
        let changes = votes.compactMap(\.modifications)
        return changes.first.map { changes.dropFirst().reduce($0) { $0.merged(with: $1, keepingNull: true) } }
    }

    /// The vote that decided it.
    fileprivate var decisive: Vote? {
        guard let last = votes.last, last.decision != .continue || votes.count >= quorum else { return nil }
        return last
    }

    fileprivate var asked: JSONValue {
        var asked = JSONObject([
            ("by", .array(by.map { .string($0) })), ("quorum", .number(JSONNumber(quorum))),
        ])
        if let title { asked["title"] = .string(title) }
        if let of { asked["of"] = of }
        return .object(asked)
    }
}

extension JSONValue {
    /// As JSON Merge Patch has it (RFC 7396).
    ///
    /// - Parameter keepingNull: of two patches makes one that does what both do, one after the other.
    func merged(with patch: JSONValue, keepingNull: Bool = false) -> JSONValue {
        guard case .object(let changes) = patch else { return patch }
        var result = object ?? JSONObject()
        for (name, change) in changes.members {
            if change.isNull, !keepingNull {
                result[name] = nil
            } else {
                result[name] = (result[name] ?? .null).merged(with: change, keepingNull: keepingNull)
            }
        }
        return .object(result)
    }
}
