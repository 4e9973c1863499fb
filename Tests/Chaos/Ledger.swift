import Contracts
import Foundation
import JSON

/// What was asked of the pipeline and how it has to end, kept outside of it: in memory, and line by line in a file.
actor Ledger {
    struct Entry: Sendable {
        let workflow: String
        let request: String
        let shape: Shape
        let number: Int
        /// The broker has confirmed the request: from now on it may not be lost.
        var accepted: ContinuousClock.Instant?
        /// When it was first seen to have ended.
        var ended: ContinuousClock.Instant?
    }

    private(set) var entries: [String: Entry] = [:]
    private var order: [String] = []
    private let file: FileHandle

    init(file path: String) throws {
        guard FileManager.default.createFile(atPath: path, contents: nil), let file = FileHandle(forWritingAtPath: path)
        else { throw ChaosError("no ledger at \(path)") }
        self.file = file
    }

    func intend(_ request: String, _ shape: Shape, number: Int) throws -> Entry {
        let id = WorkflowID(workspace: Workspace(unchecked: "default"), requestID: RequestID(unchecked: request)).text
        let entry = Entry(workflow: id, request: request, shape: shape, number: number)
        entries[id] = entry
        order.append(id)
        try write("intended", entry)
        return entry
    }

    func accept(_ workflow: String) throws {
        guard let entry = entries[workflow] else { return }
        entries[workflow]?.accepted = .now
        try write("accepted", entry)
    }

    func end(_ workflow: String) {
        guard entries[workflow]?.ended == nil else { return }
        entries[workflow]?.ended = .now
    }

    private func write(_ what: String, _ entry: Entry) throws {
        let line: JSONValue = [
            "what": .string(what), "request": .string(entry.request), "workflow": .string(entry.workflow),
            "shape": .string(entry.shape.rawValue), "at": .string(Date().formatted(.iso8601)),
        ]
        try file.write(contentsOf: Data((line.text + "\n").utf8))
    }

    // MARK: Questions

    var all: [Entry] { order.compactMap { entries[$0] } }
    /// Accepted, and not seen to have ended.
    var open: [String] { order.filter { entries[$0]?.accepted != nil && entries[$0]?.ended == nil } }
    /// Asked for and not accepted yet, or never.
    var unaccepted: Int { order.reduce(0) { $0 + (entries[$1]?.accepted == nil ? 1 : 0) } }
    var unended: [String] { order.filter { entries[$0]?.ended == nil } }
    var count: Int { order.count }

    func instant(of workflows: [String]) -> ContinuousClock.Instant? {
        workflows.compactMap { entries[$0]?.ended }.max()
    }

    /// Waits until all of these have ended.
    ///
    /// - Returns: those that have not when the time is over.
    func ends(of workflows: [String], within limit: Duration) async -> [String] {
        let deadline = ContinuousClock.now + limit
        while ContinuousClock.now < deadline {
            if workflows.allSatisfy({ entries[$0]?.ended != nil }) { return [] }
            try? await Task.sleep(for: .milliseconds(20))
        }
        return workflows.filter { entries[$0]?.ended == nil }
    }
}
