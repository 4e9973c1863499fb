import Foundation
import JSON
import LocalServers
import Testing

/// Every message that went over the broker is what its schema says, by the word of a validator that is not ours.
struct MessageCheck {
    let pipeline: Pipeline

    init(_ pipeline: Pipeline) { self.pipeline = pipeline }

    func run() async throws {
        let seen = await pipeline.recorder.seen
        // What was given up on was meant to be wrong.
        let wrong = Set(seen.filter { $0.exchange == "dead-letter" }.map(\.id))
        var text = ""
        for message in seen where message.exchange != "dead-letter" && !wrong.contains(message.id) {
            let headers = message.properties.headers.sorted { $0.key < $1.key }
                .compactMap { name, value in value.string.map { (name, JSONValue.string($0)) } }
            let line: JSONValue = [
                "type": .string(message.type), "data": message.data, "headers": .object(JSONObject(headers)),
            ]
            text += line.text + "\n"
        }
        let file = pipeline.folder + "/messages"
        try Data(text.utf8).write(to: URL(filePath: file))
        let script = Pipeline.root + "/Tests/PipelineTests/messages.py"
        let (status, lines) = try await pipeline.shell(["/usr/bin/python3", script, Pipeline.root + "/contracts", file])
        guard status != 77 else { return }
        #expect(status == 0 && lines.count == 1, "\(lines.prefix(20).joined(separator: "\n"))")
    }
}
