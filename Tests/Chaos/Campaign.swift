import Foundation
import LocalServers

struct CampaignPlan: Sendable {
    var isShort: Bool
    var only: [String]
    var scale: Double
    var rate: Double
    /// How long faults come at random.
    var random: Duration
    var seed: UInt64
}

/// What came of one kind of fault.
struct FaultRecord: Sendable {
    var fault: Fault
    var injected = 0
    var misses: [String] = []
    var inFlight: [Int] = []
    var recoveries: [Duration] = []
    /// Workflows that did not come back in time; they may end later.
    var late = 0
    var violations: [Violation] = []
    var proof = ""
}

/// One run: a world, a load, faults one by one and then at random, and the reckoning.
struct Campaign: Sendable {
    let plan: CampaignPlan
    let baton: String
    let data: String

    init(_ plan: CampaignPlan, baton: String, data: String) {
        (self.plan, self.baton, self.data) = (plan, baton, data)
    }

    private static let canaries = 8

    func run() async throws -> CampaignOutcome {
        say("seed \(plan.seed)")
        var outcome = CampaignOutcome(plan: plan)
        outcome.loadBefore = LoadAverage.now
        let began = ContinuousClock.now
        // Two worlds, one after the other: a broker of one node, and one of three.
        for (faults, isCluster) in [(chosen(of: Fault.single), false), (chosen(of: Fault.cluster), true)] {
            guard !faults.isEmpty else { continue }
            let world = try await World.start(
                baton: baton, data: isCluster ? data + "/cluster" : data,
                hasSmallDisk: faults.contains { $0.needsSmallDisk }, isCluster: isCluster)
            say("everything runs after \((ContinuousClock.now - began).inSeconds)")
            do {
                try await work(in: world, faults, hasRandom: !isCluster, &outcome)
            } catch {
                say("stopped by an error: \(error)")
                await world.stop()
                throw error
            }
            await world.stop()
        }
        outcome.loadAfter = LoadAverage.now
        outcome.took = ContinuousClock.now - began
        outcome.isWhole = true
        return outcome
    }

    private func work(
        in world: World, _ faults: [Fault], hasRandom: Bool, _ outcome: inout CampaignOutcome
    ) async throws {
        let ledger = try Ledger(file: world.data + "/ledger.jsonl")
        let producer = try Producer(world, ledger)
        let witness = try Witness(world, ledger)
        let sampler = Sampler(world)
        let scene = Scene(
            world: world, ledger: ledger, producer: producer, garbage: GarbageBin(), chance: Chance(seed: plan.seed),
            isShort: plan.isShort)
        let watching = Task { await witness.watch() }
        let loading = Task { await producer.load(plan.rate) }
        let people = try People(world, ledger, scene.chance)
        let attending = Task { await people.attend() }
        defer {
            attending.cancel()
            watching.cancel()
            loading.cancel()
        }
        try await warmUp(ledger)
        let sampling = Task { await sampler.watch() }
        for fault in faults {
            outcome.records.append(try await repeated(fault, scene, witness))
            // Should the run be stopped, this is what is known so far.
            outcome.requests = await outcome.earlier + ledger.all.filter { $0.accepted != nil }.count
            try outcome.markdown.write(toFile: data + "/so-far.md", atomically: true, encoding: .utf8)
        }
        if hasRandom, let record = try await atRandom(scene, witness) { outcome.records.append(record) }

        say("no more is asked for")
        loading.cancel()
        await loading.value
        sampling.cancel()
        try await reckon(&outcome, scene, witness, sampler)
        await producer.close()
    }

    private func chosen(of faults: [Fault]) -> [Fault] {
        faults.filter { fault in
            times(of: fault) > 0 && isAskedFor(fault)
        }
    }

    private func times(of fault: Fault) -> Int {
        plan.isShort ? fault.times.short : max(1, Int((Double(fault.times.full) * plan.scale).rounded()))
    }

    private func isAskedFor(_ fault: Fault) -> Bool {
        plan.only.isEmpty || plan.only.contains { fault.name.contains($0) }
    }

