/// A statement that each connection prepares once, the first time it runs there.
package struct Statement: Sendable, Hashable {
    /// Names it in errors, and in the cache of a connection: one name, one text.
    package let name: String
    package let sql: String

    package init(_ name: String, _ sql: String) {
        self.name = name
        self.sql = sql
    }
}

/// What a connection has prepared: each statement once for each combination of parameter types.
struct StatementCache {
    struct Prepared: Sendable {
        /// The server's name for it.
        let name: String
        let types: [UInt32]
    }

    private var prepared: [String: (sql: String, variants: [Prepared])] = [:]
    private var namesMade = 0

    /// The one that these parameters fit; a parameter that is NULL fits any type.
    func find(_ statement: Statement, for parameters: Parameters) -> Prepared? {
        guard let known = prepared[statement.name], known.sql == statement.sql else { return nil }
        return known.variants.first { variant in
            variant.types.count == parameters.count
                && parameters.starts.indices.allSatisfy {
                    parameters.starts[$0] == nil || parameters.types[$0] == variant.types[$0]
                }
        }
    }

    /// A fresh name; remembered only by ``remember(_:as:)``, when the server has confirmed it.
    mutating func make(_ statement: Statement, for parameters: Parameters) -> Prepared {
        namesMade += 1
        return Prepared(name: "\(statement.name.prefix(48))#\(namesMade)", types: parameters.types)
    }

    mutating func remember(_ statement: Statement, as variant: Prepared) {
        if let known = prepared[statement.name], known.sql == statement.sql {
            prepared[statement.name] = (known.sql, known.variants + [variant])
        } else {
            prepared[statement.name] = (statement.sql, [variant])
        }
    }

    mutating func forget(_ statement: Statement) { prepared[statement.name] = nil }
}
