/// Which partitions a replica owns among those alive.
///
/// Rendezvous hashing (Thaler and Ravishankar, “Using name-based mappings to increase hit rates”, 1998): each
/// partition goes to the replica with the highest weight for it, so a replica that joins or leaves
/// moves only its own share.
package enum PartitionShare {
    /// - Parameters:
    ///   - replicas: the live ones, this one included, in any order.
    ///   - count: partitions are numbered from 0.
    package static func owned(by replica: String, among replicas: [String], count: Int) -> Set<Int> {
        Set((0..<count).filter { owner(of: $0, among: replicas) == replica })
    }

    package static func owner(of partition: Int, among replicas: [String]) -> String? {
        replicas.max { (weight(of: $0, for: partition), $0) < (weight(of: $1, for: partition), $1) }
    }

    /// FNV-1a over the name and the number, then a finalizer, because FNV alone mixes its last bytes badly.
    private static func weight(of replica: String, for partition: Int) -> UInt64 {
        var hash: UInt64 = 0xcbf2_9ce4_8422_2325
        for byte in "\(replica)/\(partition)".utf8 { hash = (hash ^ UInt64(byte)) &* 0x100_0000_01b3 }
        hash = (hash ^ (hash >> 33)) &* 0xff51_afd7_ed55_8ccd
        hash = (hash ^ (hash >> 33)) &* 0xc4ce_b9fe_1a85_ec53
        return hash ^ (hash >> 33)
    }
}
