/// The users of the topology, as `user_id` names them.
package enum BrokerUser {
    package static let planner = "planner"
    package static let dispatcher = "dispatcher"
    package static let gatherer = "gatherer"
    package static let notifier = "notifier"
    package static let api = "api"
    package static let producer = "producer"
    package static let `operator` = "operator"
    package static func executor(_ domain: DomainName) -> String { "executor-\(domain)" }

    /// Whether it is one of those that put together what others have said: their messages are larger than those.
    static func isOurs(_ user: String?) -> Bool { [planner, dispatcher, gatherer].contains(user) }

    /// Whether a user may be believed when it speaks of a domain's tasks: an executor only of its own domain's.
    /// The broker bounds routing keys by user; this holds where one is misconfigured.
    static func may(_ user: String, speakFor domain: DomainName?) -> Bool {
        guard user.hasPrefix("executor-") else { return true }
        return domain.map { user == executor($0) } ?? false
    }
}
