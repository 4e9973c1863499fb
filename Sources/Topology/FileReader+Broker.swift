import JSON

/// `baton.yaml` and `domains.yaml`.
extension FileReader {
    mutating func domains() -> [Topology.Domain] {
        _ = object(at: .root, allowing: ["domains"])
        let pointer = JSONPointer(["domains"])
        return object(at: pointer).names.map { name in
            let place = pointer.appending(name)
            let isName = (1...63).contains(name.utf8.count) && name.utf8.allSatisfy(Self.isDomainCharacter)
            if !isName { report("\"\(name)\" is not a domain's name: [a-z0-9-]{1,63}", at: place) }
            _ = object(at: place, allowing: ["title"])
            return Topology.Domain(name: name, title: string(at: place.appending("title"), default: ""))
        }
    }

    private static func isDomainCharacter(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"): true
        default: false
        }
    }

    mutating func exchanges() -> [TopologyFiles.ExchangeTemplate] {
        let pointer = JSONPointer(["exchanges"])
        let names = object(at: pointer).names
        return names.map { name in
            let place = pointer.appending(name)
            check(name: name, at: place)
            _ = object(at: place, allowing: ["type", "arguments", "bindings"])
            let type = string(at: place.appending("type"))
            let types = ["direct", "fanout", "headers", "topic", "x-consistent-hash"]
            if !types.contains(type) {
                report("unknown type of exchange; known: \(types.joined(separator: ", "))", at: place.appending("type"))
            }
            let arguments = object(at: place.appending("arguments"))
            return TopologyFiles.ExchangeTemplate(
                exchange: Topology.Exchange(name: name, type: type, arguments: arguments),
                bindings: bindings(at: place, exchanges: Set(names)))
        }
    }

    mutating func queues(exchanges: Set<String>) -> [TopologyFiles.QueueTemplate] {
        let pointer = JSONPointer(["queues"])
        return object(at: pointer).names.compactMap { name in
            let place = pointer.appending(name)
            check(name: name, at: place)
            _ = object(at: place, allowing: ["enabled", "type", "arguments", "policy", "bindings"])
            let type = string(at: place.appending("type"))
            if !["classic", "quorum", "stream"].contains(type) {
                report("unknown type of queue; known: classic, quorum, stream", at: place.appending("type"))
            }
            let policy = object(at: place.appending("policy"))
            check(policy: policy, ofType: type, exchanges: exchanges, at: place.appending("policy"))
            let template = TopologyFiles.QueueTemplate(
                queue: Topology.Queue(name: name, type: type, arguments: object(at: place.appending("arguments"))),
                policy: policy, bindings: bindings(at: place, exchanges: exchanges))
            return bool(at: place.appending("enabled"), default: true) ? template : nil
        }
    }

    private mutating func bindings(at place: JSONPointer, exchanges: Set<String>) -> [TopologyFiles.BindingTemplate] {
        let pointer = place.appending("bindings")
        return object(at: pointer).names.flatMap { source in
            let place = pointer.appending(source)
            if !exchanges.contains(source) { report("there is no exchange \"\(source)\"", at: place) }
            return strings(at: place).map { TopologyFiles.BindingTemplate(source: source, key: $0) }
        }
    }

    private mutating func check(name: String, at place: JSONPointer) {
        if name.isEmpty || name.utf8.count > 200 || name.hasPrefix("amq.") {
            report("a name has 1 to 200 bytes and does not begin with \"amq.\"", at: place)
        }
    }

    private mutating func check(
        policy: JSONObject, ofType type: String, exchanges: Set<String>, at place: JSONPointer
    ) {
        if type == "quorum", (policy["delivery-limit"]?.int ?? 0) < 1 {
            report("a quorum queue needs a delivery-limit of 1 or more: unset, it differs between brokers", at: place)
        }
        let exchange = policy["dead-letter-exchange"]?.string
        if let exchange, !exchanges.contains(exchange) {
            report("there is no exchange \"\(exchange)\"", at: place.appending("dead-letter-exchange"))
        }
        if policy["dead-letter-strategy"]?.string == "at-least-once",
            exchange == nil || policy["overflow"]?.string != "reject-publish"
        {
            report(
                "at-least-once needs a dead-letter-exchange and overflow: reject-publish",
                at: place.appending("dead-letter-strategy"))
        }
    }
}
