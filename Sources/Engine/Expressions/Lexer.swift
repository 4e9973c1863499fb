import JSON

/// One word of an expression.
enum Token: Equatable {
    case name(String)
    case number(String)
    case string(String)
    case symbol(String)
    case end
}

/// Takes an expression apart; it stops at `}}` outside of a string.
struct Lexer {
    private let scalars: ArraySlice<Unicode.Scalar>
    private(set) var offset: Int
    /// After a dot a name may begin with a digit, because tasks may.
    private var afterDot = false

    init(_ scalars: ArraySlice<Unicode.Scalar>) {
        self.scalars = scalars
        offset = scalars.startIndex
    }

    private var current: Unicode.Scalar? { offset < scalars.endIndex ? scalars[offset] : nil }
    private var following: Unicode.Scalar? { offset + 1 < scalars.endIndex ? scalars[offset + 1] : nil }

    /// The next word, and where it begins.
    mutating func next() throws(ExpressionError) -> (token: Token, offset: Int) {
        while let scalar = current, scalar == " " || scalar == "\n" || scalar == "\t" || scalar == "\r" { offset += 1 }
        let start = offset
        guard let scalar = current, !(scalar == "}" && following == "}") else { return (.end, start) }
        defer { afterDot = scalar == "." }
        if Self.isNameStart(scalar) || afterDot && Self.isNamePart(scalar) { return (.name(name()), start) }
        if Self.isDigit(scalar) { return (.number(try number(start)), start) }
        if scalar == "'" { return (.string(try string(start)), start) }
        let pair = String(String.UnicodeScalarView([scalar] + (following.map { [$0] } ?? [])))
        if ["||", "&&", "==", "!=", "<=", ">="].contains(pair) {
            offset += 2
            return (.symbol(pair), start)
        }
        guard "<>!+-*/%().,[]".unicodeScalars.contains(scalar) else {
            let hint = scalar == "\"" ? "; strings stand in single quotes" : ""
            throw ExpressionError(code: .syntax, message: "unexpected \(scalar)\(hint)", offset: start)
        }
        offset += 1
        return (.symbol(String(scalar)), start)
    }

    private static func isDigit(_ scalar: Unicode.Scalar) -> Bool { ("0"..."9").contains(scalar) }
    private static func isNameStart(_ scalar: Unicode.Scalar) -> Bool {
        ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar) || scalar == "_"
    }
    private static func isNamePart(_ scalar: Unicode.Scalar) -> Bool {
        isNameStart(scalar) || isDigit(scalar) || scalar == "-"
    }

    private mutating func name() -> String {
        var name = String.UnicodeScalarView()
        while let scalar = current, Self.isNamePart(scalar) {
            name.append(scalar)
            offset += 1
        }
        return String(name)
    }

    private mutating func number(_ start: Int) throws(ExpressionError) -> String {
        var text = String.UnicodeScalarView()
        while let scalar = current {
            let isSign = (scalar == "+" || scalar == "-") && (text.last == "e" || text.last == "E")
            let isPoint = scalar == "." && following.map(Self.isDigit) == true
            guard Self.isDigit(scalar) || isPoint || scalar == "e" || scalar == "E" || isSign else { break }
            text.append(scalar)
            offset += 1
        }
        guard let number = JSONNumber(literal: String(text)) else {
            throw ExpressionError(code: .syntax, message: "\(String(text)) is not a number", offset: start)
        }
        return number.literal
    }

    /// `'it''s'` is the string `it's`.
    private mutating func string(_ start: Int) throws(ExpressionError) -> String {
        var text = String.UnicodeScalarView()
        offset += 1
        while let scalar = current {
            offset += 1
            guard scalar == "'" else {
                text.append(scalar)
                continue
            }
            guard current == "'" else { return String(text) }
            text.append("'")
            offset += 1
        }
        throw ExpressionError(code: .syntax, message: "a string without its closing quote", offset: start)
    }
}
