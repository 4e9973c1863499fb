import Foundation
import Glibc
import JSON
import LocalServers
import Testing

extension `The pipeline` {
    @Test func `has tasks done by an executor in Python, with that domain's permissions`() async throws {
        let pipeline = try self.pipeline
        let folder = Pipeline.root + "/examples/executor-python"
        var environment = Environment.inherited
        environment["BATON_AMQP_URL"] = pipeline.state.amqpURL(
            user: "executor-payments", virtualHost: Pipeline.virtualHost)
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        let supervisor = Supervisor { event in if case .line(_, let text) = event { print("python: \(text)") } }
        try await supervisor.start(
            Program(
                name: "python",
                command: Command(
                    "/usr/bin/env", ["/usr/bin/python3", folder + "/executor.py", "payments"], environment: environment)
            ))
        do {
            let workflow = try await pipeline.run(
                [
                    "orders": [
                        "skill": "data-read.echo",
                        "with": ["orders": [["paid_cents": 4000, "refunded_cents": 1000], ["paid_cents": 1000]]],
                    ],
                    "ratio": [
                        "skill": "payments.refund-ratio", "needs": "orders",
                        "with": ["orders": "${{ tasks.orders.output.orders }}"],
                    ],
                ], output: "${{ tasks.ratio.output }}")
            let output = try await pipeline.end(of: workflow)["output"]
            #expect(output == ["paid_cents": 5000, "refunded_cents": 1000, "ratio": 0.2])
            let started = try await pipeline.recorder.first("task.started", of: workflow, task: "ratio")
            #expect(started.properties.userID == "executor-payments" && started.properties.appID == "executor-python")
            let last = try await pipeline.lastRevision(of: workflow)
            #expect(last["coverage"] == 1 && last["unmerged_count"] == 0, "\(last.text)")
        } catch {
            await supervisor.send(SIGKILL, to: "python")
            throw error
        }
        await supervisor.send(SIGTERM, to: "python")
        #expect(await supervisor.waitForEnd(of: "python") == .exited(0))

        // The same program, were it to speak for another domain.
        let thief = """
            import executor, pika
            thief = executor.Executor("\(environment["BATON_AMQP_URL"] ?? "")", "payments")
            thief.connection = pika.BlockingConnection(thief.url)
            thief.channel = thief.connection.channel()
            thief.channel.confirm_delivery()
            thief.domain = "data-read"
            try:
                thief.publish("task.completed", {"workflow_id": "wf-1", "task_id": "t", "attempt": 1}, ".echo")
            except pika.exceptions.ChannelClosedByBroker as error:
                print(error.reply_code, error.reply_text)
            """
        let refused = try await pipeline.shell(
            ["/usr/bin/python3", "-c", thief], environment: ["PYTHONPATH": folder, "PYTHONDONTWRITEBYTECODE": "1"])
        #expect(refused.lines.count == 1 && refused.lines[0].hasPrefix("403 ACCESS_REFUSED"), "\(refused.lines)")
    }
}
