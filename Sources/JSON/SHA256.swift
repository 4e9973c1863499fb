import CCrypto

/// SHA-256 by libcrypto.
package enum SHA256 {
    /// - Returns: 32 bytes.
    package static func digest(_ bytes: [UInt8]) -> [UInt8] {
        var digest = [UInt8](repeating: 0, count: Int(SHA256_DIGEST_LENGTH))
        unsafe _ = CCrypto.SHA256(bytes, bytes.count, &digest)
        return digest
    }

    package static func digest(_ text: String) -> [UInt8] { digest(Array(text.utf8)) }

    /// - Returns: 64 lower-case hexadecimal digits.
    package static func hex(_ bytes: [UInt8]) -> String { digest(bytes).hex }
    package static func hex(_ text: String) -> String { digest(text).hex }
}

extension Sequence<UInt8> {
    /// Two lower-case hexadecimal digits for each byte.
    package var hex: String {
        var digits: [UInt8] = []
        digits.reserveCapacity(underestimatedCount * 2)
        for byte in self {
            digits.append(hexDigit(byte >> 4))
            digits.append(hexDigit(byte & 15))
        }
        return String(decoding: digits, as: UTF8.self)
    }
}

/// - Parameter value: from 0 to 15.
func hexDigit(_ value: UInt8) -> UInt8 {
    value < 10 ? UInt8(ascii: "0") + value : UInt8(ascii: "a") + value - 10
}
