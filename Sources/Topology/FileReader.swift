import JSON
import YAML

/// Reads one file of `topology/` and collects what is wrong in it; what is wrong reads as if it were not there.
struct FileReader {
    let file: String
    let root: JSONValue
    private let positions: SourceMap
    private(set) var problems: [TopologyProblem] = []

    init(file: String, bytes: [UInt8]) {
        self.file = file
        do {
            let document = try YAMLReader.parse(bytes)
            (root, positions) = (document.value, document.positions)
        } catch {
            (root, positions) = (.object(JSONObject()), SourceMap())
            problems = [TopologyProblem(file: file, position: error.position, message: error.message)]
        }
    }

    func position(_ pointer: JSONPointer) -> SourcePosition? { positions.position(of: pointer.text) }

    mutating func report(_ message: String, at pointer: JSONPointer) {
        problems.append(TopologyProblem(file: file, position: position(pointer), message: message))
    }

    /// An object, none of whose members has another name than these.
    mutating func object(at pointer: JSONPointer, allowing names: Set<String>? = nil) -> JSONObject {
        guard let value = root[pointer], !value.isNull else { return JSONObject() }
        guard let object = value.object else {
            report("expected a mapping of names to values", at: pointer)
            return JSONObject()
        }
        for name in object.names {
            guard let names, !names.contains(name) else { continue }
            report(
                "unknown key \"\(name)\"; known: \(names.sorted().joined(separator: ", "))", at: pointer.appending(name)
            )
        }
        return object
    }

    mutating func string(at pointer: JSONPointer, default fallback: String? = nil) -> String {
        guard let value = root[pointer] else {
            if fallback == nil { report("\"\(pointer.tokens.last ?? "")\" is missing", at: pointer) }
            return fallback ?? ""
        }
        guard let string = value.string else {
            report("expected a string", at: pointer)
            return fallback ?? ""
        }
        return string
    }

    mutating func strings(at pointer: JSONPointer) -> [String] {
        guard let value = root[pointer] else { return [] }
        guard let array = value.array else {
            report("expected a list", at: pointer)
            return []
        }
        return array.indices.compactMap { index in
            let string = string(at: pointer.appending(index))
            return string.isEmpty ? nil : string
        }
    }

    mutating func bool(at pointer: JSONPointer, default fallback: Bool) -> Bool {
        guard let value = root[pointer] else { return fallback }
        guard let bool = value.bool else {
            report("expected true or false", at: pointer)
            return fallback
        }
        return bool
    }

    mutating func int(at pointer: JSONPointer, in range: ClosedRange<Int>, default fallback: Int) -> Int {
        guard let value = root[pointer] else { return fallback }
        guard let int = value.int, range.contains(int) else {
            report("expected a whole number from \(range.lowerBound) to \(range.upperBound)", at: pointer)
            return fallback
        }
        return int
    }
}
