/// Where a schema stands.
struct SchemaPlace: Hashable {
    /// The document's name among ``SchemaDocuments``; empty for the one that is compiled.
    var document: String
    var pointer: JSONPointer

    func appending(_ tokens: [String]) -> SchemaPlace {
        SchemaPlace(document: document, pointer: JSONPointer(pointer.tokens + tokens))
    }

    func error(_ message: String) -> JSONSchemaError {
        JSONSchemaError(document: document, pointer: pointer, message: message)
    }
}

/// The documents that schemas may refer to, found by their names and by their `$id`.
struct SchemaDocuments {
    let root = ""
    private var documents: [String: JSONValue]
    private var names: [String: String] = [:]

    init(root schema: JSONValue, others: [String: JSONValue]) {
        documents = others
        documents[root] = schema
        for (name, document) in documents {
            names[name] = name
            if let id = document["$id"]?.string { names[Self.withoutFragment(id)] = name }
        }
        // The schema that is compiled may be among the others too; it is the same one then.
        if let id = schema["$id"]?.string { names[Self.withoutFragment(id)] = root }
    }

    subscript(place: SchemaPlace) -> JSONValue? { documents[place.document]?[place.pointer] }

    /// What a `$ref` means.
    func resolve(_ reference: String, from place: SchemaPlace) throws(JSONSchemaError) -> SchemaPlace {
        let uri = Self.withoutFragment(reference)
        guard let pointer = Self.fragment(reference) else {
            throw place.error("“\(reference)” does not end in a JSON Pointer")
        }
        if uri.isEmpty { return SchemaPlace(document: place.document, pointer: pointer) }
        let base = documents[place.document]?["$id"]?.string ?? place.document
        guard let document = names[Self.resolve(uri, against: base)] ?? names[uri] else {
            throw place.error("“\(reference)” is not among the schemas")
        }
        return SchemaPlace(document: document, pointer: pointer)
    }

    private static func withoutFragment(_ uri: String) -> String { String(uri.prefix { $0 != "#" }) }

    private static func fragment(_ reference: String) -> JSONPointer? {
        guard let hash = reference.utf8.firstIndex(of: UInt8(ascii: "#")) else { return .root }
        var bytes: [UInt8] = []
        var rest = reference.utf8[hash...].dropFirst()
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else { bytes.append(byte); continue }
            guard let decoded = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16) else { return nil }
            bytes.append(decoded)
            rest = rest.dropFirst(2)
        }
        return String(validating: bytes, as: UTF8.self).flatMap(JSONPointer.init(parsing:))
    }

    /// Enough of RFC 3986 for file names beside each other.
    private static func resolve(_ uri: String, against base: String) -> String {
        guard !uri.contains(":"), let slash = base.lastIndex(of: "/") else { return uri }
        var folder = base[...slash]
        var rest = uri[...]
        while true {
            if rest.hasPrefix("./") {
                rest = rest.dropFirst(2)
            } else if rest.hasPrefix("../"), let parent = folder.dropLast().lastIndex(of: "/") {
                rest = rest.dropFirst(3)
                folder = folder[...parent]
            } else {
                return String(folder + rest)
            }
        }
    }
}
