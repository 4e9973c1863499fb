/// The one rule as a machine: a message is acked only when everything that it caused is durable.
///
///     arrived -> handle (decide and commit) -> publish with confirms -> ack
///
/// The machine is told what happened and answers with what to do next; it does no input or output, so
/// the processes and the simulation run the very same one. It works on batches, one after the other: all
/// that arrived while the one before was on its way.
///
/// * A batch that cannot be handled because the world is away is kept and tried again, with backoff.
/// * A batch that is refused is tried message by message, so that a poison message never holds up
///   others; one that is refused alone is published to the dead-letter exchange with the reason.
/// * What has come back twice is handled alone, after the rest and in random order: only the message that
///   kills its reader reaches the delivery limit, not its neighbours.
/// * An unconfirmed message is published again; a returned one as its ``Outgoing/ifReturned`` says.
/// * What came over a channel that is lost is dropped wherever it stands: all of it is delivered again. But what has been
///   committed is said all the same: whoever it is delivered to may have handled it before that commit.
package struct Handover<Message: Sendable>: Sendable {
    /// Names a delivery for as long as it is held.
    package typealias Item = UInt64

    /// What has happened.
    package enum Event: Sendable {
        /// In the broker's order, each with how often it was delivered before.
        case arrived([Arrival])
        /// Everything behind these outcomes is committed. An item of the batch without one is handled again.
        case handled([Item: Outcome<Message>])
        /// Nothing of the batch counts (a commit whose answer was lost is settled by handling it again).
        case failed(HandlingFailure)
        /// An answer for each message of the last ``Action/publish(_:)``, in its order.
        case published([PublishResult])
        /// The broker was told; of a channel lost meanwhile, ``lost(_:)`` tells.
        case acked
        /// The channel of these items is gone.
        case lost(Set<Item>)
        /// The span of the last ``Action/wait(_:)`` is over.
        case waited
    }

    /// What is to be done next; each is answered by one event.
    package enum Action: Sendable {
        case handle([Item])
        case publish([Publication])
        case ack([Item])
        case wait(Duration)
    }

    package struct Arrival: Sendable {
        package let item: Item
        package let deliveryCount: Int

        package init(item: Item, deliveryCount: Int) {
            self.item = item
            self.deliveryCount = deliveryCount
        }
    }

    /// A message on its way out, and the item that caused it.
    package struct Publication: Sendable {
        package let item: Item
        package var content: Content
        package enum Content: Sendable {
            case message(Outgoing<Message>)
            /// The item itself, to the dead-letter exchange.
            case deadLetter(Reason)
        }

        fileprivate var isOutgoing: Bool { if case .message = content { true } else { false } }
    }

    private enum Step {
        case handle([Item])
        case publish([Publication], acks: [Item])
        case ack([Item])
    }

    private enum Phase {
        case idle
        case doing(Step)
        case waiting(before: Step)
    }

    private var phase = Phase.idle
    /// Of a refused batch: handled one by one, before anything that arrived later.
    private var singles: [Item] = []
    private var fresh: [Item] = []
    private var suspects: [Item] = []
    /// Lost while the step that holds them was under way.
    private var lost: Set<Item> = []
    private var failures = 0
    private let batchLimit: Int
    private let backoff: Backoff
    private var random: SplitMix64

    /// - Parameters:
    ///   - batchLimit: how many messages are handled at once, at most.
    ///   - seed: of the order of suspects and of the backoff's jitter.
    package init(batchLimit: Int, backoff: Backoff = Backoff(), seed: UInt64) {
        precondition(batchLimit > 0, "a batch holds at least one message")
        self.batchLimit = batchLimit
        self.backoff = backoff
        random = SplitMix64(seed: seed)
    }

    /// Nothing is held: all that arrived has been acked or lost.
    package var isIdle: Bool { if case .idle = phase { true } else { false } }

    /// Takes note of an event.
    ///
    /// - Returns: what it calls for; `nil` while an action is under way, or when nothing is left to do.
    package mutating func handle(_ event: Event) -> Action? {
        switch (event, phase) {
        case (.arrived(let arrivals), _):
            for arrival in arrivals {
                if arrival.deliveryCount < 2 { fresh.append(arrival.item) } else { suspects.append(arrival.item) }
            }
            return isIdle ? next() : nil
        case (.lost(let items), _):
            drop(items)
            return nil
        case (.handled(let outcomes), .doing(.handle(let batch))):
            return settle(batch, outcomes)
        case (.failed(let failure), .doing(.handle(let batch))):
            return recover(batch, failure)
        case (.published(let results), .doing(.publish(let publications, let acks))):
            return confirm(publications, results, acks)
        case (.acked, .doing(.ack)):
            return next()
        case (.waited, .waiting(let step)):
            return begin(step)
        default:
            preconditionFailure("\(event) does not answer the last action")
        }
    }

    // MARK: Steps

    private mutating func next() -> Action? {
        phase = .idle
        if !singles.isEmpty { return begin(.handle([singles.removeFirst()])) }
        if !fresh.isEmpty {
            let batch = Array(fresh.prefix(batchLimit))
            fresh.removeFirst(batch.count)
            return begin(.handle(batch))
        }
        guard !suspects.isEmpty else { return nil }
        return begin(.handle([suspects.remove(at: Int.random(in: suspects.indices, using: &random))]))
    }

    /// Starts a step without what was lost meanwhile; one that is left empty is passed over.
    private mutating func begin(_ step: Step) -> Action? {
        let step = remaining(of: step)
        phase = .doing(step)
        switch step {
        case .handle(let batch): return batch.isEmpty ? next() : .handle(batch)
        case .publish(let publications, let acks):
            return publications.isEmpty ? begin(.ack(acks)) : .publish(publications)
        case .ack(let items): return items.isEmpty ? next() : .ack(items)
        }
    }

    private mutating func remaining(of step: Step) -> Step {
        defer { lost = [] }
        guard !lost.isEmpty else { return step }
        return switch step {
        case .handle(let batch): .handle(batch.filter { !lost.contains($0) })
        case .publish(let publications, let acks):
            .publish(
                publications.filter { $0.isOutgoing || !lost.contains($0.item) },
                acks: acks.filter { !lost.contains($0) })
        case .ack(let items): .ack(items.filter { !lost.contains($0) })
        }
    }

    private mutating func settle(_ batch: [Item], _ outcomes: [Item: Outcome<Message>]) -> Action? {
        var publications: [Publication] = []
        var acks: [Item] = []
        for item in batch {
            switch outcomes[item] {
            case .done(let messages):
                publications += messages.map { Publication(item: item, content: .message($0)) }
                acks.append(item)
            case .deadLetter(let reason, let telling):
                publications.append(Publication(item: item, content: .deadLetter(reason)))
                publications += telling.map { Publication(item: item, content: .message($0)) }
                acks.append(item)
            case nil: break
            }
        }
        let again = batch.filter { outcomes[$0] == nil }
        guard !acks.isEmpty else { return pause(before: .handle(again)) }
        failures = 0
        // Before whatever arrived later, and in the old order.
        fresh.insert(contentsOf: again.filter { !lost.contains($0) }, at: 0)
        return begin(.publish(publications, acks: acks))
    }

    private mutating func recover(_ batch: [Item], _ failure: HandlingFailure) -> Action? {
        switch failure {
        case .unavailable: return pause(before: .handle(batch))
        case .refused(let reason):
            if batch.count == 1 {
                failures = 0
                let publication = Publication(item: batch[0], content: .deadLetter(reason))
                return begin(.publish([publication], acks: batch))
            }
            singles = batch.filter { !lost.contains($0) }
            lost = []
            return next()
        }
    }

    private mutating func confirm(
        _ publications: [Publication], _ results: [PublishResult], _ acks: [Item]
    ) -> Action? {
        precondition(results.count == publications.count, "one answer for each message")
        var open: [Publication] = []
        var isOnlyRerouted = true
        for (publication, result) in zip(publications, results) {
            switch (result, publication.content) {
            case (.confirmed, _): break
            case (.returned, .message(let message)):
                switch message.ifReturned {
                case .drop: break
                case .publishInstead(let other):
                    open.append(Publication(item: publication.item, content: .message(Outgoing(other))))
                case .tryAgain:
                    open.append(publication)
                    isOnlyRerouted = false
                }
            case (.returned, .deadLetter), (.unknown, _):
                open.append(publication)
                isOnlyRerouted = false
            }
        }
        if isOnlyRerouted { return begin(.publish(open, acks: acks)) }
        return pause(before: .publish(open, acks: acks))
    }

    private mutating func pause(before step: Step) -> Action? {
        phase = .waiting(before: step)
        failures += 1
        return .wait(backoff.delay(failures: failures, using: &random))
    }

    private mutating func drop(_ items: Set<Item>) {
        singles.removeAll(where: items.contains)
        fresh.removeAll(where: items.contains)
        suspects.removeAll(where: items.contains)
        if !isIdle { lost.formUnion(items) }
    }
}
