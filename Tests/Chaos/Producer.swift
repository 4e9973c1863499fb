import AMQP
import Contracts
import Foundation
import JSON
import Synchronization

/// Asks for workflows, each again and again until the broker has confirmed it, and keeps the ledger.
struct Producer: Sendable {
    private let publisher: Publisher
    private let ledger: Ledger
    private let series: String
    private let numbers = Counter()

    init(_ world: World, _ ledger: Ledger) throws {
        publisher = Publisher(try world.broker("producer"), logger: .silent)
        self.ledger = ledger
        series = String(UUID().uuidString.prefix(8))
    }

    /// Steady load, until the task is cancelled; it waits while the broker takes nothing.
    func load(_ rate: Double) async {
        await withDiscardingTaskGroup { requests in
            var next = ContinuousClock.now
            while !Task.isCancelled {
                if await ledger.unaccepted < 40 {
                    requests.addTask { _ = try? await ask(for: Shape.load[numbers.value % Shape.load.count]) }
                }
                next = max(next + .seconds(1 / rate), .now)
                try? await Task.sleep(until: next)
            }
        }
    }

    /// - Returns: the workflow's id, once its request is accepted.
    @discardableResult
    func ask(for shape: Shape) async throws -> String {
        let number = numbers.next()
        let entry = try await ledger.intend("\(shape.rawValue)-\(series)-\(number)", shape, number: number)
        let message = Self.message(for: entry)
        // Also when the load has ended meanwhile: the broker may have taken it already.
        await Task.detached { [publisher] in
            while await publisher.publish([message]) != [.confirmed] { try? await Task.sleep(for: .milliseconds(100)) }
        }.value
        try await ledger.accept(entry.workflow)
        return entry.workflow
    }

    /// Asks for several at once.
    func ask(for count: Int, _ shape: Shape) async throws -> [String] {
        try await withThrowingTaskGroup(of: String.self) { group in
            for _ in 0..<count { group.addTask { try await ask(for: shape) } }
            var all: [String] = []
            for try await one in group { all.append(one) }
            return all
        }
    }

    func close() async { await publisher.close() }

    private static func message(for entry: Ledger.Entry) -> Message {
        let body: JSONValue = [
            "request_id": .string(entry.request), "workspace": "default", "plan": entry.shape.plan(entry.number),
            "actor": ["id": "chaos", "roles": []],
        ]
        return message("workflow.requested", body.serialized(), id: UUID().uuidString.lowercased())
    }

    static func message(_ type: String, _ body: [UInt8], id: String) -> Message {
        Message(
            exchange: "workflow", routingKey: type,
            properties: MessageProperties(
                contentType: "application/json", messageID: id, type: type,
                headers: [
                    "ce-id": .string(id), "ce-type": .string(type), "ce-source": .string("/chaos"),
                    "ce-specversion": .string("1.0"),
                ]), body: body)
    }
}

final class Counter: Sendable {
    private let count = Atomic(0)
    var value: Int { count.load(ordering: .relaxed) }
    func next() -> Int { count.wrappingAdd(1, ordering: .relaxed).newValue }
}
