import AMQP
import Contracts
package import Logging
package import Relay
import ServiceLifecycle

/// Makes revisions when they are due, and sends them until the broker has them.
package struct RevisionSender: Service {
    let desk: GatherDesk
    let publisher: any MessagePublisher
    let logger: Logger

    package init(desk: GatherDesk, publisher: any MessagePublisher, logger: Logger) {
        self.desk = desk
        self.publisher = publisher
        self.logger = logger
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            var again: Timestamp?
            while !Task.isCancelled {
                await desk.waitUntilDue(or: again)
                let isLate = again.map { $0 <= desk.clock() } ?? false
                let isDone = await round(isLate: isLate)
                if isDone { again = nil } else if isLate || again == nil { again = desk.clock() + .seconds(1) }
            }
        }
        // What is still dirty is better said now than by a sweep later.
        await round(isLate: true, isLast: true)
    }

    /// - Parameter isLate: what the broker has is to be written down now; as a rule that goes along with later revisions,
    ///   for a sweep looks only at what is older than some seconds.
    /// - Returns: whether nothing is left over.
    @discardableResult
    package func round(isLate: Bool, isLast: Bool = false) async -> Bool {
        do {
            try await desk.makeRevisions(isLast: isLast)
            let sent = await desk.takeUnsent()
            if !sent.isEmpty {
                let confirmations = await publisher.publish(sent.map { Message($0.message) })
                let confirmed = confirmations.map { if case .confirmed = $0 { true } else { false } }
                await desk.settle(sent, confirmed: confirmed)
                if confirmed.contains(false) {
                    logger.warning("Revisions were not confirmed", metadata: ["count": "\(confirmed.count { !$0 })"])
                }
            }
            if isLate { try await desk.recordConfirmed() }
            return await desk.outbox.isEmpty
        } catch {
            logger.warning("Revisions wait", metadata: ["error": "\(error)"])
            return false
        }
    }
}
