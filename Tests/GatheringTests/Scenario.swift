import Contracts
import Foundation
import Gathering
import JSON
import Testing

/// A definition and events in the shape of the golden file.
struct Scenario: Sendable {
    var name = ""
    var definition: JSONObject = [:]
    var events: [JSONValue] = []
    var expect: JSONValue = .null

    var json: JSONValue { ["definition": .object(definition), "events": .array(events)] }

    func makeGathering() throws -> Gathering { Gathering(try gatherDefinition(), tasks: try tasks()) }

    func gatherDefinition() throws -> GatherDefinition {
        var block = definition
        block["tasks"] = nil
        block["merge"] = block["rules"]
        block["rules"] = nil
        return try GatherDefinition(.object(block))
    }

    func tasks() throws -> [PlannedTask] {
        try (definition["tasks"]?.array ?? []).enumerated().map { try PlannedTask(golden: $1, index: $0) }
    }

    func gatherEvents() throws -> [GatherEvent] { try events.map(GatherEvent.init(golden:)) }

    /// What the golden file expects of a state.
    static func outcome(_ gathering: inout Gathering) -> JSONValue {
        gathering.render()
        return ["header": gathering.header.golden, "view": gathering.view]
    }
}

extension Scenario {
    init(golden: JSONValue) throws {
        name = try #require(golden["name"]?.string)
        definition = golden["definition"]?.object ?? [:]
        events = try #require(golden["events"]?.array)
        expect = golden["expect"] ?? .null
    }

    static let goldenFile: Result<JSONValue, any Error> = Result {
        let url = try #require(
            Bundle.module.url(forResource: "gatherer-golden", withExtension: "json", subdirectory: "Golden"))
        return try JSONReader.parse(Array(Data(contentsOf: url)), limits: JSONLimits(keys: 1_000_000))
    }

    static func golden(_ kind: String) throws -> [Scenario] {
        try #require(goldenFile.get()[kind]?.array).map(Scenario.init(golden:))
    }
}

extension GatherHeader {
    var golden: JSONValue {
        [
            "status": .string(status.rawValue), "closed": .bool(isClosed), "coverage": coverage.golden,
            "confidence": confidence.golden, "conflict": conflict.golden,
            "tasks": [
                "expected": .number(JSONNumber(tasks.expected)), "reported": .number(JSONNumber(tasks.reported)),
                "settled": .number(JSONNumber(tasks.settled)), "failed": .number(JSONNumber(tasks.failed)),
            ],
            "errors": .array(errors.map { .string($0) }),
        ]
    }
}

extension Score {
    var golden: JSONValue { .number(JSONNumber(uncheckedLiteral: "\(millionths)e-6")) }
}

extension PlannedTask {
    init(golden json: JSONValue, index: Int = 0) throws {
        self.init(
            id: TaskID(unchecked: try #require(json["id"]?.string)), index: json["index"]?.int ?? index,
            weight: json["weight"]?.int ?? 1, domain: json["domain"]?.string.map { DomainName(unchecked: $0) })
    }
}

extension GatherEvent {
    init(golden json: JSONValue) throws {
        func task() throws -> TaskID { TaskID(unchecked: try #require(json["task"]?.string)) }
        switch json["type"]?.string {
        case "artifact": self = .artifact(try Artifact(golden: json))
        case "plan": self = .planned(try #require(json["tasks"]?.array).map { try PlannedTask(golden: $0) })
        case "revoked": self = .revoked(try task(), attempt: try #require(json["attempt"]?.int))
        case "task_ended":
            let names = (json["artifacts"]?.array ?? []).compactMap(\.string)
            self = .taskEnded(
                TaskEnd(
                    task: try task(), attempt: try #require(json["attempt"]?.int),
                    state: try #require(EndState(rawValue: json["state"]?.string ?? "")),
                    manifest: names.map { ArtifactName(unchecked: $0) }))
        case "workflow_ended":
            let ends = try (json["tasks"]?.object?.members ?? []).map { task, end in
                TaskEnd(
                    task: TaskID(unchecked: task), attempt: try #require(end["attempt"]?.int),
                    state: try #require(EndState(rawValue: end["state"]?.string ?? "")))
            }
            self = .workflowEnded(
                try #require(WorkflowOutcome(rawValue: json["state"]?.string ?? "")), tasks: ends)
        default: throw JSONPatchTestError("unknown event \(json)")
        }
    }
}

extension Artifact {
    init(golden json: JSONValue) throws {
        let domain = DomainName(unchecked: try #require(json["domain"]?.string))
        let confidence = json["confidence"] ?? .null
        let text = json["payload_text"]?.string.map { Array($0.utf8) }
        let payload = try text.map(Payload.init(reading:)) ?? .json(#require(json["payload"]))
        let digest: [UInt8]
        switch payload {
        case .json(let value):
            digest = Self.digest(
                domain: domain, confidence: confidence, finishedAt: json["finished_at"] ?? .null, payload: value)
        case .unusable: digest = SHA256.digest(text ?? [])
        }
        self.init(
            task: TaskID(unchecked: try #require(json["task"]?.string)),
            name: ArtifactName(unchecked: json["name"]?.string ?? "result"), attempt: json["attempt"]?.int ?? 1,
            seq: json["seq"]?.int ?? 0, domain: domain, confidence: confidence,
            finishedAt: json["finished_at"]?.string.flatMap { Timestamp($0) } ?? Timestamp(milliseconds: 0),
            digest: digest,
            bytes: json["payload_bytes"]?.int ?? text?.count ?? json["payload"]?.serialized(.canonical).count ?? 0,
            payload: payload)
    }
}

struct JSONPatchTestError: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}
