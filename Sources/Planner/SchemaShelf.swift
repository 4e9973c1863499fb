import Contracts
import IOThread
import JSON

/// Compiled schemas, by their text: those of a definition and of its skills are asked for with every request.
final class SchemaShelf: @unchecked Sendable {  // guarded by `lock`
    private static let limit = 1000
    private let lock = Lock()
    private var compiled: [JSONValue: JSONSchema] = [:]

    /// What is wrong with a value; the paths begin at the value.
    func problems(of value: JSONValue, by schema: JSONValue) -> [Problem] {
        do {
            return try compile(schema).validate(value).map {
                Problem(path: $0.pointer.text, code: "invalid_input", message: $0.message)
            }
        } catch {
            return [Problem(path: "", code: "invalid_schema", message: "the definition's input schema: \(error)")]
        }
    }

    func compile(_ schema: JSONValue) throws -> JSONSchema {
        if let known = lock.withLock({ compiled[schema] }) { return known }
        let made = try JSONSchema(schema)
        lock.withLock {
            if compiled.count >= Self.limit { compiled.removeAll() }
            compiled[schema] = made
        }
        return made
    }
}
