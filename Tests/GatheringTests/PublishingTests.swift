import Contracts
import Gathering
import JSON
import Testing

@Suite(.serialized, .timeLimit(.minutes(1)))
struct `Publishing` {
    @Test func `follows the golden traces on a virtual clock`() throws {
        let scenarios = try Scenario.golden("publish")
        #expect(scenarios.count == 3)
        for scenario in scenarios {
            var clock = VirtualClock(gathering: try scenario.makeGathering())
            let revisions = try clock.run(scenario)
            #expect(JSONValue.array(revisions).canonicalText == scenario.expect.canonicalText, "\(scenario.name)")
        }
    }

    @Test func `sends patches that compose to the snapshot`() throws {
        for seed in 0..<60 {
            var scenario = RandomScenario.make(seed)
            var random = Seeded(seed)
            var at = 0
            scenario.events = scenario.events.map { event in
                guard case .object(var members) = event else { return event }
                at += random.below(400)
                members["at"] = .number(JSONNumber(at))
                return .object(members)
            }
            var clock = VirtualClock(gathering: try scenario.makeGathering(), keepsViews: true)
            let revisions = try clock.run(scenario)
            var have = JSONValue.null
            var panes: [String] = []
            for (index, revision) in revisions.enumerated() {
                #expect(revision["revision"]?.int == index + 1, "gapless")
                if let snapshot = revision["snapshot"] {
                    have = snapshot
                } else {
                    #expect(revision["base_revision"]?.int == index)
                    let patch = try JSONPatch(json: try #require(revision["patch"]))
                    #expect(patch == JSONPatch.diff(from: have, to: clock.views[index]), "\(scenario.name)")
                    have = try patch.apply(to: have)
                }
                #expect(
                    have.canonicalText == clock.views[index].canonicalText, "\(scenario.name), revision \(index + 1)")
                panes.append(try #require(revision["pane"]?.string))
            }
            #expect(panes.count { $0 == "on_time" } <= 1)
            if let onTime = panes.firstIndex(of: "on_time") {
                #expect(
                    panes[..<onTime].allSatisfy { $0 == "early" } && panes[(onTime + 1)...].allSatisfy { $0 == "late" })
            } else {
                #expect(!panes.contains("late"))
            }
            // All again changes nothing.
            for event in try scenario.gatherEvents() { clock.gathering.apply(event) }
            let change = clock.gathering.change()
            #expect(revisions.isEmpty || change == nil, "\(scenario.name)")
        }
    }

    @Test func `goes on after a reload from what was published`() throws {
        for seed in 500..<600 {
            let scenario = RandomScenario.make(seed)
            var random = Seeded(seed)
            let events = try scenario.gatherEvents()
            let (known, more) = (random.below(events.count), random.below(events.count))
            var before = try scenario.makeGathering()
            for event in events[..<known] { before.apply(event) }
            before.render()
            var after = try scenario.makeGathering()
            for event in events[..<max(known, more)].shuffled(using: &random) { after.apply(event) }
            after.setPublished(before.header, view: before.view)
            let isSame = after.change() == nil
            let possible = after.patch()
            let patch = try #require(possible)
            let composed = try patch.apply(to: before.view)
            #expect(composed.canonicalText == after.view.canonicalText)
            let isSameHeader = before.header == after.header
            #expect(isSame == (patch.isEmpty && isSameHeader))
            after.markPublished()
            let change = after.change()
            #expect(change == nil)
        }
    }

    @Test func `is whole every twentieth time`() {
        var coalescer = Coalescer()
        var whole: [Int] = []
        for second in 1...45 {
            let now = Timestamp(milliseconds: Int64(second) * 1000)
            coalescer.note(GatherChange(), at: now)
            let ticket = coalescer.next(isClosed: false)
            if ticket.isSnapshot { whole.append(ticket.revision) }
            coalescer.published(ticket, at: now)
        }
        #expect(whole == [1, 20, 40])
    }
}

/// Replays timed events through the coalescing rule.
private struct VirtualClock {
    var gathering: Gathering
    var coalescer = Coalescer()
    var keepsViews = false
    var views: [JSONValue] = []
    var revisions: [JSONValue] = []

    init(gathering: Gathering, keepsViews: Bool = false) {
        self.gathering = gathering
        self.keepsViews = keepsViews
    }

    mutating func run(_ scenario: Scenario) throws -> [JSONValue] {
        let events = try zip(scenario.events.map { try #require($0["at"]?.int) }, scenario.gatherEvents())
        var queue = Array(events).sorted { $0.0 < $1.0 }[...]
        while !queue.isEmpty || coalescer.due != nil {
            if let at = queue.first?.0, coalescer.due.map({ at < $0.milliseconds }) ?? true {
                while let (time, event) = queue.first, time == at {
                    gathering.apply(event)
                    queue.removeFirst()
                }
                coalescer.note(gathering.change(), at: Timestamp(milliseconds: Int64(at)))
            } else if let due = coalescer.due {
                emit(at: due)
            }
        }
        return revisions
    }

    private mutating func emit(at now: Timestamp) {
        let header = gathering.header
        let ticket = coalescer.next(isClosed: header.isClosed)
        var revision: JSONObject = [
            "at": .number(JSONNumber(Int(now.milliseconds))), "revision": .number(JSONNumber(ticket.revision)),
            "pane": .string(ticket.pane.rawValue), "status": .string(header.status.rawValue),
            "coverage": header.coverage.golden, "confidence": header.confidence.golden,
            "conflict": header.conflict.golden,
        ]
        if ticket.isSnapshot {
            revision["snapshot"] = gathering.view
        } else {
            revision["base_revision"] = .number(JSONNumber(ticket.revision - 1))
            revision["patch"] = gathering.patch()?.json
        }
        if keepsViews { views.append(gathering.view) }
        gathering.markPublished()
        coalescer.published(ticket, at: now)
        revisions.append(.object(revision))
    }
}