    private func warmUp(_ ledger: Ledger) async throws {
        for _ in 0..<600 {
            if await ledger.all.filter({ $0.ended != nil }).count >= 10 { return }
            try await Task.sleep(for: .milliseconds(100))
        }
        throw ChaosError("no workflow ends before anything has been broken")
    }

    // MARK: Faults

    private func repeated(_ fault: Fault, _ scene: Scene, _ witness: Witness) async throws -> FaultRecord {
        var record = FaultRecord(fault: fault)
        let first = await scene.ledger.count
        // One that did not hit does not count, and is tried again.
        let wanted = times(of: fault)
        while record.injected < wanted, record.misses.count < 2 + wanted { try await inject(fault, scene, &record) }
        try await settle(&record, from: first, scene, witness)
        say(
            "\(fault.name): \(record.injected) times, recovered after "
                + record.recoveries.map(\.inSeconds).joined(separator: ", ")
                + (record.late == 0 ? "" : "; \(record.late) canaries were late")
                + (record.misses.isEmpty ? "" : "; missed: \(record.misses.joined(separator: "; "))")
                + (record.violations.isEmpty ? "" : "; \(record.violations.count) VIOLATIONS"))
        return record
    }

    /// One injection, and how long it takes until canaries asked for right after it have all ended.
    private func inject(_ fault: Fault, _ scene: Scene, _ record: inout FaultRecord) async throws {
        try await scene.fleet.waitUntilReady(Fleet.names)
        let inFlight = await scene.ledger.open.count
        let hit: Hit
        do {
            hit = try await fault.inject(scene)
        } catch {
            record.misses.append("\(error)")
            return
        }
        async let returned = hit.returned()
        let canaries = try await scene.producer.ask(for: Self.canaries, .canary)
        let from: ContinuousClock.Instant
        do {
            from = try await returned
        } catch {
            record.misses.append("\(error)")
            return
        }
        let late = await scene.ledger.ends(of: canaries, within: .seconds(60))
        record.injected += 1
        record.proof = hit.proof
        record.inFlight.append(inFlight)
        record.late += late.count
        if late.isEmpty, let last = await scene.ledger.instant(of: canaries) {
            record.recoveries.append(max(last - from, .zero))
        } else {
            record.recoveries.append(.seconds(60))
        }
    }

    /// Waits until everything asked for since then has ended as it should; what does not is a violation.
    private func settle(_ record: inout FaultRecord, from first: Int, _ scene: Scene, _ witness: Witness) async throws {
        let entries = Array(await scene.ledger.all.dropFirst(first)).filter { $0.accepted != nil }
        _ = await scene.ledger.ends(of: entries.map(\.workflow), within: .seconds(90))
        let deadline = ContinuousClock.now + .seconds(45)
        while true {
            let evidence = try? await Evidence.gather(
                scene.world, entries, witness, garbage: await scene.garbage.ids)
            if let evidence {
                record.violations = evidence.violations
                if record.violations.isEmpty { return }
            }
            guard ContinuousClock.now < deadline else { break }
            try await Task.sleep(for: .seconds(1))
        }
        for violation in record.violations.prefix(20) { say("  \(violation)") }
        try await scene.world.describe(record.violations)
    }

