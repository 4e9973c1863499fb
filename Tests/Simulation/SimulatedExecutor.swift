import AMQP
import Contracts
import Executor
import Handover
import JSON
import Relay

/// A replica of a domain's executor: what it says, when it acks and whom it obeys is the real one's; the skills are dice.
final class SimulatedExecutor: SimulatedProcess, @unchecked Sendable {  // one logical thread
    /// What is next of an order.
    private enum Step {
        case start, waitForGo, work
        case end(OrderSettlement.End)
        case ack
    }

    /// One order under way.
    private final class Run: @unchecked Sendable {  // one logical thread
        let delivery: Delivery
        let order: TaskDispatched
        let key: AttemptKey
        let live: LiveRun
        var settlement = OrderSettlement()
        var step = Step.start
        var isKept: Bool { settlement.isKept }
        /// Says that it is alive.
        var isUnderWay: Bool {
            switch step {
            case .waitForGo, .work: true
            case .start, .end, .ack: false
            }
        }
        /// What is left to do, and when.
        var artifacts: Int
        var result: Result<RunResult, RunFailure>
        let startedAt: Int64
        var nextAt: Int64
        var endsAt: Int64
        var beatsAt: Int64
        var hasStarted = false
        var isCancelled = false
        var hasEnded = false

        init(
            _ delivery: Delivery, _ order: TaskDispatched, _ key: AttemptKey, _ live: LiveRun, now: Int64,
            artifacts: Int,
            result: Result<RunResult, RunFailure>, work: Int64
        ) {
            self.delivery = delivery
            self.order = order
            self.key = key
            self.live = live
            self.artifacts = artifacts
            self.result = result
            startedAt = now
            nextAt = now
            endsAt = now + work
            beatsAt = now + 15_000
        }
    }

    /// So that a run's voice can ask it.
    private final class Kept: @unchecked Sendable { weak var run: Run? }  // one logical thread

    private let domain: DomainName
    private var concurrency: Int { world.concurrency }
    private var executor = ExecutorID(unchecked: "none")
    private var voice: Voice?
    private var register = RunRegister { Timestamp(milliseconds: 0) }
    private var runs: [Run] = []
    private var orders: UInt64 = 0
    private var control: UInt64 = 0
    private var nextBeat: Int64 = 0
    /// In milliseconds; short, so that many runs last longer.
    private static let ackWithin: Int64 = 40_000

    private var broker: SimulatedBroker { world.broker }
    private var queue: String { QueueName.executor(domain) }
    private var controlQueue: String { QueueName.control(domain, replica: executor) }

    init(_ world: World, _ name: String, _ domain: DomainName) {
        self.domain = domain
        super.init(world, name)
    }

    var isBusy: Bool { runs.contains { if case .work = $0.step { true } else { false } } }
    override var standing: String { runs.isEmpty ? "idle" : "with \(runs.count) orders" }

    override func start() async {
        executor = ExecutorID(unchecked: "\(name)-\(incarnation)")
        let makeID: @Sendable (Timestamp) -> MessageID = { [world] in world.makeID($0) }
        voice = Voice(
            executor: executor, domain: domain, publisher: SimulatedPublisher(self, user: BrokerUser.executor(domain)),
            logger: world.logger, now: { [unowned self] in now }, makeID: makeID, pause: { _ in })
        register = RunRegister { [unowned self] in now }
        runs = []
        orders = broker.subscribe(queue)
        control = broker.declareExclusive(
            controlQueue,
            bindings: [MessageType.taskCancel, .taskGo].map {
                (exchange: Exchange.task.rawValue, key: Route.domain($0, domain).key)
            })
        channels = [orders, control]
        nextBeat = world.database.now
    }

    override func stop() {
        broker.remove(controlQueue)
        runs = []
        // It holds the runs, and they what they speak by, and that this.
        register = RunRegister { Timestamp(milliseconds: 0) }
        voice = nil
    }

    override func lost(_ epoch: UInt64, isKnown: Bool) {
        channels.removeAll { $0 == epoch }
        if epoch == orders {
            orders = broker.subscribe(queue)
            channels.append(orders)
        } else {
            broker.remove(controlQueue)
            control = broker.declareExclusive(
                controlQueue,
                bindings: [MessageType.taskCancel, .taskGo].map {
                    (exchange: Exchange.task.rawValue, key: Route.domain($0, domain).key)
                })
            channels.append(control)
        }
    }

    // MARK: Turns

    override func hasWork(_ now: Int64) -> Bool {
        nextBeat <= now || broker.available(control, now: now) > 0 || canTake(now)
            || runs.contains { $0.nextAt <= now || $0.beatsAt <= now || $0.isCancelled }
    }

