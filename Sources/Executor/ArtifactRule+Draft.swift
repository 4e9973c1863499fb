import JSON

extension ArtifactRule {
    /// The artifact that an output becomes; a payload that is no object is wrapped into one, as `value`.
    func draft(input: JSONValue, output: JSONValue) throws(RunFailure) -> ArtifactDraft {
        let payload =
            try payload.map { rule throws(RunFailure) in
                try OutputTemplate.resolve(rule, input: input, output: output)
            } ?? output
        let summary = try summary.map { rule throws(RunFailure) in
            try OutputTemplate.resolve(.string(rule), input: input, output: output)
        }
        let confidence = try OutputTemplate.resolve(confidence, input: input, output: output)
        guard let number = confidence.number, (0...1).contains(number.double) else {
            throw RunFailure(
                code: "invalid_confidence", message: "the confidence of `\(name)` is \(confidence.text), not 0 to 1",
                isPermanent: true)
        }
        return ArtifactDraft(
            name: name, kind: kind, mediaType: mediaType,
            payload: payload.object == nil ? .object(JSONObject([("value", payload)])) : payload,
            summary: summary.map { $0.string ?? $0.text } ?? "", confidence: number)
    }
}
