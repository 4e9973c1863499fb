extension ArtifactCreated {
    /// Which version of the artifact this is: of two, the greater counts. A second run of an attempt has higher ones.
    package var version: Int { seq ?? ArtifactCreated.firstVersion(delivery: delivery ?? 0) }

    /// - Parameter delivery: the order's.
    package static func firstVersion(delivery: Int) -> Int { 1000 * delivery }
}
