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
            // Discarding: another group keeps every run that has ended, with all its memory, until somebody asks for it.
            await withDiscardingTaskGroup { runs in
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
        Failpoint.consumed.pass()
        let delivery = taken.delivery
        switch OrderReading(WireMessage(delivery), now: voice.now()) {
        case .notAnOrder(let reason): await giveUp(taken, reason)
        case .late(let order):
            logger.info("An order was past its deadline", metadata: facts(order))
            await ack(taken)
        case .order(let order, let id): await run(order, id, taken)
        }
    }

    private func run(_ order: TaskDispatched, _ id: MessageID, _ taken: TakenOrder) async {
        let key = AttemptKey(workflow: order.workflowID, task: order.taskID, attempt: order.attempt)
        let settling = Settling()
        let live = LiveRun(
            order, causation: id, delivery: taken.delivery.deliveryCount, voice: voice, objects: objects,
            limits: skills[order.skillID]?.file.handler.limits ?? RunLimits(),
            isWanted: { settling.isKept || taken.isHeld })
        if skills[order.skillID]?.run.isInstant == true, order.awaitGo != true {
            return await runAtOnce(live, key, taken)
        }
        // Before anything is said or done: the order may be a copy of one that is under way.
        guard await register.begin(key, delivery: live.delivery) else { return await ack(taken) }
        let start = Task { await live.start() }
        let work = Task { () async -> Result<RunResult, RunFailure> in
            guard await start.value else { return .failure(.lost) }
            if order.awaitGo == true, await !register.waitForGo(key, delivery: live.delivery) {
                return .failure(.cancelled)
            }
            return await perform(order, live)
        }
        await register.watch(key, delivery: live.delivery) { work.cancel() }
        let result = await withTaskGroup(of: Void.self) { group in
            group.addTask { await keepAlive(live, taken, settling, work) }
            group.addTask { await keep(taken, settling, start) }
            let result = await work.value
            group.cancelAll()
            return result
        }
        await finish(result, live, key, taken, settling.now)
        await register.end(key, delivery: live.delivery)
    }

    /// Its start has no message: nobody gains by hearing of it sooner than of its end.
    private func runAtOnce(_ live: LiveRun, _ key: AttemptKey, _ taken: TakenOrder) async {
        guard await register.begin(key, delivery: live.delivery) else { return await ack(taken) }
        await finish(await perform(live.order, live), live, key, taken, OrderSettlement())
        await register.end(key, delivery: live.delivery)
    }

    /// Heartbeats, and an eye on whether the order is still ours.
    private func keepAlive(
        _ live: LiveRun, _ taken: TakenOrder, _ settling: Settling, _ work: Task<Result<RunResult, RunFailure>, Never>
    ) async {
        while (try? await Task.sleep(for: Self.beatEvery)) != nil {
            guard settling.isKept || taken.isHeld else { return work.cancel() }
            await live.beat()
        }
    }

    /// Acks an order whose run lasts, once it is known to have begun.
    private func keep(_ taken: TakenOrder, _ settling: Settling, _ start: Task<Bool, Never>) async {
        guard (try? await Task.sleep(for: ackWithin)) != nil else { return }
        let hasStarted = await start.value
        guard !Task.isCancelled, settling.keep(hasStarted: hasStarted, isHeld: taken.isHeld) else { return }
        do {
            try await intake.keep(taken)
        } catch {
            logger.warning("An ack did not reach the broker: the order comes again", metadata: ["error": "\(error)"])
        }
    }

    private func finish(
        _ result: Result<RunResult, RunFailure>, _ live: LiveRun, _ key: AttemptKey, _ taken: TakenOrder,
        _ settlement: OrderSettlement
    ) async {
        Failpoint.committed.pass()
        let end = settlement.end(
            result, isCancelled: await register.isCancelled(key, delivery: live.delivery),
            isHandingBack: await register.isHandingBack)
        switch end {
        case .complete(let result):
            if settlement.acks(afterSaying: await live.complete(result)) { await ack(taken) }
        case .fail(let failure):
            logger.info("A task failed", metadata: facts(live.order).merging(["code": "\(failure.code)"]) { $1 })
            if settlement.acks(afterSaying: await live.fail(failure)) { await ack(taken) }
        case .handBack(let failure):
            logger.info("A run was handed back", metadata: facts(live.order))
            _ = await live.fail(failure)
        case .release:
            logger.info("A run was handed back", metadata: facts(live.order))
            await taken.consumer.release([taken.delivery])
        case .ack:
            logger.info("A cancelled run has ended", metadata: facts(live.order))
            await ack(taken)
        case .leave: break
        }
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
                    try await live.lastArtifact(try rule.draft(input: order.input, output: result.output))
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
        Failpoint.confirmed.pass()
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

/// How an order is settled, seen by all that go on at once for its run.
private final class Settling: Sendable {
    private let settlement = Locked(OrderSettlement())
    var now: OrderSettlement { settlement.withLock { $0 } }
    var isKept: Bool { now.isKept }
    func keep(hasStarted: Bool, isHeld: Bool) -> Bool {
        settlement.withLock { $0.keep(hasStarted: hasStarted, isHeld: isHeld) }
    }
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
