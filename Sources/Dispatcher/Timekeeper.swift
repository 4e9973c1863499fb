import AMQP
import Contracts
import Engine
import Logging
import Relay
import ServiceLifecycle
import Store

/// Publishes what is due as `task.wake` and `workflow.wake`: inputs like any other, to whichever dispatcher owns the
/// workflow by then. A late or doubled one changes nothing.
struct Timekeeper: Service {
    let dispatcher: Dispatcher
    let publisher: Publisher
    let source: String
    let logger: Logger

    func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                let now = await dispatcher.now
                let due = dispatcher.wakes.takeDue(at: now)
                if !due.isEmpty {
                    await publisher.wake(due, source: source, now: now, logger: logger)
                    continue
                }
                let next = dispatcher.wakes.next(after: now)
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { try? await Task.sleep(for: next - now) }
                    group.addTask { await dispatcher.wakes.waitForEarlier(than: next) }
                    await group.next()
                    group.cancelAll()
                }
            }
        }
    }
}

/// Finds what is overdue because the dispatcher that had it in mind is gone, and learns how much the executors can take.
struct Sweeper: Service {
    let dispatcher: Dispatcher
    let publisher: Publisher
    let store: Store
    let source: String
    let logger: Logger
    private let every = Duration.seconds(5)

    init(dispatcher: Dispatcher, publisher: Publisher, store: Store, source: String, logger: Logger) {
        self.dispatcher = dispatcher
        self.publisher = publisher
        self.store = store
        self.source = source
        self.logger = logger
    }

    func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await measure()
                    await dispatcher.look()
                    try await sweep()
                    try await dispatcher.sweepSlots()
                } catch {
                    logger.info("The sweep is put off", metadata: ["error": "\(error)"])
                }
                try await Task.sleep(for: every)
            }
        }
    }

    private func sweep() async throws {
        let overdue = try await store.sweepOverdue()
        guard !overdue.isEmpty else { return }
        logger.info("Found what was overdue", metadata: ["count": "\(overdue.count)"])
        let subjects = overdue.map { wake in
            WakeHeap.Subject(
                workflow: WorkflowID(unchecked: wake.workflowID), task: wake.taskID.map { TaskID(unchecked: $0) },
                attempt: wake.attempt ?? 0)
        }
        await publisher.wake(subjects, source: source, now: await dispatcher.now, logger: logger)
    }

    /// A window is about twice this dispatcher's share of what the live executors run at once.
    private func measure() async throws {
        let dispatchers = max(1, try await store.liveReplicas(.dispatcher).count)
        var room: [DomainName: Int] = [:]
        for executor in try await store.liveExecutors() {
            guard let domain = DomainName(executor.domain) else { continue }
            room[domain, default: 0] += executor.concurrency
        }
        await dispatcher.setRoom(room.mapValues { ($0 * 2 + dispatchers - 1) / dispatchers })
    }
}

extension Publisher {
    /// Says that something is due. What is not confirmed is found again by a sweep.
    fileprivate nonisolated func wake(
        _ subjects: [WakeHeap.Subject], source: String, now: Timestamp, logger: Logger
    ) async {
        let messages = subjects.compactMap { subject -> Message? in
            func message(_ body: some RoutedBody) -> Message? {
                let envelope = Envelope(of: body, id: .random(at: now), source: source, time: now)
                return (try? body.encoded()).map { Message(envelope.message(to: body.route, body: $0)) }
            }
            guard let task = subject.task else { return message(WorkflowWake(workflowID: subject.workflow)) }
            return message(TaskWake(workflowID: subject.workflow, taskID: task, attempt: subject.attempt))
        }
        let unconfirmed = await publish(messages).filter { $0 != .confirmed }.count
        if unconfirmed > 0 {
            logger.warning(
                "Wake-ups were not confirmed: a sweep will repeat them", metadata: ["count": "\(unconfirmed)"])
        }
    }
}
