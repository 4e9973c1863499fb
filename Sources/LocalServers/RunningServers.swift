import Glibc

/// The two servers while they run, and whatever else is started beside them.
package actor RunningServers {
    /// What a second shell may know; see ``publish(_:)``.
    package private(set) var state: DevState
    /// Starts, watches and restarts the children; what it starts is ended by ``stop()`` before the servers are.
    package nonisolated let supervisor: Supervisor
    private var lock: FileLock?
    private let lifeline: Lifeline

    init(state: DevState, supervisor: Supervisor, lock: FileLock, lifeline: Lifeline) {
        self.state = state
        self.supervisor = supervisor
        self.lock = lock
        self.lifeline = lifeline
    }

    /// Changes what is remembered, and writes it down.
    package func update(_ change: @Sendable (inout DevState) -> Void) throws(LocalServersError) {
        change(&state)
        try state.write()
    }

    /// Ends the children and then the servers, each asked first and killed when it takes too long.
    ///
    /// Nothing is left when this returns: no server, no helper of theirs, no process of the pipeline.
    package func stop() async {
        guard lock != nil else { return }
        await supervisor.stopRestarting()
        await lifeline.end()
        await supervisor.waitForAll()
        state.pid = 0
        state.settings = [:]
        try? state.write()
        LiveFolders.ofUser.remove(state)
        lock = nil
    }
}
