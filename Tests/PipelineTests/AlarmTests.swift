import AMQP
import Foundation
import JSON
import Testing

extension `The pipeline` {
    @Test func `waits while the broker is short of memory, and goes on when it is not`() async throws {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        let after: JSONValue = ["skill": "data-read.echo", "with": ["n": 1], "needs": "first"]
        let begun = try await pipeline.run(["first": .object(Self.gated(gate, [:])), "second": after])
        _ = try await pipeline.recorder.first("task.started", of: begun)

        let id = "alarm-\(UUID().uuidString)"
        let plan: JSONValue = ["plan": ["tasks": ["one": ["skill": "data-read.echo", "with": ["n": 1]]]]]
        let request = Pipeline.message("workflow.requested", Pipeline.request(plan, id: id), id: "request-\(id)")
        let patient = Publisher(try pipeline.producer(callTimeout: .seconds(120)))
        try await pipeline.withMemoryAlarm {
            // The executor ends its task, but can tell nobody.
            try gate.open()
            // A producer who has no time is told why, and does not hang.
            let hasty = Publisher(try pipeline.producer(callTimeout: .seconds(3)))
            let answer = await hasty.publish([request])
            #expect("\(answer)".contains("blocks publishers"), "\(answer)")
            await hasty.close()
            async let confirmed = patient.publish([request])
            let events = try await pipeline.rows(
                "SELECT type FROM baton.events WHERE workflow_id = $1", [.text(begun)])
            #expect(!events.contains { $0["type"] == "task.completed" })
            #expect(await pipeline.recorder.all("workflow.accepted", of: Pipeline.workflow(of: id)).isEmpty)
            try await pipeline.endMemoryAlarm()
            #expect(await confirmed == [.confirmed])
        }
        await patient.close()

        for workflow in [begun, Pipeline.workflow(of: id)] {
            let completed = try await pipeline.end(of: workflow)
            #expect(completed["status"] == "succeeded", "\(completed.text)")
        }
    }
}

extension Pipeline {
    fileprivate func producer(callTimeout: Duration) throws -> AMQPSettings {
        var settings = try broker("producer")
        settings.callTimeout = callTimeout
        return settings
    }

    /// Runs `body` while the broker believes that it has no memory left; it is given back whatever happens.
    fileprivate func withMemoryAlarm(_ body: () async throws -> Void) async throws {
        do {
            try await control("set_vm_memory_high_watermark", "absolute", "1")
            while try await !hasAlarm { try Task.checkCancellation() }
            try await body()
        } catch {
            try await endMemoryAlarm()
            throw error
        }
    }

    fileprivate func endMemoryAlarm() async throws {
        try await control("set_vm_memory_high_watermark", "absolute", "768MiB")
        while try await hasAlarm { try Task.checkCancellation() }
    }

    private var hasAlarm: Bool {
        get async throws { try await control("eval", "rabbit_alarm:get_alarms().").joined().contains("memory") }
    }

    /// Tells the private node something, as its administrator beside it would.
    @discardableResult
    private func control(_ words: String...) async throws -> [String] {
        let root = "/usr/lib/rabbitmq/lib"
        let version = try #require(try FileManager.default.contentsOfDirectory(atPath: root).sorted().last)
        let (status, lines) = try await shell(
            ["\(root)/\(version)/sbin/rabbitmqctl", "--quiet", "--node", "baton@localhost"] + words,
            environment: [
                "HOME": state.data + "/rabbitmq", "ERL_EPMD_PORT": String(state.ports.names),
                "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            ])
        guard status == 0 else { throw Failure("rabbitmqctl: \(lines.joined(separator: "\n"))") }
        return lines
    }
}
