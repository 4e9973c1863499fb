import Contracts
import Foundation
import JSON

/// From bytes to messages and back, beside Foundation's JSON where it can do the same.
func messages() {
    let sample = Sample()
    compare("task.completed of 1.6 KB", TaskCompleted.self, sample.bytes)
    for name in ["task.dispatched", "artifact.created", "workflow.created"] {
        let bytes = example(name)
        switch name {
        case "task.dispatched": compare(name, TaskDispatched.self, bytes)
        case "artifact.created": compare(name, ArtifactCreated.self, bytes)
        default: compare(name, WorkflowCreated.self, bytes)
        }
    }
    measure("JSON: read, 1.6 KB") { try JSONReader.parse(sample.bytes) }
    let value = try! JSONReader.parse(sample.bytes)
    measure("JSON: write, 1.6 KB") { value.serialized() }

    measure("envelope: read") { try Envelope.read(sample.wire, limits: .default).0 }
    measure("envelope: message of ours") { sample.envelope.message(to: sample.route, body: sample.bytes) }
    measure("message: read, validated") { try InboundMessage.decode(sample.wire) }
    measure("message: read, of our own") { try InboundMessage.decode(sample.wire, validating: false) }
}

func schemas() {
    let value = try! JSONReader.parse(Sample().bytes)
    let schema = ContractSchema.message(.taskCompleted)
    precondition(schema.problems(in: value).isEmpty)
    measure("schema: valid task.completed") { schema.problems(in: value) }
    var wrong = value.object!
    wrong["attempt"] = "one"
    let invalid = JSONValue.object(wrong)
    precondition(!schema.problems(in: invalid).isEmpty)
    measure("schema: invalid task.completed") { schema.problems(in: invalid) }
}

private func compare<Message: Codable & Sendable>(_ name: String, _ type: Message.Type, _ bytes: [UInt8]) {
    let (data, message) = (Data(bytes), try! JSONValueDecoder().decode(type, from: bytes))
    measure("decode \(name)") { try JSONValueDecoder().decode(type, from: bytes) }
    measure("decode \(name), Foundation") { try JSONDecoder().decode(type, from: data) }
    measure("encode \(name)") { try JSONValueEncoder().bytes(message) }
    measure("encode \(name), Foundation") { try JSONEncoder().encode(message) }
}

/// From the contract's own examples; the benchmarks run in the repository's folder.
private func example(_ name: String) -> [UInt8] {
    let folder = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../../contracts/examples")
    let text = try! Data(contentsOf: folder.appending(path: name + ".valid.json"))
    return try! JSONReader.parse(Array(text)).serialized()
}

/// What an executor says at the end of a run: an output with some rows, and its artifact brought along.
struct Sample {
    let bytes: [UInt8]
    let envelope: Envelope
    let route: Route
    let wire: WireMessage

    init() {
        let at = Timestamp("2026-01-05T09:00:04.120Z")!
        let rows = JSONValue.array(
            (1...9).map { number in
                [
                    "order": .string("A-100\(number)"), "amount": .number(JSONNumber(number * 17)), "city": "Köln",
                    "open": true,
                ]
            })
        let payload: JSONValue = ["totals": ["open": 9, "rows": rows]]
        let record = ArtifactRecord(
            name: ArtifactName("result")!, seq: 0, kind: .data, mediaType: "application/json",
            bytes: payload.serialized().count, sha256: String(repeating: "9f86d081", count: 8),
            resultSummary: "order totals: 9 findings", confidence: JSONNumber(0.96), startedAt: at, finishedAt: at,
            payload: payload)
        let body = TaskCompleted(
            workflowID: WorkflowID("wf-5d0a6b4f1c2e3a4958677685a4b3c2d1")!, taskID: TaskID("totals")!, attempt: 1,
            executor: ExecutorID("payments-7f3a")!, delivery: 0, startedAt: at,
            output: ["rows": rows, "row_count": 9, "total": .number(JSONNumber(12345678901234567))],
            artifacts: [record])
        bytes = try! body.encoded()
        route = .task(.taskCompleted, domain: DomainName("payments")!, skill: SkillID("payments.order-totals")!)
        envelope = Envelope(
            of: body, id: .random(at: at), source: "/executor/payments/7f3a", time: at,
            causation: .random(at: at))
        wire = envelope.message(to: route, body: bytes)
    }
}
