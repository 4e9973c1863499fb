import Contracts
import IOThread
import Testing

@testable import Dispatcher

@Suite(.timeLimit(.minutes(1)))
struct `A steady clock` {
    @Test func `does not follow a machine's clock that is set while it runs`() {
        let (wall, elapsed) = (Locked(Timestamp(milliseconds: 1000)), Locked(Duration.zero))
        let clock = SteadyClock(wall: { wall.withLock { $0 } }, elapsed: { elapsed.withLock { $0 } })
        #expect(clock.now == Timestamp(milliseconds: 1000))
        wall.withLock { $0 = $0 + .seconds(3600) }
        elapsed.withLock { $0 = .milliseconds(20) }
        #expect(clock.now == Timestamp(milliseconds: 1020))
    }

    @Test func `is about right`() {
        let before = SteadyClock().now
        let clock = SteadyClock()
        #expect(clock.now >= before && clock.now < before + .seconds(60))
    }
}
