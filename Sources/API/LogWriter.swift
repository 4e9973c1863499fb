package import AMQP
import Contracts
import Handover
import JSON
package import Logging
package import Postgres
import Relay
package import ServiceLifecycle
import Store

/// Keeps what tasks say, batch by batch, for whoever asks later.
package enum LogWriterProcess {
    package static func services(broker: AMQPSettings, database: PostgresSettings, logger: Logger) -> [any Service] {
        let store = Store(PostgresPool(database, limit: 2, logger: logger))
        return [
            Relay(
                queue: QueueName.logs, consumer: Consumer(broker, prefetch: 500, logger: logger),
                publisher: Publisher(broker, logger: logger), handler: LogWriter(store: store),
                pace: .milliseconds(100), logger: logger
            ) { try await store.database.check() }
        ]
    }
}

/// Writes each `task.log` down once, under its message's id.
struct LogWriter: MessageHandler {
    let store: Store

    func handle(_ batch: [Received]) async throws(HandlingFailure) -> [Received.ID: Outcome<WireMessage>] {
        var outcomes: [Received.ID: Outcome<WireMessage>] = [:]
        var rows: [LogRow] = []
        for received in batch {
            do throws(ContractViolation) {
                let message = try InboundMessage.decode(received.message)
                guard case .taskLog(let log) = message.body else {
                    throw ContractViolation(.unknownType, "the log writer takes `task.log` only")
                }
                rows.append(LogRow(log, message.envelope))
                outcomes[received.id] = .done([])
            } catch {
                outcomes[received.id] = .deadLetter(
                    Reason(code: error.code.rawValue, pointer: error.pointer.text, message: error.message))
            }
        }
        do {
            try await store.write(rows)
        } catch let error as PostgresError where !error.isOutage && !error.isRetriable {
            throw .refused(Reason(code: "not_written", message: error.description))
        } catch {
            throw .unavailable
        }
        return outcomes
    }
}

extension LogRow {
    fileprivate init(_ log: TaskLog, _ envelope: Envelope) {
        let lines = (try? JSONValueEncoder().encode(log.lines)) ?? []
        let at = log.lines.first?.at ?? envelope.time ?? Timestamp(milliseconds: 0)
        self.init(
            workflowID: log.workflowID.text, taskID: log.taskID.text, attempt: log.attempt, id: envelope.id.text,
            recordedAt: at.milliseconds, lines: lines)
    }
}
