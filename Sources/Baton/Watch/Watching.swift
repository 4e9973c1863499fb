import AMQP
import ArgumentParser
import Contracts
import Store

/// Watching as a command does it.
struct Watching {
    let services: ServiceOptions
    let output: OutputOptions
    let showsLogs: Bool

    /// Shows a workflow until it has ended, then its result.
    ///
    /// - Parameter heard: from queues that were bound before.
    /// - Returns: the exit status that the end means.
    func follow(_ id: WorkflowID, _ heard: AsyncStream<Heard>) async throws -> ExitCode {
        let presenter = presenter
        return try await services.withStore { store in
            var session = WatchSession(
                id, store: store, objects: try services.objects(), presenter: presenter, showsLogs: showsLogs)
            let state = try await session.run(heard)
            presenter.end(try await Report.complete(state, store))
            return ExitCode(ofWorkflow: state.status)
        }
    }

    private var presenter: any WatchPresenter {
        let terminal = Terminal.current()
        switch output.output {
        case .json: return JSONPresenter()
        case .text: return terminal.isInteractive ? LivePresenter(showsLogs: showsLogs) : LinePresenter(terminal)
        }
    }
}

extension ExitCode {
    init(ofWorkflow status: String) {
        self =
            switch status {
            case "succeeded": .success
            case "cancelled": ExitStatus.cancelled
            default: ExitStatus.failed
            }
    }
}

extension Report {
    /// With the sources of its conflicts.
    static func complete(_ state: WatchState, _ store: Store) async throws -> Report {
        let gather = try await store.workflow(state.id.text)?.row.gather
        let hasConflicts = state.follower.view["conflicts"]?.object?.isEmpty == false
        let artifacts = hasConflicts ? try await store.artifacts(of: state.id.text) : []
        return Report(state, gather: gather, artifacts: artifacts)
    }

    /// As it stands; `nil` when there is no such workflow.
    static func read(_ id: WorkflowID, _ store: Store, services: ServiceOptions) async throws -> Report? {
        var session = WatchSession(
            id, store: store, objects: try services.objects(), presenter: Silence(), showsLogs: false)
        guard let state = try await session.read() else { return nil }
        return try await complete(state, store)
    }
}

/// Shows nothing.
private final class Silence: WatchPresenter {
    func revision(_ progress: WorkflowProgress, _ state: WatchState) {}
    func log(_ line: LogLine, task: String, attempt: Int, _ state: WatchState) {}
    func refresh(_ state: WatchState) {}
    func remark(_ text: String) {}
    func end(_ report: Report) {}
}
