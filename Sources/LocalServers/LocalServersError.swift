/// Why the private servers, or what runs beside them, could not be started.
package struct LocalServersError: Error, Equatable, Sendable {
    package enum Code: Sendable {
        /// A program that the distribution's packages bring is not there.
        case notInstalled
        /// The folder cannot be used: not writable, not ours, or damaged.
        case folder
        /// Another `baton dev` works in the folder.
        case alreadyRunning
        /// A server ended, or did not answer in time; the detail ends with what its log says.
        case serverFailed
        /// No `baton dev` was found, or more than one.
        case notFound, ambiguous
        /// The system refused a process, a descriptor or a file.
        case system
    }
    package var code: Code
    package var detail: String

    package init(_ code: Code, _ detail: String) {
        self.code = code
        self.detail = detail
    }
}

extension LocalServersError: CustomStringConvertible {
    package var description: String { detail }
}
