extension AMQPSettings {
    /// Reads `amqp://user:password@host:port/virtual-host?query`, or `amqps://`, as RabbitMQ's own clients do.
    ///
    /// The query may set `heartbeat` (s), `connection_timeout` (ms), `cacertfile`, `certfile`, `keyfile` and
    /// `name`. Without a path the virtual host is `/`; `amqp://host/` names the empty one.
    ///
    /// - Throws: ``AMQPError`` with `.refused`; it never quotes the URL, which may hold a password.
    package init(url: String) throws(AMQPError) {
        self.init()
        var rest = Substring(url)
        let isSecure: Bool
        if rest.hasPrefix("amqp://") {
            isSecure = false
        } else if rest.hasPrefix("amqps://") {
            isSecure = true
        } else {
            throw .init(.refused, "amqp url", "it begins with neither amqp:// nor amqps://")
        }
        rest.removeFirst(isSecure ? 8 : 7)
        port = isSecure ? 5671 : 5672
        tls = isSecure ? TLS() : nil

        let query = rest.split(separator: "?", maxSplits: 1, omittingEmptySubsequences: false)
        let path = query[0].split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
        if path.count == 2 { virtualHost = try Self.decoded(path[1]) }
        var authority = path[0]
        if let at = authority.lastIndex(of: "@") {
            let login = authority[..<at].split(separator: ":", maxSplits: 1, omittingEmptySubsequences: false)
            user = try Self.decoded(login[0])
            password = login.count == 2 ? try Self.decoded(login[1]) : ""
            authority = authority[authority.index(after: at)...]
        }
        try setHostAndPort(authority)
        if query.count == 2 { try setOptions(query[1]) }
    }

    private mutating func setHostAndPort(_ text: Substring) throws(AMQPError) {
        var name = text
        if let colon = text.lastIndex(of: ":"), !text[colon...].contains("]") {
            name = text[..<colon]
            guard let number = UInt16(text[text.index(after: colon)...]), number > 0 else {
                throw .init(.refused, "amqp url", "the port is no number from 1 to 65535")
            }
            port = Int(number)
        }
        if name.hasPrefix("["), name.hasSuffix("]") { name = name.dropFirst().dropLast() }
        if !name.isEmpty { host = try Self.decoded(name) }
    }

    private mutating func setOptions(_ query: Substring) throws(AMQPError) {
        for option in query.split(separator: "&") {
            let pair = option.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
            let value = pair.count == 2 ? try Self.decoded(pair[1]) : ""
            switch pair[0] {
            case "heartbeat": heartbeat = .seconds(try Self.number(value, of: pair[0]))
            case "connection_timeout": connectTimeout = .milliseconds(try Self.number(value, of: pair[0]))
            case "cacertfile": tls?.authorities = value
            case "certfile": tls?.certificate = value
            case "keyfile": tls?.key = value
            case "name": connectionName = value
            default: throw .init(.refused, "amqp url", "unknown option \(pair[0])")
            }
        }
    }

    private static func number(_ text: String, of option: Substring) throws(AMQPError) -> Int64 {
        guard let number = Int64(text), (1...86_400_000).contains(number) else {
            throw .init(.refused, "amqp url", "\(option) is no positive whole number")
        }
        return number
    }

    private static func decoded(_ text: Substring) throws(AMQPError) -> String {
        var bytes: [UInt8] = []
        var rest = text.utf8[...]
        while let byte = rest.popFirst() {
            guard byte == UInt8(ascii: "%") else {
                bytes.append(byte)
                continue
            }
            guard let high = rest.popFirst()?.hexDigit, let low = rest.popFirst()?.hexDigit else {
                throw .init(.refused, "amqp url", "a % is not followed by two hexadecimal digits")
            }
            bytes.append(high << 4 | low)
        }
        guard let decoded = String(validating: bytes, as: UTF8.self) else {
            throw .init(.refused, "amqp url", "it does not decode to UTF-8")
        }
        return decoded
    }
}

extension UInt8 {
    fileprivate var hexDigit: UInt8? {
        switch self {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): self - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): self - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): self - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
