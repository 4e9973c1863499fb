import Contracts
package import JSON

extension DeadLetter {
    /// One line of a list.
    package var line: String {
        let columns = [id, timeText, queue ?? "?", reason, routingKey, delivery.properties.messageID ?? "-"]
        return columns.joined(separator: "  ")
    }

    private var timeText: String {
        // A sender can write any number; the year 9999 is as far as its text goes.
        time.map { "\(Timestamp(milliseconds: Int64(min($0, 253_402_300_799)) * 1000))" } ?? "-"
    }

    /// All that is known of it; the body as it is when it is text.
    package var text: String {
        let properties = delivery.properties
        var lines = [
            "id              \(id)", "died in         \(queue ?? "unknown")",
            "reason          \(reason)\(reasonMessage.map { ": \($0)" } ?? "")",
        ]
        if let reasonPointer {
            lines.append("place           \(reasonPointer.isEmpty ? "the whole body" : reasonPointer)")
        }
        lines += [
            "time            \(timeText)", "exchange        \(exchange)", "routing key     \(routingKey)",
            "sender          \(sender ?? "unknown")", "message id      \(properties.messageID ?? "-")",
            "type            \(properties.type ?? "-")", "correlation id  \(properties.correlationID ?? "-")",
            "content type    \(properties.contentType ?? "-")",
            "looked at       \(delivery.deliveryCount) times before",
        ]
        lines += properties.headers.sorted { $0.key < $1.key }.map {
            "header          \($0.key): \(JSONValue($0.value).text)"
        }
        let body = String(validating: delivery.body, as: UTF8.self) ?? "(\(delivery.body.count) bytes that are no text)"
        return (lines + ["", body]).joined(separator: "\n") + "\n"
    }

    package var json: JSONValue {
        let properties = delivery.properties
        var object: JSONObject = [
            "id": .string(id), "reason": .string(reason), "exchange": .string(exchange),
            "routing_key": .string(routingKey), "is_order": .bool(isOrder),
            "delivery_count": .number(JSONNumber(delivery.deliveryCount)),
        ]
        object["queue"] = queue.map(JSONValue.string)
        object["reason_pointer"] = reasonPointer.map(JSONValue.string)
        object["reason_message"] = reasonMessage.map(JSONValue.string)
        object["time"] = time == nil ? JSONValue?.none : .string(timeText)
        object["sender"] = sender.map(JSONValue.string)
        object["message_id"] = properties.messageID.map(JSONValue.string)
        object["type"] = properties.type.map(JSONValue.string)
        object["correlation_id"] = properties.correlationID.map(JSONValue.string)
        object["headers"] = JSONValue(.table(properties.headers))
        if let body = String(validating: delivery.body, as: UTF8.self) {
            object["body"] = .string(body)
        } else {
            object["body_base64"] = JSONValue(.bytes(delivery.body))
        }
        return .object(object)
    }
}

extension DeadLetters.List {
    package var text: String {
        guard total > 0 else { return "Nothing was given up on.\n" }
        let head = "\(letters.count) of \(total) message\(total == 1 ? "" : "s") given up on, the oldest first:"
        return ([head] + letters.map { "  " + $0.line }).joined(separator: "\n") + "\n"
    }

    package var json: JSONValue {
        ["total": .number(JSONNumber(total)), "letters": .array(letters.map(\.json))]
    }
}

extension DeadLetters.Settlement {
    /// - Parameter verb: what was done, such as `replayed`.
    package func text(_ verb: String) -> String {
        switch result {
        case .done: "\(verb)  \(letter.line)"
        case .refused(let reason): "kept      \(letter.line): \(reason)"
        }
    }

    package var json: JSONValue {
        var object: JSONObject = ["id": .string(letter.id), "done": .bool(result == .done)]
        if case .refused(let reason) = result { object["problem"] = .string(reason) }
        return .object(object)
    }
}
