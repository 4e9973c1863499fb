/// What was published on a channel and is not yet confirmed. The broker numbers publishes from 1, and
/// confirms them in any order, one by one or all up to a number.
struct OutstandingPublishes<Value> {
    private var slots: [Value?] = []
    private var head = 0
    /// The number of `slots[head]`.
    private var first: UInt64 = 1
    private(set) var count = 0

    var oldest: Value? { slots[head...].first ?? nil }

    @discardableResult
    mutating func append(_ value: Value) -> UInt64 {
        slots.append(value)
        count += 1
        return first + UInt64(slots.count - head) - 1
    }

    /// - Returns: what is confirmed by this and was not before, in the order of publishing.
    mutating func settle(_ tag: UInt64, isMultiple: Bool) -> [Value] {
        let next = first + UInt64(slots.count - head)
        guard tag < next else { return isMultiple ? removeAll() : [] }
        // Tag 0 with multiple means all there are (AMQP 0-9-1, basic.ack).
        if isMultiple && tag == 0 { return removeAll() }
        guard tag >= first else { return [] }
        let index = head + Int(tag - first)
        if !isMultiple {
            guard let value = slots[index] else { return [] }
            slots[index] = nil
            count -= 1
            trim()
            return [value]
        }
        let settled = head...index
        let values = slots[settled].compactMap(\.self)
        for index in settled { slots[index] = nil }
        count -= values.count
        trim()
        return values
    }

    /// Changes the oldest that meets `condition`.
    mutating func update(firstWhere condition: (Value) -> Bool, _ change: (inout Value) -> Void) {
        let found = slots[head...].firstIndex { slot in slot.map(condition) ?? false }
        guard let found, var value = slots[found] else { return }
        change(&value)
        slots[found] = value
    }

    /// Forgets all; the numbers go on.
    mutating func removeAll() -> [Value] {
        let values = slots[head...].compactMap(\.self)
        first += UInt64(slots.count - head)
        slots.removeAll(keepingCapacity: true)
        head = 0
        count = 0
        return values
    }

    private mutating func trim() {
        while head < slots.count, slots[head] == nil {
            head += 1
            first += 1
        }
        guard head == slots.count || head > 4096 else { return }
        slots.removeFirst(head)
        head = 0
    }
}
