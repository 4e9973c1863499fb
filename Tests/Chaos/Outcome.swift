import Foundation

/// What a campaign found.
struct CampaignOutcome: Sendable {
    let plan: CampaignPlan
    var records: [FaultRecord] = []
    var requests = 0
    /// Of the worlds before the present one.
    var earlier = 0
    /// Whether the run came to its end.
    var isWhole = false
    var tasks = 0
    var runs = 0
    var effects = 0
    /// What people said and the pipeline took, by kind.
    var people: [String: Int] = [:]
    /// Tasks that more than one run has brought to its end: a part of what had to be done again.
    var doubledRuns = 0
    var dead = 0
    var violations: [Violation] = []
    var courses: [Sampler.Course] = []
    /// What `baton doctor` complained of.
    var doctor: [String] = []
    var plants: [(name: String, isSeen: Bool)] = []
    var loadBefore = 0.0
    var loadAfter = 0.0
    var took = Duration.zero

    init(plan: CampaignPlan) { self.plan = plan }

    /// Nothing lost, nothing doubled, every fault has hit, and every planted bug was seen.
    var holds: Bool { failures.isEmpty }

    var failures: [String] {
        var failures = violations.map(\.description)
        failures += records.filter { $0.injected == 0 }.map { record in
            "\(record.fault.name) never hit: \(record.misses.joined(separator: "; "))"
        }
        failures += records.flatMap { record in record.violations.map { "\(record.fault.name): \($0)" } }
        failures += courses.filter { !$0.isBounded }.map {
            "\($0.what) grew from \($0.first) to \($0.last), which is more than \($0.bound)"
        }
        failures += doctor.map { "baton doctor: \($0)" }
        if !isWhole { failures.append("the run was stopped before its end") }
        failures += plants.filter { !$0.isSeen }.map { "not seen: \($0.name)" }
        return failures
    }

    /// Promises of time that were not kept; the machine may have been busy, so they are said and do not fail a run.
    var slow: [FaultRecord] {
        records.filter { record in
            guard let target = record.fault.target, let median = record.median else { return false }
            return median > target
        }
    }
}

extension FaultRecord {
    var median: Duration? {
        let sorted = recoveries.sorted()
        return sorted.isEmpty ? nil : sorted[(sorted.count - 1) / 2]
    }

    func count(_ kind: Violation.Kind) -> Int { Set(violations.filter { $0.kind == kind }.map(\.workflow)).count }
}

extension CampaignOutcome {
    /// `docs/reliability.md`, all of it.
    var markdown: String {
        var lines = [
            "# Reliability: what happens when things break", "",
            """
            This page is written by the run that it describes: `make chaos`\(share), \(Date().formatted(.iso8601.year().month().day())). \
            It starts a broker, a database and two replicas of every process, keeps asking for workflows of all shapes \
            (\(plan.rate.formatted()) a second: chains, fan-outs, retries, branches, children, undone bookings, failures, slow tasks on short leases, approvals by one person and by two and without an answer, signals and waits, and what people do: pause, resume, retry, skip), and \
            breaks things, one by one and then several at once.
            """, "",
            verdict, "",
            "| fault | times | in flight | recovery p50 | max | counted from | lost | doubled |",
            "| --- | ---: | ---: | ---: | ---: | --- | ---: | ---: |",
        ]
        lines += records.map(\.tableLine)
        lines += ["", explanation, ""]
        if !failures.isEmpty { lines += ["## What did not hold", ""] + failures.map { "* \($0)" } + [""] }
        if !slow.isEmpty {
            lines += ["## Slower than promised", ""]
            lines +=
                slow.map { record in
                    "* \(record.fault.name): \(record.median?.inSeconds ?? "") instead of \(record.fault.target?.inSeconds ?? "")"
                } + [""]
        }
        lines += [
            "## How each fault is known to have hit", "",
            "What the last injection of each left behind; one that leaves nothing is not counted.", "",
        ]
        lines += records.map { "* **\($0.fault.name)**: \($0.proof)" }
        lines += [
            "", "## What did not grow", "", "| what | at first | at most | at last | bound |",
            "| --- | ---: | ---: | ---: | ---: |",
        ]
        lines += courses.map { "| \($0.what) | \($0.first) | \($0.peak) | \($0.last) | \($0.bound) |" }
        lines += [
            "", "## The checkers, checked", "",
            "After the run, these bugs are planted into its evidence or its database, one at a time. Each has to be seen.",
            "",
        ]
        lines += plants.map { "* \($0.isSeen ? "seen" : "NOT SEEN"): \($0.name)" }
        lines += ["", again, ""]
        return lines.joined(separator: "\n")
    }

