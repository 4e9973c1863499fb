package import JSON

/// The schemas of the files that people write.
package enum FileSchema: String, Sendable, CaseIterable {
    case definition, skill
    /// `topology/baton.yaml`, `topology/access.yaml`, `topology/domains.yaml`.
    case topology, access, domains

    /// What is wrong with a file's value, with the place of each problem; the reader of the file knows lines and columns.
    package func problems(of value: JSONValue) -> [Problem] {
        ContractSchema.file(self).problems(in: value).map {
            Problem(path: $0.pointer.text, code: "schema_\($0.keyword.snakeCased)", message: $0.message)
        }
    }
}

extension String {
    /// `maxLength` as `max_length`.
    fileprivate var snakeCased: String {
        reduce(into: "") { $0 += $1.isUppercase ? "_\($1.lowercased())" : String($1) }
    }
}
