import Contracts
import Engine
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A gate` {
    private func gated(_ gate: String, more: String = "", output: JSONValue = [:]) throws -> Bench {
        var bench = try Bench(
            "tasks: { a: { skill: d1.a }, g: { gate: \(gate), needs: a\(more) }, z: { skill: d2.a, needs: g } }")
        bench.dispatch("a")
        let artifacts = [
            ArtifactRecord(
                name: ArtifactName("prd.md")!, kind: .document, sections: ["Goals", "Risks and limits", "Plan"]),
            ArtifactRecord(name: ArtifactName("build-7.tgz")!, kind: .file),
            ArtifactRecord(name: ArtifactName("preview")!, kind: .url), ArtifactRecord(name: ArtifactName("figures")!),
        ]
        bench.take(
            .completed(
                TaskCompleted(
                    workflowID: bench.id, taskID: TaskID("a")!, attempt: 1, executor: ExecutorID("e1")!, delivery: 0,
                    output: output, artifacts: artifacts)), domain: "d1")
        return bench
    }

    @Test(arguments: [
        "{ file_exists: { name: '*.tgz' } }", "{ file_exists: {} }", "{ file_exists: { task: a, name: 'build-*' } }",
        "{ artifact_exists: { kind: url, name: preview } }", "{ artifact_exists: { kind: data } }",
        "{ content_check: { name: prd.md, sections: [goals, 'Risks and Limits'] } }",
        "{ content_check: { text: '${{ tasks.a.output.text }}', sections: [One, Two] } }",
        "{ metric_threshold: { value: '${{ tasks.a.output.score }}', threshold: 70 } }",
        "{ metric_threshold: { value: '${{ tasks.a.output.score }}', operator: '<', threshold: 70.51 } }",
        "{ metric_threshold: { value: '${{ tasks.a.output.score }}', operator: '==', threshold: 70.50 } }",
        "{ expression: 'tasks.a.output.score > 70 && tasks.a.status == ''succeeded''' }",
        "[{ expression: 'true' }, { artifact_exists: { kind: pull_request }, required: false }]",
    ])
    func `holds, and what needs it goes on`(gate: String) throws {
        let text = "# One\\nwords\\n```\\n# no heading\\n```\\n## Two ##"
        let bench = try gated(gate, output: ["score": 70.5, "text": .string(text.replacing("\\n", with: "\n"))])
        #expect(bench.said == ["task.completed", "task.completed"], "\(bench["g"].error?.message ?? "")")
        #expect(bench.ready == ["z"])
        #expect(bench["g"].output?["checks"]?.array?.isEmpty == false)
        try bench.checkRebuilding()
    }

    @Test(arguments: [
        (
            "{ file_exists: { name: '*.zip' } }",
            "file_exists expected a file named *.zip, found a/prd.md, a/build-7.tgz, a/preview, a/figures"
        ),
        (
            "{ file_exists: { name: preview } }",
            "file_exists expected a file named preview, found a/prd.md, a/build-7.tgz, a/preview, a/figures"
        ),
        (
            "{ artifact_exists: { kind: pull_request }, message: open one }",
            "open one: artifact_exists expected a pull_request, found a/prd.md, a/build-7.tgz, a/preview, a/figures"
        ),
        (
            "{ content_check: { name: prd.md, sections: [Goals, Costs] } }",
            "content_check expected sections Goals, Costs, found prd.md without Costs"
        ),
        (
            "{ content_check: { name: figures, sections: [Goals] } }",
            "content_check expected sections Goals, found no document with sections: figures"
        ),
        (
            "{ content_check: { name: other, sections: [Goals] } }",
            "content_check expected sections Goals, found no artifact"
        ),
        (
            "{ metric_threshold: { value: '${{ tasks.a.output.score }}', operator: '>', threshold: 70.5 } }",
            "metric_threshold expected > 70.5, found 70.5"
        ),
        (
            "{ metric_threshold: { value: '${{ tasks.a.output.nothing }}', threshold: 1 } }",
            "metric_threshold expected a number >= 1, found null"
        ),
        ("{ expression: 'tasks.a.output.score > 71' }", "expression expected tasks.a.output.score > 71, found false"),
        (
            "[{ expression: 'false' }, { metric_threshold: { value: 1, threshold: 2 } }]",
            "expression expected false, found false; metric_threshold expected >= 2, found 1"
        ),
    ])
    func `that does not hold fails its task with what was expected and found`(gate: String, message: String) throws {
        let bench = try gated(gate, output: ["score": 70.5])
        #expect(bench["g"].error?.code == "gate_failed")
        #expect(bench["g"].error?.message == message)
        #expect(bench["g"].error?.details?["checks"]?.array?.first?["holds"] == false)
        #expect(bench.status("z") == .skipped && bench.state.status == .failed)
        try bench.checkRebuilding()
    }

    @Test func `that cannot be evaluated says where, and onFailure applies`() throws {
        var bench = try gated("{ expression: 'tasks.a.output.x.y' }", output: ["x": 1])
        #expect(bench["g"].error?.code == "expression_failed")
        #expect(bench["g"].error?.message.hasPrefix("/gate/0/expression, ") == true)
        bench = try gated("{ expression: 'false' }", more: ", onFailure: continue")
        #expect(bench.status("g") == .failed && bench.ready == ["z"])
    }

    @Test func `counts nothing in the coverage, unless it says so`() throws {
        let plan = try define(
            "tasks: { a: { skill: d1.a }, g: { gate: { expression: 'true' } }, w: { wait: 1s, weight: 2 } }"
        )
        .plan
        #expect(plan.tasks.map(\.weight) == [1, 0, 2])
    }
}
