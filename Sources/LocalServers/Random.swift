import Glibc

/// Random text from the system's generator: passwords, cookies, names.
enum RandomText {
    /// - Parameter bytes: of randomness; the text has twice as many digits.
    static func hex(bytes: Int = 20) -> String {
        var generator = SystemRandomNumberGenerator()
        return (0..<bytes).map { _ in
            let digits = String(UInt8.random(in: .min ... .max, using: &generator), radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }.joined()
    }
}
