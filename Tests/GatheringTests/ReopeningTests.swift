import Contracts
import Gathering
import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A workflow that goes on after its end` {
    private let task = TaskID("t")!

    private func status(_ events: [GatherEvent]) -> (ProgressStatus, isClosed: Bool, failed: Int) {
        var gathering = Gathering(GatherDefinition(), tasks: [PlannedTask(id: task, index: 0)])
        for event in events { gathering.apply(event) }
        gathering.render()
        let header = gathering.header
        return (header.status, header.isClosed, header.tasks.failed)
    }

    private var first: [GatherEvent] {
        let end = TaskEnd(task: task, attempt: 1, state: .failed)
        return [.taskEnded(end), .workflowEnded(.failed, tasks: [end])]
    }

    @Test func `runs again, and what had failed has not`() {
        #expect(status(first) == (.failed, true, 1))
        let reopened: [GatherEvent] = [.workflowReopened(run: 2), .revoked(task, attempt: 1)]
        for events in [first + reopened, reopened + first] {
            #expect(status(events) == (.running, false, 0))
        }
    }

    @Test func `ends as its latest run does, in whatever order that is told`() {
        let second = TaskEnd(task: task, attempt: 2, state: .succeeded)
        var events = first
        events += [.workflowReopened(run: 2), .revoked(task, attempt: 1), .taskEnded(second)]
        events += [.workflowEnded(.succeeded, run: 2, tasks: [second])]
        for start in events.indices {
            let turned = Array(events[start...] + events[..<start])
            #expect(status(turned) == (.succeeded, true, 0))
            #expect(status(turned.reversed() + turned) == (.succeeded, true, 0))
        }
    }
}
