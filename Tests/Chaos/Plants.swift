/// Bugs that are planted into good evidence: a checker that does not see them checks nothing.
struct Plant: Sendable {
    let name: String
    let spoil: @Sendable (inout Evidence) -> Bool

    /// - Returns: whether there was something to spoil, and a violation is found that was not there before.
    func isSeen(in evidence: Evidence) -> Bool {
        var spoiled = evidence
        guard spoil(&spoiled) else { return false }
        return !Set(spoiled.violations).isSubset(of: evidence.violations)
    }

    static let all: [Plant] = [
        Plant("an accepted request that nobody knows") { evidence in
            first(evidence).map { evidence.workflows[$0] = nil } != nil
        },
        Plant("a workflow that never ends") { evidence in
            first(evidence).map { evidence.workflows[$0]?.status = "running" } != nil
        },
        Plant("a workflow that ends twice") { evidence in
            first(evidence).map { evidence.workflows[$0]?.ends = 2 } != nil
        },
        Plant("a gap in a history") { evidence in
            first(evidence).map { evidence.workflows[$0]?.rows -= 1 } != nil
        },
        Plant("an event that is in a history twice") { evidence in
            first(evidence).map { evidence.workflows[$0]?.distinctIDs -= 1 } != nil
        },
        Plant("an output that is not what the input leads to") { evidence in
            first(evidence).map { evidence.workflows[$0]?.output = -1 } != nil
        },
        Plant("an end that the broker was not told") { evidence in
            first(evidence).map { evidence.told[$0] = nil } != nil
        },
        Plant("two different ends that the broker was told") { evidence in
            first(evidence).map { evidence.told[$0]?.ids.insert("another") } != nil
        },
        Plant("an effect that is there twice") { evidence in
            guard let key = succeeded(evidence)?.key, let effect = evidence.effects.first(where: { $0.key == key })
            else { return false }
            evidence.effects.append(effect)
            return true
        },
        Plant("an effect that is missing") { evidence in
            guard let key = succeeded(evidence)?.key else { return false }
            evidence.effects.removeAll { $0.key == key }
            return true
        },
        Plant("a child that never ends") { evidence in
            guard let child = evidence.children.keys.first else { return false }
            evidence.children[child] = "running"
            return true
        },
        Plant("a result of a superseded attempt") { evidence in
            guard let task = succeeded(evidence),
                let index = evidence.runs.firstIndex(where: { $0.run == task.run && $0.outcome == "done" })
            else { return false }
            evidence.runs[index].attempt += 1
            return true
        },
        Plant("a revision that is missing") { evidence in
            guard let id = evidence.merges.keys.first else { return false }
            evidence.merges[id]?.lastRevision += 1
            return true
        },
        Plant("a merge that is not closed") { evidence in
            guard let id = evidence.merges.keys.first else { return false }
            evidence.merges[id]?.isClosed = false
            return true
        },
        Plant("a dead letter that is nobody's") { evidence in
            evidence.dead.append(("another", nil, "planted"))
            return true
        },
        Plant("garbage that vanished") { evidence in
            evidence.garbage.insert("another")
            return true
        },
        Plant("a message that is left in a queue") { evidence in
            evidence.left = ["dispatcher.0": 1]
            return true
        },
    ]

    private init(_ name: String, _ spoil: @escaping @Sendable (inout Evidence) -> Bool) {
        self.name = name
        self.spoil = spoil
    }

    private static func first(_ evidence: Evidence) -> String? {
        evidence.ledger.first { $0.shape == .chain && $0.accepted != nil }?.workflow
    }

    private static func succeeded(_ evidence: Evidence) -> Evidence.Task? {
        evidence.tasks.first { $0.status == "succeeded" && $0.run != nil }
    }
}
