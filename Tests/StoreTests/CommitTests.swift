import JSON
import Postgres
import Store
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A commit` {
    @Test func `keeps everything that it was given, digit by digit`() async throws {
        try await withStore { store in
            var row = workflow("w1")
            row.input = try JSONReader.parse(#"{"z":1.10,"a":123456789012345678901234567890,"t":"\u0000"}"#)
            (row.parentID, row.parentTask, row.parentAttempt) = ("p", "t", 2)
            (row.priority, row.concurrencyKey, row.wakeAt, row.statusReason) = (
                5, "repo", monday + 60_000, "concurrency"
            )
            (row.reply, row.notify, row.gather, row.extra) = (["to": "reply.x"], ["slack": "#a"], [:], ["x": 1])
            var first = task("w1", "t1", status: "running", attempt: 1)
            (first.executor, first.leaseUntil, first.delivery) = ("e1", monday + 30_000, 1)
            (first.input, first.artifacts, first.startedAt) = (["a": 1], [["name": "result"]], monday + 5)
            var second = task("w1", "t2.0", status: "succeeded", attempt: 1)
            (second.key, second.instance, second.position, second.output) = ("t2", 0, 1, [1, 2])
            let events = [
                event("w1", 1, causation: "m1"), event("w1", 2, causation: "m1", body: #"{"b":1.0, "a" : 2}"#),
            ]

            let outcome = try await store.commit(Changes(workflows: [row], tasks: [first, second], events: events))
            #expect(outcome.revisions == ["w1": 1])
            row.revision = 1
            #expect(outcome.lost.isEmpty)
            let (loaded, clock) = try await store.load(["w1", "nowhere"])
            let stored = try #require(loaded["w1"])
            #expect(loaded.count == 1)
            #expect(stored.row == row)
            #expect(stored.row.input?.text == row.input?.text)
            #expect(stored.tasks == [first, second])
            #expect(stored.takenMessages == ["m1", "event-w1-1", "event-w1-2"])
            #expect(clock != nil)
            let history = try await store.history("w1")
            #expect(history == events)
        }
    }

    @Test func `by one who is behind changes nothing of that workflow, and all of the others`() async throws {
        try await withStore { store in
            _ = try await store.commit(
                Changes(
                    workflows: [workflow("a"), workflow("b")], tasks: [task("a", "t"), task("b", "t")],
                    events: [event("a", 1), event("b", 1)]))
            _ = try await store.commit(
                Changes(workflows: [workflow("a", after: 1)], events: [event("a", 2)]))
            // Behind with a, up to date with b, too late for c, the first with d.
            _ = try await store.commit(Changes(workflows: [workflow("c")], events: [event("c", 1)]))
            var other = workflow("c")
            other.name = "another"
            let outcome = try await store.commit(
                Changes(
                    workflows: [
                        workflow("d"), workflow("a", after: 1, status: "failed"), other,
                        workflow("b", after: 1, status: "succeeded"),
                    ],
                    tasks: [
                        task("a", "t", status: "failed"), task("b", "t", status: "succeeded"), task("c", "x"),
                        task("d", "t"),
                    ],
                    events: [event("a", 2, body: "[1]"), event("b", 2), event("c", 1, body: "[2]"), event("d", 1)]))
            #expect(outcome.lost == ["a", "c"])
            #expect(outcome.revisions == ["b": 2, "d": 1])
            let loaded = try await store.load(["a", "b", "c", "d"]).workflows
            #expect(loaded["a"]?.row.status == "running")
            #expect(loaded["a"]?.tasks.map(\.status) == ["pending"])
            #expect(loaded["b"]?.row.status == "succeeded")
            #expect(loaded["b"]?.tasks.map(\.status) == ["succeeded"])
            #expect(loaded["c"]?.row.name == "deploy")
            #expect(loaded["c"]?.tasks.isEmpty == true)
            #expect(loaded["d"]?.tasks.count == 1)
            // What never changes was not sent, and stays.
            #expect(loaded["b"]?.row.input == ["amount": 1.1])
            #expect(loaded["b"]?.row.plan == ["tasks": [:]])
            let bodies = try await store.history("a").map { String(decoding: $0.body, as: UTF8.self) }
            #expect(bodies == ["{}", "{}"])
        }
    }

    @Test func `of two owners at once lets exactly one win each revision, and histories never fork`() async throws {
        try await withStore { store in
            let ids = (0..<20).map { "w\($0)" }
            _ = try await store.commit(Changes(workflows: ids.map { workflow($0) }, events: ids.map { event($0, 1) }))
            let won = try await withThrowingTaskGroup(of: [String].self) { group in
                for owner in 0..<4 {
                    group.addTask {
                        var won: [String] = []
                        for round in 1...10 {
                            let (loaded, _) = try await store.load(ids)
                            let outcome = try await store.commit(
                                Changes(
                                    workflows: loaded.values.map {
                                        workflow($0.row.id, after: $0.row.revision)
                                    },
                                    events: loaded.values.map {
                                        event($0.row.id, $0.row.revision + 1, causation: "\(owner)-\(round)")
                                    }))
                            won += outcome.revisions.map { "\($0.key)/\($0.value)" }
                        }
                        return won
                    }
                }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(won.count == Set(won).count)
            for id in ids {
                let history = try await store.history(id)
                let revision = try await store.workflow(id)?.row.revision
                #expect(history.map(\.seq) == Array(1...history.count))
                #expect(history.count == revision)
            }
        }
    }

    @Test func `makes the partition of the month by itself`() async throws {
        try await withStore { store in
            var (old, new) = (workflow("old"), workflow("new"))
            old.createdAt = 951_782_400_000  // 29 February 2000
            new.createdAt = 4_102_444_799_999  // the last millisecond of 2099
            let outcome = try await store.commit(
                Changes(workflows: [old, new], events: [event("old", 1), event("new", 1), event("new", 2)]))
            #expect(outcome.lost.isEmpty)
            let partitions = try await store.database.query(
                Statement(
                    "p",
                    "SELECT c.relname FROM pg_inherits i JOIN pg_class c ON c.oid = i.inhrelid WHERE inhparent = 'baton.events'::regclass ORDER BY 1"
                ))
            let names: [String] = try partitions.map { try $0[0] }
            #expect(names == ["events_2000_02", "events_2099_12"])
            let history = try await store.history("new", after: 1)
            #expect(history.map(\.seq) == [2])
        }
    }

    @Test func `never shortens a lease that a heartbeat has extended`() async throws {
        try await withStore { store in
            var run = task("w", "t", status: "running", attempt: 1)
            (run.executor, run.leaseUntil) = ("e1", monday)
            _ = try await store.commit(Changes(workflows: [workflow("w")], tasks: [run]))
            func lease(_ executor: String, _ attempt: Int, _ until: Int64) -> RowLease {
                RowLease(workflowID: "w", taskID: "t", attempt: attempt, executor: executor, until: until)
            }
            let strangers = try await store.extendLeases([
                lease("e1", 1, monday + 10), lease("e1", 1, monday + 60), lease("e2", 1, monday + 90),
                lease("e1", 2, monday + 90),
            ])
            #expect(Set(strangers) == [lease("e2", 1, monday + 90), lease("e1", 2, monday + 90)])
            _ = try await store.commit(Changes(workflows: [workflow("w", after: 1)], tasks: [run]))
            let kept = try await store.workflow("w")?.tasks.first?.leaseUntil
            #expect(kept == monday + 60)
            run.executor = "e2"
            _ = try await store.commit(Changes(workflows: [workflow("w", after: 2)], tasks: [run]))
            let taken = try await store.workflow("w")?.tasks.first?.leaseUntil
            #expect(taken == monday)
        }
    }

    @Test func `finds again what a message has caused, in order`() async throws {
        try await withStore { store in
            _ = try await store.commit(
                Changes(
                    workflows: [workflow("a"), workflow("b")],
                    tasks: [
                        task("a", "t1", status: "dispatched", attempt: 1),
                        task("b", "t1", status: "dispatched", attempt: 1),
                    ],
                    events: [
                        event("a", 1, causation: "m"), event("a", 2, causation: "n"), event("a", 3, causation: "m"),
                        event("b", 1, causation: "m"),
                    ]))
            let events = try await store.events(causedBy: ["m", "x"])
            let wanted = [event("a", 1, causation: "m"), event("a", 3, causation: "m"), event("b", 1, causation: "m")]
            #expect(events == wanted)
        }
    }

    @Test(arguments: [("running", 1), ("succeeded", 1), ("dispatched", 2)])
    func `leaves out an order whose attempt no longer waits to start`(status: String, attempt: Int) async throws {
        try await withStore { store in
            var other = event("a", 2, causation: "m")
            other.type = "task.retrying"
            _ = try await store.commit(
                Changes(
                    workflows: [workflow("a")], tasks: [task("a", "t1", status: status, attempt: attempt)],
                    events: [event("a", 1, causation: "m"), other]))
            #expect(try await store.events(causedBy: ["m"]) == [other])
        }
    }

    @Test func `holds a large batch in one statement`() async throws {
        try await withStore { store in
            let ids = (0..<500).map { "w\($0)" }
            let changes = Changes(
                workflows: ids.map { workflow($0) },
                tasks: ids.flatMap { id in (0..<10).map { task(id, "t\($0)") } },
                events: ids.flatMap { id in (1...5).map { event(id, $0) } })
            let outcome = try await store.commit(changes)
            #expect(outcome.revisions.count == 500)
            let taken = try await store.load(ids).workflows.values.reduce(0) { $0 + $1.tasks.count }
            #expect(taken == 5000)
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A wake-up` {
    @Test func `that is overdue is swept once, and again when it was swept long ago`() async throws {
        try await withStore { store in
            var (due, later, mine) = (
                task("w", "due", status: "dispatched", attempt: 2), task("w", "later"), workflow("w")
            )
            (due.wakeAt, later.wakeAt, mine.wakeAt) = (monday, 4_102_444_799_999, monday + 1)
            _ = try await store.commit(Changes(workflows: [mine], tasks: [due, later]))
            let swept = try await store.sweepOverdue()
            #expect(swept.map(\.taskID) == ["due", nil])
            #expect(swept.map(\.attempt) == [2, nil])
            #expect(swept.map(\.wakeAt) == [monday, monday + 1])
            let again = try await store.sweepOverdue()
            #expect(again.isEmpty)
            let impatient = try await store.sweepOverdue(pause: .zero)
            #expect(impatient.count == 2)
            // A new time is a new wake-up.
            due.wakeAt = monday + 5
            var change = workflow("w", after: 1)
            change.wakeAt = monday + 1
            _ = try await store.commit(Changes(workflows: [change], tasks: [due]))
            let moved = try await store.sweepOverdue()
            #expect(moved.map(\.taskID) == ["due"])
        }
    }

    @Test func `is swept by one of two sweepers only`() async throws {
        try await withStore { store in
            let tasks = (0..<300).map { index in
                var row = task("w", "t\(index)")
                row.wakeAt = monday
                return row
            }
            _ = try await store.commit(Changes(workflows: [workflow("w")], tasks: tasks))
            let swept = try await withThrowingTaskGroup(of: [OverdueWake].self) { group in
                for _ in 0..<4 { group.addTask { try await store.sweepOverdue(limit: 100) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(swept.count == Set(swept).count)
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A concurrency slot` {
    @Test func `is held by no more workflows than there are slots, and given back with the end`() async throws {
        try await withStore { store in
            let ids = (0..<10).map { "w\($0)" }
            _ = try await store.commit(
                Changes(
                    workflows: ids.enumerated().map { index, id in
                        var change = workflow(id, status: "queued")
                        (change.concurrencyKey, change.createdAt) = ("repo", monday + Int64(index))
                        return change
                    }))
            let holders = try await withThrowingTaskGroup(of: String?.self) { group in
                for id in ids {
                    group.addTask { try await store.takeSlot(of: "repo", limit: 3, for: id).map { _ in id } }
                }
                return try await group.reduce(into: Set()) { if let id = $1 { $0.insert(id) } }
            }
            #expect(holders.count <= 3)
            let next = try await store.nextQueued(for: ["repo", "other"])
            #expect(next == ["repo": "w0"])
            let first = try #require(try await store.takeSlot(of: "repo", limit: 3, for: "w0"))
            let again = try await store.takeSlot(of: "repo", limit: 3, for: "w0")
            #expect(again == first)
            let holder = "w0"
            let outcome = try await store.commit(
                Changes(workflows: [workflow(holder, after: 1, status: "succeeded")], freeSlotsOf: [holder]))
            #expect(outcome.freedKeys == ["repo"])
        }
    }

    @Test func `is taken in the order of the queue, and never for a workflow that has ended`() async throws {
        try await withStore { store in
            _ = try await store.commit(
                Changes(
                    workflows: (0..<3).map { index in
                        var change = workflow("w\(index)", status: "queued")
                        (change.concurrencyKey, change.createdAt) = ("repo", monday + Int64(index))
                        return change
                    }))
            let early = try await store.takeSlot(of: "repo", limit: 1, for: "w1")
            #expect(early == nil, "w0 has waited longer")
            let first = try await store.takeSlot(of: "repo", limit: 1, for: "w0")
            #expect(first == 1)
            let full = try await store.takeSlot(of: "repo", limit: 1, for: "w1")
            #expect(full == nil)
            _ = try await store.commit(
                Changes(workflows: [workflow("w0", after: 1, status: "cancelled")], freeSlotsOf: ["w0"]))
            let dead = try await store.takeSlot(of: "repo", limit: 1, for: "w0")
            #expect(dead == nil)
            let second = try await store.takeSlot(of: "repo", limit: 1, for: "w1")
            #expect(second == 1)
            // It ends, and whoever ended it did not know of the slot.
            _ = try await store.commit(Changes(workflows: [workflow("w1", after: 1, status: "failed")]))
            let next = try await store.sweepSlots()
            #expect(next == ["w2"])
            let third = try await store.takeSlot(of: "repo", limit: 1, for: "w2")
            #expect(third == 1)
        }
    }
}
