import FuzzSupport
import JSON

/// The first byte says what the rest is: a text (and anything else), `S` a schema and a value, `P` a patch and a
/// value, `D` two values to compare, `R` a pattern and a text.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzJSON(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    fuzz(start, count) { bytes in
        let rest = Array(bytes.dropFirst())
        switch bytes.first {
        case UInt8(ascii: "S"): schema(rest)
        case UInt8(ascii: "P"): patch(rest)
        case UInt8(ascii: "D"): difference(rest)
        case UInt8(ascii: "R"): pattern(rest)
        default: text(bytes)
        }
    }
}

/// What was read is written and read back as itself, by us and through json-c's tree.
private func text(_ bytes: [UInt8]) {
    let value: JSONValue
    do throws(JSONError) {
        value = try JSONReader.parse(bytes)
    } catch {
        expect((0...bytes.count).contains(error.offset), "the offset \(error.offset) of \(bytes.count) bytes")
        expect(error.line >= 1 && error.column >= 1, "line \(error.line), column \(error.column)")
        return
    }
    let written = value.serialized()
    do throws(JSONError) {
        let again = try JSONReader.parse(written)
        expect(again == value, "what was written reads back as another value")
        expect(again.serialized() == written, "what was written is written otherwise the next time")
    } catch {
        expect(false, "what we write is refused: \(error)")
    }
    expect(JSONCCost.roundTrip(value) == value, "json-c's tree holds another value")
    expect(JSONPatch.diff(from: value, to: value).isEmpty, "a value differs from itself")
    if let decoded = try? JSONValueDecoder().decode(Mixed.self, from: value) {
        let encoded = try? JSONValueEncoder().encode(decoded)
        let again = encoded.flatMap { try? JSONValueDecoder().decode(Mixed.self, from: $0) }
        expect(again == decoded, "a decoded value is encoded as another")
    }
    look(at: value)
}

/// Every number is asked for all it can say.
private func look(at value: JSONValue) {
    switch value {
    case .number(let number):
        let canonical = number.canonicalText
        expect(JSONNumber(literal: canonical) == number, "\(number) is not its canonical text, \(canonical)")
        if let int = number.int { expect(JSONNumber(int) == number, "\(number) is not \(int)") }
        _ = number.double
    case .array(let elements): for element in elements { look(at: element) }
    case .object(let object): for (_, value) in object.members { look(at: value) }
    default: break
    }
}

private struct Mixed: Codable, Equatable {
    var int: Int?
    var byte: UInt8?
    var double: Double?
    var flag: Bool?
    var text: String?
    var list: [Mixed]?
    var map: [String: JSONValue]?
    var any: JSONValue?
}

/// A schema that compiles judges every value, and names places that are there.
private func schema(_ bytes: [UInt8]) {
    guard let parts = parts(bytes, count: 2), let json = try? JSONReader.parse(parts[0]),
        let value = try? JSONReader.parse(parts[1]), let schema = try? JSONSchema(json)
    else { return }
    for problem in schema.validate(value) {
        expect(value[problem.pointer] != nil, "a problem at \(problem.pointer), where nothing is")
    }
}

private func patch(_ bytes: [UInt8]) {
    guard let parts = parts(bytes, count: 2), let json = try? JSONReader.parse(parts[0]),
        let value = try? JSONReader.parse(parts[1]), let patch = try? JSONPatch(json: json)
    else { return }
    expect((try? JSONPatch(json: patch.json)) == patch, "a patch reads back as another")
    _ = try? patch.apply(to: value)
}

private func difference(_ bytes: [UInt8]) {
    guard let parts = parts(bytes, count: 2), let old = try? JSONReader.parse(parts[0]),
        let new = try? JSONReader.parse(parts[1])
    else { return }
    let patch = JSONPatch.diff(from: old, to: new)
    expect((try? patch.apply(to: old)) == new, "the difference does not lead from one to the other")
    expect(patch.isEmpty == (old == new), "an empty difference of what is not equal, or the reverse")
}

private func pattern(_ bytes: [UInt8]) {
    guard let parts = parts(bytes, count: 2), let pattern = try? Pattern(String(decoding: parts[0], as: UTF8.self))
    else { return }
    _ = pattern.matches(String(decoding: parts[1], as: UTF8.self))
}
