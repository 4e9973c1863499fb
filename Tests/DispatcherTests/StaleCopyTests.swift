import AMQP
import Contracts
import Engine
import Foundation
import Handover
import IOThread
import JSON
import Logging
import Relay
import Store
import TestSupport
import Testing

@testable import Dispatcher

/// A broker that takes everything.
private final class Heard: MessagePublisher, Sendable {
    private let messages = Locked<[Message]>([])

    var keys: [String] { messages.withLock { $0.map(\.routingKey) } }
    var workflows: [String?] { messages.withLock { $0.map(\.properties.correlationID) } }

    func publish(_ messages: [Message]) async -> [AMQP.Confirmation] {
        self.messages.withLock { $0 += messages }
        return messages.map { _ in .confirmed }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A dispatcher whose memory is behind` {
    private let domain = DomainName(unchecked: "payments")
    private let skill = SkillID(unchecked: "payments.work")

    @Test func `sends an order that another has written down and not sent`() async throws {
        try await withStore { store in
            let (first, second) = (dispatcher(1, store), dispatcher(2, store))
            // One workflow takes all the room that there is; the other waits, in the memory of both.
            let messages = [try created("full", tasks: OrderWindow.least), try created("late", tasks: 1)]
            let orders = orders(in: try await handOver(messages, to: first))
            #expect(orders.count == OrderWindow.least)
            #expect(Set(self.orders(in: try await handOver(messages, to: second))) == Set(orders))

            let end = try completed("t0", of: "full")
            let late = self.orders(in: try await handOver([end], to: first))
            #expect(late.count == 1 && !orders.contains(late[0]))

            // The first dies before it has sent it, and the message that made room comes to the second.
            let outcomes = try await handOver([end], to: second)
            #expect(self.orders(in: outcomes) == late)
        }
    }

    @Test func `sends an order of a workflow that the message which made room does not speak of`() async throws {
        try await withStore { store in
            let (first, second) = (dispatcher(1, store), dispatcher(2, store))
            let messages = [try created("full", tasks: OrderWindow.least), try created("late", tasks: 1)]
            _ = try await first.handle(messages)
            _ = try await first.handle([try started("t1", of: "full")])

            // A heartbeat is in no history, so a copy of it would not be known for the order's cause.
            let batch = [try heartbeat("t1", of: "full"), try completed("t0", of: "full")]
            let late = orders(in: try await first.handle(batch))
            #expect(late.count == 1)

            // The first dies before it has sent the order, and both messages come to the second.
            var outcomes = try await second.handle(batch)
            let again = batch.filter { outcomes[$0.id] == nil }
            if !again.isEmpty { outcomes.merge(try await second.handle(again)) { $1 } }
            #expect(orders(in: outcomes) == late)
        }
    }

    @Test func `sends an order that another has written down also when it has to read the order's workflow anew`()
        async throws
    {
        try await withStore { store in
            let (first, second) = (dispatcher(1, store), dispatcher(2, store))
            let (full, late) = (try created("full", tasks: OrderWindow.least), try created("late", tasks: 1))
            _ = try await first.handle([full])
            _ = try await second.handle([full])
            _ = try await first.handle([late])
            let end = try completed("t0", of: "full")
            let order = orders(in: try await first.handle([end]))
            #expect(order.count == 1)

            // The first dies before it has sent it. To the second the other workflow is new: its commit writes nothing of
            // that, and what the end of a task of the one has caused in the other is to be said all the same.
            var outcomes = try await second.handle([end, late])
            let again = [end, late].filter { outcomes[$0.id] == nil }
            if !again.isEmpty { outcomes.merge(try await second.handle(again)) { $1 } }
            #expect(orders(in: outcomes) == order)
        }
    }

    @Test func `wakes what waits for room in the memory of one that is gone`() async throws {
        try await withStore { store in
            let (first, second) = (dispatcher(1, store), dispatcher(2, store))
            _ = try await first.handle([
                try created("full", tasks: OrderWindow.least), try created("late", tasks: 1),
            ])
            let heard = Heard()
            let logger = Logger(label: "sweeper")
            let wakeups = WakeupPublisher(publisher: heard, source: "/dispatcher/2", logger: logger)
            let sweeper = Sweeper(dispatcher: second, store: store, wakeups: wakeups, logger: logger)
            try await sweeper.turn()
            #expect(heard.keys.isEmpty)
            await sweeper.takeOver()
            #expect(heard.keys == ["workflow.wake"])
            #expect(heard.workflows == [id("late").text])
        }
    }

    @Test func `finds room again when the orders in its mind have ended elsewhere`() async throws {
        try await withStore { store in
            let (first, second) = (dispatcher(1, store), dispatcher(2, store))
            let full = try created("full", tasks: OrderWindow.least)
            _ = try await handOver([full], to: first)
            _ = try await handOver([full], to: second)
            _ = try await handOver((0..<OrderWindow.least).map { try completed("t\($0)", of: "full") }, to: first)

            let next = try created("next", tasks: 1)
            #expect(orders(in: try await handOver([next], to: second)).isEmpty)
            for _ in 0..<2 { await second.look() }
            #expect(orders(in: try await handOver([next], to: second)).count == 1)
        }
    }

    @Test func `says once more what came of an order that the broker gave up`() async throws {
        try await withStore { store in
            let dispatcher = dispatcher(1, store)
            var order = try #require(said(try await handOver([try created("poison", tasks: 1)], to: dispatcher)).first)
            order.exchange = Exchange.deadLetter.rawValue
            let returned = Received(id: 7, queue: "dispatcher.0", message: order)
            let first = said(try await handOver([returned], to: dispatcher)).map(\.messageID)
            #expect(first.count == 2)  // that the attempt has failed, and that there will be another
            #expect(said(try await handOver([returned], to: dispatcher)).map(\.messageID) == first)
        }
    }

    @Test func `says what another has written down of an order that it has not heard of`() async throws {
        try await withStore { store in
            let (first, second) = (dispatcher(1, store), dispatcher(2, store))
            let created = try created("chain", tasks: 2, isChain: true)
            _ = try await handOver([created], to: first)
            _ = try await handOver([created], to: second)
            let events = said(try await handOver([try completed("t0", of: "chain")], to: first))
            var order = try #require(events.first { $0.type == MessageType.taskDispatched.rawValue })
            order.exchange = Exchange.deadLetter.rawValue
            let returned = Received(id: 7, queue: "dispatcher.0", message: order)
            let unsent = said(try await handOver([returned], to: first)).map(\.messageID)
            #expect(unsent.count == 2)

            // The first dies before it has sent any of it.
            let outcomes = try await handOver([returned], to: second)
            // Perhaps with the next order, which may be due at once.
            #expect(Set(unsent).isSubset(of: said(outcomes).map(\.messageID)))
        }
    }

    @Test func `knows the end of a list that another has written down`() async throws {
        try await withStore { store in
            let (first, second) = (dispatcher(1, store), dispatcher(2, store))
            let list = try created("list", tasks: 1, forEach: ["a"])
            _ = try await handOver([list], to: first)
            _ = try await handOver([list], to: second)
            let events = said(try await handOver([try completed("t0.0", of: "list")], to: first))
            let end = try #require(events.first { $0.type == MessageType.taskCompleted.rawValue })

            let received = Received(id: 7, queue: "dispatcher.0", message: end)
            let outcomes = try await handOver([received], to: second)
            guard case .done? = outcomes[7] else { return #expect(Bool(false), "\(outcomes)") }
        }
    }

    /// As a relay does: what has no outcome yet is handled again.
    private func handOver(
        _ messages: [Received], to dispatcher: Dispatcher
    ) async throws -> [Received.ID: Outcome<WireMessage>] {
        var outcomes: [Received.ID: Outcome<WireMessage>] = [:]
        for _ in 0..<3 {
            let open = messages.filter { outcomes[$0.id] == nil }
            guard !open.isEmpty else { break }
            outcomes.merge(try await dispatcher.handle(open)) { $1 }
        }
        return outcomes
    }

    private func said(_ outcomes: [Received.ID: Outcome<WireMessage>]) -> [WireMessage] {
        outcomes.values.flatMap { outcome -> [WireMessage] in
            guard case .done(let messages) = outcome else { return [] }
            return messages.map(\.message)
        }
    }

    private func dispatcher(_ number: Int, _ store: Store) -> Dispatcher {
        Dispatcher(
            store: store, source: "/dispatcher/\(number)",
            logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() }
        ) { Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
    }

    /// The ids of the orders that are to be sent.
    private func orders(in outcomes: [Received.ID: Outcome<WireMessage>]) -> [String] {
        outcomes.values.flatMap { outcome -> [String] in
            guard case .done(let messages) = outcome else { return [] }
            return messages.map(\.message).filter { $0.type == MessageType.taskDispatched.rawValue }.compactMap(
                \.messageID)
        }
    }

    private func id(_ name: String) -> WorkflowID {
        WorkflowID(workspace: Workspace(unchecked: "default"), requestID: RequestID(unchecked: name))
    }

    private func created(_ name: String, tasks: Int, forEach: JSONValue? = nil, isChain: Bool = false) throws
        -> Received
    {
        let catalog = SkillCatalog([Skill(id: skill, domain: domain)], domains: [domain])
        let plan = JSONObject(
            (0..<tasks).map { number in
                var task = JSONObject([("skill", .string(skill.text))])
                task["forEach"] = forEach
                if isChain, number > 0 { task["needs"] = .string("t\(number - 1)") }
                return ("t\(number)", .object(task))
            })
        let definition = try Definition.read(["tasks": .object(plan)], catalog: catalog, isNamed: false) { _, _ in [] }
        let body = WorkflowCreated(
            workflowID: id(name), requestID: RequestID(unchecked: name), workspace: Workspace(unchecked: "default"),
            requestDigest: String(repeating: "0", count: 64), name: name, version: 0, plan: definition.plan.json,
            input: [:], actor: Actor(id: "ada"))
        return try received(body, body.route)
    }

    private func completed(_ task: String, of name: String) throws -> Received {
        let body = TaskCompleted(
            workflowID: id(name), taskID: TaskID(unchecked: task), attempt: 1, executor: ExecutorID(unchecked: "e1"),
            delivery: 0, output: [:], artifacts: [])
        return try received(body, .task(.taskCompleted, domain: domain, skill: skill))
    }

    private func started(_ task: String, of name: String) throws -> Received {
        let body = TaskStarted(
            workflowID: id(name), taskID: TaskID(unchecked: task), attempt: 1, executor: ExecutorID(unchecked: "e1"),
            delivery: 0)
        return try received(body, .task(.taskStarted, domain: domain, skill: skill))
    }

    private func heartbeat(_ task: String, of name: String) throws -> Received {
        let body = TaskHeartbeat(
            workflowID: id(name), taskID: TaskID(unchecked: task), attempt: 1, executor: ExecutorID(unchecked: "e1"),
            delivery: 0)
        return try received(body, .task(.taskHeartbeat, domain: domain, skill: skill))
    }

    private func received(_ body: some WorkflowBody, _ route: Route) throws -> Received {
        let now = Timestamp(milliseconds: Int64(Date().timeIntervalSince1970 * 1000))
        let envelope = Envelope(of: body, id: .random(at: now), source: "/tests", time: now)
        return Received(
            id: .random(in: 0 ... .max), queue: "dispatcher.0",
            message: envelope.message(to: route, body: try body.encoded()))
    }
}
