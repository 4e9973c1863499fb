import Foundation
import JSON
import Testing

@testable import Topology

@Suite(.timeLimit(.minutes(1)))
struct `The time that a delivery may stay unacked` {
    @Test(arguments: [
        ("listeners.tcp.1 = 5672\nconsumer_timeout = 600000\n", ConsumerTimeout.set(.seconds(600), file: "f")),
        ("# consumer_timeout = 1\nconsumer_timeout=3600000", .set(.seconds(3600), file: "f")),
        ("[{rabbit, [{consumer_timeout, 900000}]}].", .set(.seconds(900), file: "f")),
        ("[{rabbit, [\n  {consumer_timeout, undefined} % never\n]}].", .off(file: "f")),
        ("consumer_timeout = 1000\nconsumer_timeout = 2000", .set(.seconds(2), file: "f")),
    ])
    func `is read from the broker's files`(text: String, timeout: ConsumerTimeout) {
        #expect(ConsumerTimeout.said(in: text, file: "f") == timeout)
    }

    @Test func `is asked only of files on the broker's own machine`() throws {
        let file = FileManager.default.temporaryDirectory.appending(path: "rabbitmq-\(UUID().uuidString).conf").path
        try "consumer_timeout = 60000".write(toFile: file, atomically: true, encoding: .utf8)
        defer { try? FileManager.default.removeItem(atPath: file) }
        let nodes: JSONValue = [["name": "rabbit@x", "config_files": [.string(file)]]]
        func read(_ address: String) -> ConsumerTimeout { .read(nodes: nodes, address: address) }
        #expect(read("http://127.0.0.1:15672") == .set(.seconds(60), file: file))
        #expect(read("https://broker.example:15671") == .unknown)
        #expect(ConsumerTimeout.read(nodes: [["config_files": ["/nowhere"]]], address: "http://localhost") == .unknown)
    }

    @Test func `is told by the verification of a broker here`() async throws {
        try await withBrokerSpace { space in
            try await space.apply()
            let findings = try await TopologyVerifier.verify(space.topology, on: space.api).findings
            let finding = try #require(findings.first { $0.subject == "consumer_timeout" })
            #expect(finding.severity == .note)
            #expect(finding.message.hasPrefix("is 1800.0 seconds in "), "\(finding.message)")
        }
    }
}
