package import JSON

/// Follows the revisions of one workflow as a subscriber should: whatever is delivered twice, out of order or not at
/// all, what it shows is the view of one revision.
package struct ProgressFollower: Sendable {
    package enum Step: Equatable, Sendable {
        /// The view has moved on.
        case advanced
        /// Known already.
        case old
        /// A revision between is missing, or the view itself lies in the object store: fetch the newest snapshot.
        case needsSnapshot
    }

    /// The newest revision that the view shows; 0 before the first.
    package private(set) var revision = 0
    /// `{"result", "quality", "conflicts", "unmerged"}`.
    package private(set) var view: JSONValue = [:]
    /// The message of that revision: its header.
    package private(set) var latest: WorkflowProgress?

    package init() {}

    /// Begins from a stored revision.
    package init(revision: Int, view: JSONValue, latest: WorkflowProgress?) {
        self.revision = revision
        self.view = view
        self.latest = latest
    }

    package mutating func take(_ progress: WorkflowProgress) -> Step {
        guard progress.revision > revision else { return .old }
        if let snapshot = progress.snapshot {
            view = snapshot
        } else if let patch = progress.patch, progress.baseRevision == revision, let patched = try? apply(patch) {
            view = patched
        } else {
            return .needsSnapshot
        }
        revision = progress.revision
        latest = progress
        return .advanced
    }

    private func apply(_ patch: JSONValue) throws -> JSONValue { try JSONPatch(json: patch).apply(to: view) }
}
