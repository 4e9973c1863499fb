package import AMQP

/// The dead-letter queue, for people: looking at it takes nothing away.
///
/// What is looked at is taken from the queue and given back, which the broker counts as a delivery; meanwhile
/// nobody else sees it.
package struct DeadLetters: Sendable {
    package static let queue = "dead-letter"

    /// What became of a message that was to be replayed or dropped.
    package struct Settlement: Sendable {
        package enum Result: Sendable, Equatable {
            case done
            /// It stays where it was.
            case refused(String)
        }
        package var letter: DeadLetter
        package var result: Result
    }

    package struct List: Sendable {
        /// How many lie there.
        package var total: Int
        /// The oldest of them.
        package var letters: [DeadLetter]
    }

    private let settings: AMQPSettings

    /// - Parameter settings: of a user who may read the queue; to replay, one with the tag `impersonator`.
    package init(_ settings: AMQPSettings) { self.settings = settings }

    package func list(limit: Int = .max) async throws -> List {
        try await withAdmin { admin in
            let total = try await admin.status(ofQueue: Self.queue)?.messages ?? 0
            let letters = try await take(min(total, limit), with: admin)
            try await giveBack(letters, with: admin)
            return List(total: total, letters: letters)
        }
    }

    /// Puts those that are chosen back into the queues they died in, each confirmed there before it is gone here.
    package func replay(_ isChosen: (DeadLetter) -> Bool) async throws -> [Settlement] {
        let publisher = Publisher(settings)
        let settlements = try await settle(isChosen) { letter in
            guard let message = letter.replay else {
                return .refused(
                    letter.isOrder
                        ? "an order is not replayed: retry its task" : "its headers do not tell which queue it died in")
            }
            switch await publisher.publish([message]).first {
            case .confirmed?: return .done
            case .returned(_, let text)?: return .refused("there is no queue \(message.routingKey): \(text)")
            case .unknown(let error)?: return .refused("\(error)")
            case nil: return .refused("not published")
            }
        }
        await publisher.close()
        return settlements
    }

    /// Takes those that are chosen away for good.
    package func drop(_ isChosen: (DeadLetter) -> Bool) async throws -> [Settlement] {
        try await settle(isChosen) { _ in .done }
    }

    private func settle(
        _ isChosen: (DeadLetter) -> Bool, _ handle: (DeadLetter) async -> Settlement.Result
    ) async throws -> [Settlement] {
        try await withAdmin { admin in
            let total = try await admin.status(ofQueue: Self.queue)?.messages ?? 0
            var settlements: [Settlement] = []
            var kept: [DeadLetter] = []
            for letter in try await take(total, with: admin) {
                guard isChosen(letter) else {
                    kept.append(letter)
                    continue
                }
                let result = await handle(letter)
                settlements.append(Settlement(letter: letter, result: result))
                if result == .done { try await admin.ack(letter.delivery) } else { kept.append(letter) }
            }
            try await giveBack(kept, with: admin)
            return settlements
        }
    }

    private func take(_ count: Int, with admin: AdminConnection) async throws(AMQPError) -> [DeadLetter] {
        var letters: [DeadLetter] = []
        while letters.count < count, let delivery = try await admin.get(queue: Self.queue) {
            letters.append(DeadLetter(delivery))
        }
        return letters
    }

    /// Waits until they can be seen again: a quorum queue takes them back in its own time, after the next answer even.
    private func giveBack(_ letters: [DeadLetter], with admin: AdminConnection) async throws {
        for letter in letters { try await admin.requeue(letter.delivery) }
        for _ in 0..<200 where try await admin.status(ofQueue: Self.queue)?.messages ?? 0 < letters.count {
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    private func withAdmin<Result>(_ body: (AdminConnection) async throws -> Result) async throws -> Result {
        let admin = AdminConnection(settings)
        do {
            let result = try await body(admin)
            await admin.close()
            return result
        } catch {
            await admin.close()
            throw error
        }
    }
}
