import FaultyNetwork
import Foundation
import JSON
import LocalServers
import Topology

/// Three RabbitMQ nodes on this machine, each in a network of its own behind a bridge, so that they can be cut off from
/// each other and still be reached by everybody else.
struct Cluster: Sendable {
    struct Node: Sendable {
        let number: Int
        var name: String { "rabbitmq-\(number)" }
        var namespace: String { "baton-chaos-\(number)" }
        var address: String { "10.213.77.\(10 + number)" }
        var erlangName: String { "baton@\(address)" }
    }

    static let nodes = (1...3).map(Node.init)
    private static let bridge = "baton-chaos"
    let servers: RunningServers
    let data: String

    static func start(_ servers: RunningServers, _ state: DevState) async throws -> Cluster {
        await tearDown()
        let cluster = Cluster(servers: servers, data: state.data)
        try await cluster.makeNetworks()
        let cookie = String(UUID().uuidString.filter { $0 != "-" })
        for node in nodes {
            try cluster.configure(node, cookie: cookie, password: state.passwords[DevState.administrator] ?? "")
            let epmd = Command(
                "/usr/sbin/ip", ["netns", "exec", node.namespace, "/usr/bin/epmd"],
                environment: cluster.environment(node))
            try await servers.supervisor.start(
                Program(name: "epmd-\(node.number)", command: epmd, output: .file(cluster.folder(node) + ".epmd.log")))
        }
        for node in nodes { try await servers.supervisor.start(try cluster.program(node)) }
        return cluster
    }

    /// Doors to whichever node answers.
    static func door(port: Int) throws -> TCPProxy { try TCPProxy(toAnyOf: nodes.map { ($0.address, port) }) }

    /// Waits until all three run and know each other.
    func waitUntilWhole(_ management: ManagementAPI) async throws {
        for _ in 0..<600 {
            let nodes = try? await management.get("nodes")?.array
            if nodes?.filter({ $0["running"]?.bool == true && $0["partitions"]?.array?.isEmpty != false }).count == 3 {
                return
            }
            try await Task.sleep(for: .milliseconds(200))
        }
        throw ChaosError("the cluster does not become whole")
    }

    /// The node that leads most queues.
    func leader(_ management: ManagementAPI, _ virtualHost: String) async throws -> Node {
        var counts: [String: Int] = [:]
        for queue in try await management.get("queues", virtualHost)?.array ?? [] {
            counts[queue["leader"]?.string ?? "", default: 0] += 1
        }
        let most = counts.max { $0.value < $1.value }?.key
        guard let node = Self.nodes.first(where: { $0.erlangName == most }) else {
            throw Miss("nobody leads: \(counts)")
        }
        return node
    }

    // MARK: Networks

    private func makeNetworks() async throws {
        var script = [
            "ip link add \(Self.bridge) type bridge", "ip addr add 10.213.77.1/24 dev \(Self.bridge)",
            "ip link set \(Self.bridge) up",
        ]
        for node in Self.nodes {
            let (inside, outside) = ("chaos-in\(node.number)", "chaos-out\(node.number)")
            script += [
                "ip netns add \(node.namespace)", "ip link add \(outside) type veth peer name \(inside)",
                "ip link set \(inside) netns \(node.namespace)", "ip link set \(outside) master \(Self.bridge) up",
                "ip -n \(node.namespace) addr add \(node.address)/24 dev \(inside)",
                "ip -n \(node.namespace) link set \(inside) up", "ip -n \(node.namespace) link set lo up",
            ]
        }
        try await Self.shell(script.joined(separator: " && "))
    }

    /// Also what a run that was killed has left.
    static func tearDown() async {
        let names = nodes.map { "ip netns del \($0.namespace) 2>/dev/null" }
        try? await shell((names + ["ip link del \(bridge) 2>/dev/null", "true"]).joined(separator: "; "))
    }

    /// Nothing passes any more between this node and the two others, in either direction.
    func cutOff(_ node: Node) async throws { try await route("add", node) }
    func heal(_ node: Node) async throws { try await route("del", node) }

