/// What a pattern says.
indirect enum PatternTree {
    case empty
    case take(ScalarSet)
    case atStart
    case atEnd
    case sequence([PatternTree])
    case alternatives([PatternTree])
    case repeated(PatternTree, least: Int, most: Int?)

    var beginsAtStart: Bool {
        switch self {
        case .atStart: true
        case .sequence(let parts): parts.first?.beginsAtStart ?? false
        case .alternatives(let parts): parts.allSatisfy(\.beginsAtStart)
        case .repeated(let part, let least, _): least > 0 && part.beginsAtStart
        case .empty, .take, .atEnd: false
        }
    }
}

/// Reads a pattern; groups nest at most 100 deep.
struct PatternParser {
    private let scalars: [Unicode.Scalar]
    private var at = 0
    private var depth = 0

    init(_ source: String) { scalars = Array(source.unicodeScalars) }

    mutating func parse() throws(PatternError) -> PatternTree {
        let tree = try alternatives()
        guard at == scalars.count else { throw error("an unmatched “)”") }
        return tree
    }

    private var peek: Unicode.Scalar? { at < scalars.count ? scalars[at] : nil }

    private mutating func next() -> Unicode.Scalar? {
        defer { at += 1 }
        return peek
    }

    private mutating func accept(_ text: String) -> Bool {
        guard scalars[at...].starts(with: text.unicodeScalars) else { return false }
        at += text.unicodeScalars.count
        return true
    }

    private func error(_ message: String) -> PatternError {
        PatternError(message: "\(message) (at character \(at + 1))")
    }

    private mutating func alternatives() throws(PatternError) -> PatternTree {
        var parts = [try sequence()]
        while accept("|") { parts.append(try sequence()) }
        return parts.count == 1 ? parts[0] : .alternatives(parts)
    }

    private mutating func sequence() throws(PatternError) -> PatternTree {
        var parts: [PatternTree] = []
        while let scalar = peek, scalar != "|", scalar != ")" { parts.append(try quantified()) }
        return parts.isEmpty ? .empty : .sequence(parts)
    }

    private mutating func quantified() throws(PatternError) -> PatternTree {
        let atom = try atom()
        let bounds: (Int, Int?)
        switch peek {
        case "*": bounds = (0, nil)
        case "+": bounds = (1, nil)
        case "?": bounds = (0, 1)
        case "{":
            at += 1
            bounds = try counted()
        default: return atom
        }
        at += 1
        _ = accept("?")  // lazy: the same texts match
        if let scalar = peek, "*+?{".unicodeScalars.contains(scalar) { throw error("nothing to repeat") }
        switch atom {
        case .atStart, .atEnd: throw error("an anchor cannot be repeated")
        default: return .repeated(atom, least: bounds.0, most: bounds.1)
        }
    }

    /// `{2}`, `{2,}`, `{2,5}`: up to the closing brace, which is left.
    private mutating func counted() throws(PatternError) -> (Int, Int?) {
        let least = try count()
        guard accept(",") else { return try closed((least, least)) }
        guard peek != "}" else { return (least, nil) }
        let most = try count()
        guard most >= least else { throw error("a repetition with its bounds the wrong way round") }
        return try closed((least, most))
    }

    private func closed(_ bounds: (Int, Int?)) throws(PatternError) -> (Int, Int?) {
        guard peek == "}" else { throw error("expected “}”") }
        return bounds
    }

    private mutating func count() throws(PatternError) -> Int {
        var value: Int?
        while let scalar = peek, "0"..."9" ~= scalar {
            value = (value ?? 0) * 10 + Int(scalar.value - 0x30)
            at += 1
            guard value! <= Pattern.sizeLimit else { throw error("a repetition of more than \(Pattern.sizeLimit)") }
        }
        guard let value else { throw error("expected a number; write “\\{” for a brace") }
        return value
    }

    private mutating func atom() throws(PatternError) -> PatternTree {
        switch next() {
        case "^": return .atStart
        case "$": return .atEnd
        case ".": return .take(ScalarSet.lineEnd.inverted)
        case "[": return .take(try characterClass())
        case "(": return try group()
        case "\\": return .take(try escape())
        case let scalar?:
            guard !"*+?{}]".unicodeScalars.contains(scalar) else {
                at -= 1
                throw error("“\(scalar)” has nothing to do here; write “\\\(scalar)” for the character")
            }
            return .take(ScalarSet(scalar))
        case nil: throw error("expected a character")
        }
    }

    private mutating func group() throws(PatternError) -> PatternTree {
        if accept("?") {
            guard accept(":") else { throw error("look-around and named groups are not supported") }
        }
        depth += 1
        guard depth <= 100 else { throw error("groups nested deeper than 100") }
        let tree = try alternatives()
        depth -= 1
        guard accept(")") else { throw error("an unmatched “(”") }
        return tree
    }

