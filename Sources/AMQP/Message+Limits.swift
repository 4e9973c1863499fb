extension Message {
    /// What the protocol has no room for, found before half of the message is on its way.
    func encodingProblem(frameSize: Int) -> AMQPError? {
        let short: [(String, String?)] = [
            ("exchange", exchange), ("routing key", routingKey), ("content_type", properties.contentType),
            ("content_encoding", properties.contentEncoding), ("correlation_id", properties.correlationID),
            ("reply_to", properties.replyTo), ("message_id", properties.messageID), ("type", properties.type),
            ("user_id", properties.userID), ("app_id", properties.appID), ("expiration", properties.expiration),
        ]
        for (name, value) in short {
            guard let value, value.utf8.count > 255 else { continue }
            return AMQPError(.refused, "basic.publish", "\(name) is longer than 255 bytes")
        }
        guard let size = HeaderValue.encodedSize(properties.headers, depth: HeaderValue.maximumDepth) else {
            return AMQPError(.refused, "basic.publish", "a header's name is too long, or its value nested too deep")
        }
        // The other properties are eleven short strings at the most.
        guard size + 12 * 256 <= frameSize else {
            return AMQPError(.refused, "basic.publish", "the headers do not fit in a frame of \(frameSize) bytes")
        }
        return nil
    }
}

extension HeaderValue {
    /// - Returns: `nil` for what cannot be encoded.
    fileprivate static func encodedSize(_ entries: [String: HeaderValue], depth: Int) -> Int? {
        var size = 4
        for (name, value) in entries {
            guard name.utf8.count <= 255, let inner = value.encodedSize(depth: depth) else { return nil }
            size += 1 + name.utf8.count + inner
        }
        return size
    }

    private func encodedSize(depth: Int) -> Int? {
        switch self {
        case .string(let text): return 5 + text.utf8.count
        case .bytes(let bytes): return 5 + bytes.count
        case .int, .double, .timestamp: return 9
        case .bool: return 2
        case .null: return 1
        case .table(let entries):
            return depth > 0 ? Self.encodedSize(entries, depth: depth - 1).map { $0 + 1 } : nil
        case .array(let values):
            guard depth > 0 else { return nil }
            var size = 5
            for value in values {
                guard let inner = value.encodedSize(depth: depth - 1) else { return nil }
                size += inner
            }
            return size
        }
    }
}
