import CJSON

/// Owns json-c's tree of a value; valijson reads it, nothing else does.
///
/// json-c's reference counts are not atomic and some of its readers write into the object, so a tree stays with one
/// thread. Its names end at the first U+0000: that character is written as an escape of our own in names.
@safe struct JSONCTree: ~Copyable {
    /// `nil` is json-c's null.
    let raw: OpaquePointer?
    /// Arrays and objects within each other.
    let depth: Int

    init(_ value: JSONValue) {
        var depth = 0
        unsafe raw = Self.make(value, level: 0, deepest: &depth)
        self.depth = depth
    }

    deinit { unsafe _ = json_object_put(raw) }

    /// The value read back; numbers keep their literals, but that `-0` may have become `0`.
    consuming func value() -> JSONValue { unsafe JSONValue(borrowing: raw) }

    private static func make(_ value: JSONValue, level: Int, deepest: inout Int) -> OpaquePointer? {
        switch value {
        case .null: return nil
        case .bool(let bool): return unsafe json_object_new_boolean(bool ? 1 : 0)
        case .number(let number):
            if let int = Int64(number.literal) { return unsafe json_object_new_int64(int) }
            return unsafe json_object_new_double_s(number.double, number.literal)
        case .string(let string):
            guard !string.isEmpty else { return unsafe json_object_new_string("") }
            return unsafe string.utf8.span.withUnsafeBytes { bytes in
                unsafe json_object_new_string_len(bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count))
            }
        case .array(let elements):
            deepest = max(deepest, level + 1)
            let array = unsafe json_object_new_array_ext(Int32(elements.count))
            for element in elements {
                unsafe _ = json_object_array_add(array, make(element, level: level + 1, deepest: &deepest))
            }
            return unsafe array
        case .object(let members):
            deepest = max(deepest, level + 1)
            let object = unsafe json_object_new_object()
            for (name, value) in members.members {
                unsafe _ = json_object_object_add_ex(
                    object, CName.escape(name), make(value, level: level + 1, deepest: &deepest),
                    UInt32(JSON_C_OBJECT_ADD_KEY_IS_NEW))
            }
            return unsafe object
        }
    }
}

/// Member names without U+0000, which would end them in C: it is written as U+10FFFE and `0`, U+10FFFE itself as
/// U+10FFFE and `1`.
enum CName {
    static func escape(_ name: String) -> String {
        guard name.utf8.contains(where: { $0 == 0 || $0 == 0xF4 }) else { return name }
        return name.unicodeScalars.reduce(into: "") { escaped, scalar in
            switch scalar {
            case "\0": escaped += "\u{10FFFE}0"
            case "\u{10FFFE}": escaped += "\u{10FFFE}1"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
    }

    static func unescape(_ name: String) -> String {
        guard name.utf8.contains(0xF4) else { return name }
        var unescaped = String.UnicodeScalarView()
        var scalars = name.unicodeScalars.makeIterator()
        while let scalar = scalars.next() {
            unescaped.append(scalar == "\u{10FFFE}" ? (scalars.next() == "0" ? "\0" : scalar) : scalar)
        }
        return String(unescaped)
    }
}

extension JSONValue {
    /// A copy of json-c's tree.
    init(borrowing raw: OpaquePointer?) {
        switch unsafe json_object_get_type(raw) {
        case json_type_boolean: self = unsafe .bool(json_object_get_boolean(raw) != 0)
        case json_type_int: self = unsafe .number(JSONNumber(Int(json_object_get_int64(raw))))
        case json_type_double:
            // What json_object_new_double_s was given; printing it would write into the object.
            let literal = unsafe json_object_get_userdata(raw).assumingMemoryBound(to: CChar.self)
            self = unsafe .number(JSONNumber(uncheckedLiteral: String(cString: literal)))
        case json_type_string:
            self = unsafe .string(
                String(
                    decoding: UnsafeRawBufferPointer(
                        start: json_object_get_string(raw), count: Int(json_object_get_string_len(raw))),
                    as: UTF8.self))
        case json_type_array:
            self = unsafe .array(
                (0..<json_object_array_length(raw)).map {
                    unsafe JSONValue(borrowing: json_object_array_get_idx(raw, $0))
                })
        case json_type_object:
            var object = JSONObject()
            var entry = unsafe json_object_get_object(raw).pointee.head
            while let member = unsafe entry {
                let name = unsafe String(cString: member.pointee.k.assumingMemoryBound(to: CChar.self))
                unsafe object.append(CName.unescape(name), JSONValue(borrowing: OpaquePointer(member.pointee.v)))
                unsafe entry = member.pointee.next
            }
            self = .object(object)
        default: self = .null
        }
    }
}

/// What json-c's tree would cost as the holder of values, for the benchmark that says why ours is native.
package enum JSONCCost {
    package static func make(_ value: JSONValue) { _ = JSONCTree(value) }
    package static func roundTrip(_ value: JSONValue) -> JSONValue { JSONCTree(value).value() }
}
