import JSON

/// `access.yaml`.
extension FileReader {
    /// - Parameter topics: the names of the topic exchanges.
    mutating func users(topics: [String]) -> [Topology.User] {
        _ = object(at: .root, allowing: ["users"])
        let pointer = JSONPointer(["users"])
        return object(at: pointer).names.map { name in
            let place = pointer.appending(name)
            _ = object(at: place, allowing: ["tags", "configure", "write", "read", "topics"])
            let permissions = Topology.Permissions(
                configure: pattern(at: place.appending("configure")), write: pattern(at: place.appending("write")),
                read: pattern(at: place.appending("read")))
            let user = Topology.User(
                name: name, tags: strings(at: place.appending("tags")), permissions: permissions,
                topics: topicPermissions(at: place.appending("topics"), topics: topics))
            for exchange in user.topicsWithoutPermission(among: topics) {
                report(
                    "may use every key of the topic exchange \"\(exchange)\": give it a topic permission there",
                    at: place)
            }
            return user
        }
    }

    private mutating func topicPermissions(
        at place: JSONPointer, topics: [String]
    ) -> [String: Topology.TopicPermission] {
        var permissions: [String: Topology.TopicPermission] = [:]
        for exchange in object(at: place).names {
            let place = place.appending(exchange)
            if !topics.contains(exchange) { report("there is no topic exchange \"\(exchange)\"", at: place) }
            _ = object(at: place, allowing: ["write", "read"])
            permissions[exchange] = Topology.TopicPermission(
                write: pattern(at: place.appending("write")), read: pattern(at: place.appending("read")))
        }
        return permissions
    }

    private mutating func pattern(at place: JSONPointer) -> String {
        let pattern = string(at: place)
        if NamePattern(Placeholder.domain.written(as: "domain", in: pattern)) == nil {
            report("is not a regular expression", at: place)
        }
        return pattern
    }
}
