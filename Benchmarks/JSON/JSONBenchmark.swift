import Contracts
import Foundation
import JSON

/// Our JSON beside Foundation's, on our own messages: bytes to struct and struct to bytes.
///
/// `BATON_BENCHMARKS=1 swift run -c release --scratch-path .build-benchmarks JSONBenchmark`, in the repository's folder.
/// Ends with status 1 when Foundation is faster anywhere.
@main
struct JSONBenchmark {
    static func main() throws {
        print("message                  bytes   decode: ours  Foundation  times   encode: ours  Foundation  times")
        var slower = 0
        slower += try compare("a plain struct", Plain.self, JSONValueEncoder().bytes(Plain.example))
        slower += try compare("task.dispatched", TaskDispatched.self, example("task.dispatched.valid"))
        slower += try compare("task.completed", TaskCompleted.self, example("task.completed.valid"))
        slower += try compare("artifact.created", ArtifactCreated.self, example("artifact.created.valid"))
        slower += try compare("workflow.created", WorkflowCreated.self, example("workflow.created.valid"))
        slower += try compare("workflow.progress", WorkflowProgress.self, example("workflow.progress.valid-snapshot"))

        print("\nthe tree                         ours: read   write   json-c's: make   and read back   validate")
        for name in ["task.dispatched", "task.completed", "artifact.created"] {
            try trees(name, example(name + ".valid"))
        }
        exit(slower > 0 ? 1 : 0)
    }

    /// - Returns: in how many directions Foundation is faster.
    static func compare<Message: Codable>(_ name: String, _ type: Message.Type, _ bytes: [UInt8]) throws -> Int {
        let (decoder, encoder) = (JSONValueDecoder(), JSONValueEncoder())
        let (theirDecoder, theirEncoder) = (JSONDecoder(), JSONEncoder())
        let data = Data(bytes)
        let message = try decoder.decode(type, from: bytes)
        let decode = try measure(
            { _ = try decoder.decode(type, from: bytes) }, { _ = try theirDecoder.decode(type, from: data) })
        let encode = try measure({ _ = try encoder.bytes(message) }, { _ = try theirEncoder.encode(message) })
        print(
            pad(name, 22), pad(bytes.count, 7), pad(decode.0, 12), pad(decode.1, 12), ratio(decode), pad(encode.0, 14),
            pad(encode.1, 12), ratio(encode))
        return (decode.0 > decode.1 ? 1 : 0) + (encode.0 > encode.1 ? 1 : 0)
    }

    static func trees(_ name: String, _ bytes: [UInt8]) throws {
        let value = try JSONReader.parse(bytes)
        let folder = "contracts/schemas/"
        var documents: [String: JSONValue] = [:]
        for file in try FileManager.default.contentsOfDirectory(atPath: folder) {
            documents[file] = try JSONReader.parse(Array(Data(contentsOf: URL(filePath: folder + file))))
        }
        let schema = try JSONSchema(documents[name + ".schema.json"]!, documents: documents)
        precondition(schema.validate(value).isEmpty)
        let (read, write) = try measure({ _ = try JSONReader.parse(bytes) }, { _ = value.serialized() })
        let (make, both) = measure({ JSONCCost.make(value) }, { _ = JSONCCost.roundTrip(value) })
        let (validate, _) = measure({ _ = schema.validate(value) }, {})
        print(pad(name, 32), pad(read, 11), pad(write, 7), pad(make, 16), pad(both - make, 15), pad(validate, 10))
    }

    static func example(_ name: String) throws -> [UInt8] {
        try JSONReader.parse(Array(Data(contentsOf: URL(filePath: "contracts/examples/\(name).json")))).serialized()
    }

    /// Nanoseconds of each, the least of many rounds, taken in turns.
    static func measure(_ first: () throws -> Void, _ second: () throws -> Void) rethrows -> (Double, Double) {
        let repetitions = 40
        var least = (Double.infinity, Double.infinity)
        for _ in 0..<400 {
            least.0 = min(least.0, try time(repetitions, first))
            least.1 = min(least.1, try time(repetitions, second))
        }
        return least
    }

    private static func time(_ repetitions: Int, _ body: () throws -> Void) rethrows -> Double {
        let clock = ContinuousClock()
        let start = clock.now
        for _ in 0..<repetitions { try body() }
        return (clock.now - start) / .nanoseconds(repetitions)
    }

    static func pad(_ text: String, _ width: Int) -> String {
        text.padding(toLength: width, withPad: " ", startingAt: 0)
    }
    static func pad(_ number: Int, _ width: Int) -> String {
        String(repeating: " ", count: max(0, width - "\(number)".count)) + "\(number)"
    }
    static func pad(_ nanoseconds: Double, _ width: Int) -> String { pad(Int(nanoseconds), width) }
    static func ratio(_ pair: (Double, Double)) -> String { String(format: "%6.2f", pair.1 / pair.0) }
}

/// Nothing of ours but Codable: strings, numbers, arrays and nested structs.
struct Plain: Codable {
    struct Finding: Codable {
        var id: String
        var count: Int
        var share: Double
        var isOpen: Bool
        var note: String?
        var rows: [Int]
    }
    var workflow: String
    var task: String
    var attempt: Int
    var startedAt: String
    var summary: String
    var labels: [String: String]
    var findings: [Finding]

    static let example = Plain(
        workflow: "wf-5d0a6b4f1c2e3a4958677685a4b3c2d1", task: "totals", attempt: 3,
        startedAt: "2026-01-05T09:00:01.000Z",
        summary: "Zwölf Bestellungen ohne Zahlung, “drei” Zahlungen ohne Bestellung\n",
        labels: ["city": "Köln", "season": "2026"],
        findings: (0..<8).map { (number: Int) -> Finding in
            Finding(
                id: "finding-\(number)", count: number * 17, share: Double(number) / 7, isOpen: number % 2 == 0,
                note: number % 3 == 0 ? "seen before in another season" : nil, rows: [1, 20, 300, 4000])
        })
}
