package import JSON

/// Whether a broker is fit to carry Baton now, beyond having the right queues.
package struct TopologyVerification: Sendable {
    package enum Severity: String, Sendable, Comparable {
        case note, warning, error
        package static func < (left: Self, right: Self) -> Bool { left.rank < right.rank }
        private var rank: Int {
            switch self {
            case .note: 0
            case .warning: 1
            case .error: 2
            }
        }
    }

    package struct Finding: Sendable, Equatable {
        package var severity: Severity
        /// What it is about, such as `queue planner`.
        package var subject: String
        package var message: String
    }

    package var virtualHost: String
    package var address: String
    package var brokerVersion: String
    package var findings: [Finding]

    /// No errors; warnings are for people.
    package var isFit: Bool { !findings.contains { $0.severity == .error } }

    package var text: String {
        let head = "virtual host \(virtualHost) on \(address) (RabbitMQ \(brokerVersion)): \(isFit ? "fit" : "not fit")"
        let lines = findings.sorted { $0.severity > $1.severity }.map {
            "  \($0.severity.rawValue): \($0.subject): \($0.message)"
        }
        return ([head] + lines).joined(separator: "\n") + "\n"
    }

    package var json: JSONValue {
        [
            "virtual_host": .string(virtualHost), "address": .string(address),
            "broker_version": .string(brokerVersion), "fit": .bool(isFit),
            "findings": .array(
                findings.map {
                    [
                        "severity": .string($0.severity.rawValue), "subject": .string($0.subject),
                        "message": .string($0.message),
                    ]
                }),
        ]
    }
}
