import AMQP
package import Contracts
package import Logging
import Relay
import ServiceLifecycle

/// Hears what the dispatchers say to all replicas of the domain: cancel, and go.
struct ControlListener: Service {
    let consumer: Consumer
    let register: RunRegister
    let domain: DomainName
    let executor: ExecutorID
    let logger: Logger

    func run() async throws {
        let task = Exchange.task.rawValue
        let queue = QueueName.control(domain, replica: executor)
        let bindings = [MessageType.taskCancel, .taskGo].map { (exchange: task, key: Route.domain($0, domain).key) }
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await consumer.subscribe(.exclusive(name: queue, bindings: bindings))
                    while true {
                        let batch = try await consumer.nextBatch()
                        for delivery in batch {
                            await register.take(WireMessage(delivery), as: executor, logger: logger)
                        }
                        try await consumer.ack(batch)
                    }
                } catch is CancellationError {
                    return
                } catch {
                    logger.warning("The control queue is not heard for now", metadata: ["error": "\(error)"])
                    try? await Task.sleep(for: .seconds(1))  // a backoff, not a poll
                }
            }
        }
        await consumer.close()
    }
}

extension RunRegister {
    /// Takes a word of a dispatcher to heart, if it is meant for this replica.
    package func take(_ wire: WireMessage, as executor: ExecutorID, logger: Logger) {
        guard let message = try? InboundMessage.decode(wire, validating: false) else { return }
        switch message.body {
        case .taskCancel(let body) where body.executor == nil || body.executor == executor:
            logger.info("A task is cancelled", metadata: ["workflow": "\(body.workflowID)", "task": "\(body.taskID)"])
            cancel(AttemptKey(workflow: body.workflowID, task: body.taskID, attempt: body.attempt))
        case .taskGo(let body) where body.executor == nil || body.executor == executor:
            go(AttemptKey(workflow: body.workflowID, task: body.taskID, attempt: body.attempt))
        default: break
        }
    }
}
