import Contracts
import JSON

/// Waits, and the signals that end them.
extension WorkflowState {
    mutating func beginWait(_ index: Int, _ rule: WaitRule, _ turn: inout Turn) {
        let attempt = tasks[index].attempt + 1
        let until: Timestamp
        do {
            until = try end(of: rule, index, now: turn.now)
        } catch {
            return fail(index, attempt: attempt, TaskError(error), &turn)
        }
        guard until <= turn.now + WaitRule.longest else {
            let message = "it would wait until \(until): longer than \(Span.text(WaitRule.longest))"
            return fail(index, attempt: attempt, permanently("wait_too_long", message), &turn)
        }
        let body = TaskWaiting(
            workflowID: id, taskID: tasks[index].id, attempt: attempt, until: until, signal: rule.signal)
        emit(.taskWaiting(body), Publication(route: body.route, isMandatory: false), &turn)
        if let signal = rule.signal, let payload = extra.signals?[signal.text]?.first {
            complete(index, attempt: attempt, output: payload, &turn)
        } else if until <= turn.now {
            waitIsOver(index, rule, &turn)
        }
    }

    private func end(of rule: WaitRule, _ index: Int, now: Timestamp) throws(ExpressionError) -> Timestamp {
        func wrong(_ value: JSONValue, _ path: String, _ what: String) -> ExpressionError {
            ExpressionError(
                code: .type, message: "\(String(value.text.prefix(80))) is no \(what)", offset: 0, path: path)
        }
        var evaluator = Evaluator(scope: scope(index))
        switch rule {
        case .span(let template):
            let value = try template.resolved(&evaluator, at: "/wait/for")
            guard let span = Span.parse(value) else { throw wrong(value, "/wait/for", "span of time such as 10m") }
            return now + span
        case .until(let template):
            let value = try JSONValue.string(template).resolved(&evaluator, at: "/wait/until")
            guard let moment = value.string.flatMap({ Timestamp($0) }) else {
                throw wrong(value, "/wait/until", "moment such as 2026-01-31T09:00:00Z")
            }
            return moment
        case .signal(_, let expires): return now + expires
        }
    }

    mutating func waitIsOver(_ index: Int, _ rule: WaitRule, _ turn: inout Turn) {
        let attempt = tasks[index].attempt
        guard let signal = rule.signal else {
            let until = tasks[index].deadline.map { JSONValue.string("\($0)") } ?? .null
            return complete(index, attempt: attempt, output: ["until": until], &turn)
        }
        fail(index, attempt: attempt, permanently("signal_expired", "no signal \(signal) came in time"), &turn)
    }

    /// One signal ends one wait: the one that has waited longest. One that comes before its wait is kept for it.
    mutating func signal(_ body: SignalReceived, _ input: Input, _ turn: inout Turn) throws(Refusal) {
        guard !isTerminal else { throw notApplicable("signal it") }
        let waits = tasks.indices.filter { self.signal(of: $0) == body.name && tasks[$0].items == nil }
        guard waits.contains(where: { !tasks[$0].status.isTerminal }) else {
            let names = Set(places.compactMap { self.signal(of: $0)?.text }).sorted()
            let allowed = names.isEmpty ? "none: it waits for no signal" : names.joined(separator: ", ")
            throw courtesy(
                "not_applicable", "/name",
                waits.isEmpty
                    ? "nothing waits for a signal \(body.name); signals: \(allowed)"
                    : "what waited for \(body.name) is \(tasks[waits[0]].status.rawValue); allowed: retry of it")
        }
        let payload = body.payload ?? .null
        let bytes = payload.serialized().count + keptBytes
        guard bytes <= limits.outputBytes else {
            throw courtesy(
                "limit_passed", "/payload",
                "the signals that are kept would have \(bytes) bytes; at most \(limits.outputBytes)")
        }
        record(input, .signalReceived(body), &turn)
        let waiting = waits.filter { tasks[$0].status == .running }
        guard let first = waiting.min(by: { began($0) < began($1) }) else { return }
        complete(first, attempt: tasks[first].attempt, output: payload, &turn)
    }

    private func began(_ index: Int) -> (Int64, Int) { (tasks[index].startedAt?.milliseconds ?? 0, index) }

    private func signal(of index: Int) -> SignalName? {
        if case .wait(let rule) = planned(index).kind { rule.signal } else { nil }
    }

    private var keptBytes: Int {
        (extra.signals ?? [:]).values.reduce(0) { $1.reduce($0) { $0 + $1.serialized().count } }
    }

    // MARK: Applying

    mutating func waits(_ index: Int, _ body: TaskWaiting, at now: Timestamp) {
        hasBegun(index, attempt: body.attempt, at: now)
        tasks[index].deadline = body.until
        transition(index, to: .running)
        tasks[index].wakeAt = tasks[index].due
    }

    mutating func keep(_ body: SignalReceived) {
        extra.signals = extra.signals ?? [:]
        extra.signals?[body.name.text, default: []].append(body.payload ?? .null)
    }

    /// A wait that has ended well has used up its signal.
    mutating func useSignal(_ index: Int) {
        guard let name = signal(of: index)?.text, tasks[index].items == nil, var kept = extra.signals?[name],
            !kept.isEmpty
        else { return }
        kept.removeFirst()
        extra.signals?[name] = kept.isEmpty ? nil : kept
        if extra.signals?.isEmpty == true { extra.signals = nil }
    }
}

extension WaitRule {
    fileprivate var signal: SignalName? { if case .signal(let name, _) = self { name } else { nil } }
}
