/// Parameters as libpq takes them, all in one piece of memory.
struct Parameters {
    static let textFormat: Int32 = 0
    static let binaryFormat: Int32 = 1

    private(set) var arena: [UInt8] = [0]
    /// Where each begins in `arena`; `nil` for NULL.
    private(set) var starts: [Int?] = []
    private(set) var lengths: [Int32] = []
    private(set) var formats: [Int32] = []
    private(set) var types: [UInt32] = []

    var count: Int { starts.count }

    init(_ values: [PostgresValue], operation: String) throws(PostgresError) {
        for value in values { try append(value, operation) }
        guard values.count <= 65535 else {
            throw PostgresError(.invalidValue, operation, "\(values.count) parameters, and at most 65,535 are possible")
        }
    }

    private mutating func append(_ value: PostgresValue, _ operation: String) throws(PostgresError) {
        let start = arena.count
        var format = Self.binaryFormat
        let type: UInt32
        switch value {
        case .null:
            starts.append(nil)
            lengths.append(0)
            formats.append(Self.textFormat)
            types.append(TypeID.unknown)
            return
        case .text(let text), .uuid(let text):
            (type, format) = (TypeID.unknown, Self.textFormat)
            try arena.append(text: text, operation)
        case .numeric(let text):
            (type, format) = (TypeID.numeric, Self.textFormat)
            try arena.append(text: text, operation)
        case .int(let value):
            type = TypeID.int8
            arena.append(bigEndian: Int64(value))
        case .double(let value):
            type = TypeID.float8
            arena.append(bigEndian: value.bitPattern)
        case .bool(let value):
            type = TypeID.bool
            arena.append(value ? 1 : 0)
        case .bytes(let bytes):
            type = TypeID.bytea
            arena.append(contentsOf: bytes)
        case .json(let bytes):
            type = TypeID.json
            arena.append(contentsOf: bytes)
        case .timestamp(let milliseconds):
            type = TypeID.timestamptz
            arena.append(bigEndian: try Self.microseconds(milliseconds, operation))
        case .texts, .ints, .doubles, .bools, .byteStrings, .jsons, .timestamps:
            type = try append(array: value, operation)
        }
        let length = arena.count - start
        guard let short = Int32(exactly: length), length < 1 << 30 else {
            throw PostgresError(
                .invalidValue, operation, "a parameter of \(length) bytes; PostgreSQL takes at most 1 GiB")
        }
        if format == Self.textFormat { arena.append(0) }
        starts.append(start)
        lengths.append(short)
        formats.append(format)
        types.append(type)
    }

    /// The array's type.
    private mutating func append(array: PostgresValue, _ operation: String) throws(PostgresError) -> UInt32 {
        switch array {
        case .texts(let values):
            try append(values, of: TypeID.text) { (arena, text) throws(PostgresError) in
                try arena.append(text: text, operation)
            }
            return TypeID.textArray
        case .ints(let values):
            append(values, of: TypeID.int8) { $0.append(bigEndian: Int64($1)) }
            return TypeID.int8Array
        case .doubles(let values):
            append(values, of: TypeID.float8) { $0.append(bigEndian: $1.bitPattern) }
            return TypeID.float8Array
        case .bools(let values):
            append(values, of: TypeID.bool) { $0.append($1 ? 1 : 0) }
            return TypeID.boolArray
        case .byteStrings(let values):
            append(values, of: TypeID.bytea) { $0.append(contentsOf: $1) }
            return TypeID.byteaArray
        case .jsons(let values):
            append(values, of: TypeID.json) { $0.append(contentsOf: $1) }
            return TypeID.jsonArray
        case .timestamps(let values):
            try append(values, of: TypeID.timestamptz) { (arena, value) throws(PostgresError) in
                arena.append(bigEndian: try Self.microseconds(value, operation))
            }
            return TypeID.timestamptzArray
        default:
            preconditionFailure("not an array: \(array)")
        }
    }

    /// One dimension, from 1, as `array_recv` reads it.
    private mutating func append<Element, Failure: Error>(
        _ values: [Element?], of type: UInt32, write: (inout [UInt8], Element) throws(Failure) -> Void
    ) throws(Failure) {
        arena.append(bigEndian: Int32(values.isEmpty ? 0 : 1))
        arena.append(bigEndian: Int32(values.contains { $0 == nil } ? 1 : 0))
        arena.append(bigEndian: type)
        guard !values.isEmpty else { return }
        arena.append(bigEndian: Int32(values.count))
        arena.append(bigEndian: Int32(1))
        for value in values {
            let lengthAt = arena.count
            arena.append(bigEndian: Int32(-1))
            guard let value else { continue }
            try write(&arena, value)
            let length = Int32(arena.count - lengthAt - 4)
            for (index, shift) in [24, 16, 8, 0].enumerated() {
                arena[lengthAt + index] = UInt8(truncatingIfNeeded: length >> Int32(shift))
            }
        }
    }

    private static func microseconds(_ milliseconds: Int64, _ operation: String) throws(PostgresError) -> Int64 {
        let (value, overflow) = milliseconds.subtractingReportingOverflow(postgresEpoch)
        let (result, overflowAgain) = value.multipliedReportingOverflow(by: 1000)
        guard !overflow, !overflowAgain else {
            throw PostgresError(.invalidValue, operation, "no such time: \(milliseconds) ms since 1970")
        }
        return result
    }

    /// Lends the pointers that libpq wants for the length of a call, which copies what they point to.
    func withPointers<Result>(_ body: ([UnsafePointer<CChar>?]) -> Result) -> Result {
        unsafe arena.withUnsafeBytes { memory in
            let base = unsafe memory.bindMemory(to: CChar.self).baseAddress
            let pointers = unsafe starts.map { start in unsafe start.flatMap { unsafe base?.advanced(by: $0) } }
            return unsafe body(pointers)
        }
    }
}

extension [UInt8] {
    fileprivate mutating func append(bigEndian value: some FixedWidthInteger) {
        var shift = value.bitWidth - 8
        while shift >= 0 {
            append(UInt8(truncatingIfNeeded: value >> shift))
            shift -= 8
        }
    }

    /// PostgreSQL's text cannot hold U+0000.
    fileprivate mutating func append(text: String, _ operation: String) throws(PostgresError) {
        guard !text.utf8.contains(0) else {
            throw PostgresError(.invalidValue, operation, "PostgreSQL's text cannot hold the character U+0000")
        }
        append(contentsOf: text.utf8)
    }
}
