import AMQP
import Contracts
import Handover
import IOThread
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
    let intake: OrderIntake
    let voice: Voice
    let register: RunRegister
    let objects: any ObjectStore
    let skills: [SkillID: RunnableSkill]
    let concurrency: Int
    /// The broker takes back what is not acked for too long. So an order whose run has lasted this long is acked before
    /// its end: from then on its lease holds it. Until then a run that dies begins anew at once, elsewhere.
    let ackWithin: Duration
    /// How long runs may go on after the signal to stop; then they are handed back.
    let drainWithin: Duration
    let logger: Logger

    private static let beatEvery = Duration.seconds(15)

    func run() async throws {
        try await intake.open()
        // Runs that take no time only say what they found: on one thread nobody has to be woken for that.
        let thread = skills.values.allSatisfy(\.run.isInstant) ? IOThread(name: "runs") : nil
        defer { thread?.stop() }
        await withGracefulShutdownHandler {
            await withTaskGroup(of: Void.self) { runs in
                runs.addTask { await beat() }
                for await order in intake.orders {
                    runs.addTask(executorPreference: thread) {
                        await handle(order)
                        await intake.end(order)
                    }
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
            Task { await intake.drain() }
        }
        await voice.beat(
            concurrency: 0, running: 0, interval: Self.beatEvery, skills: Array(skills.keys), isDraining: true)
        await intake.close()
    }

    private func beat() async {
        while !Task.isCancelled {
            await voice.beat(
                concurrency: concurrency, running: await register.running, interval: Self.beatEvery,
                skills: skills.keys.sorted(), isDraining: false)
            try? await Task.sleep(for: Self.beatEvery)
        }
    }

    // MARK: One order

    private func handle(_ taken: TakenOrder) async {
        let delivery = taken.delivery
        let message: InboundMessage
        do throws(ContractViolation) {
            message = try InboundMessage.decode(WireMessage(delivery), validating: false)
        } catch {
            let reason = Reason(code: error.code.rawValue, pointer: error.pointer.text, message: error.message)
            return await giveUp(taken, reason)
        }
        guard case .taskDispatched(let order) = message.body else {
            return await giveUp(taken, Reason(code: "unknown_type", message: "an executor takes orders only"))
        }
        guard order.deadline > Voice.now() else {
            logger.info("An order was past its deadline", metadata: facts(order))
            return await ack(taken)
        }
        await run(order, message.envelope.id, taken)
    }

    private func run(_ order: TaskDispatched, _ id: MessageID, _ taken: TakenOrder) async {
        let key = AttemptKey(workflow: order.workflowID, task: order.taskID, attempt: order.attempt)
        let isKept = Flag()
        let live = LiveRun(
            order, causation: id, delivery: taken.delivery.deliveryCount, voice: voice, objects: objects,
            limits: skills[order.skillID]?.file.handler.limits ?? RunLimits(),
            isWanted: { isKept.isSet || taken.isHeld })
        if skills[order.skillID]?.run.isInstant == true, order.awaitGo != true {
            return await runAtOnce(live, key, taken)
        }
        let start = Task { await live.start() }
        let work = Task { () async -> Result<RunResult, RunFailure> in
            guard await start.value else { return .failure(.lost) }
            if order.awaitGo == true, await !register.waitForGo(key) { return .failure(.cancelled) }
            return await perform(order, live)
        }
        guard await register.begin(key, onCancel: { work.cancel() }) else {
            start.cancel()
            work.cancel()
            return await ack(taken)
        }
        let result = await withTaskGroup(of: Void.self) { group in
            group.addTask { await keepAlive(live, taken, isKept, work) }
            group.addTask { await keep(taken, isKept, start) }
            let result = await work.value
            group.cancelAll()
            return result
        }
        await finish(result, live, key, taken, isKept: isKept.isSet)
        await register.end(key)
    }

    private func runAtOnce(_ live: LiveRun, _ key: AttemptKey, _ taken: TakenOrder) async {
        guard await register.begin(key, onCancel: {}) else { return await ack(taken) }
        await live.startWithTheEnd()
        await finish(await perform(live.order, live), live, key, taken, isKept: false)
        await register.end(key)
    }

    /// Heartbeats, and an eye on whether the order is still ours.
    private func keepAlive(
        _ live: LiveRun, _ taken: TakenOrder, _ isKept: Flag, _ work: Task<Result<RunResult, RunFailure>, Never>
    ) async {
        while (try? await Task.sleep(for: Self.beatEvery)) != nil {
            guard isKept.isSet || taken.isHeld else { return work.cancel() }
            await live.beat()
        }
    }

    /// Acks an order whose run lasts, once it is known to have begun.
    private func keep(_ taken: TakenOrder, _ isKept: Flag, _ start: Task<Bool, Never>) async {
        guard (try? await Task.sleep(for: ackWithin)) != nil, await start.value, taken.isHeld, !Task.isCancelled else {
            return
        }
        isKept.set()
        do {
            try await intake.keep(taken)
        } catch {
            logger.warning("An ack did not reach the broker: the order comes again", metadata: ["error": "\(error)"])
        }
    }

    private func finish(
        _ result: Result<RunResult, RunFailure>, _ live: LiveRun, _ key: AttemptKey, _ taken: TakenOrder, isKept: Bool
    ) async {
        switch result {
        case _ where await register.isCancelled(key):
            logger.info("A cancelled run has ended", metadata: facts(live.order))
        case .failure(.cancelled) where await register.isHandingBack:
            logger.info("A run was handed back", metadata: facts(live.order))
            guard isKept else { return await taken.consumer.release([taken.delivery]) }
            // The broker no longer has one that was acked: it is begun anew as the next attempt.
            _ = await live.fail(RunFailure(code: TaskError.handedBack, message: "its executor was told to stop"))
            return
        case .failure(.lost):
            return  // it comes again, to us or to another
        case .failure(let failure):
            logger.info("A task failed", metadata: facts(live.order).merging(["code": "\(failure.code)"]) { $1 })
            guard await live.fail(failure) else { return }
        case .success(let result):
            guard await live.complete(result) else { return }
        }
        if !isKept { await ack(taken) }
    }

    // MARK: The work

    private func perform(_ order: TaskDispatched, _ live: LiveRun) async -> Result<RunResult, RunFailure> {
        do throws(RunFailure) {
            guard let skill = skills[order.skillID] else {
                throw RunFailure(code: "unknown_skill", message: "this executor has no skill `\(order.skillID)`")
            }
            try skill.checkInput(order.input)
            let result =
                if skill.run.isInstant {
                    try await skill.run.run(order, live)
                } else {
                    try await withTimeout(order.timeout.duration) { () async throws(RunFailure) in
                        try await skill.run.run(order, live)
                    }
                }
            try skill.checkOutput(result.output)
            if await live.records.isEmpty {
                for rule in skill.file.artifacts {
                    try await live.artifact(try rule.draft(input: order.input, output: result.output))
                }
            }
            return .success(result)
        } catch {
            return .failure(error)
        }
    }

    private func giveUp(_ taken: TakenOrder, _ reason: Reason) async {
        // Under the order's own key, so that the dispatcher ends the attempt.
        if await voice.deadLetter(taken.delivery, reason) { await ack(taken) }
    }

    private func ack(_ taken: TakenOrder) async {
        do {
            try await taken.consumer.ack([taken.delivery])
        } catch {
            logger.warning("An ack did not reach the broker: the order comes again", metadata: ["error": "\(error)"])
        }
    }

    private func facts(_ order: TaskDispatched) -> Logger.Metadata {
        ["workflow": "\(order.workflowID)", "task": "\(order.taskID)", "attempt": "\(order.attempt)"]
    }
}

extension TakenOrder {
    /// The broker still counts on us for it.
    fileprivate var isHeld: Bool { !consumer.held([delivery]).isEmpty }
}

/// Set once, and seen by whoever asks.
private final class Flag: Sendable {
    private let value = Locked(false)
    var isSet: Bool { value.withLock { $0 } }
    func set() { value.withLock { $0 = true } }
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
