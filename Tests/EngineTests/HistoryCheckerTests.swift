import Contracts
import Engine
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `The checker of histories` {
    private func history() throws -> (Plan, [Event]) {
        var bench = try Bench("tasks: { a: { skill: d1.a, retry: { attempts: 2 } }, b: { skill: d1.a, needs: a } }")
        bench.dispatch("a")
        bench.fail("a")
        bench.wait(60)
        bench.run("a")
        bench.run("b")
        return (bench.state.plan, bench.history)
    }

    private func violations(_ change: (inout [Event]) -> Void) throws -> String {
        var (plan, events) = try history()
        change(&events)
        var checker = HistoryChecker(plan)
        for (index, event) in events.enumerated() {
            var event = event
            event.seq = event.seq == nil ? nil : index + 1
            checker.check(event)
        }
        return checker.violations.joined(separator: "; ")
    }

    @Test func `finds nothing in a good one`() throws { #expect(try violations { _ in } == "") }

    @Test func `finds what was planted`() throws {
        func at(_ events: [Event], _ type: MessageType, _ number: Int = 0) -> Int {
            events.indices.filter { events[$0].type == type }[number]
        }
        #expect(try violations { $0.append($0[$0.count - 1]) }.contains("a second end"))
        #expect(
            try violations { $0.swapAt(at($0, .taskCompleted), at($0, .taskDispatched, 2)) }.contains("2: b before a"))
        #expect(try violations { $0.remove(at: at($0, .taskRetrying)) }.contains("after its end"))
        #expect(try violations { $0.remove(at: at($0, .taskFailed)) }.contains("3: "))
        #expect(try violations { $0.remove(at: at($0, .taskCompleted, 1)) }.contains("ended while"))
        #expect(try violations { $0[2].id = $0[1].id }.contains("4: "))
        let (plan, events) = try history()
        var checker = HistoryChecker(plan)
        for event in events.dropFirst() { checker.check(event) }
        #expect(checker.violations.first == "4: seq 2 after 0")
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A history` {
    @Test func `with a gap, without its beginning or with a strange event makes no state`() throws {
        var bench = try Bench("tasks: { a: { skill: d1.a } }")
        bench.run("a")
        let history = try bench.history.map { try RecordedEvent($0) }
        let id = bench.id
        #expect(try WorkflowState.rebuilt(id: id, from: history).status == .succeeded)
        func error(_ change: (inout [RecordedEvent]) -> Void) throws -> HistoryError {
            var changed = history
            change(&changed)
            return try #require(throws: HistoryError.self) { try WorkflowState.rebuilt(id: id, from: changed) }
        }
        #expect(try error { $0.remove(at: 2) }.message == "event 4 stands in place 3")
        #expect(try error { $0[0].type = .workflowCompleted }.seq == 1)
        #expect(try error { $0[1].data = [:] }.seq == 2)
    }
}
