import Contracts
import Synchronization
import Testing

@testable import Executor

@Suite(.timeLimit(.minutes(1)))
struct `A replica's register` {
    private let register = RunRegister { Timestamp(milliseconds: 0) }
    private let key = AttemptKey(workflow: WorkflowID("wf-1")!, task: TaskID("check")!, attempt: 1)

    @Test func `begins an attempt once at a time`() async {
        #expect(await register.begin(key, delivery: 0))
        #expect(await !register.begin(key, delivery: 0))
        await register.end(key, delivery: 0)
        #expect(await register.begin(key, delivery: 0))
    }

    @Test func `ends a run whose order comes back, and begins anew`() async {
        let ended = Flag()
        #expect(await register.begin(key, delivery: 1))
        await register.watch(key, delivery: 1) { ended.raise() }
        #expect(await register.begin(key, delivery: 2))
        #expect(ended.isRaised)
        #expect(await register.isCancelled(key, delivery: 1))
        // The end of the one before says nothing of this one.
        await register.end(key, delivery: 1)
        #expect(await !register.isCancelled(key, delivery: 2))
        #expect(await register.running == 1)
    }

    @Test func `lets a run that waits for its go be followed by one that waits for its own`() async {
        _ = await register.begin(key, delivery: 0)
        await register.go(key)
        #expect(await register.waitForGo(key, delivery: 0))
        _ = await register.begin(key, delivery: 1)
        #expect(await !register.mayGo(key))
        async let earlier = register.waitForGo(key, delivery: 0)
        #expect(await !earlier)
        async let later = register.waitForGo(key, delivery: 1)
        await register.go(key)
        #expect(await later)
    }

    @Test func `tells a run at once that it was cancelled before anybody watched`() async {
        let ended = Flag()
        _ = await register.begin(key, delivery: 0)
        await register.cancel(key)
        await register.watch(key, delivery: 0) { ended.raise() }
        #expect(ended.isRaised)
        #expect(await !register.begin(key, delivery: 1))
    }
}

private final class Flag: Sendable {
    private let value = Atomic(false)
    var isRaised: Bool { value.load(ordering: .relaxed) }
    func raise() { value.store(true, ordering: .relaxed) }
}
