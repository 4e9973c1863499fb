import Contracts
import Gathering
import Handover
import Invariants
import JSON
import Objects
import Store
import TestSupport
import Testing

@testable import Gatherer

@Suite(.timeLimit(.minutes(1)))
struct `A gatherer` {
    @Test func `publishes what came, and nothing for a copy of it`() async throws {
        try await withWorkbench { bench in
            let desk = bench.desk()
            try await desk.take(bench.artifact("t0", ["status": "active"]))
            try await desk.publish()
            try await desk.take(bench.artifact("t1", ["status": "closed"], confidence: "0.5"))
            try await desk.publish()
            try await desk.take(bench.artifact("t0", ["status": "active"]))
            try await desk.publish()

            let (revisions, follower) = try await bench.published()
            #expect(revisions.count == 2)
            #expect(revisions[0].snapshot != nil && revisions[0].tasks.expected == 3)
            #expect(revisions[0].coverage.millionths == 166_667, "1 of 1 + 2 + 3")
            #expect(revisions[1].patch != nil && revisions[1].conflictCount == 1)
            #expect(follower.view["result"] == ["status": "active"])
            let stored = try await bench.store.gatherings([bench.workflow.text]).gatherings[bench.workflow.text]
            #expect(stored?.row.dirtySince == nil, "a copy leaves nothing to be published")
            #expect(stored?.artifacts.count == 2)
        }
    }

    @Test func `takes what came along with the end of its task, once`() async throws {
        try await withWorkbench { bench in
            let desk = bench.desk()
            let completed = try bench.completed("t0", bringing: ["status": "active"])
            for _ in 1...2 {
                try await desk.take(completed)
                try await desk.publish()
            }
            let (revisions, follower) = try await bench.published()
            #expect(revisions.count == 1 && revisions[0].tasks.reported == 1 && revisions[0].tasks.settled == 1)
            #expect(follower.view["result"] == ["status": "active"])
            let stored = try await bench.store.gatherings([bench.workflow.text]).gatherings[bench.workflow.text]
            #expect(stored?.artifacts.map(\.domain) == ["payments"], "whose it is, its key says")
        }
    }

    @Test func `gives up on artifacts that came along under a key that says nothing of them`() async throws {
        try await withWorkbench { bench in
            let key = Route(exchange: .standard, key: "gatherer.0")
            let outcomes = try await bench.desk().take(
                bench.completed("t0", bringing: ["status": "active"], under: key))
            guard case .deadLetter(let reason, _)? = outcomes.first else { Issue.record("\(outcomes)"); return }
            #expect(reason.code == "envelope" && reason.pointer == "/artifacts")
        }
    }

