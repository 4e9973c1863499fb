import Contracts
import JSON

/// What follows when tasks end.
extension WorkflowState {
    /// Draws the consequences of all that has ended, until there are none left.
    mutating func settle(_ turn: inout Turn) {
        var next = 0
        while next < turn.ended.count {
            let index = turn.ended[next]
            next += 1
            if tasks[index].origin == nil { pauseIfAsked(index, &turn) }
            if let origin = tasks[index].origin {
                instanceEnded(of: origin.task, &turn)
            } else {
                for dependent in dependents[index] where tasks[dependent].unmet == 0 { needsEnded(dependent, &turn) }
            }
        }
        if exists, !isTerminal, !isHeld, remaining == 0 { conclude(&turn) }
    }

    /// Decides a task whose needs have all ended: it is ready, is skipped, fans out, or fails.
    mutating func needsEnded(_ index: Int, _ turn: inout Turn) {
        guard !isHeld, tasks[index].status == .pending, tasks[index].undoes == nil,
            turn.decided.insert(index).inserted
        else { return }
        let handles = tasks[index].handles
        let unwell = planned(index).needs.compactMap { indices[$0] }.filter { !isWell($0) && !handles.contains($0) }
        if !handles.isEmpty, !hasFailureToHandle(index) { return skip(index, reason: "no failure to handle", &turn) }
        do {
            guard try isWanted(index, hasSucceeded: unwell.isEmpty) else {
                let reasons = unwell.map { "\(tasks[$0].id) \(tasks[$0].status.rawValue)" }.joined(separator: ", ")
                return skip(index, reason: unwell.isEmpty ? "its if does not hold" : reasons, &turn)
            }
            if let list = try elements(index) { fanOut(index, over: list, &turn) } else { makeReady(index, &turn) }
        } catch {
            fail(index, attempt: tasks[index].attempt + 1, TaskError(error), &turn)
        }
    }

    /// What an executor runs waits for room in its domain's window; anything else begins at once.
    mutating func makeReady(_ index: Int, _ turn: inout Turn) {
        guard !isHeld else { return }
        guard call(index) == nil else { return turn.decision.ready += [readyTask(index)].compactMap { $0 } }
        begin(index, &turn)
    }

    /// Without an `if`, or with one that does not ask how the needs ended, all of them have to have ended well.
    private func isWanted(_ index: Int, hasSucceeded: Bool) throws(ExpressionError) -> Bool {
        guard let text = planned(index).condition else { return hasSucceeded }
        do {
            let condition = try Template.condition(text)
            guard hasSucceeded || condition.asksStatus else { return false }
            var scope = scope(index)
            scope.succeeded = hasSucceeded
            scope.failed = !hasSucceeded && hasFailedBefore(index)
            var evaluator = Evaluator(scope: scope)
            return try evaluator.value(of: condition).isTrue
        } catch {
            throw error.placed(at: "/if")
        }
    }

    /// Whether anything upstream failed or was cancelled.
    private func hasFailedBefore(_ index: Int) -> Bool {
        var seen = IndexSet(capacity: tasks.count)
        var path = [index]
        while let next = path.popLast() {
            for need in planned(next).needs.compactMap({ indices[$0] }) where !seen.contains(need) {
                if hasEndedBadly(need) { return true }
                seen.insert(need)
                path.append(need)
            }
        }
        return false
    }

    /// - Parameter actor: the person who had it skipped.
    mutating func skip(_ index: Int, reason: String, by actor: String? = nil, _ turn: inout Turn) {
        let call = call(index)
        let body = TaskSkipped(
            workflowID: id, taskID: tasks[index].id, attempt: endAttempt(index), reason: reason, by: actor,
            skillID: call?.skill, runnerDomain: call?.domain)
        emit(.taskSkipped(body), Publication(route: body.route), &turn)
        turn.ended.append(index)
    }

    // MARK: forEach

    /// - Returns: `nil` for a task without `forEach`.
    private func elements(_ index: Int) throws(ExpressionError) -> JSONValue? {
        guard let list = planned(index).forEach else { return nil }
        var evaluator = Evaluator(scope: scope(index))
        return try list.resolved(&evaluator, at: "/forEach")
    }

