import Contracts
import Foundation
import JSON
import Testing

/// What people say at the command line, to a workflow that really runs.
extension `The pipeline` {
    private func baton(_ words: String...) async throws -> (status: Int32, lines: [String]) {
        try await self.pipeline.shell([Pipeline.program] + words)
    }

    @Test func `goes on as a person decides at the command line, who is told what they may not`() async throws {
        let pipeline = try self.pipeline
        let workflow = try await pipeline.run(
            [
                "plan": ["skill": "data-read.echo", "with": ["replicas": 1]],
                "preview": [
                    "approval": ["of": "${{ tasks.plan.output }}", "by": ["deployer"], "title": "the plan"],
                    "needs": "plan",
                ],
                "deploy": [
                    "skill": "data-read.echo", "needs": ["preview"],
                    "with": ["replicas": "${{ tasks.plan.output.replicas }}"],
                ],
            ], output: ["replicas": "${{ tasks.deploy.output.replicas }}"])
        _ = try await pipeline.recorder.first("approval.requested", of: workflow)

        let open = try await baton("approvals", "--output", "json")
        #expect(open.status == 0)
        #expect(open.lines.joined().contains(workflow), "\(open.lines)")
        let stranger = try await baton("approve", workflow, "--as", "bob", "--role", "intern")
        #expect(stranger.status == 3, "\(stranger.lines)")
        #expect(stranger.lines.joined().contains("deployer"), "\(stranger.lines)")
        let decided = try await baton(
            "approve", workflow, "preview", "--as", "ada", "--role", "deployer", "--modify", #"{"replicas": 3}"#,
            "--comment", "three at least")
        #expect(decided.status == 0, "\(decided.lines)")
        let end = try await pipeline.end(of: workflow)
        #expect(end["status"] == "succeeded", "\(end.text)")
        #expect(end["output"] == ["replicas": 3], "\(end.text)")
        let late = try await baton("approve", workflow, "preview", "--role", "deployer")
        #expect(late.status == 3, "\(late.lines)")
        let nobody = try await baton("approve", "wf-none", "preview")
        #expect(nobody.status == 66, "\(nobody.lines)")
        let audit = try await pipeline.rows(
            "SELECT actor FROM baton.audit WHERE subject LIKE $1 || '%'", [.text(workflow)])
        #expect(audit.map { $0["actor"]?.string } == ["ada"])
    }

    @Test func `plans with a version of a skill as soon as that is registered`() async throws {
        let pipeline = try self.pipeline
        let folder = URL(filePath: pipeline.folder + "/fresh/growth-marketing.fresh")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        for version in 1...3 {
            let file = """
                id: growth-marketing.fresh
                domain: growth-marketing
                title: Is changed every minute
                version: \(version)
                timeout: \(version)m
                handler: { command: { run: ["true"] } }
                """
            try Data(file.utf8).write(to: folder.appending(path: "skill.yaml"))
            let synced = try await baton("skills", "sync", folder.deletingLastPathComponent().path)
            #expect(synced.status == 0, "\(synced.lines)")
            let workflow = try await pipeline.run(["a": ["skill": "growth-marketing.fresh"]])
            let order = try await pipeline.recorder.first("task.dispatched", of: workflow)
            #expect(order.data["timeout_seconds"]?.int == version * 60, "\(order.data.text)")
            try await pipeline.end(of: workflow)
        }
    }

    @Test func `is paused, signalled, resumed and tried again at the command line`() async throws {
        let pipeline = try self.pipeline
        let workflow = try await pipeline.run(
            [
                "paid": ["wait": ["signal": "payment", "expires": "1h"]],
                "count": [
                    "skill": "data-read.echo", "needs": "paid",
                    "with": ["amount": "${{ tasks.paid.output.amount + 0 }}"],
                ],
            ], output: ["amount": "${{ tasks.count.output.amount }}"])
        _ = try await pipeline.recorder.first("task.waiting", of: workflow, task: "paid")
        #expect(try await baton("pause", workflow, "--reason", "lunch").status == 0)
        let again = try await baton("pause", workflow)
        #expect(again.status == 3, "\(again.lines)")
        #expect(again.lines.joined().contains("paused"), "\(again.lines)")
        #expect(try await baton("signal", workflow, "payment", "--payload", #"{"amount": {}}"#).status == 0)
        #expect(try await baton("resume", workflow).status == 0)
        // An object cannot be added to: the task that was given it has failed.
        let failed = try await pipeline.end(of: workflow)
        #expect(failed["status"] == "failed", "\(failed.text)")
        let retried = try await baton("retry", workflow, "paid")
        #expect(retried.status == 0, "\(retried.lines)")
        #expect(try await baton("signal", workflow, "payment", "--payload", #"{"amount": 12.50}"#).status == 0)
        let end = try await pipeline.recorder.first("workflow.completed", of: workflow) {
            $0.data["status"] == "succeeded"
        }
        #expect(end.data["output"]?.text == #"{"amount":12.50}"# || end.data["output"]?.text == #"{"amount":12.5}"#)
        let over = try await baton("cancel", workflow)
        #expect(over.status == 3, "\(over.lines)")
    }
}
