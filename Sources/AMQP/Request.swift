import CRabbitMQ

/// A method that the broker answers.
enum Request: Sendable {
    case connectionClose
    case channelOpen
    case channelClose
    case confirmSelect
    case qos(prefetch: UInt16)
    case consume(queue: String, tag: String)
    case cancel(tag: String)
    case get(queue: String)
    case queueDeclare(QueueDeclaration)
    case queueBind(queue: String, exchange: String, key: String, arguments: [String: HeaderValue])
    case queueUnbind(queue: String, exchange: String, key: String, arguments: [String: HeaderValue])
    case queuePurge(String)
    case queueDelete(String, ifUnused: Bool, ifEmpty: Bool)
    case exchangeDeclare(ExchangeDeclaration)
    case exchangeBind(destination: String, source: String, key: String, arguments: [String: HeaderValue])
    case exchangeDelete(String)

    /// The protocol's name for it.
    var operation: String {
        switch self {
        case .connectionClose: "connection.close"
        case .channelOpen: "channel.open"
        case .channelClose: "channel.close"
        case .confirmSelect: "confirm.select"
        case .qos: "basic.qos"
        case .consume: "basic.consume"
        case .cancel: "basic.cancel"
        case .get: "basic.get"
        case .queueDeclare: "queue.declare"
        case .queueBind: "queue.bind"
        case .queueUnbind: "queue.unbind"
        case .queuePurge: "queue.purge"
        case .queueDelete: "queue.delete"
        case .exchangeDeclare: "exchange.declare"
        case .exchangeBind: "exchange.bind"
        case .exchangeDelete: "exchange.delete"
        }
    }
}

package struct QueueDeclaration: Sendable {
    /// Empty: the broker makes up a name.
    package var name: String
    package var isDurable: Bool
    package var isExclusive: Bool
    package var isAutoDelete: Bool
    package var arguments: [String: HeaderValue]
    /// Only asks whether it exists.
    var isPassive = false

    package init(
        name: String, isDurable: Bool = true, isExclusive: Bool = false, isAutoDelete: Bool = false,
        arguments: [String: HeaderValue] = [:]
    ) {
        self.name = name
        self.isDurable = isDurable
        self.isExclusive = isExclusive
        self.isAutoDelete = isAutoDelete
        self.arguments = arguments
    }

    static func passive(_ name: String) -> QueueDeclaration {
        var declaration = QueueDeclaration(name: name)
        declaration.isPassive = true
        return declaration
    }
}

package struct ExchangeDeclaration: Sendable {
    package var name: String
    /// `direct`, `topic`, `fanout`, `headers`, or what a plugin adds.
    package var type: String
    package var isDurable: Bool
    package var isAutoDelete: Bool
    package var isInternal: Bool
    package var arguments: [String: HeaderValue]
    var isPassive = false

    package init(
        name: String, type: String, isDurable: Bool = true, isAutoDelete: Bool = false, isInternal: Bool = false,
        arguments: [String: HeaderValue] = [:]
    ) {
        self.name = name
        self.type = type
        self.isDurable = isDurable
        self.isAutoDelete = isAutoDelete
        self.isInternal = isInternal
        self.arguments = arguments
    }
}

/// How many messages wait in a queue, and how many consume it.
package struct QueueStatus: Sendable, Equatable {
    package var name: String
    package var messages: Int
    package var consumers: Int
}
