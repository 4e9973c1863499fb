import Contracts
import Gatherer
import Gathering
import JSON
package import Objects
package import Store

/// Merges all artifacts of a workflow at once, and compares that with what was published last.
package struct MergeCheck {
    package enum Verdict: Equatable {
        case equal
        /// It is still being gathered, or its last revision cannot be had: why.
        case notComparable(String)
        case different(String)
    }

    let stored: StoredGathering
    /// From the last snapshot on.
    let revisions: [ProgressRow]
    let objects: (any ObjectStore)?

    package init(stored: StoredGathering, revisions: [ProgressRow], objects: (any ObjectStore)?) {
        self.stored = stored
        self.revisions = revisions
        self.objects = objects
    }

    package func verdict() async throws -> Verdict {
        guard stored.row.publishedSeq == stored.row.ingestSeq, stored.row.closeAt == nil, stored.row.revision > 0 else {
            return .notComparable("still being gathered")
        }
        var follower = ProgressFollower()
        for row in revisions {
            guard let progress = try await progress(row) else { return .notComparable("a revision cannot be read") }
            _ = follower.take(progress)
        }
        guard let latest = follower.latest, latest.revision == stored.row.revision else {
            return .notComparable("its last revision cannot be had")
        }
        let merged = Gathering(stored)
        for (name, told, made) in [
            ("coverage", latest.coverage, merged.header.coverage),
            ("confidence", latest.confidence, merged.header.confidence),
            ("conflict", latest.conflict, merged.header.conflict),
        ] where told != made {
            return .different(
                "\(name) is \(told.millionths) millionths in revision \(latest.revision), \(made.millionths) merged at once"
            )
        }
        for part in ["result", "quality", "conflicts", "unmerged"] where follower.view[part] != merged.view[part] {
            let place = Self.firstDifference(follower.view[part] ?? .null, merged.view[part] ?? .null)
            return .different(
                "revision \(latest.revision) has another \(part) than all artifacts merged at once, at \(place)")
        }
        return .equal
    }

    private func progress(_ row: ProgressRow) async throws -> WorkflowProgress? {
        let value = try JSONReader.parse(row.event, limits: .stored)
        var progress = try JSONValueDecoder().decode(WorkflowProgress.self, from: value)
        if let reference = progress.snapshotRef ?? progress.patchRef {
            guard let text = try? await objects?.get(reference, limit: 64 << 20),
                let content = try? JSONReader.parse(text, limits: .stored)
            else { return nil }
            if progress.snapshotRef != nil { progress.snapshot = content } else { progress.patch = content }
        }
        return progress
    }

    private static func firstDifference(_ left: JSONValue, _ right: JSONValue) -> String {
        JSONPatch.diff(from: left, to: right).json.array?.first?["path"]?.string ?? "/"
    }
}

extension JSONLimits {
    /// For what was taken in before.
    static let stored = JSONLimits(bytes: 64 << 20, depth: 512, keys: 2_000_000)
}
