import Contracts
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A route` {
    let payments = DomainName("payments")!
    let ledger = SkillID("ledger.summary")!

    @Test func `of a task names its domain and its skill`() {
        let route = Route.task(.taskCompleted, domain: payments, skill: ledger)
        #expect(route == Route(exchange: .task, key: "task.completed.payments.ledger.summary"))
        #expect(RoutingKey(route.key)?.type == .taskCompleted)
        #expect(RoutingKey(route.key)?.domain == payments && RoutingKey(route.key)?.skill == ledger)
    }

    @Test func `of a task that no executor runs has neither`() {
        #expect(Route.task(.taskSkipped, domain: nil, skill: nil).key == "task.skipped")
        #expect(RoutingKey("task.skipped")?.domain == nil)
    }

    @Test func `of a revision names its pane and its status`() {
        #expect(Route.progress(.onTime, .succeeded).key == "workflow.progress.on_time.succeeded")
        #expect(RoutingKey("workflow.progress.on_time.succeeded")?.type == .workflowProgress)
    }

    @Test func `of an answer leads only to queues for answers`() {
        #expect(Route.reply(to: "reply.4711")?.key == "reply.4711")
        #expect(Route.reply(to: "amq.rabbitmq.reply-to.g1h2AA") != nil)
        #expect(Route.reply(to: "planner") == nil && Route.reply(to: "") == nil)
        #expect(Route.reply(to: "reply." + String(repeating: "x", count: 255)) == nil)
    }

    @Test(arguments: ["", "task", "task.nonsense.a", "task.started.", "task.started.A.b", "task.started.a.", "…"])
    func `is not made of another key`(key: String) {
        #expect(RoutingKey(key) == nil)
    }
}
