/// Looks for queues that wait for a connection, each on a channel of its own: the broker closes it where there is none.
struct QueueProbes {
    struct Probe: Sendable {
        let queue: String
        let channel: UInt16
        let answer: Promise<Bool>

        nonisolated(nonsending) func look(by link: Link) async {
            do throws(AMQPError) {
                _ = try await link.call(.channelOpen, on: channel)
                _ = try await link.call(.queueDeclare(.passive(queue)), on: channel)
                _ = try await link.call(.channelClose, on: channel)
                answer.resolve(.success(true))
            } catch {
                answer.resolve(error.detail.hasPrefix("404") ? .success(false) : .failure(error))
            }
        }
    }

    private var waiting: [Probe] = []
    /// The first channel is the publisher's.
    private var lastChannel: UInt16 = 1

    var isEmpty: Bool { waiting.isEmpty }

    mutating func add(_ queue: String, _ answer: Promise<Bool>) {
        lastChannel = lastChannel == 2047 ? 2 : lastChannel + 1
        waiting.append(Probe(queue: queue, channel: lastChannel, answer: answer))
    }

    /// Who gave up waiting needs no answer.
    mutating func dropAnswered() { waiting.removeAll(where: \.answer.isResolved) }

    /// Those that can be looked for now.
    mutating func take() -> [Probe] {
        defer { waiting = [] }
        return waiting
    }

    mutating func fail(_ error: AMQPError) { for probe in take() { probe.answer.resolve(.failure(error)) } }
}
