package import JSON

extension Topology {
    /// The topology as RabbitMQ's `definitions.json`, which a broker can load when it starts.
    ///
    /// Users are in it only with their passwords, hashed: importing one without would take the password away.
    /// - Parameter salt: the 4 bytes that go into the hash of a user's password.
    package func definitions(passwords: UserPasswords = UserPasswords(), salt: (String) -> [UInt8]) -> JSONValue {
        var object: JSONObject = [
            "vhosts": [["name": .string(virtualHost)]],
            "exchanges": .array(exchanges.map { .object(inVirtualHost($0.definition)) }),
            "queues": .array(queues.map { .object(inVirtualHost($0.definition)) }),
            "bindings": .array(bindings.map { .object(inVirtualHost($0.definition)) }),
            "policies": .array(policies.map { .object(inVirtualHost($0.named)) }),
        ]
        let users = users.compactMap { user in passwords.byUser[user.name].map { (user, $0) } }
        guard !users.isEmpty else { return .object(object) }
        object["users"] = .array(users.map { user, password in user.definition(password, salt: salt(user.name)) })
        object["permissions"] = .array(users.map { user, _ in .object(inVirtualHost(user.permissionDefinition)) })
        object["topic_permissions"] = .array(
            users.flatMap { user, _ in user.topicDefinitions.map { .object(inVirtualHost($0)) } })
        return .object(object)
    }

    private func inVirtualHost(_ definition: JSONObject) -> JSONObject {
        var definition = definition
        definition["vhost"] = .string(virtualHost)
        return definition
    }
}

extension Topology.Exchange {
    fileprivate var definition: JSONObject {
        [
            "name": .string(name), "type": .string(type), "durable": true, "auto_delete": false, "internal": false,
            "arguments": .object(arguments),
        ]
    }
}

extension Topology.Queue {
    fileprivate var definition: JSONObject {
        [
            "name": .string(name), "durable": true, "auto_delete": false, "type": .string(type),
            "arguments": .object(declaredArguments),
        ]
    }
}

extension Topology.Binding {
    fileprivate var definition: JSONObject {
        let isQueue = if case .queue = destination { true } else { false }
        return [
            "source": .string(source), "destination": .string(destination.name),
            "destination_type": isQueue ? "queue" : "exchange", "routing_key": .string(key),
            "arguments": .object(arguments),
        ]
    }
}

extension Topology.Policy {
    fileprivate var named: JSONObject {
        [
            "name": .string(name), "pattern": .string(pattern), "apply-to": .string(applyTo),
            "priority": .number(JSONNumber(priority)), "definition": .object(definition),
        ]
    }
}

extension Topology.User {
    fileprivate func definition(_ password: String, salt: [UInt8]) -> JSONValue {
        [
            "name": .string(name), "tags": .array(tags.map(JSONValue.string)),
            "password_hash": .string(BrokerState.User.hash(password, salt: salt)),
            "hashing_algorithm": "rabbit_password_hashing_sha256", "limits": [:],
        ]
    }

    fileprivate var permissionDefinition: JSONObject {
        [
            "user": .string(name), "configure": .string(permissions.configure), "write": .string(permissions.write),
            "read": .string(permissions.read),
        ]
    }

    fileprivate var topicDefinitions: [JSONObject] {
        topics.sorted { $0.key < $1.key }.map { exchange, permission in
            [
                "user": .string(name), "exchange": .string(exchange), "write": .string(permission.write),
                "read": .string(permission.read),
            ]
        }
    }
}
