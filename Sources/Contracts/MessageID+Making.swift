import JSON

extension MessageID {
    /// The id of the `index`-th event that a message causes: a UUIDv7 of `time`, its other bits derived, so that
    /// whoever handles the message again at that time comes to the same id.
    package static func caused(by causation: MessageID, index: Int, at time: Timestamp) -> MessageID {
        var bytes = Array(SHA256.digest("\(causation.text)\0\(index)").prefix(16))
        stamp(time, into: &bytes)
        return uuid(&bytes, version: 7)
    }

    /// An id made of what names the event, for those who keep no history: the same parts, the same id (UUIDv8).
    package static func derived(from parts: String...) -> MessageID {
        var bytes = Array(SHA256.digest(parts.joined(separator: "\0")).prefix(16))
        return uuid(&bytes, version: 8)
    }

    /// A UUIDv7 for whoever begins something.
    package static func random(at time: Timestamp) -> MessageID {
        var random = (UInt64.random(in: .min ... .max), UInt64.random(in: .min ... .max))
        var bytes = unsafe withUnsafeBytes(of: &random) { unsafe Array($0) }
        stamp(time, into: &bytes)
        return uuid(&bytes, version: 7)
    }

    /// RFC 9562, section 5.7: milliseconds in the first 48 bits.
    private static func stamp(_ time: Timestamp, into bytes: inout [UInt8]) {
        for index in 0..<6 { bytes[index] = UInt8(truncatingIfNeeded: time.milliseconds >> (40 - 8 * Int64(index))) }
    }

    private static func uuid(_ bytes: inout [UInt8], version: UInt8) -> MessageID {
        bytes[6] = bytes[6] & 0x0F | version << 4
        bytes[8] = bytes[8] & 0x3F | 0x80
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(36)
        for (index, byte) in bytes.enumerated() {
            if index == 4 || index == 6 || index == 8 || index == 10 { text.append(UInt8(ascii: "-")) }
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return MessageID(unchecked: String(decoding: text, as: UTF8.self))
    }
}

extension WorkflowID {
    /// The workflow of a request: the same request again is the same workflow.
    package init(workspace: Workspace, requestID: RequestID) {
        self.init(unchecked: "wf-" + SHA256.digest("\(workspace.text)\0\(requestID.text)").prefix(16).hex)
    }
}
