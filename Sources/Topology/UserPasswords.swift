import Foundation
import JSON

/// The passwords that `apply` gives to users; they are in no file of the topology.
package struct UserPasswords: Sendable {
    /// By user, with the prefix.
    package var byUser: [String: String]
    /// Whether users that exist get theirs too; otherwise only new ones do.
    package var replacesExisting: Bool

    package init(_ byUser: [String: String] = [:], replacesExisting: Bool = false) {
        self.byUser = byUser
        self.replacesExisting = replacesExisting
    }

    func mustChange(_ user: BrokerState.User, of name: String) -> Bool {
        guard replacesExisting, let password = byUser[name] else { return false }
        return !user.hasPassword(password)
    }
}

extension BrokerState.User {
    /// RabbitMQ's salted hash: 4 bytes of salt, then SHA-256 of salt and password.
    fileprivate func hasPassword(_ password: String) -> Bool {
        guard hashingAlgorithm == "rabbit_password_hashing_sha256", let data = Data(base64Encoded: passwordHash),
            data.count == 36
        else { return false }
        let bytes = [UInt8](data)
        return Self.hash(password, salt: Array(bytes.prefix(4))) == passwordHash
    }

    static func hash(_ password: String, salt: [UInt8]) -> String {
        Data(salt + SHA256.digest(salt + Array(password.utf8))).base64EncodedString()
    }
}
