/// A Swift value that a cell in PostgreSQL's binary format can be read as.
package protocol PostgresDecodable {
    /// - Parameter cell: `nil` for NULL.
    /// - Returns: `nil` when the cell, of the type with this number, is no such value.
    init?(cell: ArraySlice<UInt8>?, type: UInt32)
    /// Reads a cell as a list of these; an array unless the type says otherwise, as bytes do.
    static func list(cell: ArraySlice<UInt8>, type: UInt32) -> [Self]?
}

extension PostgresDecodable {
    package static func list(cell: ArraySlice<UInt8>, type: UInt32) -> [Self]? {
        var reader = CellReader(cell)
        guard let dimensions = reader.int32(), let _ = reader.int32(), let element = reader.int32() else { return nil }
        guard dimensions == 1 else { return dimensions == 0 ? [] : nil }
        guard let count = reader.int32(), let _ = reader.int32(), count >= 0 else { return nil }
        var values: [Self] = []
        values.reserveCapacity(min(Int(count), cell.count))
        for _ in 0..<count {
            guard let length = reader.int32() else { return nil }
            let bytes = length < 0 ? nil : reader.bytes(Int(length))
            guard length < 0 || bytes != nil, let value = Self(cell: bytes, type: UInt32(bitPattern: element)) else {
                return nil
            }
            values.append(value)
        }
        return values
    }
}

extension Optional: PostgresDecodable where Wrapped: PostgresDecodable {
    package init?(cell: ArraySlice<UInt8>?, type: UInt32) {
        guard let cell else {
            self = .none
            return
        }
        guard let value = Wrapped(cell: cell, type: type) else { return nil }
        self = value
    }
}

extension Array: PostgresDecodable where Element: PostgresDecodable {
    package init?(cell: ArraySlice<UInt8>?, type: UInt32) {
        guard let cell, let values = Element.list(cell: cell, type: type) else { return nil }
        self = values
    }
}

extension Bool: PostgresDecodable {
    package init?(cell: ArraySlice<UInt8>?, type: UInt32) {
        guard let byte = cell?.first, type == TypeID.bool else { return nil }
        self = byte != 0
    }
}

/// Whole numbers; of a `timestamptz` the milliseconds since the epoch.
extension Int64: PostgresDecodable {
    package init?(cell: ArraySlice<UInt8>?, type: UInt32) {
        guard let cell else { return nil }
        var reader = CellReader(cell)
        let value: Int64?
        switch type {
        case TypeID.int8: value = reader.int64()
        case TypeID.int4: value = reader.int32().map(Int64.init)
        case TypeID.int2: value = reader.int16().map(Int64.init)
        case TypeID.oid: value = reader.int32().map { Int64(UInt32(bitPattern: $0)) }
        case TypeID.timestamptz, TypeID.timestamp:
            // Infinity and -infinity are the ends of the range.
            value = reader.int64().flatMap { $0 == .max || $0 == .min ? nil : $0.flooredThousandth + postgresEpoch }
        default: value = nil
        }
        guard let value else { return nil }
        self = value
    }
}

extension Int: PostgresDecodable {
    package init?(cell: ArraySlice<UInt8>?, type: UInt32) {
        guard let value = Int64(cell: cell, type: type) else { return nil }
        self = Int(value)
    }
}

extension Double: PostgresDecodable {
    package init?(cell: ArraySlice<UInt8>?, type: UInt32) {
        guard let cell else { return nil }
        var reader = CellReader(cell)
        switch type {
        case TypeID.float8:
            guard let bits = reader.int64() else { return nil }
            self = Double(bitPattern: UInt64(bitPattern: bits))
        case TypeID.float4:
            guard let bits = reader.int32() else { return nil }
            self = Double(Float(bitPattern: UInt32(bitPattern: bits)))
        case TypeID.numeric:
            guard let text = reader.numeric(), let value = Double(text) else { return nil }
            self = value
        default: return nil
        }
    }
}

