import Testing

@testable import AMQP

@Suite
struct `Outstanding publishes` {
    private func five() -> OutstandingPublishes<String> {
        var outstanding = OutstandingPublishes<String>()
        for name in ["a", "b", "c", "d", "e"] { outstanding.append(name) }
        return outstanding
    }

    @Test func `are numbered from one`() {
        var outstanding = OutstandingPublishes<String>()
        #expect(outstanding.append("a") == 1)
        #expect(outstanding.append("b") == 2)
        #expect(outstanding.settle(1, isMultiple: false) == ["a"])
        #expect(outstanding.append("c") == 3)
    }

    @Test func `are settled in any order, each once`() {
        var outstanding = five()
        #expect(outstanding.settle(4, isMultiple: false) == ["d"])
        #expect(outstanding.settle(4, isMultiple: false) == [])
        #expect(outstanding.settle(2, isMultiple: true) == ["a", "b"])
        #expect(outstanding.settle(1, isMultiple: false) == [])
        #expect(outstanding.oldest == "c")
        #expect(outstanding.settle(5, isMultiple: true) == ["c", "e"])
        #expect(outstanding.count == 0)
        #expect(outstanding.append("f") == 6)
    }

    @Test(arguments: [0, 5, 99] as [UInt64])
    func `are all settled by a multiple of none, of the last and of one beyond`(tag: UInt64) {
        var outstanding = five()
        #expect(outstanding.settle(tag, isMultiple: true) == ["a", "b", "c", "d", "e"])
        #expect(outstanding.append("f") == 6)
    }

    @Test func `are not touched by a number that was never given`() {
        var outstanding = five()
        #expect(outstanding.settle(6, isMultiple: false) == [])
        #expect(outstanding.settle(0, isMultiple: false) == [])
        #expect(outstanding.count == 5)
    }

    @Test func `agree with a plain set, whatever is settled`() {
        var generator = SystemRandomNumberGenerator()
        for _ in 0..<200 {
            var outstanding = OutstandingPublishes<UInt64>()
            var model: Set<UInt64> = []
            var last: UInt64 = 0
            for _ in 0..<200 {
                if Bool.random(using: &generator) || last == 0 {
                    last += 1
                    outstanding.append(last)
                    model.insert(last)
                } else {
                    let tag = UInt64.random(in: 1...last, using: &generator)
                    let isMultiple = Int.random(in: 0..<8, using: &generator) == 0
                    let expected = model.filter { isMultiple ? $0 <= tag : $0 == tag }
                    model.subtract(expected)
                    #expect(outstanding.settle(tag, isMultiple: isMultiple) == expected.sorted())
                }
                #expect(outstanding.count == model.count)
            }
        }
    }
}

@Suite
struct `Unacked tags` {
    private func tags(_ range: ClosedRange<UInt64>) -> UnackedTags {
        var tags = UnackedTags()
        for tag in range { tags.append(tag) }
        return tags
    }

    @Test func `are settled with one multiple when they are the oldest`() {
        var tags = tags(1...5)
        let first = tags.settle([2, 1, 3])
        #expect(first.upTo == 3 && first.single == [])
        let second = tags.settle([4, 5])
        #expect(second.upTo == 5 && second.single == [])
        #expect(tags.isEmpty)
    }

    @Test func `are settled one by one past one that stays`() {
        var tags = tags(1...5)
        let first = tags.settle([1, 3, 5])
        #expect(first.upTo == 1 && first.single == [3, 5])
        let second = tags.settle([2, 4])
        #expect(second.upTo == 4 && second.single == [])
    }

    @Test func `are settled only once`() {
        var tags = tags(1...3)
        _ = tags.settle([1, 3])
        let again = tags.settle([1, 3, 9])
        #expect(again.upTo == nil && again.single == [])
        #expect(!tags.isEmpty)
    }

    @Test func `never cover one that was not settled`() {
        for _ in 0..<300 {
            var tags = tags(1...40)
            var open = Set<UInt64>(1...40)
            while !open.isEmpty {
                let chosen = open.filter { _ in Bool.random() }
                let (upTo, single) = tags.settle(Array(chosen))
                let covered = open.filter { $0 <= upTo ?? 0 }.union(single)
                #expect(covered == chosen)
                open.subtract(chosen)
            }
            #expect(tags.isEmpty)
        }
    }
}