    override var timer: Int64? { ([nextBeat] + runs.flatMap { [$0.nextAt, $0.beatsAt] }).min() }

    private func canTake(_ now: Int64) -> Bool { runs.count < concurrency && broker.available(orders, now: now) > 0 }

    override func work() async {
        guard let voice else { return }
        let now = world.database.now
        if nextBeat <= now {
            nextBeat = now + 15_000
            return await voice.beat(
                concurrency: concurrency, running: runs.count, interval: .seconds(15), skills: [], isDraining: false)
        }
        if broker.available(control, now: now) > 0 {
            for delivery in broker.consume(control, limit: 10, now: now) {
                world.note(name, "hears \(world.describe(WireMessage(delivery)))")
                await register.take(WireMessage(delivery), as: executor, logger: world.logger)
                broker.ack(delivery)
            }
            return
        }
        let due = runs.filter { $0.nextAt <= now || $0.beatsAt <= now || $0.isCancelled }
        if canTake(now), due.isEmpty || world.random(0...2) == 0 { return await takeOrder(voice, now) }
        guard !due.isEmpty else { return }
        let run = due[world.random(0...due.count - 1)]
        if run.beatsAt <= now, run.isUnderWay {
            run.beatsAt = now + 15_000
            keep(run, now)
            if run.isKept || isHeld(run.delivery) { await run.live.beat() } else { run.isCancelled = true }
        } else {
            if !run.isUnderWay { run.beatsAt = max(run.beatsAt, now + 15_000) }
            await step(run, now)
        }
        guard isAlive else { return }
        runs.removeAll(where: \.hasEnded)
    }

    private func isHeld(_ delivery: Delivery) -> Bool {
        isAlive && broker.channels[delivery.epoch].map { !$0.isKnownLost } ?? false
    }

    private func takeOrder(_ voice: Voice, _ now: Int64) async {
        guard let delivery = broker.consume(orders, limit: 1, now: now).first else { return }
        let wire = WireMessage(delivery)
        world.note(name, "takes \(world.describe(wire))")
        switch OrderReading(wire, now: self.now) {
        case .notAnOrder(let reason):
            world.deadLettered(name, delivery, reason)
            if await voice.deadLetter(delivery, reason) { broker.ack(delivery) }
        case .late: broker.ack(delivery)
        case .order(let order, let id): await begin(order, id, delivery, voice, now)
        }
    }

    private func begin(_ order: TaskDispatched, _ id: MessageID, _ delivery: Delivery, _ voice: Voice, _ now: Int64)
        async
    {
        let key = AttemptKey(workflow: order.workflowID, task: order.taskID, attempt: order.attempt)
        let life = incarnation
        let held = Kept()
        let live = LiveRun(
            order, causation: id, delivery: delivery.deliveryCount, voice: voice, objects: world.objects,
            isWanted: { [unowned self] in
                isAlive && incarnation == life && (held.run?.isKept == true || isHeld(delivery))
            })
        let run = Run(
            delivery, order, key, live, now: now, artifacts: world.random(0...2),
            result: result(of: order), work: duration(of: order))
        held.run = run
        guard await register.begin(key, delivery: live.delivery) else {
            world.note(name, "has it, and acks a copy")
            return broker.ack(delivery)
        }
        await register.watch(key, delivery: live.delivery) { run.isCancelled = true }
        runs.append(run)
    }

    private func result(of order: TaskDispatched) -> Result<RunResult, RunFailure> {
        let skill = order.skillID.text
        let dice = world.random(0...99)
        if skill.hasSuffix("shaky"), dice < 55 {
            return .failure(
                RunFailure(
                    code: "shaky", message: "it shook", isPermanent: dice < 8,
                    retryAfter: dice < 20 ? .seconds(3) : nil))
        }
        if dice < 3 { return .failure(RunFailure(code: "unlucky", message: "bad luck")) }
        let output: JSONValue = [
            "n": .number(JSONNumber(dice)), "list": .array((0..<dice % 4).map { .number(JSONNumber($0)) }),
        ]
        if skill.hasSuffix(Scenario.goalSkill) {
            let way = Scenario.wayToGoal(world.random(0...1_000_000), domains: world.domains)
            return .success(RunResult(output: output, expansion: way))
        }
        let adds = skill.hasSuffix("planner") && dice % 4 > 0
        return .success(
            RunResult(
                output: output, expansion: adds ? Scenario.expansion(of: order.taskID, dice, domain: domain) : nil))
    }