    @Test func `merges a file as the doctor does`() async throws {
        try await withWorkbench { bench in
            let desk = bench.desk()
            let outcomes = try await desk.take(
                bench.artifact(
                    "t0", nil, reference: "file:///reports/1.pdf", sha256: SHA256.hex([]), bytes: 0,
                    mediaType: "application/pdf"))
            guard case .done? = outcomes.first else { Issue.record("\(outcomes)"); return }
            for task in ["t0", "t1", "t2"] {
                try await desk.take(bench.completed(task, artifacts: task == "t0" ? ["result"] : []))
            }
            try await bench.settle(["t0", "t1", "t2"].map { ($0, "succeeded", 1) })
            try await desk.take(bench.ended())
            try await desk.publish()
            let stored = try #require(
                try await bench.store.gatherings([bench.workflow.text]).gatherings[bench.workflow.text])
            let revisions = try await bench.store.progress(of: bench.workflow.text, after: 0)
            let check = MergeCheck(stored: stored, revisions: revisions, objects: nil)
            let verdict = try await check.verdict()
            #expect(verdict == .equal)
        }
    }

    @Test func `goes on with patches after it was restarted`() async throws {
        try await withWorkbench(gather: ["merge": ["/total": "sum"]]) { bench in
            for (index, attempt) in [("t0", 1), ("t1", 1), ("t1", 2), ("t2", 1)].enumerated() {
                let desk = bench.desk()  // knows nothing but the rows
                try await desk.take(bench.artifact(attempt.0, ["total": 1], attempt: attempt.1))
                try await desk.publish()
                let (revisions, follower) = try await bench.published()
                #expect(revisions.count == (index < 2 ? index + 1 : index))
                #expect(revisions.dropFirst().allSatisfy { $0.patch != nil })
                #expect(follower.view["result"] == ["total": .number(JSONNumber([1, 2, 2, 3][index]))])
            }
        }
    }

    @Test func `closes when all that was named has come, and is late from then on`() async throws {
        try await withWorkbench { bench in
            let desk = bench.desk()
            for task in ["t0", "t1", "t2"] {
                try await desk.take(bench.completed(task))
                if task != "t2" { try await desk.take(bench.artifact(task, ["a": 1])) }
            }
            try await bench.settle(["t0", "t1", "t2"].map { ($0, "succeeded", 1) })
            try await desk.take(bench.ended())
            try await desk.publish()
            try await desk.take(bench.artifact("t2", ["b": 2]))
            try await desk.publish()
            try await desk.take(bench.artifact("t2", ["b": 3], seq: 1))
            try await desk.publish()

            let (revisions, follower) = try await bench.published()
            #expect(revisions.map(\.pane) == [.early, .onTime, .late])
            #expect(revisions.map(\.status) == [.succeeded, .succeeded, .succeeded])
            #expect(follower.view["result"] == ["a": 1, "b": 3])
            let row = try await bench.store.gatherings([bench.workflow.text]).gatherings[bench.workflow.text]?.row
            #expect(row?.closedRevision == 2 && row?.closeAt == nil)
        }
    }

    @Test func `closes without what never comes, also when its owner died`() async throws {
        try await withWorkbench { bench in
            let dying = bench.desk { $0.closeAfter = .zero }
            try await dying.take(bench.completed("t0"), bench.artifact("t1", ["a": 1]))
            try await bench.settle([("t0", "succeeded", 1), ("t1", "failed", 1), ("t2", "skipped", 0)])
            try await dying.take(bench.ended(.failed))

            let heir = bench.desk()
            try await heir.sweep()
            try await heir.publish()
            let (revisions, _) = try await bench.published()
            #expect(revisions.last?.pane == .onTime && revisions.last?.missing == ["t0/result"])
            #expect(revisions.last?.tasks.expected == 2 && revisions.last?.tasks.failed == 1)
        }
    }

    @Test func `believes the dispatcher about how a task ended`() async throws {
        try await withWorkbench(tasks: ["t0", "t1"]) { bench in
            let desk = bench.desk()
            try await desk.take(
                bench.artifact("t0", ["a": 1]), bench.completed("t0"), bench.artifact("t1", ["a": 2]),
                bench.completed("t1"))
            try await bench.settle([("t0", "succeeded", 1), ("t1", "cancelled", 1)])
            try await desk.take(bench.ended(.cancelled))
            try await desk.publish()
            #expect(try await bench.published().follower.view["result"] == ["a": 1])

            let again = bench.desk()
            try await again.take(bench.completed("t1"))
            try await again.publish()
            #expect(try await bench.published().follower.view["result"] == ["a": 1], "and does not forget it")
        }
    }

    @Test func `finds tasks that were added to the plan`() async throws {
        try await withWorkbench(tasks: ["t0"]) { bench in
            let desk = bench.desk()
            try await desk.take(bench.artifact("t0", ["a": 1]))
            try await bench.settle([("t0", "running", 1), ("t1", "running", 1), ("t2", "running", 1)])
            try await desk.take(bench.artifact("t1", ["a": 1]))
            try await desk.publish()
            #expect(try await bench.published().revisions.last?.tasks.expected == 3)
        }
    }

    @Test func `gives up on what is no message, and on workflows that nobody knows`() async throws {
        try await withWorkbench { bench in
            let desk = bench.desk()
            var broken = try bench.artifact("t0", ["a": 1])
            broken.body = Array("{\"a\":".utf8)
            var stranger = bench
            stranger = Workbench(
                store: bench.store, objects: bench.objects, workflow: WorkflowID(unchecked: "wf-nobody"))
            let outcomes = try await desk.take(
                broken, stranger.artifact("t0", ["a": 1]), bench.artifact("t0", ["a": 1]))
            let reasons = outcomes.map { outcome in
                if case .deadLetter(let reason, _) = outcome { reason.code } else { "done" }
            }
            #expect(reasons == ["not_json", "unknown_workflow", "done"])
        }
    }

    @Test func `tells of an artifact that it cannot merge, under the same id each time`() async throws {
        try await withWorkbench(gather: ["limits": ["claims": 1]]) { bench in
            let message = try bench.artifact("t0", ["a": 1, "b": 2])
            var ids: Set<String?> = []
            for _ in 1...2 {
                guard case .done(let caused) = try await bench.desk().take(message)[0] else {
                    Issue.record("not taken")
                    return
                }
                let told = try #require(caused.first)
                let body = try InboundMessage.decode(told.message).body
                guard case .workflowGatherError(let error) = body else {
                    Issue.record("not the message: \(body)")
                    return
                }
                #expect(error.reason == "too_many_claims" && error.taskID.text == "t0")
                ids.insert(told.message.messageID)
            }
            #expect(ids.count == 1)
            let desk = bench.desk()
            try await desk.sweep()
            try await desk.publish()
            let view = try await bench.published().follower.view
            #expect(view["unmerged"]?["/t0/result"]?["reason"] == "too_many_claims")
        }
    }

    @Test func `fetches payloads from the object store, later if need be`() async throws {
        try await withWorkbench { bench in
            let payload: JSONValue = ["notes": .string(String(repeating: "x", count: 50_000))]
            let text = payload.serialized()
            let key = try #require(ObjectKey("artifacts", "t0.json"))
            let reference = try await bench.objects.put(text, key: key)
            let sum = SHA256.hex(text)
            let desk = bench.desk()
            try await desk.take(
                bench.artifact("t0", nil, reference: reference, sha256: sum, bytes: text.count))
            await bench.objects.setAway(true)
            try await desk.take(
                bench.artifact("t1", nil, reference: reference, sha256: sum, bytes: text.count),
                bench.artifact("t2", nil, reference: reference, sha256: sum, bytes: 2 << 20))
            try await desk.publish()
            var view = try await bench.published().follower.view
            #expect(view["result"] == payload)
            #expect(view["unmerged"]?["/t1/result"]?["reason"] == "payload_unavailable")
            #expect(view["unmerged"]?["/t2/result"]?["reason"] == "payload_too_large")

            await bench.objects.setAway(false)
            try await bench.desk().sweep()
            let heir = bench.desk()
            try await heir.sweep()
            try await heir.publish()
            view = try await bench.published().follower.view
            #expect(view["unmerged"]?.object?.names == ["/t2/result"])
            #expect(view["quality"]?["/notes"]?["confidence"] == 0.81, "the same domain twice is one witness")
        }
    }

    @Test func `puts large revisions into the object store`() async throws {
        try await withWorkbench { bench in
            let desk = bench.desk { $0.inlineLimit = 300 }
            try await desk.take(bench.artifact("t0", ["a": .string(String(repeating: "x", count: 500))]))
            try await desk.publish()
            let heir = bench.desk { $0.inlineLimit = 300 }
            try await heir.take(bench.artifact("t1", ["b": .string(String(repeating: "y", count: 500))]))
            try await heir.publish()
            let (revisions, follower) = try await bench.published()
            #expect(revisions.map { $0.snapshotRef != nil } == [true, false])
            #expect(revisions.map { $0.patchRef != nil } == [false, true])
            #expect(follower.view["result"]?.object?.names == ["a", "b"])
        }
    }

    @Test func `waits for the confirm of a revision before the next one, and sends it again`() async throws {
        try await withWorkbench { bench in
            let desk = bench.desk()
            try await desk.take(bench.artifact("t0", ["a": 1]))
            try await desk.makeRevisions()
            try await desk.take(bench.artifact("t1", ["b": 1]))
            try await desk.makeRevisions()
            #expect(await desk.takeUnsent().map(\.revision) == [1])

            let heir = bench.desk()
            try await heir.sweep()
            let sent = await heir.takeUnsent()
            #expect(sent.map(\.revision) == [1])
            let original = await desk.takeUnsent()
            #expect(sent.first?.message.messageID == original.first?.message.messageID)
            #expect(sent.first?.message.body == original.first?.message.body)
            #expect(sent.first?.message.routingKey == "workflow.progress.early.running")
            try await heir.publish()
            try await heir.publish()
            #expect(try await bench.published().revisions.count == 2)
        }
    }

    @Test(arguments: 1...6 as ClosedRange<UInt64>)
    func `of two on one workflow loses nothing and forks nothing`(seed: UInt64) async throws {
        try await withWorkbench(gather: ["merge": ["/total": "sum", "/log": "append"]]) { bench in
            var random = SplitMix64(seed: seed)
            var desks = [bench.desk(), bench.desk()]
            var messages: [WireMessage] = []
            for index in 0..<30 {
                let task = "t\(index % 3)"
                messages.append(
                    try bench.artifact(
                        task, ["total": 1, "log": [.number(JSONNumber(index))]], name: "n\(index)",
                        attempt: index % 7 == 0 ? 2 : 1))
                if index % 11 == 0 { messages.append(try bench.retrying(task)) }
            }
            let all = messages
            while !messages.isEmpty {
                let place = Int.random(in: 0..<2, using: &random)
                switch Int.random(in: 0..<10, using: &random) {
                case 0: desks[place] = bench.desk()  // killed and started again
                case 1, 2, 3: try? await desks[place].publish()
                case 4: try? await desks[place].sweep()
                default:
                    messages.shuffle(using: &random)
                    let batch = Array(messages.suffix(Int.random(in: 1...3, using: &random)))
                    try await desks[place].take(batch)
                    // Sometimes the ack is lost, and it comes again.
                    if !Bool.random(using: &random) { messages.removeLast(batch.count) }
                }
            }
            let last = bench.desk()
            try await last.sweep()
            try await last.publish()
            try await last.publish()

            let alone = bench.desk()
            try await alone.take(all)
            let expected = await alone.live[bench.workflow]?.gathering.view
            let (revisions, follower) = try await bench.published()
            #expect(follower.view == expected)
            #expect(follower.view["result"]?["total"] == 5)
            #expect(!revisions.isEmpty)
        }
    }
}
