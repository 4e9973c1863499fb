import AMQP
import JSON
import LocalServers
import Postgres

/// Sees workflows end: in the database, which is asked again and again, and on the broker, in a queue that misses nothing.
actor Witness {
    static let queue = "chaos-ends"

    /// What was said on the broker of a workflow's end.
    struct Told: Sendable {
        var ids: Set<String> = []
        var statuses: Set<String> = []
    }

    private(set) var told: [String: Told] = [:]
    private let world: World
    private let ledger: Ledger
    private let consumer: Consumer

    init(_ world: World, _ ledger: Ledger) throws {
        self.world = world
        self.ledger = ledger
        consumer = Consumer(try world.broker(DevState.administrator), logger: .silent)
    }

    func watch() async {
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.askDatabase() }
            group.addTask { await self.listen() }
        }
    }

    private func askDatabase() async {
        while !Task.isCancelled {
            let open = await ledger.unended
            if !open.isEmpty {
                let ended = try? await world.rows(
                    "SELECT id FROM baton.workflows WHERE id = ANY($1) AND status IN ('succeeded', 'failed', 'cancelled')",
                    [.texts(open)])
                for row in ended ?? [] { if let id = row["id"]?.string { await ledger.end(id) } }
            }
            try? await Task.sleep(for: .milliseconds(100))
        }
    }

    private func listen() async {
        while !Task.isCancelled {
            do { try await consumer.subscribe(.queue(Self.queue)) } catch {
                try? await Task.sleep(for: .seconds(1))
                continue
            }
            while !Task.isCancelled, let batch = try? await consumer.nextBatch() {
                for delivery in batch { note(delivery) }
                try? await consumer.ack(batch)
            }
        }
        await consumer.close()
    }

    private func note(_ delivery: Delivery) {
        guard let data = try? JSONReader.parse(delivery.body), let workflow = data["workflow_id"]?.string else {
            return
        }
        told[workflow, default: Told()].ids.insert(delivery.properties.messageID ?? "")
        told[workflow]?.statuses.insert(data["status"]?.string ?? "")
    }
}