    private mutating func characterClass() throws(PatternError) -> ScalarSet {
        let isNegated = accept("^")
        var set = ScalarSet()
        while !accept("]") {
            let (member, low) = try classMember()
            guard let low, peek == "-", at + 1 < scalars.count, scalars[at + 1] != "]" else {
                set.formUnion(member)
                continue
            }
            at += 1
            guard let high = try classMember().1, low <= high else { throw error("a range that ends before it begins") }
            set.insert(low.value...high.value)
        }
        set.isNegated = isNegated
        return set
    }

    /// A member of a class; its scalar, when it is a single one.
    private mutating func classMember() throws(PatternError) -> (ScalarSet, Unicode.Scalar?) {
        switch next() {
        case "\\":
            if accept("b") { return (ScalarSet("\u{8}"), "\u{8}") }
            if let scalar = try scalarEscape() { return (ScalarSet(scalar), scalar) }
            return (try escape(), nil)
        case let scalar?: return (ScalarSet(scalar), scalar)
        case nil: throw error("an unmatched “[”")
        }
    }

    /// What follows a backslash.
    private mutating func escape() throws(PatternError) -> ScalarSet {
        if let scalar = try scalarEscape() { return ScalarSet(scalar) }
        switch next() {
        case "d": return .digit
        case "D": return ScalarSet.digit.inverted
        case "w": return .word
        case "W": return ScalarSet.word.inverted
        case "s": return .space
        case "S": return ScalarSet.space.inverted
        case let scalar?: throw error("“\\\(scalar)” is not supported")
        case nil: throw error("a backslash at the end")
        }
    }

    /// An escape that means one scalar; `nil`, and nothing read, for any other.
    private mutating func scalarEscape() throws(PatternError) -> Unicode.Scalar? {
        guard let scalar = peek else { return nil }
        at += 1
        switch scalar {
        case "n": return "\n"
        case "r": return "\r"
        case "t": return "\t"
        case "f": return "\u{C}"
        case "v": return "\u{B}"
        case "0": return "\0"
        case "x": return try hexadecimal(2)
        case "u": return try hexadecimal(4)
        default:
            if scalar.isASCII, scalar.properties.generalCategory.isPunctuation { return scalar }
            at -= 1
            return nil
        }
    }

    private mutating func hexadecimal(_ digits: Int) throws(PatternError) -> Unicode.Scalar {
        let text = String(String.UnicodeScalarView(scalars[at...].prefix(digits)))
        guard text.unicodeScalars.count == digits, let scalar = UInt32(text, radix: 16).flatMap(Unicode.Scalar.init)
        else {
            throw error("expected \(digits) hexadecimal digits")
        }
        at += digits
        return scalar
    }
}

extension Unicode.GeneralCategory {
    fileprivate var isPunctuation: Bool {
        switch self {
        case .connectorPunctuation, .dashPunctuation, .openPunctuation, .closePunctuation, .initialPunctuation,
            .finalPunctuation, .otherPunctuation, .mathSymbol, .currencySymbol, .modifierSymbol, .otherSymbol,
            .spaceSeparator:
            true
        default: false
        }
    }
}

struct PatternCompiler {
    private(set) var program: [Pattern.Instruction] = []
    private(set) var sets: [ScalarSet] = []

    mutating func emit(_ tree: PatternTree) throws(PatternError) {
        guard program.count < Pattern.sizeLimit else { throw PatternError(message: "the pattern is too large") }
        switch tree {
        case .empty: break
        case .take(let set):
            program.append(.take(low: set.bitmap.low, high: set.bitmap.high, set: sets.count))
            sets.append(set)
        case .atStart: program.append(.atStart)
        case .atEnd: program.append(.atEnd)
        case .sequence(let parts): for part in parts { try emit(part) }
        case .alternatives(let parts):
            var ends: [Int] = []
            for part in parts.dropLast() {
                let split = reserve()
                try emit(part)
                ends.append(reserve())
                program[split] = .split(split + 1, program.count)
            }
            if let last = parts.last { try emit(last) }
            for end in ends { program[end] = .jump(program.count) }
        case .repeated(let part, let least, let most):
            for _ in 0..<least {
                let before = program.count
                try emit(part)
                if program.count == before { break }  // empty, however often
            }
            if let most {
                var splits: [Int] = []
                for _ in least..<most {
                    splits.append(reserve())
                    try emit(part)
                }
                for split in splits { program[split] = .split(split + 1, program.count) }
            } else {
                let split = reserve()
                try emit(part)
                program.append(.jump(split))
                program[split] = .split(split + 1, program.count)
            }
        }
    }

    private mutating func reserve() -> Int {
        program.append(.jump(0))
        return program.count - 1
    }
}
