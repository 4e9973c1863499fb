/// What must hold of a database whatever happened (the engine's invariants, by their numbers).
package enum Invariant: Int, CaseIterable, Sendable {
    case endsOnce = 1
    case dispatchedInOrder, oneAttempt, historyIsWhole, brokerWasTold, mergeIsExact, nothingWakes

    package var title: String {
        switch self {
        case .endsOnce: "Every workflow ends once, or something will move it"
        case .dispatchedInOrder:
            "A task is dispatched only after its needs have ended, and never after its workflow has"
        case .oneAttempt: "At most one attempt of a task is current"
        case .historyIsWhole: "The history has no gap, and makes the rows that are stored"
        case .brokerWasTold: "The broker was told what the history says"
        case .mergeIsExact: "The last revision equals the merge of all artifacts at once"
        case .nothingWakes: "No wake-up for what has ended, no lease for what does not run"
        }
    }

    /// Why a database cannot show it.
    package var blindness: String? {
        self == .brokerWasTold ? "a database cannot show this: what was published is not in it" : nil
    }
}
