/// Where the broker is, who we are to it, and how long we wait.
package struct AMQPSettings: Sendable {
    /// Peer and host name are always verified, and TLS 1.2 is the least that is spoken.
    package struct TLS: Sendable, Equatable {
        /// PEM file of the authorities that are trusted.
        package var authorities: String
        /// PEM files of this end's own certificate and key, if the broker asks for one.
        package var certificate: String?
        package var key: String?

        /// Debian's and most others' list of public authorities.
        package static let systemAuthorities = "/etc/ssl/certs/ca-certificates.crt"

        package init(authorities: String = systemAuthorities, certificate: String? = nil, key: String? = nil) {
            self.authorities = authorities
            self.certificate = certificate
            self.key = key
        }
    }

    package var host = "localhost"
    package var port = 5672
    package var virtualHost = "/"
    package var user = "guest"
    package var password = "guest"
    package var tls: TLS?
    /// Whole seconds. A peer that is silent for twice as long is dead.
    package var heartbeat = Duration.seconds(10)
    /// For resolving, connecting, TLS and the handshake together.
    package var connectTimeout = Duration.seconds(10)
    /// For each call, from when it is made to its answer; so also for a publish to be confirmed.
    package var callTimeout = Duration.seconds(30)
    /// Shown by the broker's management.
    package var connectionName = "baton"

    package init() {}
}
