import JSON

/// `{partition}` and `{domain}`: a name that has one stands for several.
struct Placeholder: Sendable, Equatable {
    static let partition = Placeholder(text: "{partition}")
    static let domain = Placeholder(text: "{domain}")

    let text: String

    /// The one in a name; `nil` for a name that stands for itself.
    static func first(in name: String) -> Placeholder? {
        [partition, domain].first { name.contains($0.text) }
    }

    func written(as value: String, in text: String) -> String {
        text.split(separator: self.text, omittingEmptySubsequences: false).joined(separator: value)
    }

    func written(as value: String, in object: JSONObject) -> JSONObject {
        JSONObject(object.members.map { (written(as: value, in: $0.name), written(as: value, in: $0.value)) })
    }

    private func written(as value: String, in json: JSONValue) -> JSONValue {
        switch json {
        case .string(let text): .string(written(as: value, in: text))
        case .array(let elements): .array(elements.map { written(as: value, in: $0) })
        case .object(let object): .object(written(as: value, in: object))
        default: json
        }
    }
}
