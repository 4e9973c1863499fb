import Contracts

extension ArtifactDraft {
    /// The headings of a document, for gates: of the text that its payload has as `value`, `text`, `content` or
    /// `markdown`; `nil` when it is no document or has no text.
    var sections: [String]? {
        guard kind == .document else { return nil }
        for name in ["value", "text", "content", "markdown"] {
            if let text = payload[name]?.string { return DocumentSections.headings(of: text) }
        }
        return nil
    }
}
