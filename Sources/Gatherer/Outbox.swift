import Contracts

/// Revisions that are committed, and of which it is not written down yet that the broker has them.
struct Outbox {
    private struct Key: Hashable {
        let id: WorkflowID
        let revision: Int
    }

    private struct Entry {
        let revision: GatherDesk.Unconfirmed
        /// Those of one workflow go out in this order.
        let number: UInt64
        var isConfirmed = false
    }

    private var entries: [Key: Entry] = [:]
    /// How many of each workflow the broker may not have.
    private var unconfirmed: [WorkflowID: Int] = [:]
    private var numbers: UInt64 = 0

    var isEmpty: Bool { entries.isEmpty }

    /// - Returns: whether it was not there.
    mutating func add(_ revision: GatherDesk.Unconfirmed) -> Bool {
        let key = Key(id: revision.id, revision: revision.revision)
        guard entries[key] == nil else { return false }
        numbers += 1
        entries[key] = Entry(revision: revision, number: numbers)
        unconfirmed[revision.id, default: 0] += 1
        return true
    }

    var unsent: [GatherDesk.Unconfirmed] {
        entries.values.filter { !$0.isConfirmed }.sorted { $0.number < $1.number }.map(\.revision)
    }

    var confirmed: [GatherDesk.Unconfirmed] { entries.values.filter(\.isConfirmed).map(\.revision) }

    /// The broker has it; what is left is to write that down.
    ///
    /// - Returns: whether the broker has all of its workflow now.
    mutating func confirm(_ revision: GatherDesk.Unconfirmed) -> Bool {
        let key = Key(id: revision.id, revision: revision.revision)
        guard entries[key]?.isConfirmed == false else { return false }
        entries[key]?.isConfirmed = true
        let left = (unconfirmed[revision.id] ?? 1) - 1
        unconfirmed[revision.id] = left > 0 ? left : nil
        return left <= 0
    }

    mutating func remove(_ revision: GatherDesk.Unconfirmed) {
        entries[Key(id: revision.id, revision: revision.revision)] = nil
    }
}