    private func duration(of order: TaskDispatched) -> Int64 {
        order.skillID.text.hasSuffix("slow") ? Int64(world.random(20_000...140_000)) : Int64(world.random(5...4000))
    }

    // MARK: One order

    private func step(_ run: Run, _ now: Int64) async {
        switch run.step {
        case .start where run.order.awaitGo != true && world.random(0...3) == 0:
            // One that takes no time says nothing of its start.
            (run.artifacts, run.endsAt) = (0, now)
            run.step = .work
        case .start:
            run.hasStarted = true
            guard await run.live.start() else { return await settle(run, .failure(.lost)) }
            run.step = run.order.awaitGo == true ? .waitForGo : .work
        case .waitForGo:
            let (mayGo, isCancelled) = (
                await register.mayGo(run.key), await register.isCancelled(run.key, delivery: run.live.delivery)
            )
            if isCancelled || run.isCancelled { return await settle(run, .failure(.cancelled)) }
            if mayGo { return run.step = .work }
            run.nextAt = now + 500
            if !run.isKept, !isHeld(run.delivery) { run.isCancelled = true }
        case .work: await work(run, now)
        case .end(.complete(let result)): await said(run, await run.live.complete(result))
        case .end(.fail(let failure)): await said(run, await run.live.fail(failure))
        case .end(.handBack(let failure)):
            _ = await run.live.fail(failure)
            await finish(run)
        case .end(.release):
            broker.release(run.delivery)
            await finish(run)
        case .end(.ack), .ack:
            world.note(name, "acks \(world.short(run.order.workflowID.text))/\(run.order.taskID)#\(run.order.attempt)")
            broker.ack(run.delivery)
            await finish(run)
        case .end(.leave): await finish(run)
        }
    }

    /// Acks an order whose run lasts.
    private func keep(_ run: Run, _ now: Int64) {
        guard now - run.startedAt >= Self.ackWithin, run.hasStarted,
            run.settlement.keep(hasStarted: true, isHeld: isHeld(run.delivery))
        else { return }
        world.note(
            name,
            "acks \(world.short(run.order.workflowID.text))/\(run.order.taskID)#\(run.order.attempt) while it runs")
        broker.ack(run.delivery)
    }

    private func settle(_ run: Run, _ result: Result<RunResult, RunFailure>) async {
        run.nextAt = 0
        run.step = .end(
            run.settlement.end(
                result, isCancelled: await register.isCancelled(run.key, delivery: run.live.delivery),
                isHandingBack: false))
    }

    private func said(_ run: Run, _ isConfirmed: Bool) async {
        guard isAlive else { return }
        if run.settlement.acks(afterSaying: isConfirmed) { run.step = .ack } else { await finish(run) }
    }

    private func finish(_ run: Run) async {
        run.hasEnded = true
        await register.end(run.key, delivery: run.live.delivery)
    }

    private func work(_ run: Run, _ now: Int64) async {
        if run.order.skillID.text.hasSuffix("stubborn"), world.mayKill, world.random(0...1) == 0 {
            world.hit(.crash, "\(name) is killed by \(world.short(run.order.workflowID.text))/\(run.order.taskID)")
            return crash()
        }
        if run.isCancelled { return await settle(run, .failure(.cancelled)) }
        if now > run.startedAt + run.order.timeout.duration.inMilliseconds {
            return await settle(run, .failure(.timedOut))
        }
        if run.artifacts > 0 {
            run.artifacts -= 1
            run.nextAt = min(run.endsAt, now + Int64(world.random(1...2000)))
            do throws(RunFailure) { try await run.live.artifact(draft(run)) } catch {
                await settle(run, .failure(error))
            }
            return
        }
        guard run.endsAt <= now else {
            run.nextAt = run.endsAt
            return
        }
        if case .success = run.result, world.random(0...1) == 0 {
            do throws(RunFailure) { try await run.live.lastArtifact(draft(run)) } catch {
                return await settle(run, .failure(error))
            }
        }
        await settle(run, run.result)
    }

    private func draft(_ run: Run) -> ArtifactDraft {
        let name = ["result", "detail"][world.random(0...1)]
        let value = world.random(0...3)
        return ArtifactDraft(
            name: ArtifactName(unchecked: name),
            payload: [
                "status": .string(["open", "closed"][value % 2]), "count": .number(JSONNumber(value)),
                "names": .array([.string("n\(value)")]),
                "big": .string(String(repeating: "x", count: value == 3 && name == "detail" ? 40_000 : 1)),
            ], summary: "found", confidence: JSONNumber(uncheckedLiteral: ["0.9", "0.5", "1", "0.25"][value]))
    }
}
