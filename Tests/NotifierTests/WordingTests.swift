import Contracts
import JSON
import Testing

@testable import Notifier

@Suite(.timeLimit(.minutes(1)))
struct `A revision in words` {
    @Test func `names both sides of a conflict, their domains and the score`() {
        let conflict: JSONValue = [
            "score": 0.780759,
            "candidates": [
                ["value": "active", "confidence": 0.835341, "domains": ["data-read", "payments"]],
                ["value": "closed", "confidence": 0.133374, "domains": ["profile-integrity"], "excluded": true],
            ], "tie": true,
        ]
        #expect(
            Wording.conflict("/status", conflict)
                == "/status: active 0.835 (data-read, payments); closed 0.133 (profile-integrity, excluded); "
                + "conflict 0.781, a tie")
    }

    @Test func `stays within Slack's limits whatever it holds`() {
        let many = JSONValue.object(
            JSONObject((0..<200).map { ("finding \($0)", .string(String(repeating: "<&>", count: 900))) }))
        let report = WorkflowReport(
            id: "wf-1", name: String(repeating: "long ", count: 100), status: "running", progress: nil,
            view: ["result": many, "conflicts": [:]],
            domains: (0..<70).map { WorkflowReport.Domain(name: "domain-\($0)", total: 3) })
        let message = SlackMessage(report)
        #expect(message.blocks.count <= 50)
        for block in message.blocks {
            #expect((block["text"]?["text"]?.string?.count ?? 0) <= 3000)
            #expect((block["fields"]?.array?.count ?? 0) <= 10)
        }
    }

    @Test func `is not paced before the limit and waits for the first call to be a minute old after it`() {
        var pace = SlackPace(limit: 2, span: .seconds(60))
        let start = ContinuousClock.now
        #expect(pace.wait(now: start) == .zero)
        pace.called(at: start)
        pace.called(at: start + .seconds(10))
        #expect(pace.wait(now: start + .seconds(20)) == .seconds(40))
        #expect(pace.wait(now: start + .seconds(60)) == .zero)
    }
}
