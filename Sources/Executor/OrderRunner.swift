import AMQP
import Contracts
import Handover
import JSON
import Logging
import Objects
import Relay
import ServiceLifecycle

/// Runs the orders of one domain, several at once: the broker's prefetch says how many.
///
/// An order is acked when the end of its run is confirmed. Until then the broker holds it for us: if this process
/// dies, another replica gets it at once, as the same attempt.
struct OrderRunner: Service {
    let consumer: Consumer
    let voice: Voice
    let register: RunRegister
    let objects: any ObjectStore
    let skills: [SkillID: RunnableSkill]
    let concurrency: Int
    /// An order that may run longer is acked as soon as its start is confirmed: from then on its lease holds it.
    let ackWithin: Duration
    /// How long runs may go on after the signal to stop; then they are handed back.
    let drainWithin: Duration
    let logger: Logger

    private static let beatEvery = Duration.seconds(15)

    func run() async throws {
        try await consumer.subscribe(.queue(QueueName.executor(voice.domain)))
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { runs in
                runs.addTask { await beat() }
                while let batch = await nextBatch() {
                    for delivery in batch { runs.addTask { await handle(delivery) } }
                }
                // Shut down: what runs may finish, but not for ever.
                runs.addTask {
                    try? await Task.sleep(for: drainWithin)
                    await register.handBack()
                }
                await register.waitUntilIdle()
                runs.cancelAll()
            }
        } onGracefulShutdown: {
            Task { await consumer.cancelDeliveries() }
        }
        await voice.beat(
            concurrency: 0, running: 0, interval: Self.beatEvery, skills: Array(skills.keys), isDraining: true)
        await consumer.close()
    }

    /// - Returns: `nil` once no more will come.
    private func nextBatch() async -> [Delivery]? { try? await consumer.nextBatch() }

    private func beat() async {
        while !Task.isCancelled {
            await voice.beat(
                concurrency: concurrency, running: await register.running, interval: Self.beatEvery,
                skills: skills.keys.sorted(), isDraining: false)
            try? await Task.sleep(for: Self.beatEvery)
        }
    }

    // MARK: One order

    private func handle(_ delivery: Delivery) async {
        let message: InboundMessage
        do throws(ContractViolation) {
            message = try InboundMessage.decode(WireMessage(delivery), validating: false)
        } catch {
            let reason = Reason(code: error.code.rawValue, pointer: error.pointer.text, message: error.message)
            return await giveUp(delivery, reason)
        }
        guard case .taskDispatched(let order) = message.body else {
            return await giveUp(delivery, Reason(code: "unknown_type", message: "an executor takes orders only"))
        }
        guard order.deadline > Voice.now() else {
            logger.info("An order was past its deadline", metadata: facts(order))
            return await ack(delivery)
        }
        await run(order, message.envelope.id, delivery)
    }

    private func run(_ order: TaskDispatched, _ id: MessageID, _ delivery: Delivery) async {
        let key = AttemptKey(workflow: order.workflowID, task: order.taskID, attempt: order.attempt)
        let isLong = order.timeout.duration > ackWithin
        let live = LiveRun(
            order, causation: id, delivery: delivery.deliveryCount, voice: voice, objects: objects,
            limits: skills[order.skillID]?.file.handler.limits ?? RunLimits(),
            isWanted: { isLong || !consumer.held([delivery]).isEmpty })
        let work = Task { () async -> Result<JSONValue, RunFailure> in
            guard await live.start() else { return .failure(.lost) }
            if isLong { await ack(delivery) }
            if order.awaitGo == true, await !register.waitForGo(key) { return .failure(.cancelled) }
            return await perform(order, live)
        }
        guard await register.begin(key, onCancel: { work.cancel() }) else {
            work.cancel()
            return await ack(delivery)
        }
        let result = await withTaskGroup(of: Void.self) { group in
            group.addTask { await keepAlive(live, delivery, isLong: isLong, work) }
            let result = await work.value
            group.cancelAll()
            return result
        }
        await finish(result, live, key, delivery, isLong: isLong)
        await register.end(key)
    }

    /// Heartbeats, and an eye on whether the order is still ours.
    private func keepAlive(
        _ live: LiveRun, _ delivery: Delivery, isLong: Bool, _ work: Task<Result<JSONValue, RunFailure>, Never>
    ) async {
        while (try? await Task.sleep(for: Self.beatEvery)) != nil {
            guard isLong || !consumer.held([delivery]).isEmpty else { return work.cancel() }
            await live.beat()
        }
    }

    private func finish(
        _ result: Result<JSONValue, RunFailure>, _ live: LiveRun, _ key: AttemptKey, _ delivery: Delivery, isLong: Bool
    ) async {
        switch result {
        case _ where await register.isCancelled(key):
            logger.info("A cancelled run has ended", metadata: facts(live.order))
        case .failure(.cancelled) where await register.isHandingBack:
            logger.info("A run was handed back", metadata: facts(live.order))
            // One that was acked is not ours to fail: its lease runs out, and it is dispatched anew.
            return isLong ? () : await consumer.release([delivery])
        case .failure(.lost):
            return  // it comes again, to us or to another
        case .failure(let failure):
            logger.info("A task failed", metadata: facts(live.order).merging(["code": "\(failure.code)"]) { $1 })
            guard await live.fail(failure) else { return }
        case .success(let output):
            guard await live.complete(output) else { return }
        }
        if !isLong { await ack(delivery) }
    }

    // MARK: The work

    private func perform(_ order: TaskDispatched, _ live: LiveRun) async -> Result<JSONValue, RunFailure> {
        do throws(RunFailure) {
            guard let skill = skills[order.skillID] else {
                throw RunFailure(code: "unknown_skill", message: "this executor has no skill `\(order.skillID)`")
            }
            try skill.checkInput(order.input)
            let output = try await withTimeout(order.timeout.duration) { () async throws(RunFailure) in
                try await skill.run.run(order, live)
            }
            try skill.checkOutput(output)
            if await live.records.isEmpty {
                for rule in skill.file.artifacts {
                    try await live.artifact(try rule.draft(input: order.input, output: output))
                }
            }
            return .success(output)
        } catch {
            return .failure(error)
        }
    }

    private func giveUp(_ delivery: Delivery, _ reason: Reason) async {
        // Under the order's own key, so that the dispatcher ends the attempt.
        if await voice.deadLetter(delivery, reason) { await ack(delivery) }
    }

    private func ack(_ delivery: Delivery) async {
        do {
            try await consumer.ack([delivery])
        } catch {
            logger.warning("An ack did not reach the broker: the order comes again", metadata: ["error": "\(error)"])
        }
    }

    private func facts(_ order: TaskDispatched) -> Logger.Metadata {
        ["workflow": "\(order.workflowID)", "task": "\(order.taskID)", "attempt": "\(order.attempt)"]
    }
}

extension RunFailure {
    static let cancelled = RunFailure(code: "cancelled", message: "cancelled")
    static let lost = RunFailure(code: "order_lost", message: "the order went back to the broker")
    static let timedOut = RunFailure(code: "timeout", message: "the task ran into its timeout")
}

/// Runs `body` for at most `limit`; past it, and when the task is cancelled, it is cancelled and waited for.
private func withTimeout<Value: Sendable>(
    _ limit: Duration, _ body: @escaping @Sendable () async throws(RunFailure) -> Value
) async throws(RunFailure) -> Value {
    let result = await withTaskGroup(of: Result<Value, RunFailure>?.self) { group in
        group.addTask {
            do throws(RunFailure) { return .success(try await body()) } catch { return .failure(error) }
        }
        group.addTask {
            try? await Task.sleep(for: limit)
            return nil
        }
        let first = await group.next() ?? nil
        group.cancelAll()
        if let first { return first }
        if Task.isCancelled { return .failure(.cancelled) }
        for await late in group { if let late { _ = late } }
        return .failure(.timedOut)
    }
    if Task.isCancelled { throw .cancelled }
    return try result.get()
}
