import Contracts
import JSON
import Store

/// The merged result of a workflow with what is said of it: conflicts, confidence, coverage.
struct Report: Sendable {
    var workflowID: String
    var title: String
    var status: String
    var error: String?
    /// Milliseconds since the epoch.
    var createdAt: Int64?
    var endedAt: Int64?
    var tasks: [WatchedTask] = []
    /// The header of the newest revision; `nil` before the first.
    var progress: WorkflowProgress?
    /// `{"result", "quality", "conflicts", "unmerged"}`.
    var view: JSONValue = [:]
    /// The `gather` block: by which member the elements of a list are known.
    var gather: JSONValue?
    /// Where the sides of a conflict come from.
    var artifacts: [ArtifactRow] = []

    init(_ state: WatchState, gather: JSONValue? = nil, artifacts: [ArtifactRow] = []) {
        workflowID = state.id.text
        title = state.title
        status = state.status
        error = state.error
        createdAt = state.createdAt
        endedAt = state.endedAt
        tasks = state.ordered
        progress = state.follower.latest
        view = state.follower.view
        self.gather = gather
        self.artifacts = artifacts
    }

    var conflicts: [Conflict] {
        (view["conflicts"]?.object?.members ?? []).map { Conflict(pointer: $0.name, listing: $0.value) }
    }

    /// What programs are told.
    var json: JSONObject {
        var json: JSONObject = ["workflow_id": .string(workflowID), "status": .string(status)]
        if let error { json["error"] = .string(error) }
        if let progress {
            json["revision"] = .number(JSONNumber(progress.revision))
            let header = (try? JSONValueEncoder().encode(progress))?.object ?? [:]
            for name in [
                "pane", "coverage", "confidence", "conflict", "conflict_count", "unmerged_count", "tasks", "missing",
            ] {
                json[name] = header[name]
            }
        }
        json["task_states"] = .object(JSONObject(tasks.map { ($0.id, .string($0.status)) }))
        for name in ["result", "quality", "conflicts", "unmerged"] { json[name] = view[name] ?? [:] }
        return json
    }
}

/// A place of the result on which sources disagree.
struct Conflict: Sendable {
    let pointer: JSONPointer
    /// 0 to 1: the chance that two or more of them are right by their own sources.
    let score: Double
    let isTie: Bool
    let sides: [Side]
    /// Sides that are not listed.
    let more: Int

    struct Side: Sendable {
        /// `nil` for a shape or for claims of a kind that does not fit.
        var value: JSONValue?
        /// Instead of a value: `object`, `array` …
        var shape: String?
        /// The least and the greatest of numbers that agree within their tolerance.
        var span: [JSONValue]
        var confidence: Double
        var domains: [String]
    }

    init(pointer: String, listing: JSONValue) {
        self.pointer = JSONPointer(parsing: pointer) ?? .root
        score = listing["score"]?.number?.double ?? 0
        isTie = listing["tie"]?.bool ?? false
        more = listing["more"]?.int ?? 0
        sides = (listing["candidates"]?.array ?? []).map { side in
            Side(
                value: side["value"], shape: side["shape"]?.string, span: side["span"]?.array ?? [],
                confidence: side["confidence"]?.number?.double ?? 0,
                domains: (side["domains"]?.array ?? []).compactMap(\.string))
        }
    }

    /// For people: `events › lisbon › revenue cents`.
    var place: String { Self.place(pointer) }

    static func place(_ pointer: JSONPointer) -> String {
        pointer.tokens.map { token in
            // A keyed element is addressed by its key's JSON text.
            (try? JSONReader.parse(Array(token.utf8)))?.string ?? token.replacing("_", with: " ")
        }.joined(separator: " › ").printable
    }
}

extension Report {
    /// The artifacts in which a domain says this of a place.
    func sources(of side: Conflict.Side, in domain: String, at pointer: JSONPointer) -> [ArtifactRow] {
        artifacts.filter { artifact in
            guard artifact.domain == domain, artifact.rejected == nil, let payload = artifact.payload,
                let value = try? JSONReader.parse(payload, limits: .view)
            else { return false }
            return values(in: value, at: pointer.tokens[...]).contains { side.covers($0) }
        }
    }

    /// What stands at a place; elements of lists are found by any member that is their key.
    private func values(in value: JSONValue, at tokens: ArraySlice<String>) -> [JSONValue] {
        guard let token = tokens.first else { return [value] }
        switch value {
        case .object(let members): return members[token].map { values(in: $0, at: tokens.dropFirst()) } ?? []
        case .array(let elements):
            return elements.filter { element in
                element.object?.members.contains { $0.value.canonicalText == token } ?? false
            }.flatMap { values(in: $0, at: tokens.dropFirst()) }
        default: return []
        }
    }
}

extension Conflict.Side {
    fileprivate func covers(_ other: JSONValue) -> Bool {
        if span.count == 2, let number = other.number, let low = span[0].number, let high = span[1].number {
            return low <= number && number <= high
        }
        return value == nil || value == other
    }
}
