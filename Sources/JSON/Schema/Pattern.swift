/// A regular expression of JSON Schema's `pattern`, matched in time linear in the text and without recursion.
///
/// The subset of ECMA 262 that a finite automaton can decide: characters, `.`, classes, groups, alternation, quantifiers
/// and anchors, on Unicode scalars. Backreferences, look-around, `\b` and `\p{…}` are refused when it is made.
package struct Pattern: Sendable {
    package let source: String
    let program: [Instruction]
    private let sets: [ScalarSet]
    /// Whether a match can only begin at the beginning.
    let isAnchored: Bool

    /// Trivial, so that running a program counts no references.
    enum Instruction: Sendable {
        /// An ASCII scalar of the bitmap, or one beyond of the set with this number.
        case take(low: UInt64, high: UInt64, set: Int)
        case split(Int, Int)
        case jump(Int)
        case atStart
        case atEnd
        case match
    }

    /// Larger programs (`(a{1,500}){1,500}`) are refused: time is also linear in this.
    static let sizeLimit = 4_000

    package init(_ source: String) throws(PatternError) {
        var parser = PatternParser(source)
        let tree = try parser.parse()
        var compiler = PatternCompiler()
        try compiler.emit(tree)
        self.source = source
        program = compiler.program + [.match]
        sets = compiler.sets
        isAnchored = tree.beginsAtStart
    }

    /// Whether the pattern is found anywhere in the text.
    package func matches(_ text: String) -> Bool {
        var threads = PatternThreads(size: program.count)
        var isFirst = true
        for scalar in text.unicodeScalars {
            if isFirst || !isAnchored { threads.add(0, of: program, isStart: isFirst, isEnd: false) }
            isFirst = false
            if threads.hasMatched { return true }
            if threads.current.isEmpty, isAnchored { return false }
            threads.advance(over: scalar, program, sets)
            if threads.hasMatched { return true }
        }
        // At the end `$` holds: what has been reached is followed once more.
        threads.settle(program, isStart: isFirst)
        if isFirst || !isAnchored { threads.add(0, of: program, isStart: isFirst, isEnd: true) }
        return threads.hasMatched
    }
}

package struct PatternError: Error, Equatable, Sendable {
    package var message: String
}

/// The instructions that wait for the next scalar: a simulation of all ways at once (Thompson, “Regular expression
/// search algorithm”).
struct PatternThreads {
    private(set) var current: [Int] = []
    private(set) var hasMatched = false
    private var next: [Int] = []
    private var seen: [Int]
    private var step = 1
    private var pending: [Int] = []

    init(size: Int) { seen = Array(repeating: 0, count: size) }

    /// Follows what takes no scalar from an instruction on.
    mutating func add(_ start: Int, of program: [Pattern.Instruction], isStart: Bool, isEnd: Bool) {
        pending.append(start)
        while let at = pending.popLast() {
            guard seen[at] != step else { continue }
            seen[at] = step
            switch program[at] {
            case .take: current.append(at)
            case .split(let first, let second):
                pending.append(second)
                pending.append(first)
            case .jump(let target): pending.append(target)
            case .atStart: if isStart { pending.append(at + 1) }
            case .atEnd: if isEnd { pending.append(at + 1) } else { current.append(at) }
            case .match: hasMatched = true
            }
        }
    }

    mutating func advance(over scalar: Unicode.Scalar, _ program: [Pattern.Instruction], _ sets: [ScalarSet]) {
        let value = scalar.value
        swap(&current, &next)
        current.removeAll(keepingCapacity: true)
        step += 1
        for at in next {
            guard case .take(let low, let high, let set) = program[at] else { continue }
            let isTaken =
                if value < 64 {
                    low >> UInt64(value) & 1 == 1
                } else if value < 128 {
                    high >> UInt64(value - 64) & 1 == 1
                } else {
                    sets[set].contains(scalar)
                }
            if isTaken { add(at + 1, of: program, isStart: false, isEnd: false) }
        }
    }

    /// Lets those that wait for the end go on.
    mutating func settle(_ program: [Pattern.Instruction], isStart: Bool) {
        let waiting = current
        step += 1
        for at in waiting {
            if case .atEnd = program[at] { add(at + 1, of: program, isStart: isStart, isEnd: true) }
        }
    }
}

/// A set of Unicode scalars.
struct ScalarSet: Sendable {
    private var low: UInt64 = 0
    private var high: UInt64 = 0
    /// The scalars below 64, and those from 64 to 127.
    var bitmap: (low: UInt64, high: UInt64) { isNegated ? (~low, ~high) : (low, high) }
    private var ranges: [ClosedRange<UInt32>] = []
    var isNegated = false

    init(_ ranges: ClosedRange<UInt32>...) { for range in ranges { insert(range) } }
    init(_ scalar: Unicode.Scalar) { insert(scalar.value...scalar.value) }

    mutating func insert(_ range: ClosedRange<UInt32>) {
        for value in range.clamped(to: 0...127) where range.contains(value) {
            if value < 64 { low |= 1 << UInt64(value) } else { high |= 1 << UInt64(value - 64) }
        }
        if range.upperBound > 127 { ranges.append(max(range.lowerBound, 128)...range.upperBound) }
    }

    /// - Parameter other: not negated, or the only thing in this set.
    mutating func formUnion(_ other: ScalarSet) {
        low |= other.low
        high |= other.high
        ranges += other.ranges
    }

    func contains(_ scalar: Unicode.Scalar) -> Bool {
        let value = scalar.value
        let isIn =
            if value < 64 {
                low >> UInt64(value) & 1 == 1
            } else if value < 128 {
                high >> UInt64(value - 64) & 1 == 1
            } else {
                ranges.contains { $0.contains(value) }
            }
        return isIn != isNegated
    }

    /// Everything else, as a set that is not negated.
    var inverted: ScalarSet {
        var result = ScalarSet()
        var from: UInt32 = 0
        let ascii = (0..<128 as Range<UInt32>).filter { Unicode.Scalar($0).map(contains) == true }.map { $0...$0 }
        for range in (ascii + ranges).sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if range.lowerBound > from { result.insert(from...(range.lowerBound - 1)) }
            from = max(from, range.upperBound + 1)
        }
        if from <= 0x10FFFF { result.insert(from...0x10FFFF) }
        return result
    }

    static let digit = ScalarSet(0x30...0x39)
    static let word = ScalarSet(0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A)
    static let space = ScalarSet(
        0x09...0x0D, 0x20...0x20, 0xA0...0xA0, 0x1680...0x1680, 0x2000...0x200A, 0x2028...0x2029, 0x202F...0x202F,
        0x205F...0x205F, 0x3000...0x3000, 0xFEFF...0xFEFF)
    static let lineEnd = ScalarSet(0x0A...0x0A, 0x0D...0x0D, 0x2028...0x2029)
}
