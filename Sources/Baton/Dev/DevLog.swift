import Glibc
import JSON
import LocalServers

/// What `baton dev` shows: the children's lines under their names, and its own.
struct DevLog: Sendable {
    var output = DevOptions.Output.text
    /// The terminal belongs to somebody else; the children's lines go to files there.
    var folder: String?
    private let isColoured = isatty(1) == 1 && Environment.inherited["NO_COLOR", default: ""].isEmpty

    func show(_ event: ChildEvent) {
        switch event {
        case .started, .ready: break
        case .line(let name, let text): line(of: name, text)
        case .ended(let name, let status, let delay):
            guard let delay else { return }
            say("\(name) ended with \(status) and is started again in \(delay)")
        case .failedToStart(let name, let error): say("\(name) does not start: \(error)")
        }
    }

    /// Something that `baton dev` itself has to say.
    func say(_ text: String) {
        if output == .json {
            write(["process": "dev", "line": .string(text)])
        } else if folder != nil {
            write(text, to: 2, name: "baton dev")
        } else {
            write(text, to: 1, name: "dev")
        }
    }

    func write(_ object: JSONValue) { Self.write(object.text + "\n", to: 1) }

    private func line(of name: String, _ text: String) {
        if let folder {
            Self.append(text + "\n", to: "\(folder)/\(name).log")
        } else if output == .json {
            write(["process": .string(name), "line": .string(text)])
        } else {
            write(text, to: 1, name: name)
        }
    }

    private func write(_ text: String, to descriptor: Int32, name: String) {
        let width = 17
        let label = name + String(repeating: " ", count: max(0, width - name.count))
        guard isColoured else { return Self.write("\(label) | \(text)\n", to: descriptor) }
        Self.write("\u{1b}[\(Self.colour(of: name))m\(label) |\u{1b}[0m \(text)\n", to: descriptor)
    }

    /// One of the terminal's colours, the same each time.
    private static func colour(of name: String) -> Int {
        let colours = [36, 32, 33, 35, 34, 96, 92, 93, 95, 94]
        return colours[name.utf8.reduce(0) { ($0 &* 31 &+ Int($1)) & 0xffff } % colours.count]
    }

    private static func write(_ text: String, to descriptor: Int32) {
        var rest = Array(text.utf8)[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe Glibc.write(descriptor, $0.baseAddress, $0.count) }
            if count < 0 && errno == EINTR { continue }
            // Nobody reads any more: no reason to end the pipeline.
            guard count > 0 else { return }
            rest = rest.dropFirst(count)
        }
    }

    private static func append(_ text: String, to path: String) {
        let file = unsafe open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0o600)
        guard file >= 0 else { return }
        write(text, to: file)
        close(file)
    }
}
