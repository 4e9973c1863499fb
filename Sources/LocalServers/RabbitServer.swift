import Glibc

/// A private RabbitMQ node in a folder, and the name server that Erlang wants beside it; both on the loopback interface only.
struct RabbitServer {
    let folder: String
    let ports: DevState.Ports
    let password: String
    private let program: String

    static let plugins = [
        "rabbitmq_management", "rabbitmq_consistent_hash_exchange", "rabbitmq_shovel", "rabbitmq_shovel_management",
        "rabbitmq_stream",
    ]

    init(folder: String, ports: DevState.Ports, password: String) throws(LocalServersError) {
        self.folder = folder
        self.ports = ports
        self.password = password
        let root = "/usr/lib/rabbitmq/lib"
        let found = Files.names(in: root).sorted().map { "\(root)/\($0)/sbin/rabbitmq-server" }.last(
            where: Files.isExecutable)
        guard let found, Files.isExecutable(Self.nameServer) else {
            throw LocalServersError(.notInstalled, "RabbitMQ is not installed in \(root): run scripts/setup")
        }
        program = found
    }

    /// Writes its configuration anew: the ports may have changed.
    func configure() throws(LocalServersError) {
        // One that was killed while it made its database for the first time begins again.
        if Files.text(firstStart) == nil { Files.remove(folder + "/data") }
        try Files.makeFolder(folder)
        try Files.makeFolder(folder + "/conf.d")
        // Only a first start reads the user's password; there never is a `guest`.
        try Files.write(
            """
            listeners.tcp.1 = 127.0.0.1:\(ports.amqp)
            management.tcp.ip = 127.0.0.1
            management.tcp.port = \(ports.management)
            stream.listeners.tcp.1 = 127.0.0.1:\(ports.stream)
            default_user = \(DevState.administrator)
            default_pass = \(password)
            log.console = false
            log.file.level = info
            vm_memory_high_watermark.absolute = 768MiB
            disk_free_limit.absolute = 100MB
            consumer_timeout = 1800000
            # Rates cost a tenth of the broker's time, and nobody looks at them here.
            management.rates_mode = none
            # 512 MiB by default, much of which is kept in memory too.
            raft.wal_max_size_bytes = 67108864

            """, to: folder + "/rabbitmq.conf")
        try Files.write("[\(Self.plugins.joined(separator: ","))].\n", to: folder + "/enabled_plugins")
        // So that those of the system's own server are not read.
        try Files.write("[].\n", to: folder + "/advanced.config")
        if Files.text(folder + "/.erlang.cookie") == nil {
            try Files.write(RandomText.hex(), to: folder + "/.erlang.cookie", mode: 0o400)
        }
    }

    /// To be called once it has answered.
    func rememberFirstStart() throws(LocalServersError) { try Files.write("complete\n", to: firstStart) }

    private var firstStart: String { folder + "/started-once" }

    /// Erlang would start one that outlives everybody.
    var names: Program {
        Program(
            name: "epmd",
            command: Command(
                Self.nameServer, ["-address", "127.0.0.1", "-port", String(ports.names)], environment: environment),
            output: .file(folder + "/epmd.log"))
    }

    var node: Program {
        Program(
            name: "rabbitmq", command: Command(program, environment: environment, folder: folder), output: .file(log))
    }

    /// What it says before its own log begins, and when it cannot begin.
    var log: String { folder + "/start.log" }

    private static let nameServer = "/usr/bin/epmd"

    private var environment: [String: String] {
        let own: [String: String] = [
            "HOME": folder,
            "RABBITMQ_NODENAME": "baton@localhost",
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": folder + "/rabbitmq.conf",
            "RABBITMQ_CONFIG_FILES": folder + "/conf.d",
            "RABBITMQ_ADVANCED_CONFIG_FILE": folder + "/advanced.config",
            "RABBITMQ_ENABLED_PLUGINS_FILE": folder + "/enabled_plugins",
            "RABBITMQ_MNESIA_BASE": folder + "/data",
            "RABBITMQ_LOG_BASE": folder + "/log",
            "RABBITMQ_DIST_PORT": String(ports.distribution),
            "ERL_EPMD_PORT": String(ports.names),
            "ERL_EPMD_ADDRESS": "127.0.0.1",
            // Without spinning threads, which take a whole core from a small machine that is idle; and with little work for
            // two threads one does it alone, for what they spend on waking each other.
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS":
                "+S 2:2 +swt very_high +SDcpu 1:1 +SDio 4 +sbwt none +sbwtdcpu none +sbwtdio none -kernel inet_dist_use_interface {127,0,0,1}",
            // The start script then becomes the server instead of waiting for it.
            "detached": "true",
        ]
        return Environment.plain.merging(own) { $1 }
    }
}