    /// What was left out of a whole campaign.
    private var share: String {
        plan.scale == 1 ? "" : " with `--scale \(plan.scale.formatted())`, so fewer of each fault"
    }

    private var verdict: String {
        let hits = records.map(\.injected).reduce(0, +)
        guard isWhole else {
            let found = records.map(\.violations.count).reduce(0, +)
            return """
                **This run was stopped before its end.** So far \(requests) requests were accepted and \(hits) faults have hit; \
                after each kind of fault, all that had been asked for meanwhile was compared with the ledger, with \(found) \
                violations. `baton doctor` and the planted bugs come at the end, and did not run. The machine of \
                \(ProcessInfo.processInfo.activeProcessorCount) cores was shared: its load average was \
                \(loadBefore.formatted()) at the beginning and \(LoadAverage.now.formatted()) at last. Seed \(plan.seed).
                """
        }
        let lost = violations.filter { $0.kind == .lost }.count
        let doubled = violations.filter { $0.kind == .doubled }.count
        return """
            **\(requests) requests were accepted, \(lost) were lost and \(doubled) doubled**, with \(hits) \
            faults that hit. \(tasks) tasks ran \(runs) times and left \(effects) effects, one for each that succeeded; \(doubledRuns) of them were done more than once, under the same key. \
            `baton doctor` \(doctor.isEmpty ? "found nothing wrong" : "found violations"). \(dead) messages were given up on, \
            each of them garbage or poison that the run had sent. People were heard \(people.values.reduce(0, +)) times \
            (\(people.sorted { $0.key < $1.key }.map { "\($0.value) × `\($0.key)`" }.joined(separator: ", "))). \
            The run took \(took.formatted(.units(allowed: [.minutes, .seconds]))), with seed \(plan.seed), on a machine of \
            \(ProcessInfo.processInfo.activeProcessorCount) cores that it shared: the load average was \
            \(loadBefore.formatted()) before and \(loadAfter.formatted()) after.
            """
    }

    private var explanation: String {
        """
        *In flight* is how many workflows were under way, on average, when the fault hit. *Recovery* lasts until the last of eight \
        workflows that are asked for right after the fault has ended; eight, so that they meet most partitions and both \
        replicas of everything. Targets: \
        \(Fault.deathTarget.inSeconds) for the death of a process, \(Fault.returnTarget.inSeconds) from a server's return. \
        *Lost*: an accepted request without its one end, its history, its effect or its merged result. *Doubled*: a second end, \
        a second effect under one key, an event twice.
        """
    }

    private var again: String {
        """
        ## Again

        ```sh
        make chaos          # all of this, about half an hour; writes this page
        make chaos-short    # the main faults once, three minutes; part of make test
        ```

        `.build/debug/chaos --help` has the rest: a seed, single faults, another rate. A ledger outside of Baton says what was accepted \
        (`.baton/chaos/ledger.jsonl`), the skills write each run, and under the idempotency key one effect, into a database of their own, \
        and every process's log is in `.baton/chaos/logs`.
        """
    }
}

extension FaultRecord {
    fileprivate var tableLine: String {
        let average = inFlight.isEmpty ? 0 : inFlight.reduce(0, +) / inFlight.count
        return
            "| \(fault.name) | \(injected) | \(average) | \(median?.inSeconds ?? "–") | \(recoveries.max()?.inSeconds ?? "–")"
            + " | \(fault.since) | \(count(.lost)) | \(count(.doubled)) |"
    }
}
