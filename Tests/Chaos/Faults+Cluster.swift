import Glibc
import LocalServers
import Topology

extension Fault {
    /// What only a broker of three nodes can live through; counted from the fault, for it has to go on without the node.
    static var cluster: [Fault] {
        [
            loss("the node that leads the queues", (0, 3)) { cluster, leader in leader },
            loss("a node that follows", (0, 2)) { cluster, leader in
                Cluster.nodes.first { $0.number != leader.number } ?? leader
            },
            partition,
        ]
    }

    private static func loss(
        _ what: String, _ times: (Int, Int), _ choose: @escaping @Sendable (Cluster, Cluster.Node) -> Cluster.Node
    ) -> Fault {
        Fault(name: "cluster: kill -9 of \(what)", times: times, target: returnTarget) { scene in
            let (cluster, world) = (try scene.cluster(), scene.world)
            try await cluster.waitUntilWhole(world.management)
            let node = choose(cluster, try await cluster.leader(world.management, world.setup.topology.virtualHost))
            try await scene.anyMoment()
            let (status, at) = try await scene.fleet.end(node.name, by: SIGKILL)
            guard status == .killed(signal: SIGKILL) else { throw Miss("it ended with \(status)") }
            return Hit("\(node.erlangName) ended by signal 9, and was away for 8 s and its boot", since: at)
        }
    }

    /// The node that leads is cut off from the two others, for clients it is still there, until it gives up by itself.
    private static let partition = Fault(
        name: "cluster: the leading node cut off from the others", times: (0, 2), target: .seconds(30)
    ) { scene in
        let (cluster, world) = (try scene.cluster(), scene.world)
        try await cluster.waitUntilWhole(world.management)
        let node = try await cluster.leader(world.management, world.setup.topology.virtualHost)
        try await cluster.cutOff(node)
        let at = ContinuousClock.now
        do {
            try await scene.wait(.seconds(60), "the others to miss \(node.erlangName)") {
                let nodes = try await world.management.get("nodes")?.array ?? []
                return nodes.contains { $0["running"]?.bool != true }
            }
            try await Task.sleep(for: .seconds(5))
        } catch {
            try await cluster.heal(node)
            throw error
        }
        Task {
            try await Task.sleep(for: .seconds(10))
            try await cluster.heal(node)
        }
        return Hit("\(node.erlangName) was missed by the others", since: at)
    }
}

extension Scene {
    fileprivate func cluster() throws -> Cluster {
        guard let cluster = world.cluster else { throw ChaosError("the broker is no cluster") }
        return cluster
    }
}
