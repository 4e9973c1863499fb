import JSON
import Postgres
import Store
import TestSupport
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A gathering` {
    @Test func `keeps what it took in, byte by byte`() async throws {
        try await withStore { store in
            let planned = GatheringTaskRow(workflowID: "w", taskID: "t1", planIndex: 0, weight: 3, domain: "payments")
            try await store.ingest([], beginning: [Beginning(definition: gathering("w"), tasks: [planned])])
            var task = planned
            (task.epoch, task.endState, task.extra, task.manifest) = (
                2, "succeeded", ["settled": true], ["result", "log"]
            )
            var broken = artifact("w", "broken", digest: [0xFF, 0])
            (broken.payload, broken.rejected, broken.retryAt, broken.confidence) = (
                [0, 0xFF], "invalid_json", monday, nil
            )
            let exact = artifact("w", "result")
            let written = try await store.ingest([
                Ingest(gathering: gathering("w"), taken: 2, tasks: [task], artifacts: [exact, broken, exact])
            ])
            #expect(written == ["w": 2])
            let (gatherings, clock) = try await store.gatherings(["w", "nowhere"])
            let stored = try #require(gatherings["w"])
            #expect(gatherings.count == 1 && clock != nil)
            #expect(stored.row.definition.text == gathering("w").definition.text)
            #expect(stored.row.dirtySince != nil)
            #expect(stored.tasks == [task])
            #expect(stored.artifacts.map(\.name) == ["broken", "result"])
            #expect(stored.artifacts.first?.payload == [0, 0xFF])
            #expect(stored.artifacts.last?.confidence == "0.90")
            #expect(stored.artifacts.last?.receivedAt != 0)
        }
    }

    @Test func `is begun once, and left alone by who comes later`() async throws {
        try await withStore { store in
            try await store.ingest(
                [],
                beginning: [
                    Beginning(definition: gathering("w"), tasks: [GatheringTaskRow(workflowID: "w", taskID: "mine")])
                ])
            var other = gathering("w")
            other.definition = ["other": true]
            let written = try await store.ingest(
                [Ingest(gathering: other, taken: 1), Ingest(gathering: gathering("x"), taken: 2)],
                beginning: [
                    Beginning(definition: other, tasks: [GatheringTaskRow(workflowID: "w", taskID: "theirs")]),
                    Beginning(definition: gathering("x"), tasks: []),
                ])
            let (gatherings, _) = try await store.gatherings(["w", "x"])
            #expect(gatherings["w"]?.tasks.map(\.taskID) == ["mine"])
            #expect(gatherings["w"]?.row.definition["other"] == nil)
            #expect(gatherings["x"] != nil)
            // Whoever did not begin it reads it anew.
            #expect(written == ["x": 2])
        }
    }

    @Test func `is not written by an owner who is behind`() async throws {
        try await withStore { store in
            try await store.ingest(
                [],
                beginning: [
                    Beginning(definition: gathering("a"), tasks: []), Beginning(definition: gathering("b"), tasks: []),
                ])
            _ = try await store.ingest([Ingest(gathering: gathering("a"), taken: 1, artifacts: [artifact("a", "one")])])
            let written = try await store.ingest([
                Ingest(gathering: gathering("a"), taken: 1, artifacts: [artifact("a", "two")]),
                Ingest(gathering: gathering("b"), taken: 1, artifacts: [artifact("b", "two")]),
            ])
            #expect(written == ["b": 1])
            let names = try await store.artifacts(of: "a").map(\.name)
            #expect(names == ["one"])
        }
    }

    @Test func `publishes revisions without a gap, one after the other, and only from what it took in`() async throws {
        try await withStore { store in
            try await store.ingest([], beginning: [Beginning(definition: gathering("w"), tasks: [])])
            _ = try await store.ingest([Ingest(gathering: gathering("w"), taken: 1)])
            let first = Publication(
                gathering: gathering("w", ingestSeq: 1), closes: false, progress: revision("w", 1))
            let written = try await store.publish([first])
            #expect(written == ["w": 1])
            // The same again, and one who has not seen the artifact.
            let again = try await store.publish([first])
            let blind = try await store.publish([
                Publication(gathering: gathering("w", revision: 1), closes: true, progress: revision("w", 2))
            ])
            #expect(again.isEmpty && blind.isEmpty)
            let clean = try await store.gatherings(["w"]).gatherings["w"]?.row
            #expect(clean?.dirtySince == nil && clean?.publishedSeq == 1 && clean?.revision == 1)

            _ = try await store.ingest([
                Ingest(
                    gathering: {
                        var row = gathering("w", revision: 1, ingestSeq: 1); row.status = "succeeded";
                        row.closeAt = monday; return row
                    }(), taken: 1)
            ])
            let abandoned = try await store.abandonedGatherings(dirtyFor: .zero)
            #expect(abandoned == ["w"])
            let closing = try await store.publish([
                Publication(
                    gathering: gathering("w", revision: 1, ingestSeq: 2), closes: true,
                    progress: revision("w", 2, snapshot: false))
            ])
            #expect(closing == ["w": 2])
            let late = try await store.publish([
                Publication(
                    gathering: gathering("w", revision: 2, ingestSeq: 2), closes: true, progress: revision("w", 3))
            ])
            #expect(late == ["w": 3])
            let closed = try await store.gatherings(["w"]).gatherings["w"]?.row
            #expect(closed?.closedRevision == 2 && closed?.closeAt == nil)
        }
    }

    @Test func `is sent again until it is confirmed, in order`() async throws {
        try await withStore { store in
            try await store.ingest([], beginning: [Beginning(definition: gathering("w"), tasks: [])])
            for number in 1...3 {
                _ = try await store.publish([
                    Publication(
                        gathering: gathering("w", revision: number - 1), closes: false,
                        progress: revision("w", number, snapshot: number == 1))
                ])
            }
            try await store.confirm([("w", 2), ("w", 99)])
            let unconfirmed = try await store.unconfirmed(for: .zero)
            #expect(unconfirmed.map(\.revision) == [1, 3])
            #expect(unconfirmed.first?.event == Array("revision 1".utf8))
            let none = try await store.unconfirmed(for: .seconds(3600))
            #expect(none.isEmpty)
            let all = try await store.progress(of: "w")
            #expect(all.map(\.revision) == [1, 2, 3])
            let missing = try await store.progress(of: "w", after: 2)
            #expect(missing.map(\.revision) == [3])
        }
    }

    @Test func `whose payload was to be fetched again takes it, and keeps one that it has`() async throws {
        try await withStore { store in
            try await store.ingest([], beginning: [Beginning(definition: gathering("w"), tasks: [])])
            var late = artifact("w", "late")
            (late.payload, late.rejected, late.retryAt) = (nil, "payload_unavailable", monday)
            _ = try await store.ingest([Ingest(gathering: gathering("w"), taken: 1, artifacts: [late])])
            let due = try await store.abandonedGatherings(dirtyFor: .seconds(3600))
            #expect(due == ["w"])
            _ = try await store.ingest([
                Ingest(gathering: gathering("w", ingestSeq: 1), taken: 1, artifacts: [artifact("w", "late")])
            ])
            var worse = artifact("w", "late")
            worse.payload = [1]
            _ = try await store.ingest([Ingest(gathering: gathering("w", ingestSeq: 2), taken: 1, artifacts: [worse])])
            let stored = try await store.artifacts(of: "w")
            #expect(stored.map(\.payload) == [Array("{}".utf8)])
            #expect(stored.first?.retryAt == nil && stored.first?.rejected == nil)
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `The dispatcher's word` {
    @Test func `names every task of the plan, also those that have no row yet, and the instances`() async throws {
        try await withStore { store in
            var row = workflow("w")
            row.plan = [
                "tasks": [
                    "b": ["domain": "payments", "weight": 3], "a": ["domain": "data-read"], "c": ["domain": "x"],
                ]
            ]
            var (begun, group, instance) = (
                task("w", "a", status: "failed", attempt: 2), task("w", "c"), task("w", "c.0")
            )
            (begun.position, begun.domain) = (1, "data-read")
            (group.position, group.domain) = (2, "x")
            (instance.position, instance.key, instance.instance, instance.domain) = (2, "c", 0, "x")
            _ = try await store.commit(Changes(workflows: [row], tasks: [begun, group, instance]))
            let plan = try await store.plans(of: ["w", "nowhere"])
            #expect(plan.count == 1)
            let tasks = plan["w"]?.tasks ?? []
            #expect(tasks.map(\.taskID) == ["b", "a", "c", "c.0"])
            #expect(tasks.map(\.position) == [0, 1, 2, 2])
            #expect(tasks.map(\.weight) == [3, 1, 1, 1])
            #expect(tasks.map(\.status) == ["pending", "failed", "pending", "pending"])
            #expect(tasks.map(\.attempt) == [0, 2, 0, 0])
        }
    }
}