    private func route(_ verb: String, _ node: Node) async throws {
        let others = Self.nodes.filter { $0.number != node.number }
        let commands = others.flatMap { other in
            [
                "ip -n \(node.namespace) route \(verb) blackhole \(other.address)/32",
                "ip -n \(other.namespace) route \(verb) blackhole \(node.address)/32",
            ]
        }
        try await Self.shell(commands.joined(separator: " && "))
    }

    private static func shell(_ script: String) async throws {
        let result = try await Shell.run(["sh", "-c", script], environment: Environment.plain)
        guard result.status == 0 else { throw ChaosError("\(script): \(result.output)") }
    }

    // MARK: Nodes

    private func folder(_ node: Node) -> String { "\(data)/\(node.name)" }

    private func configure(_ node: Node, cookie: String, password: String) throws {
        let folder = folder(node)
        try FileManager.default.createDirectory(atPath: folder + "/conf.d", withIntermediateDirectories: true)
        let peers = Self.nodes.map { "cluster_formation.classic_config.nodes.\($0.number) = \($0.erlangName)" }
        let text = """
            listeners.tcp.1 = 0.0.0.0:5672
            management.tcp.port = 15672
            default_user = \(DevState.administrator)
            default_pass = \(password)
            log.console = false
            vm_memory_high_watermark.absolute = 512MiB
            disk_free_limit.absolute = 100MB
            raft.wal_max_size_bytes = 67108864
            cluster_partition_handling = pause_minority
            cluster_formation.peer_discovery_backend = rabbit_peer_discovery_classic_config
            \(peers.joined(separator: "\n"))

            """
        try text.write(toFile: folder + "/rabbitmq.conf", atomically: true, encoding: .utf8)
        try "[rabbitmq_management,rabbitmq_consistent_hash_exchange,rabbitmq_stream].\n".write(
            toFile: folder + "/enabled_plugins", atomically: true, encoding: .utf8)
        try "[].\n".write(toFile: folder + "/advanced.config", atomically: true, encoding: .utf8)
        let path = folder + "/.erlang.cookie"
        _ = FileManager.default.createFile(
            atPath: path, contents: Data(cookie.utf8), attributes: [.posixPermissions: 0o400])
    }

    private func program(_ node: Node) throws -> Program {
        let root = "/usr/lib/rabbitmq/lib"
        guard let version = try FileManager.default.contentsOfDirectory(atPath: root).sorted().last else {
            throw ChaosError("RabbitMQ is not installed in \(root)")
        }
        let command = Command(
            "/usr/sbin/ip", ["netns", "exec", node.namespace, "\(root)/\(version)/sbin/rabbitmq-server"],
            environment: environment(node), folder: folder(node))
        // Down long enough for the others to have gone on without it.
        return Program(
            name: node.name, command: command, output: .file(folder(node) + ".start.log"),
            restart: RestartDelay(first: .seconds(8), limit: .seconds(8), settledAfter: .seconds(1)))
    }

    private func environment(_ node: Node) -> [String: String] {
        let folder = folder(node)
        return Environment.plain.merging([
            "HOME": folder, "RABBITMQ_NODENAME": node.erlangName, "RABBITMQ_USE_LONGNAME": "true",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null", "RABBITMQ_CONFIG_FILE": folder + "/rabbitmq.conf",
            "RABBITMQ_CONFIG_FILES": folder + "/conf.d", "RABBITMQ_ADVANCED_CONFIG_FILE": folder + "/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": folder + "/enabled_plugins", "RABBITMQ_MNESIA_BASE": folder + "/data",
            "RABBITMQ_LOG_BASE": folder + "/log", "RABBITMQ_DIST_PORT": "25672",
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "+S 2:2 +SDcpu 1:1 +SDio 4 +sbwt none +sbwtdcpu none +sbwtdio none -kernel net_ticktime 8",
            "detached": "true",
        ]) { $1 }
    }
}
