import Contracts
import Engine
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `An approval` {
    static let text = """
        tasks:
          plan: { skill: d1.a }
          approve:
            approval: { of: "${{ tasks.plan.output }}", title: "Deploy ${{ input.what }}?", by: [deployer, owner], expires: 1h }
            needs: plan
          merge: { skill: d2.a, needs: approve, with: { branch: main, options: { force: true, dry: false } } }
          report: { skill: d3.a, needs: merge, with: { branch: main } }
        """

    private func asked(_ text: String = text) throws -> Bench {
        var bench = try Bench(text, input: ["what": "it"])
        bench.run("plan", ["changes": 3])
        return bench
    }

    @Test func `asks those whose role it is, and waits`() throws {
        let bench = try asked()
        #expect(bench.said == ["task.completed", "approval.requested"])
        guard case .approvalRequested(let asked) = bench.decision.events[1].body else { return }
        #expect(asked.of == ["changes": 3] && asked.by == ["deployer", "owner"] && asked.attempt == 1)
        #expect(asked.title == "Deploy it?" && asked.expiresAt == bench.now + .seconds(3600))
        #expect(bench.status("approve") == .awaitingApproval)
        #expect(bench["approve"].wakeAt == bench.now + .seconds(3600))
        #expect(bench.ready == [])
        try bench.checkRebuilding()
    }

    @Test func `lets what needs it go on, with what was changed`() throws {
        var bench = try asked()
        bench.decide(
            "approve", .continue, modifications: ["options": ["force": .null, "dry": true], "tag": "v2"],
            comment: "fine")
        #expect(bench.said == ["approval.decided", "task.completed"])
        #expect(bench["approve"].output?["decision"] == "continue" && bench["approve"].output?["by"] == "ada")
        #expect(bench["approve"].output?["comment"] == "fine")
        bench.run("merge")
        #expect(bench.order("merge")?.input == ["branch": "main", "options": ["dry": true], "tag": "v2"])
        bench.dispatch("report")
        #expect(bench.order("report")?.input == ["branch": "main"], "only what needs it directly is changed")
        try bench.checkRebuilding()
    }

    @Test func `fails for good when it is refused`() throws {
        var bench = try asked()
        bench.decide("approve", .abort, comment: "too risky")
        #expect(bench.said.prefix(2) == ["approval.decided", "task.failed"])
        #expect(bench["approve"].error?.code == "approval_aborted")
        #expect(bench["approve"].error?.message == "ada has refused: too risky")
        #expect(bench.status("merge") == .skipped && bench.state.status == .failed)
        #expect(bench.completion?.error?.taskID?.text == "approve")
        try bench.checkRebuilding()
    }

    @Test func `has what it needs run again on retry, and then asks again`() throws {
        var bench = try asked()
        bench.decide("approve", .retry, comment: "use the other region")
        #expect(bench.said == ["approval.decided", "task.reset", "task.reset"])
        #expect(bench.ready == ["plan"] && bench.status("approve") == .pending)
        try bench.checkRebuilding()
        bench.run("plan", ["changes": 4])
        #expect(bench.order("plan")?.attempt == 2)
        #expect(bench.status("approve") == .awaitingApproval && bench["approve"].attempt == 2)
        bench.decide("approve", .continue, attempt: 1)
        #expect(bench.refusal?.hasPrefix("superseded: ") == true)
        bench.decide("approve", .continue, attempt: 2)
        #expect(bench.ready == ["merge"])
        try bench.checkRebuilding()
    }

    @Test func `that needs nothing is asked again at once on retry`() throws {
        var bench = try Bench("tasks: { go: { approval: { by: deployer } } }")
        #expect(bench["go"].wakeAt == bench.now + .seconds(7 * 86_400), "nobody is waited for without end")
        bench.decide("go", .retry)
        #expect(bench.said == ["approval.decided", "task.reset", "approval.requested"])
        #expect(bench["go"].attempt == 2)
        bench.decide("go", .continue)
        #expect(bench.state.status == .succeeded)
        try bench.checkRebuilding()
    }

    @Test func `of several people waits until there are enough, each counted once`() throws {
        var bench = try Bench(
            "tasks: { go: { approval: { by: [deployer], quorum: 2 } }, a: { skill: d1.a, needs: go } }")
        bench.decide("go", .continue, by: "ada", modifications: ["x": 1, "y": 1])
        #expect(bench.said == ["approval.decided"])
        #expect(bench.status("go") == .awaitingApproval)
        bench.decide("go", .continue, by: "ada")
        #expect(bench.refusal?.hasPrefix("already_decided: ada has said continue: 1 of 2; allowed: ") == true)
        try bench.checkRebuilding()
        bench.decide("go", .continue, by: "bob", modifications: ["y": .null, "z": 2])
        #expect(bench.status("go") == .succeeded)
        #expect(bench["go"].output?["approvers"] == ["ada", "bob"])
        bench.dispatch("a")
        #expect(bench.order("a")?.input == ["x": 1, "z": 2])
        try bench.checkRebuilding()
        var other = try Bench("tasks: { go: { approval: { by: [deployer], quorum: 3 } } }")
        other.decide("go", .continue, by: "ada")
        other.decide("go", .abort, by: "bob")
        #expect(other.state.status == .failed, "one who refuses is enough")
    }

    @Test func `is not decided by others, nor late, nor twice, nor where there is none`() throws {
        var bench = try asked()
        let before = bench.history.count
        bench.decide("approve", .continue, by: "eve", roles: ["intern"])
        #expect(
            bench.refusal
                == "role_not_allowed: approve is decided by deployer or owner, and eve is neither; allowed: a decision by somebody who is"
        )
        bench.decide("plan", .continue)
        #expect(
            bench.refusal
                == "not_applicable: the skill plan is succeeded, so nobody can decide it; allowed: retry")
        bench.decide("merge", .continue)
        #expect(bench.refusal?.hasSuffix("allowed: cancel, skip") == true)
        bench.decide("nowhere", .continue)
        #expect(bench.refusal?.hasPrefix("unknown_task: there is no task nowhere; there is plan, approve") == true)
        bench.wait(3600)
        bench.decide("approve", .continue)
        #expect(bench.refusal?.hasPrefix("expired: ") == true)
        #expect(bench.history.count == before, "what is refused is not history")
        #expect(bench.decision.refusal?.isCourtesy == true)
        var other = try asked()
        other.decide("approve", .continue)
        other.decide("approve", .abort)
        #expect(other.refusal?.hasPrefix("not_applicable: the approval approve is succeeded") == true)
    }

    @Test func `expires`() throws {
        var bench = try asked()
        bench.wait(3599)
        bench.wake("approve")
        #expect(bench.said == [])
        bench.wait(1)
        bench.wake("approve")
        #expect(bench["approve"].error?.code == "approval_expired" && bench.state.status == .failed)
        try bench.checkRebuilding()
    }

    @Test func `is asked for each element of a list`() throws {
        var bench = try Bench(
            "tasks: { go: { approval: { of: '${{ item }}', by: deployer }, forEach: [a, b] }, z: { skill: d1.a, needs: go } }"
        )
        #expect(bench.said.filter { $0 == "approval.requested" }.count == 2)
        bench.decide("go", .continue)
        #expect(bench.refusal?.hasPrefix("not_applicable: ") == true)
        bench.decide("go.0", .continue, modifications: ["x": 1])
        bench.decide("go.1", .continue, modifications: ["y": 2])
        bench.dispatch("z")
        #expect(bench.order("z")?.input == ["x": 1, "y": 2])
        try bench.checkRebuilding()
    }
}
