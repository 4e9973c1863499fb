import AMQP
import Foundation
import JSON
import Testing

extension `The pipeline` {
    /// What may come to the planner and cannot be understood, and the reason that is given.
    struct Garbage: Sendable, CustomTestStringConvertible {
        let testDescription: String
        let body: [UInt8]
        let reason: String

        init(_ description: String, _ body: [UInt8], _ reason: String) {
            testDescription = description
            self.body = body
            self.reason = reason
        }

        static let all = [
            Garbage("no JSON", Array("request_id: 7".utf8), "not_json"),
            Garbage("no request", Array(#"{"workspace": "default", "definition": 7}"#.utf8), "contract"),
            Garbage(
                "2 MB",
                Pipeline.request(
                    ["plan": ["tasks": [:]], "input": ["text": .string(String(repeating: "x", count: 2_000_000))]],
                    id: "large"
                ).serialized(), "too_large"),
            Garbage(
                "10,000 deep",
                Array((String(repeating: "[", count: 10_000) + String(repeating: "]", count: 10_000)).utf8),
                "too_deep"),
            Garbage("no UTF-8", Array(#"{"request_id": ""#.utf8) + [0xC3, 0x28] + Array(#""}"#.utf8), "not_json"),
            Garbage(
                "100,000 characters where a pattern is asked",
                Pipeline.request(["definition": .string(String(repeating: "a", count: 100_000))], id: "long")
                    .serialized(),
                "contract"),
        ]
    }

    @Test(arguments: Garbage.all)
    func `keeps what it cannot understand with the reason, tells the sender, and goes on`(garbage: Garbage) async throws
    {
        let pipeline = try self.pipeline
        let correlation = UUID().uuidString
        let message = Pipeline.message(
            "workflow.requested", body: garbage.body, correlation: correlation, replyTo: Recorder.replies)
        #expect(try await pipeline.publish([message], as: "producer") == [.confirmed])
        let id = try #require(message.properties.messageID)

        let dead = try await pipeline.recorder.deadLetter(id)
        #expect(dead.reason == garbage.reason, "\(dead.properties.headers)")
        #expect(dead.properties.headers["x-baton-reason-message"]?.string?.isEmpty == false)
        #expect(dead.body == garbage.body)
        #expect(dead.key == "dead.planner")
        let told = try await pipeline.recorder.answer("workflow.rejected", correlation: correlation)
        #expect(told["problems"]?[0]?["code"]?.string == garbage.reason)

        let next = try await pipeline.run(["next": ["skill": "data-read.echo", "with": ["n": 1]]])
        #expect(try await pipeline.end(of: next)["status"] == "succeeded")
    }

    @Test func `believes an executor about its own domain's tasks only, and nobody under a false correlation id`()
        async throws
    {
        let pipeline = try self.pipeline
        let gate = try Gate(pipeline)
        let workflow = try await pipeline.run(
            ["wait": ["skill": "data-read.gated", "with": ["gate": .string(gate.path), "output": ["n": 1]]]],
            output: "${{ tasks.wait.output }}")
        let started = try await pipeline.recorder.first("task.started", of: workflow)
        let claim: JSONValue = [
            "workflow_id": .string(workflow), "task_id": "wait", "attempt": 1,
            "executor": started.data["executor"] ?? "", "delivery": 0, "output": ["n": 2], "artifacts": [],
        ]
        // Under its own key, of another domain's task.
        let foreign = Pipeline.message(
            "task.completed", claim, key: "task.completed.growth-marketing.gated", exchange: "task")
        // Under a correlation id that leads to another partition.
        let lying = Pipeline.message(
            "task.completed", claim, key: "task.completed.data-read.gated", exchange: "task",
            correlation: "wf-00000000000000000000000000000000")
        // Under another domain's key: the broker lets nobody.
        let stolen = Pipeline.message(
            "task.completed", claim, key: "task.completed.data-read.gated", exchange: "task")
        #expect(try await pipeline.publish([foreign], as: "executor-growth-marketing") == [.confirmed])
        #expect(try await pipeline.publish([lying], as: "executor-data-read") == [.confirmed])
        let refused = try await pipeline.publish([stolen], as: "executor-growth-marketing")
        if case .unknown(let error) = refused[0] {
            #expect(error.code == .refused && error.detail.contains("ACCESS_REFUSED"), "\(error)")
        } else {
            Issue.record("the broker let it: \(refused)")
        }

        for queue in ["dispatcher", "gatherer"] {
            for (message, reason) in [(foreign, "wrong_domain"), (lying, "correlation_mismatch")] {
                // The gatherer learns from the dispatcher's word in the end; what it cannot know it does not refuse.
                if queue == "gatherer" && reason == "wrong_domain" { continue }
                let id = try #require(message.properties.messageID)
                let dead = try await pipeline.recorder.first {
                    $0.exchange == "dead-letter" && $0.id == id && $0.key.hasPrefix("dead.\(queue).")
                }
                #expect(dead.reason == reason, "\(dead.properties.headers)")
            }
        }
        try gate.open()
        #expect(try await pipeline.end(of: workflow)["output"] == ["n": 1])
        _ = try await pipeline.lastRevision(of: workflow)
    }
}
