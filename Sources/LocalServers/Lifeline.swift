import Glibc

/// Our end of the pipe to the ``Watchdog``, and the watchdog itself: one that is killed is replaced.
actor Lifeline {
    private let command: Command
    private let supervisor: Supervisor
    private let events: AsyncStream<ChildEvent>
    private var writing: Descriptor?
    private var isEnding = false
    private var keeper: Task<Void, Never>?

    init(program: String, data: String, token: String) {
        // Nothing of a killed process's last words: the backtracer can outlive its parent by half an hour.
        let environment = Environment.plain.merging(["SWIFT_BACKTRACE": "enable=no"]) { $1 }
        command = Command(program, [Watchdog.subcommand, data, token], environment: environment)
        let (events, continuation) = AsyncStream<ChildEvent>.makeStream()
        self.events = events
        supervisor = Supervisor { continuation.yield($0) }
    }

    /// - Returns: when nothing of a predecessor is left.
    func start() async throws(LocalServersError) {
        try await launch(arguments: [Watchdog.takeOverFlag])
        var said: [String] = []
        for await event in events {
            if case .line(_, let text) = event {
                if text == Watchdog.readyLine { break }
                said.append(text)
            }
            if case .ended(_, let status, _) = event {
                let words = ([command.executable] + command.arguments).joined(separator: " ")
                throw LocalServersError(
                    .system, "the watchdog (\(words)) failed with \(status)\n" + said.joined(separator: "\n"))
            }
        }
        keeper = Task { [weak self, events] in
            for await event in events {
                guard case .ended = event else { continue }
                guard let self, await self.replace() else { return }
            }
        }
    }

    /// Lets the watchdog end everything, and waits until it has.
    func end() async {
        isEnding = true
        if await supervisor.pid(of: "watchdog") == nil { try? await launch(arguments: []) }
        writing = nil
        _ = await supervisor.waitForEnd(of: "watchdog")
        keeper?.cancel()
    }

    private func launch(arguments: [String]) async throws(LocalServersError) {
        let ends = try Descriptor.pipe()
        var command = command
        command.arguments += arguments
        try await supervisor.start(Program(name: "watchdog", command: command), input: ends.reading, extra: [])
        writing = ends.writing
    }

    /// - Returns: whether there is a new one, or may be.
    private func replace() async -> Bool {
        if isEnding { return false }
        try? await Task.sleep(for: .milliseconds(200))
        if isEnding { return false }
        try? await launch(arguments: [])
        return true
    }
}