    private func atRandom(_ scene: Scene, _ witness: Witness) async throws -> FaultRecord? {
        let drawn = (Fault.processes + Fault.servers).filter { $0.isDrawn && isAskedFor($0) }
        guard !drawn.isEmpty else { return nil }
        var record = FaultRecord(
            fault: Fault(name: "several at once, at random", times: (1, 1), since: "the last of them") { _ in
                throw Miss("is drawn")
            })
        let first = await scene.ledger.count
        let deadline = ContinuousClock.now + plan.random
        var names: [String: Int] = [:]
        while ContinuousClock.now < deadline {
            // Two or three, one on top of the other, and then a canary for all of them.
            let inFlight = await scene.ledger.open.count
            var hits: [(fault: Fault, hit: Hit)] = []
            for _ in 0..<scene.chance.number(in: 2...3) {
                let fault = drawn[scene.chance.number(in: 0...drawn.count - 1)]
                do {
                    hits.append((fault, try await fault.inject(scene)))
                } catch {
                    record.misses.append("\(error)")
                }
            }
            guard !hits.isEmpty else { continue }
            let canaries = try await scene.producer.ask(for: Self.canaries, .canary)
            var from = ContinuousClock.now
            for (fault, hit) in hits {
                do {
                    from = max(from, try await hit.returned())
                    names[fault.name, default: 0] += 1
                    record.injected += 1
                } catch {
                    record.misses.append("\(error)")
                }
            }
            let late = await scene.ledger.ends(of: canaries, within: .seconds(60))
            record.inFlight.append(inFlight)
            record.late += late.count
            let last = await scene.ledger.instant(of: canaries)
            record.recoveries.append(late.isEmpty ? max((last ?? from) - from, .zero) : .seconds(60))
            try await scene.fleet.waitUntilReady(Fleet.names)
        }
        record.proof = names.sorted { $0.key < $1.key }.map { "\($0.value) × \($0.key)" }.joined(separator: ", ")
        try await settle(&record, from: first, scene, witness)
        say("at random: \(record.proof); recovered after \(record.recoveries.map(\.inSeconds).joined(separator: ", "))")
        return record
    }

    // MARK: The reckoning

    private func reckon(
        _ outcome: inout CampaignOutcome, _ scene: Scene, _ witness: Witness, _ sampler: Sampler
    ) async throws {
        let entries = await scene.ledger.all
        _ = await scene.ledger.ends(of: entries.filter { $0.accepted != nil }.map(\.workflow), within: .seconds(120))
        let left = await sampler.leftovers(within: .seconds(60))
        try await scene.fleet.waitUntilReady(Fleet.names)
        await sampler.end()
        var evidence = try await Evidence.gather(
            scene.world, entries, witness, garbage: await scene.garbage.ids)
        evidence.left = left
        let violations = evidence.violations
        outcome.requests = outcome.earlier + entries.filter { $0.accepted != nil }.count
        outcome.tasks += evidence.tasks.count
        outcome.runs += evidence.runs.filter { $0.outcome != "begun" }.count
        outcome.effects += evidence.effects.count
        outcome.dead += evidence.dead.count
        outcome.violations += violations
        outcome.doubledRuns += evidence.doubledRuns
        for violation in violations.prefix(40) { say("  \(violation)") }
        try await scene.world.describe(violations)
        let doctor = try await scene.world.command(["doctor", "--limit", "100000"])
        if doctor.status != 0 {
            outcome.doctor += doctor.output.split(separator: "\n").map(String.init)
            if doctor.output.isEmpty { outcome.doctor.append("exit status \(doctor.status)") }
            say(doctor.output)
        }
        for (action, count) in try await scene.world.audited() { outcome.people[action, default: 0] += count }
        outcome.earlier = outcome.requests
        guard outcome.plants.isEmpty else { return }
        outcome.courses = await sampler.courses()
        for plant in Plant.all { outcome.plants.append((plant.name, plant.isSeen(in: evidence))) }
        for plant in RowPlant.all { outcome.plants.append((plant.name, try await plant.isSeen(in: scene.world))) }
    }

    private func say(_ text: String) {
        FileHandle.standardError.write(
            Data("chaos: \(Date().formatted(date: .omitted, time: .standard)) \(text)\n".utf8))
    }
}

extension Duration {
    var inSeconds: String { formatted(.units(allowed: [.seconds], fractionalPart: .show(length: 2))) }
}

enum LoadAverage {
    /// Of the last minute.
    static var now: Double {
        let text = (try? String(contentsOfFile: "/proc/loadavg", encoding: .utf8)) ?? ""
        return text.split(separator: " ").first.flatMap { Double($0) } ?? 0
    }
}
