import AMQP
package import Contracts
import Engine
package import Logging
package import Relay
import ServiceLifecycle
import Store

/// Publishes what is due as `task.wake` and `workflow.wake`: inputs like any other, to whichever dispatcher owns the
/// workflow by then. A late or doubled one changes nothing.
package struct Timekeeper: Service {
    let dispatcher: Dispatcher
    let wakeups: WakeupPublisher

    package init(dispatcher: Dispatcher, wakeups: WakeupPublisher) {
        self.dispatcher = dispatcher
        self.wakeups = wakeups
    }

    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                if await publishDue() { continue }
                let now = await dispatcher.now
                let next = await nextDue()
                await withTaskGroup(of: Void.self) { group in
                    group.addTask { try? await Task.sleep(for: next - now) }
                    group.addTask { await dispatcher.wakes.waitForEarlier(than: next) }
                    await group.next()
                    group.cancelAll()
                }
            }
        }
    }

    /// When something is due next, or is to be looked at again.
    package func nextDue() async -> Timestamp { dispatcher.wakes.next(after: await dispatcher.now) }

    /// - Returns: whether anything was due.
    package func publishDue() async -> Bool {
        let now = await dispatcher.now
        let due = dispatcher.wakes.takeDue(at: now)
        await wakeups.publish(due, now: now)
        return !due.isEmpty
    }
}

/// Finds what is overdue because the dispatcher that had it in mind is gone, and learns how much the executors can take.
package struct Sweeper: Service {
    let dispatcher: Dispatcher
    let store: any DispatcherStore
    let wakeups: WakeupPublisher
    let logger: Logger
    private let every = Duration.seconds(5)

    package init(dispatcher: Dispatcher, store: any DispatcherStore, wakeups: WakeupPublisher, logger: Logger) {
        self.dispatcher = dispatcher
        self.store = store
        self.wakeups = wakeups
        self.logger = logger
    }

    package func run() async throws {
        try? await cancelWhenGracefulShutdown {
            while !Task.isCancelled {
                do {
                    try await turn()
                } catch {
                    logger.info("The sweep is put off", metadata: ["error": "\(error)"])
                }
                try await Task.sleep(for: every)
            }
        }
    }

    package func turn() async throws {
        try await measure()
        await dispatcher.look()
        try await sweep()
        try await dispatcher.sweepSlots()
    }

    /// Wakes the workflows that would be looked at soon: who had them in mind may be gone, and their tasks that wait for
    /// room in a window have no rows by which another would find them.
    package func takeOver() async {
        do {
            let due = try await store.workflowsDue(within: Dispatcher.windowPatience, limit: 1000)
            let subjects = due.map { WakeHeap.Subject(workflow: WorkflowID(unchecked: $0), task: nil, attempt: 0) }
            await wakeups.publish(subjects, now: await dispatcher.now)
        } catch {
            logger.info("What was taken over waits for its time", metadata: ["error": "\(error)"])
        }
    }

    private func sweep() async throws {
        let overdue = try await store.sweepOverdue(by: .seconds(2), pause: .seconds(30), limit: 1000)
        guard !overdue.isEmpty else { return }
        logger.info("Found what was overdue", metadata: ["count": "\(overdue.count)"])
        let subjects = overdue.map { wake in
            WakeHeap.Subject(
                workflow: WorkflowID(unchecked: wake.workflowID), task: wake.taskID.map { TaskID(unchecked: $0) },
                attempt: wake.attempt ?? 0)
        }
        await wakeups.publish(subjects, now: await dispatcher.now)
    }

    /// A window is about twice this dispatcher's share of what the live executors run at once.
    private func measure() async throws {
        let dispatchers = max(1, try await store.liveReplicas(.dispatcher, patience: .seconds(15)).count)
        var room: [DomainName: Int] = [:]
        for executor in try await store.liveExecutors(patience: .seconds(45)) {
            guard let domain = DomainName(executor.domain) else { continue }
            room[domain, default: 0] += executor.concurrency
        }
        await dispatcher.setRoom(room.mapValues { ($0 * 2 + dispatchers - 1) / dispatchers })
    }
}

/// Says that something is due. What is not confirmed is found again by a sweep.
package struct WakeupPublisher: Sendable {
    let publisher: any MessagePublisher
    let source: String
    let logger: Logger
    private let makeID: @Sendable (Timestamp) -> MessageID

    /// - Parameter makeID: an id that no other message has.
    package init(
        publisher: any MessagePublisher, source: String, logger: Logger,
        makeID: @escaping @Sendable (Timestamp) -> MessageID = { .random(at: $0) }
    ) {
        self.publisher = publisher
        self.source = source
        self.logger = logger
        self.makeID = makeID
    }

    func publish(_ subjects: [WakeHeap.Subject], now: Timestamp) async {
        guard !subjects.isEmpty else { return }
        let messages = subjects.compactMap { subject -> Message? in
            guard let task = subject.task else { return message(WorkflowWake(workflowID: subject.workflow), now) }
            return message(TaskWake(workflowID: subject.workflow, taskID: task, attempt: subject.attempt), now)
        }
        let unconfirmed = await publisher.publish(messages).filter { $0 != .confirmed }.count
        if unconfirmed > 0 {
            logger.warning(
                "Wake-ups were not confirmed: a sweep will repeat them", metadata: ["count": "\(unconfirmed)"])
        }
    }

    private func message(_ body: some RoutedBody, _ now: Timestamp) -> Message? {
        let envelope = Envelope(of: body, id: makeID(now), source: source, time: now)
        return (try? body.encoded()).map { Message(envelope.message(to: body.route, body: $0)) }
    }
}
