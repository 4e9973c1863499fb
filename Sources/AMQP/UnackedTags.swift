/// The deliveries of one channel that are not settled yet, oldest first.
struct UnackedTags {
    private var tags: [UInt64] = []
    private var head = 0

    var isEmpty: Bool { head == tags.count }

    /// Tags come in rising order.
    mutating func append(_ tag: UInt64) { tags.append(tag) }

    /// Settles those of `settled` that are not yet.
    ///
    /// - Returns: the tag up to which all are settled by this (`multiple`), if that is of use, and those to be
    ///   settled one by one.
    mutating func settle(_ settled: [UInt64]) -> (upTo: UInt64?, single: [UInt64]) {
        let settled = settled.sorted()
        var upTo: UInt64?
        var rest = settled[...]
        while let tag = rest.first {
            if head < tags.count, tags[head] == tag {
                upTo = tag
                head += 1
            } else if head < tags.count, tags[head] < tag {
                break
            }
            rest.removeFirst()
        }
        var single: [UInt64] = []
        if !rest.isEmpty {
            let wanted = Set(rest)
            var kept: [UInt64] = []
            for tag in tags[head...] {
                if wanted.contains(tag) { single.append(tag) } else { kept.append(tag) }
            }
            tags = kept
            head = 0
        } else if head == tags.count || head > 4096 {
            tags.removeFirst(head)
            head = 0
        }
        return (upTo, single)
    }
}
