import JSON

/// What a folder's `baton dev` remembers between its runs and tells a second shell: `state.json`, readable by its user alone.
package struct DevState: Sendable, Equatable {
    package struct Ports: Sendable, Equatable {
        package var postgres: UInt16
        package var amqp: UInt16
        package var management: UInt16
        package var stream: UInt16
        package var distribution: UInt16
        package var names: UInt16

        var all: [UInt16] { [postgres, amqp, management, stream, distribution, names] }

        init(_ all: [UInt16]) {
            (postgres, amqp, management) = (all[0], all[1], all[2])
            (stream, distribution, names) = (all[3], all[4], all[5])
        }
    }

    /// The folder, without links.
    package var data: String
    /// Marks the folder's processes.
    package var token: String
    /// Of `baton dev`, while it runs.
    package var pid: Int32
    package var ports: Ports
    /// By user or role: those of the servers' own administrators, and whatever `baton dev` gave to its processes.
    package var passwords: [String: String]
    /// What commands in a second shell are to use, by the name of its environment variable, once everything runs.
    package var settings: [String: String]

    package static let administrator = "baton-admin"

    private static func url(_ scheme: String, _ user: String, _ password: String, _ port: UInt16, _ path: String)
        -> String
    {
        "\(scheme)://\(user):\(password)@127.0.0.1:\(port)\(path)"
    }

    /// The password of a user or role of this folder's servers, made up when it is first asked for.
    package mutating func password(of user: String) -> String {
        if let password = passwords[user] { return password }
        let password = RandomText.hex()
        passwords[user] = password
        return password
    }

    /// - Parameter role: one with a password; the superuser by default.
    package func postgresURL(role: String = "postgres", database: String = "postgres") -> String {
        Self.url("postgresql", role, passwords[role] ?? "", ports.postgres, "/" + database)
    }

    /// - Parameter user: one with a password; the administrator by default.
    package func amqpURL(user: String = administrator, virtualHost: String = "%2F") -> String {
        Self.url("amqp", user, passwords[user] ?? "", ports.amqp, "/" + virtualHost)
    }

    package func managementURL(user: String = administrator) -> String {
        Self.url("http", user, passwords[user] ?? "", ports.management, "")
    }

    package var objectsURL: String { "file://" + data.percentEncodedPath + "/objects" }
}

extension DevState {
    static func path(in data: String) -> String { data + "/state.json" }
    static func lockPath(in data: String) -> String { data + "/lock" }

    /// Whether a `baton dev` works in the folder now.
    package static func isRunning(in data: String) -> Bool { FileLock.isHeld(lockPath(in: data)) }

    /// - Returns: `nil` when there is none, or none that can be understood.
    package static func read(in data: String) -> DevState? {
        guard let bytes = Files.read(path(in: data)), let value = try? JSONReader.parse(bytes) else { return nil }
        return DevState(json: value)
    }

    package func write() throws(LocalServersError) {
        try Files.write(json.prettyText + "\n", to: Self.path(in: data))
    }

    private init?(json: JSONValue) {
        func strings(_ name: String) -> [String: String] {
            let members = json[name]?.object?.members ?? []
            return Dictionary(members.compactMap { member in member.value.string.map { (member.name, $0) } }) { $1 }
        }
        let names = ["postgres", "amqp", "management", "stream", "distribution", "names"]
        let ports = names.compactMap { json["ports"]?[$0]?.int.flatMap { UInt16(exactly: $0) } }
        guard let data = json["data"]?.string, let token = json["token"]?.string, ports.count == names.count else {
            return nil
        }
        self.init(
            data: data, token: token, pid: Int32(json["pid"]?.int ?? 0), ports: Ports(ports),
            passwords: strings("passwords"), settings: strings("settings"))
    }

    private var json: JSONValue {
        func object(_ strings: [String: String]) -> JSONValue {
            .object(JSONObject(strings.sorted { $0.key < $1.key }.map { ($0.key, .string($0.value)) }))
        }
        func number(_ port: UInt16) -> JSONValue { .number(JSONNumber(Int(port))) }
        return [
            "data": .string(data), "token": .string(token), "pid": .number(JSONNumber(Int(pid))),
            "ports": [
                "postgres": number(ports.postgres), "amqp": number(ports.amqp), "management": number(ports.management),
                "stream": number(ports.stream), "distribution": number(ports.distribution),
                "names": number(ports.names),
            ],
            "passwords": object(passwords), "settings": object(settings),
        ]
    }
}

extension String {
    /// As a URL's path: everything but unreserved characters and slashes is escaped.
    package var percentEncodedPath: String {
        utf8.map { byte in
            let character = Character(UnicodeScalar(byte))
            if byte < 128, character.isLetter || character.isNumber || "/-._~".contains(character) {
                return String(character)
            }
            let digits = String(byte, radix: 16, uppercase: true)
            return "%" + (digits.count == 1 ? "0" : "") + digits
        }.joined()
    }
}
