import Testing

@testable import Relay

@Suite(.timeLimit(.minutes(1)))
struct `The share of a replica` {
    private let replicas = (0..<5).map { "dispatcher-\($0)" }

    @Test func `covers every partition exactly once`() {
        let shares = replicas.map { PartitionShare.owned(by: $0, among: replicas, count: 256) }
        #expect(shares.map(\.count).reduce(0, +) == 256)
        #expect(shares.reduce(into: Set<Int>()) { $0.formUnion($1) }.count == 256)
    }

    @Test func `is about even`() {
        for replica in replicas {
            let share = PartitionShare.owned(by: replica, among: replicas, count: 1024).count
            #expect((120...300).contains(share), "\(replica) has \(share) of 1024")
        }
    }

    @Test func `changes for others only by what a leaving replica had`() {
        let rest = Array(replicas.dropLast())
        for partition in 0..<256 {
            let before = PartitionShare.owner(of: partition, among: replicas)
            if before != replicas.last {
                #expect(PartitionShare.owner(of: partition, among: rest) == before)
            }
        }
    }

    @Test func `does not depend on the order of names`() {
        for partition in 0..<64 {
            #expect(
                PartitionShare.owner(of: partition, among: replicas)
                    == PartitionShare.owner(of: partition, among: replicas.reversed()))
        }
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `The line-up for a partition` {
    private let start = ContinuousClock.now

    @Test func `is joined by its owner at once and by others later`() {
        let owner = PartitionShare.owner(of: 0, among: ["a", "b"])!
        let other = owner == "a" ? "b" : "a"
        var mine = LineUp(partitions: 1, standByAfter: .seconds(5))
        #expect(mine.follow(live: ["a": "1", "b": "1"], replica: owner, now: start) == [.join(0)])
        var theirs = LineUp(partitions: 1, standByAfter: .seconds(5))
        #expect(theirs.follow(live: ["a": "1", "b": "1"], replica: other, now: start) == [])
        #expect(theirs.follow(live: ["a": "1", "b": "1"], replica: other, now: start + .seconds(5)) == [.join(0)])
    }

    @Test func `tells who has become the owner, once`() {
        let owner = PartitionShare.owner(of: 0, among: ["a", "b"])!
        let other = owner == "a" ? "b" : "a"
        var lineUp = LineUp(partitions: 1, standByAfter: .seconds(5))
        let gains = [["a": "1", "b": "1"], [other: "1"], [other: "1"]].map { live in
            _ = lineUp.follow(live: live, replica: other, now: start)
            return [lineUp.takeGain(), lineUp.takeGain()]
        }
        #expect(gains == [[false, false], [true, false], [false, false]])
    }

    @Test func `is left by who is no longer the owner and joined again behind the new one`() {
        let owner = PartitionShare.owner(of: 0, among: ["a", "b"])!
        let other = owner == "a" ? "b" : "a"
        var lineUp = LineUp(partitions: 1, standByAfter: .seconds(5))
        #expect(lineUp.follow(live: [other: "1"], replica: other, now: start) == [.join(0)])
        lineUp.joined(0)
        #expect(lineUp.follow(live: [other: "1", owner: "1"], replica: other, now: start) == [.leave(0)])
        #expect(lineUp.follow(live: [other: "1", owner: "1"], replica: other, now: start + .seconds(6)) == [.join(0)])
    }

    @Test func `is left to an owner that has begun anew`() {
        let owner = PartitionShare.owner(of: 0, among: ["a", "b"])!
        let other = owner == "a" ? "b" : "a"
        var lineUp = LineUp(partitions: 1, standByAfter: .seconds(3))
        _ = lineUp.follow(live: [other: "1", owner: "1"], replica: other, now: start)
        #expect(lineUp.follow(live: [other: "1", owner: "1"], replica: other, now: start + .seconds(3)) == [.join(0)])
        lineUp.joined(0)
        // It died, whoever stood by went on, and it is back: without this it would never be active again.
        let later = start + .seconds(60)
        #expect(lineUp.follow(live: [other: "1", owner: "2"], replica: other, now: later) == [.leave(0)])
        #expect(lineUp.follow(live: [other: "2", owner: "2"], replica: other, now: later + .seconds(2)) == [])
        #expect(lineUp.follow(live: [other: "2", owner: "2"], replica: other, now: later + .seconds(3)) == [.join(0)])
    }

    @Test func `is tried again when joining failed`() {
        var lineUp = LineUp(partitions: 1, standByAfter: .seconds(5))
        #expect(lineUp.follow(live: ["a": "1"], replica: "a", now: start) == [.join(0)])
        #expect(lineUp.follow(live: ["a": "1"], replica: "a", now: start) == [.join(0)])
        lineUp.joined(0)
        #expect(lineUp.follow(live: ["a": "1"], replica: "a", now: start) == [])
    }
}