/// Text of any kind, `json` and `jsonb` included; UUIDs and exact decimals are spelled out.
extension String: PostgresDecodable {
    package init?(cell: ArraySlice<UInt8>?, type: UInt32) {
        guard let cell else { return nil }
        var reader = CellReader(cell)
        switch type {
        case TypeID.text, TypeID.varchar, TypeID.bpchar, TypeID.name, TypeID.json, TypeID.char, TypeID.unknown, 705:
            self = String(decoding: cell, as: UTF8.self)
        case TypeID.jsonb: self = String(decoding: cell.dropFirst(), as: UTF8.self)
        case TypeID.numeric:
            guard let text = reader.numeric() else { return nil }
            self = text
        case TypeID.uuid:
            guard cell.count == 16 else { return nil }
            let hex = cell.map { $0 < 16 ? "0" + String($0, radix: 16) : String($0, radix: 16) }
            let groups = [0..<4, 4..<6, 6..<8, 8..<10, 10..<16].map { hex[$0].joined() }
            self = groups.joined(separator: "-")
        default: return nil
        }
    }
}

/// Bytes: of `bytea`, and of text and JSON their UTF-8.
extension UInt8: PostgresDecodable {
    package init?(cell: ArraySlice<UInt8>?, type: UInt32) { return nil }

    package static func list(cell: ArraySlice<UInt8>, type: UInt32) -> [UInt8]? {
        switch type {
        case TypeID.bytea, TypeID.json, TypeID.text, TypeID.varchar: Array(cell)
        case TypeID.jsonb: Array(cell.dropFirst())
        default: nil
        }
    }
}

extension Int64 {
    fileprivate var flooredThousandth: Int64 {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: 1000)
        return remainder < 0 ? quotient - 1 : quotient
    }
}

/// Reads big-endian numbers from the front of a cell.
private struct CellReader {
    private var rest: ArraySlice<UInt8>

    init(_ cell: ArraySlice<UInt8>) { rest = cell }

    mutating func bytes(_ count: Int) -> ArraySlice<UInt8>? {
        guard rest.count >= count else { return nil }
        defer { rest = rest.dropFirst(count) }
        return rest.prefix(count)
    }

    private mutating func integer<Value: FixedWidthInteger>(_ type: Value.Type) -> Value? {
        bytes(Value.bitWidth / 8).map { $0.reduce(0) { value, byte in value << 8 | Value(truncatingIfNeeded: byte) } }
    }

    mutating func int16() -> Int16? { integer(Int16.self) }
    mutating func int32() -> Int32? { integer(Int32.self) }
    mutating func int64() -> Int64? { integer(Int64.self) }

    /// A `numeric`: groups of four decimal digits, the weight of the first, a sign, and the digits to show
    /// after the point (`numeric_send` in PostgreSQL's numeric.c).
    mutating func numeric() -> String? {
        guard let count = int16(), let weight = int16(), let sign = int16(), let scale = int16() else { return nil }
        switch UInt16(bitPattern: sign) {
        case 0x0000, 0x4000: break
        case 0xC000: return "NaN"
        case 0xD000: return "Infinity"
        case 0xF000: return "-Infinity"
        default: return nil
        }
        var groups: [String] = []
        for _ in 0..<max(0, count) {
            guard let group = int16() else { return nil }
            let digits = String(group)
            groups.append(String(repeating: "0", count: max(0, 4 - digits.count)) + digits)
        }
        let wholeGroups = Int(weight) + 1
        let whole = (0..<max(0, wholeGroups)).map { $0 < groups.count ? groups[$0] : "0000" }.joined()
        let leading = String(repeating: "0000", count: max(0, -wholeGroups))
        let fraction = leading + groups.dropFirst(max(0, wholeGroups)).joined()
        let shown = (fraction + String(repeating: "0", count: max(0, Int(scale) - fraction.count))).prefix(Int(scale))
        let digits = whole.drop { $0 == "0" }
        return (sign == 0 ? "" : "-") + (digits.isEmpty ? "0" : digits) + (scale > 0 ? "." + shown : "")
    }
}
