import AMQP
import Foundation
import JSON

extension JSONValue {
    /// A header as it can be shown: bytes in Base64, times as seconds since the epoch.
    init(_ header: HeaderValue) {
        self =
            switch header {
            case .string(let value): .string(value)
            case .int(let value): .number(JSONNumber(Int(value)))
            case .bool(let value): .bool(value)
            case .double(let value): value.isFinite ? .number(JSONNumber(value)) : .string("\(value)")
            case .bytes(let value): .string(Data(value).base64EncodedString())
            case .timestamp(let value): .number(JSONNumber(Int(clamping: value)))
            case .array(let values): .array(values.map(JSONValue.init))
            case .table(let values):
                .object(JSONObject(values.sorted { $0.key < $1.key }.map { ($0.key, JSONValue($0.value)) }))
            case .null: .null
            }
    }
}
