/// What an artifact and a workflow may have at most. Beyond a limit an artifact is kept, but not merged.
package struct GatherLimits: Sendable, Equatable {
    package var payloadBytes: Int
    package var depth: Int
    /// Leaves and elements of sets in one artifact.
    package var claims: Int
    package var workflowBytes: Int
    /// Of one number.
    package static let digits = 64
    /// Of one number's power of ten, in scientific notation, either way.
    package static let exponent = 400

    package init(
        payloadBytes: Int = 1 << 20, depth: Int = 32, claims: Int = 4096, workflowBytes: Int = 16 << 20
    ) {
        self.payloadBytes = payloadBytes
        self.depth = depth
        self.claims = claims
        self.workflowBytes = workflowBytes
    }
}