    private mutating func fanOut(_ index: Int, over list: JSONValue, _ turn: inout Turn) {
        let attempt = tasks[index].attempt + 1
        guard case .array(let items) = list else {
            return fail(
                index, attempt: attempt, permanently("wrong_type", "forEach needs a list, not \(list.kind)"), &turn)
        }
        let bytes = list.serialized().count
        guard items.count <= limits.items, bytes <= limits.outputBytes else {
            let size = "\(items.count) elements of \(bytes) bytes; at most \(limits.items) of \(limits.outputBytes)"
            return fail(index, attempt: attempt, permanently("too_many_items", "forEach over \(size)"), &turn)
        }
        for position in items.indices {
            // One that had been let go, and has a place in the list again.
            guard let known = indices[tasks[index].id.instance(position)], tasks[known].status != .pending else {
                continue
            }
            reset(known, reason: "its place in the list is taken again", &turn)
        }
        var added = JSONObject()
        for (position, item) in items.enumerated() {
            var instance = JSONObject([("index", .number(JSONNumber(position))), ("item", item)])
            if let call = call(index) {
                instance["skill"] = .string(call.skill.text)
                instance["domain"] = .string(call.domain.text)
            }
            added[tasks[index].id.instance(position).text] = .object(instance)
        }
        let body = WorkflowExpanded(workflowID: id, taskID: tasks[index].id, tasks: .object(added))
        emit(.workflowExpanded(body), Publication(route: body.route), &turn)
        releaseInstances(index, &turn)
        if items.isEmpty { allInstancesEnded(index, &turn) }
    }

    /// One instance has ended: it is the turn of the next, if a limit holds some back.
    private mutating func instanceEnded(of index: Int, _ turn: inout Turn) {
        let task = tasks[index]
        guard !task.status.isTerminal else { return }
        guard task.open > 0 else { return allInstancesEnded(index, &turn) }
        if planned(index).limit != nil { releaseInstances(index, &turn) }
    }

    private mutating func allInstancesEnded(_ index: Int, _ turn: inout Turn) {
        let instances = tasks[index].instances.map { tasks[$0] }
        let failed = instances.filter { $0.status != .succeeded && $0.extra.isWaived != true }.map(\.id.text)
        guard failed.isEmpty else {
            let names = failed.prefix(5).joined(separator: ", ") + (failed.count > 5 ? " and others" : "")
            let message = "\(failed.count) of \(instances.count) failed: \(names)"
            return fail(index, attempt: tasks[index].attempt, permanently("instances_failed", message), &turn)
        }
        let output = JSONValue.array(instances.map { $0.output ?? .null })
        let bytes = output.serialized().count
        guard bytes <= limits.outputBytes else {
            let message = "the outputs of all instances have \(bytes) bytes; at most \(limits.outputBytes)"
            return fail(index, attempt: tasks[index].attempt, permanently("output_too_large", message), &turn)
        }
        complete(index, attempt: tasks[index].attempt, output: output, &turn)
    }

    // MARK: The end

    private mutating func conclude(_ turn: inout Turn) {
        if let undo = undoTurn {
            if tasks[undo].status == .pending { makeReady(undo, &turn) }
            return
        }
        dropDetached(&turn)
        let end = end()
        skipUndo(&turn)
        finish(end.outcome, output: end.output, error: withUndoFailures(end.error), &turn)
    }

    /// How it ends, now that all has ended but what undoes.
    func end() -> (outcome: WorkflowOutcome, output: JSONValue, error: WorkflowError?) {
        if let ending = extra.ending { return (ending.outcome, .null, ending.error) }
        if let index = places.first(where: { hasEndedBadly($0) && tasks[$0].undoes == nil }) {
            let error = tasks[index].error ?? permanently("cancelled", "it was cancelled")
            let message = "\(tasks[index].id): \(error.message)"
            return (.failed, .null, WorkflowError(code: error.code, message: message, taskID: tasks[index].id))
        }
        do {
            let output = try makeOutput()
            let bytes = output.serialized().count
            guard bytes > limits.outputBytes else { return (.succeeded, output, nil) }
            let message = "an output of \(bytes) bytes; at most \(limits.outputBytes): say in output what matters"
            return (.failed, .null, WorkflowError(code: "output_too_large", message: message))
        } catch {
            let error = TaskError(error)
            return (.failed, .null, WorkflowError(code: error.code, message: error.message))
        }
    }

    private func makeOutput() throws(ExpressionError) -> JSONValue {
        if let template = plan.output {
            var evaluator = Evaluator(scope: scope(nil))
            return try template.resolved(&evaluator, at: "/output")
        }
        var outputs = JSONObject()
        for index in places where isLast(index) {
            if let output = tasks[index].output { outputs[tasks[index].id.text] = output }
        }
        return .object(outputs)
    }

    /// Whether nothing needs a task but what handles its failure or undoes it.
    private func isLast(_ index: Int) -> Bool {
        tasks[index].undoes == nil
            && dependents[index].allSatisfy { tasks[$0].undoes == index || tasks[$0].handles.contains(index) }
    }

    mutating func finish(
        _ outcome: WorkflowOutcome, output: JSONValue = .null, error: WorkflowError?, _ turn: inout Turn
    ) {
        turn.decision.ready = []
        let body = WorkflowCompleted(
            workflowID: id, status: outcome, output: output, error: error, run: run > 1 ? run : nil)
        emit(.workflowCompleted(body), Publication(route: body.route), &turn)
        tellParent(outcome, output, error, &turn)
    }
}
