/// Where payloads lie that are too large for a message.
package protocol ObjectStore: Sendable {
    /// Keeps an object durably; the same key again replaces it.
    ///
    /// - Returns: the reference that ``get(_:limit:)`` takes, in every process with the same store.
    func put(_ content: [UInt8], key: ObjectKey) async throws(ObjectError) -> String

    /// - Parameters:
    ///   - reference: as ``put(_:key:)`` gave it; it may come from outside, so one that leads out of the store is refused.
    ///   - limit: in bytes; a larger object is `.tooLarge`.
    func get(_ reference: String, limit: Int) async throws(ObjectError) -> [UInt8]
}

/// The name of an object: segments of ASCII letters, digits, `.`, `_`, `-`, none of them `.` or `..`.
package struct ObjectKey: Hashable, Sendable {
    package let segments: [String]

    /// - Returns: `nil` when a segment has another character or is longer than 200 bytes.
    package init?(_ segments: String...) { self.init(segments: segments) }

    package init?(segments: [String]) {
        guard !segments.isEmpty, segments.count <= 16, segments.allSatisfy(Self.isValid) else { return nil }
        self.segments = segments
    }

    package init?(path: String) {
        self.init(segments: path.split(separator: "/", omittingEmptySubsequences: false).map(String.init))
    }

    package var path: String { segments.joined(separator: "/") }

    private static func isValid(_ segment: String) -> Bool {
        guard (1...200).contains(segment.utf8.count), segment != ".", segment != ".." else { return false }
        return segment.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"):
                true
            default: false
            }
        }
    }
}

/// What went wrong between this process and the object store.
package struct ObjectError: Error, Equatable, Sendable {
    package enum Code: Sendable {
        /// There is no such object (yet).
        case notFound
        /// The reference is not one of this store.
        case notAllowed
        case tooLarge
        /// The store is away or full.
        case unavailable
    }

    package var code: Code
    package var reference: String
    package var detail: String

    package init(code: Code, reference: String, detail: String) {
        self.code = code
        self.reference = reference
        self.detail = detail
    }

    /// Trying again may help.
    package var isRetriable: Bool { code == .unavailable || code == .notFound }
}
