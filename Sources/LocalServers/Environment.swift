import Glibc

/// The environments that children are given; nothing is inherited by accident.
package enum Environment {
    /// What every child's begins with.
    package static let plain: [String: String] = [
        "PATH": "/usr/local/bin:/usr/bin:/bin:/usr/sbin:/sbin", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8",
    ]

    /// Ours, as we were started with it.
    package static let inherited: [String: String] = {
        let entries = (Files.read("/proc/self/environ") ?? []).split(separator: 0)
        let pairs = entries.compactMap { entry -> (String, String)? in
            let parts = entry.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard parts.count == 2 else { return nil }
            return (String(decoding: parts[0], as: UTF8.self), String(decoding: parts[1], as: UTF8.self))
        }
        return Dictionary(pairs) { first, _ in first }
    }()

    /// Where a shell would find the program; `nil` when it would not.
    package static func find(_ program: String) -> String? {
        if program.contains("/") { return Files.isExecutable(program) ? program : nil }
        let folders = (inherited["PATH"] ?? plain["PATH"] ?? "").split(separator: ":")
        return folders.map { "\($0)/\(program)" }.first(where: Files.isExecutable)
    }

    /// The program that is running now.
    package static var ownProgram: String { Files.real("/proc/self/exe") ?? CommandLine.arguments[0] }
}
