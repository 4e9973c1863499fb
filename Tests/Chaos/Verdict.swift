/// What must not be, found in the evidence.
struct Violation: Sendable, Hashable, CustomStringConvertible {
    enum Kind: String, Sendable { case lost, doubled, wrong }
    var kind: Kind
    var workflow: String?
    var text: String
    var description: String { "\(kind.rawValue): \(text)" }
}

extension Evidence {
    /// Everything that is wrong; pure, so that planted bugs show what each rule sees.
    var violations: [Violation] {
        var found: [Violation] = []
        func note(_ kind: Violation.Kind, _ workflow: String?, _ text: String) {
            found.append(Violation(kind: kind, workflow: workflow, text: text))
        }
        let done = Set(effects.map(\.key))
        for entry in ledger { judge(entry, done, note) }
        judgeTasks(note)
        judgeDead(note)
        for (child, status) in children where !["succeeded", "failed", "cancelled"].contains(status) {
            note(.lost, child, "the child \(child) is still \(status)")
        }
        for (queue, count) in left ?? [:] where count > 0 { note(.lost, nil, "\(count) messages are left in \(queue)") }
        return found
    }

    private typealias Note = (Violation.Kind, String?, String) -> Void

    private func judge(_ entry: Ledger.Entry, _ done: Set<String>, _ note: Note) {
        let name = "\(entry.request) (\(entry.workflow))"
        guard entry.accepted != nil else { return }
        guard let workflow = workflows[entry.workflow] else {
            return note(.lost, entry.workflow, "\(name) was accepted and is unknown")
        }
        let hasEnded = ["succeeded", "failed", "cancelled"].contains(workflow.status)
        guard hasEnded else { return note(.lost, entry.workflow, "\(name) is still \(workflow.status)") }
        if workflow.ends != 1 {
            note(workflow.ends == 0 ? .lost : .doubled, entry.workflow, "\(name) has ended \(workflow.ends) times")
        }
        if workflow.status != entry.shape.status {
            note(.wrong, entry.workflow, "\(name) has \(workflow.status), and should have \(entry.shape.status)")
        }
        if workflow.output != entry.shape.output(entry.number), entry.shape.status == "succeeded" {
            let given = workflow.output.map(String.init) ?? "nothing"
            note(.wrong, entry.workflow, "\(name) gave \(given), not \(entry.shape.output(entry.number) ?? 0)")
        }
        if workflow.firstSeq != 1 || workflow.lastSeq != workflow.rows || workflow.seq != workflow.rows {
            note(.lost, entry.workflow, "the history of \(name) has a gap or an end of its own")
        }
        if workflow.distinctIDs != workflow.rows {
            note(.doubled, entry.workflow, "an event of \(name) is in its history twice")
        }
        for task in entry.shape.effects where !done.contains("\(entry.workflow)/\(task)") {
            note(.lost, entry.workflow, "\(task) of \(name) has left no effect")
        }
        judge(told[entry.workflow], workflow, entry, name, note)
        judge(merges[entry.workflow], entry, name, note)
    }

    private func judge(
        _ told: Witness.Told?, _ workflow: Workflow, _ entry: Ledger.Entry, _ name: String, _ note: Note
    ) {
        guard let told else { return note(.lost, entry.workflow, "the broker was never told that \(name) has ended") }
        if told.ids.count != 1 {
            note(.doubled, entry.workflow, "the broker was told \(told.ids.count) different ends of \(name)")
        }
        if told.statuses != [workflow.status] {
            note(.wrong, entry.workflow, "the broker was told another end of \(name): \(told.statuses.sorted())")
        }
    }

    private func judge(_ merge: Merge?, _ entry: Ledger.Entry, _ name: String, _ note: Note) {
        guard let merge else { return note(.lost, entry.workflow, "nothing of \(name) was merged") }
        if !merge.isClosed || merge.unconfirmed > 0 {
            note(.lost, entry.workflow, "the merge of \(name) is not closed, or not all of it is published")
        }
        if merge.revisions != merge.lastRevision {
            note(.lost, entry.workflow, "the revisions of \(name) have a gap")
        }
    }

    /// One effect for each task that succeeded, and its result that of one run of its attempt.
    private func judgeTasks(_ note: Note) {
        let known = Set(ledger.map(\.workflow)).union(children.keys)
        let runs = Dictionary(grouping: runs, by: \.key)
        let effects = Dictionary(grouping: effects, by: \.key)
        for task in tasks {
            let workflow = String(task.key.prefix { $0 != "/" })
            guard known.contains(workflow) else { continue }
            if task.waits { note(.wrong, workflow, "\(task.key) has ended, and something is still due") }
            guard task.status == "succeeded", let run = task.run else { continue }
            let count = effects[task.key]?.count ?? 0
            if count != 1 {
                note(count == 0 ? .lost : .doubled, workflow, "\(task.key) has succeeded with \(count) effects")
            }
            let counted = runs[task.key]?.filter { $0.run == run && $0.outcome == "done" } ?? []
            if counted.count != 1 || counted.first?.attempt != task.attempt {
                note(.wrong, workflow, "the result of \(task.key) is not that of one run of attempt \(task.attempt)")
            }
        }
    }

    /// Nothing was given up on but what could not be taken, and the orders that kill.
    private func judgeDead(_ note: Note) {
        let poisoned = Set(ledger.filter { $0.shape == .poison }.map(\.workflow))
        let dead = self.dead
        for letter in dead {
            let isPoison = letter.workflow.map { poisoned.contains($0) || !isOurs($0) } ?? false
            if !isPoison && !garbage.contains(letter.id) {
                note(.wrong, letter.workflow, "\(letter.id) was given up on (\(letter.reason)) and is nobody's garbage")
            }
        }
        for id in garbage.subtracting(dead.map(\.id)) { note(.lost, nil, "the garbage \(id) has vanished") }
        for workflow in poisoned where !dead.contains(where: { $0.workflow == workflow }) {
            note(.lost, workflow, "the order that kills, of \(workflow), is not among what was given up on")
        }
    }

    /// Evidence may be of a part of the ledger: what belongs to another part is judged there.
    private func isOurs(_ workflow: String) -> Bool { ledger.contains { $0.workflow == workflow } }
}
