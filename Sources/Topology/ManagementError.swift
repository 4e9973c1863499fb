/// What went wrong between this process and the broker's management API.
package struct ManagementError: Error, Equatable, Sendable {
    package enum Code: Sendable {
        /// Nobody answers there.
        case unreachable
        case timedOut
        /// The user is unknown, or may not do this.
        case unauthorised
        /// The broker does not do it; it says why.
        case refused
        /// The answer is not what the management API says.
        case unreadable
    }
    package var code: Code
    /// The request, such as `PUT /api/queues/baton/planner`.
    package var operation: String
    /// The broker's or the system's own words.
    package var detail: String
    /// The HTTP status, if there was an answer.
    package var status: Int?
}

extension ManagementError: CustomStringConvertible {
    package var description: String {
        let answer = status.map { " (\($0))" } ?? ""
        let what =
            switch code {
            case .unreachable: "the management API is not reachable"
            case .timedOut: "the management API did not answer in time"
            case .unauthorised: "the broker does not let this user do it"
            case .refused: "the broker refused"
            case .unreadable: "the answer is not the management API's"
            }
        return "\(operation): \(what)\(answer): \(detail)"
    }
}
