import Foundation
import JSON

/// How long a broker lets a delivery stay unacked before it closes the channel.
///
/// Its management API does not tell; it names the files that its nodes were configured with, which can be read on the
/// same machine.
enum ConsumerTimeout: Equatable {
    case set(Duration, file: String)
    case off(file: String)
    /// No file speaks of it.
    case standard
    /// The broker is on another machine, or its files are not for us to read.
    case unknown

    /// An executor keeps a delivery for `ack_within`, and the broker looks once a minute.
    static let needed = Duration.seconds(15 * 60)

    static func read(nodes: JSONValue?, address: String) -> ConsumerTimeout {
        let here: Set = ["localhost", "127.0.0.1", "::1", "[::1]"]
        let files = (nodes?.array ?? []).flatMap { $0["config_files"]?.array?.compactMap(\.string) ?? [] }
        guard let host = URL(string: address)?.host(), here.contains(host), !files.isEmpty else { return .unknown }
        var found = ConsumerTimeout.standard
        for file in files {
            guard let text = try? String(contentsOfFile: file, encoding: .utf8) else { return .unknown }
            if let timeout = said(in: text, file: file) { found = timeout }
        }
        return found
    }

    /// In the broker's two formats: `consumer_timeout = 1800000`, and `{consumer_timeout, 1800000}` among Erlang terms.
    static func said(in text: String, file: String) -> ConsumerTimeout? {
        var found: ConsumerTimeout?
        for line in text.split(whereSeparator: \.isNewline) {
            let said = line.prefix { $0 != "#" && $0 != "%" }
            guard let name = said.range(of: "consumer_timeout") else { continue }
            let rest = said[name.upperBound...].drop { " \t=,".contains($0) }
            let value = rest.prefix { $0.isLetter || $0.isNumber }
            if let milliseconds = Int(value) {
                found = .set(.milliseconds(milliseconds), file: file)
            } else if value == "undefined" || value == "false" {
                found = .off(file: file)
            }
        }
        return found
    }
}
