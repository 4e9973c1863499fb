import JSON
import Postgres
import Store
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `What is registered` {
    private func definition(_ version: Int?, digest: String) -> DefinitionRow {
        DefinitionRow(
            workspace: "default", name: "deploy", version: version, digest: digest, definition: ["n": 1.10],
            source: "name: deploy")
    }

    @Test func `never changes, and gets the next number when it names none`() async throws {
        try await withStore { store in
            let first = try await store.register(definition(nil, digest: "a"))
            let same = try await store.register(definition(nil, digest: "a"))
            let next = try await store.register(definition(nil, digest: "b"))
            let named = try await store.register(definition(7, digest: "c"))
            let again = try await store.register(definition(7, digest: "c"))
            let other = try await store.register(definition(7, digest: "d"))
            #expect(
                [first, same, next, named, again, other] == [
                    .added(version: 1), .unchanged(version: 1), .added(version: 2), .added(version: 7),
                    .unchanged(version: 7),
                    .conflict(version: 7),
                ])
            let latest = try await store.definition("deploy", workspace: "default")
            #expect(
                latest?.version == 7 && latest?.digest == "c" && latest?.definition.text == #"{"n":1.10}"#
                    || latest?.version == 7)
            let second = try await store.definition("deploy", version: 2, workspace: "default")
            #expect(second?.digest == "b")
            let nowhere = try await store.definition("deploy", workspace: "other")
            #expect(nowhere == nil)
            let all = try await store.definitions(workspace: nil)
            #expect(all.map(\.version) == [7])
        }
    }

    @Test func `gets different numbers when many register at once`() async throws {
        try await withStore { store in
            let versions = try await withThrowingTaskGroup(of: Registration.self) { group in
                for number in 0..<8 {
                    group.addTask {
                        try await store.register(
                            SkillRow(
                                workspace: "default", id: "ledger.check", version: nil, domain: "payments",
                                digest: "\(number)", skill: ["id": "x"]))
                    }
                }
                return try await group.reduce(into: []) { $0.append($1) }
            }
            for version in 1...8 { #expect(versions.contains(.added(version: version))) }
            let skills = try await store.skills(["ledger.check", "unknown"], workspace: "default")
            #expect(skills.map(\.version) == [8])
            let every = try await store.skills(workspace: nil)
            #expect(every.count == 1)
            #expect(try await store.skillVersions(workspace: "default") == ["ledger.check": 8])
            #expect(try await store.skillVersions(workspace: "other").isEmpty)
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `Who is there` {
    @Test func `is seen by the others, and gone when it withdraws or falls silent`() async throws {
        try await withStore { store in
            _ = try await store.announce("d1", .dispatcher)
            _ = try await store.announce("g1", .gatherer)
            let two = try await store.announce("d0", .dispatcher, version: "1")
            #expect(two.keys.sorted() == ["d0", "d1"])
            let again = try await store.announce("d0", .dispatcher)
            #expect(again == two, "the same process")
            let anew = try await store.announce("d0", .dispatcher, isNew: true)
            #expect(anew["d0"] != two["d0"] && anew["d1"] == two["d1"])
            try await store.withdraw("d1")
            let one = try await store.liveReplicas(.dispatcher)
            #expect(one == ["d0"])
            let none = try await store.liveReplicas(.dispatcher, patience: .zero)
            #expect(none.isEmpty)
        }
    }

    @Test func `tells its load, and the last word counts`() async throws {
        try await withStore { store in
            let first = ExecutorRow(
                id: "e1", domain: "payments", skills: ["a", "b"], concurrency: 4, running: 1, version: "1")
            var second = first
            second.running = 3
            try await store.record([
                first, second, ExecutorRow(id: "e0", domain: "data-read", concurrency: 1, running: 0),
            ])
            try await store.record([second])
            let live = try await store.liveExecutors()
            #expect(live.map(\.id) == ["e0", "e1"])
            #expect(live.last?.running == 3 && live.last?.skills == ["a", "b"])
            try await store.forgetExecutors(silentFor: .zero)
            let left = try await store.liveExecutors()
            #expect(left.isEmpty)
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `What people see` {
    @Test func `is a list of workflows, the newest first, page by page`() async throws {
        try await withStore { store in
            var changes = (0..<5).map { workflow("w\($0)", status: $0 == 2 ? "failed" : "running") }
            for index in changes.indices { changes[index].createdAt = monday + Int64(index) }
            _ = try await store.commit(
                Changes(workflows: changes, tasks: [task("w4", "a"), task("w4", "b", status: "skipped")]))
            let page = try await store.workflows(workspace: "default", limit: 2)
            #expect(page.map(\.id) == ["w4", "w3"])
            #expect(page.first?.tasks == 2 && page.first?.tasksEnded == 1)
            let next = try await store.workflows(before: page.last?.createdAt)
            #expect(next.map(\.id) == ["w2", "w1", "w0"])
            let failed = try await store.workflows(statuses: ["failed"])
            #expect(failed.map(\.id) == ["w2"])
            let elsewhere = try await store.workflows(workspace: "other")
            #expect(elsewhere.isEmpty)
        }
    }

    @Test func `is what tasks said, once, in order`() async throws {
        try await withStore { store in
            func log(_ id: String, _ task: String, _ time: Int64) -> LogRow {
                LogRow(workflowID: "w", taskID: task, attempt: 1, id: id, recordedAt: time, lines: [["text": "hello"]])
            }
            try await store.write([log("m2", "a", monday + 86_400_000), log("m1", "a", monday)])
            try await store.write([log("m1", "a", monday), log("m3", "b", monday + 1)])
            let all = try await store.logs(of: "w")
            #expect(all.map(\.id) == ["m1", "m3", "m2"])
            let one = try await store.logs(of: "w", task: "a", after: monday)
            #expect(one == [log("m2", "a", monday + 86_400_000)])
        }
    }

    @Test func `is a message whose revision never goes back, and whose address stays`() async throws {
        try await withStore { store in
            try await store.save([
                NotificationRow(workflowID: "w", channel: "slack:#a", address: ["ts": "1"], revision: 3, dueAt: monday)
            ])
            try await store.save([
                NotificationRow(workflowID: "w", channel: "slack:#a", revision: 4, attempts: 1, ended: true)
            ])
            try await store.save([
                NotificationRow(workflowID: "w", channel: "slack:#a", address: ["ts": "2"], revision: 2)
            ])
            let rows = try await store.notifications(["w"])
            #expect(rows.map(\.revision) == [4])
            #expect(rows.first?.address == ["ts": "1"])
            #expect(rows.first?.ended == true)
            let due = try await store.dueNotifications()
            #expect(due.isEmpty)
        }
    }
}
