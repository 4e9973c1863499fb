import JSON
import Postgres
import TestSupport
import Testing

@testable import Store

@Suite(.timeLimit(.minutes(1)))
struct `What people decide` {
    private func asked(_ id: String, attempt: Int = 1) -> ApprovalRow {
        ApprovalRow(
            workflowID: id, taskID: "approve", attempt: attempt, asked: ["by": ["boss"]], askedAt: monday,
            expiresAt: monday + 1000)
    }

    private func rows(_ store: Store, _ sql: String) async throws -> [String] {
        try await store.database.query(Statement(sql, sql)).map { try $0[0] }
    }

    @Test func `is written with the workflow's commit, or not at all`() async throws {
        try await withStore { store in
            _ = try await store.commit(Changes(workflows: [workflow("w")]))
            _ = try await store.commit(Changes(workflows: [workflow("w", after: 1)], approvals: [asked("w")]))
            var decided = asked("w")
            (decided.decision, decided.decidedBy, decided.decidedAt) = ("continue", "ada", monday + 5)
            (decided.modifications, decided.closedAt) = (["x": 1], monday + 5)
            let audit = AuditRow(
                workflowID: "w", actor: "ada", action: "approval.decided", subject: "w/approve",
                details: ["decision": "continue"])
            let stale = try await store.commit(
                Changes(workflows: [workflow("w", after: 1)], approvals: [decided], audits: [audit]))
            #expect(stale.lost == ["w"])
            let open = "SELECT task_id || ' ' || coalesce(decision, 'open') FROM baton.approvals ORDER BY attempt"
            #expect(try await rows(store, open) == ["approve open"])
            #expect(try await rows(store, "SELECT action FROM baton.audit") == [])
            _ = try await store.commit(
                Changes(
                    workflows: [workflow("w", after: 2)], approvals: [decided, asked("w", attempt: 2)],
                    audits: [audit]))
            #expect(try await rows(store, open) == ["approve continue", "approve open"])
            let line = "SELECT workspace || ' ' || actor || ' ' || action || ' ' || subject FROM baton.audit"
            #expect(try await rows(store, line) == ["\(workflow("w").workspace) ada approval.decided w/approve"])
        }
    }

    @Test func `is on record also when it came with the workflow itself`() async throws {
        try await withStore { store in
            let audit = AuditRow(workflowID: "w", actor: "ada", action: "control.cancel", subject: "w", details: nil)
            _ = try await store.commit(Changes(workflows: [workflow("w")], audits: [audit]))
            #expect(try await rows(store, "SELECT action FROM baton.audit") == ["control.cancel"])
            // And not when another has made it first.
            _ = try await store.commit(Changes(workflows: [workflow("w")], audits: [audit]))
            #expect(try await rows(store, "SELECT action FROM baton.audit") == ["control.cancel"])
        }
    }

    @Test func `may change the input of a workflow that goes on, and nothing else that is for once`() async throws {
        try await withStore { store in
            var first = workflow("w")
            (first.input, first.concurrencyKey) = (["n": 1], "k")
            _ = try await store.commit(Changes(workflows: [first]))
            var same = workflow("w", after: 1)
            (same.input, same.concurrencyKey) = (nil, nil)
            _ = try await store.commit(Changes(workflows: [same]))
            let kept = try await store.load(["w"]).workflows["w"]?.row
            #expect(kept?.input == ["n": 1] && kept?.concurrencyKey == "k")
            var again = workflow("w", after: 2)
            (again.input, again.concurrencyKey) = (["n": 2], "l")
            _ = try await store.commit(Changes(workflows: [again]))
            let changed = try await store.load(["w"]).workflows["w"]?.row
            #expect(changed?.input == ["n": 2] && changed?.concurrencyKey == "l")
        }
    }
}
