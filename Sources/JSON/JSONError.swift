/// Why a text is no JSON value that we take, and where.
package struct JSONError: Error, Equatable, Sendable {
    package enum Code: String, Sendable {
        /// Not RFC 8259: bad syntax, bad UTF-8, a lone surrogate.
        case invalidJSON = "invalid_json"
        case duplicateMember = "duplicate_member"
        case tooDeep = "too_deep"
        case tooLarge = "too_large"
        case tooManyKeys = "too_many_keys"
        /// An exponent of more than nine digits.
        case numberOutOfRange = "number_out_of_range"
    }

    package var code: Code
    /// The offending byte, from 0.
    package var offset: Int
    /// From 1.
    package var line: Int
    /// In Unicode scalars, from 1.
    package var column: Int
    /// The value being read; for a duplicate member, that member.
    package var pointer: JSONPointer
    package var message: String
}

extension JSONError: CustomStringConvertible {
    package var description: String {
        "\(message) (line \(line), column \(column)\(pointer.isRoot ? "" : ", at \(pointer)"))"
    }
}
