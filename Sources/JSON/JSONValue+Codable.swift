/// Handed through untouched by ``JSONValueEncoder`` and ``JSONValueDecoder``; other coders get it piece by piece, where
/// a number that is neither an integer of 64 bits nor a double loses digits.
extension JSONValue: Codable {
    package init(from decoder: any Decoder) throws {
        if let node = decoder as? DecodingNode {
            self = node.value
        } else if let container = try? decoder.container(keyedBy: JSONKey.self) {
            var object = JSONObject()
            for key in container.allKeys { object[key.stringValue] = try container.decode(JSONValue.self, forKey: key) }
            self = .object(object)
        } else if var container = try? decoder.unkeyedContainer() {
            var elements: [JSONValue] = []
            while !container.isAtEnd { elements.append(try container.decode(JSONValue.self)) }
            self = .array(elements)
        } else {
            let container = try decoder.singleValueContainer()
            self =
                if container.decodeNil() {
                    .null
                } else if let bool = try? container.decode(Bool.self) {
                    .bool(bool)
                } else if let int = try? container.decode(Int.self) {
                    .number(JSONNumber(int))
                } else if let double = try? container.decode(Double.self), double.isFinite {
                    .number(JSONNumber(double))
                } else {
                    .string(try container.decode(String.self))
                }
        }
    }

    package func encode(to encoder: any Encoder) throws {
        if let node = encoder as? EncodingNode { return node.set(self) }
        switch self {
        case .object(let object):
            var container = encoder.container(keyedBy: JSONKey.self)
            for (name, value) in object.members { try container.encode(value, forKey: JSONKey(stringValue: name)) }
        case .array(let elements):
            var container = encoder.unkeyedContainer()
            for element in elements { try container.encode(element) }
        default:
            var container = encoder.singleValueContainer()
            switch self {
            case .bool(let bool): try container.encode(bool)
            case .string(let string): try container.encode(string)
            case .number(let number):
                if let int = number.int { try container.encode(int) } else { try container.encode(number.double) }
            default: try container.encodeNil()
            }
        }
    }
}

extension JSONObject: Codable {
    package init(from decoder: any Decoder) throws {
        self.init()
        let value = try JSONValue(from: decoder)
        guard case .object(let object) = value else {
            throw DecodingError.typeMismatch(
                JSONObject.self,
                .init(codingPath: decoder.codingPath, debugDescription: "expected an object, found \(value.kind)"))
        }
        self = object
    }

    package func encode(to encoder: any Encoder) throws { try JSONValue.object(self).encode(to: encoder) }
}

extension JSONNumber: Codable {
    package init(from decoder: any Decoder) throws {
        let value = try JSONValue(from: decoder)
        guard case .number(let number) = value else {
            throw DecodingError.typeMismatch(
                JSONNumber.self,
                .init(codingPath: decoder.codingPath, debugDescription: "expected a number, found \(value.kind)"))
        }
        self = number
    }

    package func encode(to encoder: any Encoder) throws { try JSONValue.number(self).encode(to: encoder) }
}
