import Foundation
import Testing

@testable import Topology

@Suite(.timeLimit(.minutes(1)))
struct `The files of topology` {
    @Test func `that are built in are those in the folder`() throws {
        let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().appendingPathComponent("topology")
        let read = try TopologyFiles.load(folder).expand()
        #expect(read == TopologyFiles.builtIn().expand())
        #expect(!read.queues.isEmpty)
    }

    @Test func `expand to a queue for each partition and each domain`() {
        let topology = TopologyFiles.builtIn().expand(TopologySettings(partitions: 3))
        let names = topology.queues.map(\.name)
        #expect(names.filter { $0.hasPrefix("dispatcher.") } == ["dispatcher.0", "dispatcher.1", "dispatcher.2"])
        #expect(names.contains("executor.payments"))
        #expect(
            topology.policies.first { $0.name == "gatherer.2" }?.definition["dead-letter-routing-key"]
                == "dead.gatherer.2")
        #expect(topology.policies.first { $0.name == "gatherer.2" }?.pattern == #"^gatherer\.2$"#)
        #expect(
            topology.bindings.contains(
                .init(source: "task", destination: .queue("executor.payments"), key: "task.dispatched.payments.#")))
        #expect(!names.contains("firehose"))
    }

    @Test func `name users by domain, with the prefix that is asked for`() {
        let topology = TopologyFiles.builtIn().expand(TopologySettings(userPrefix: "t1-"))
        let user = topology.users.first { $0.name == "t1-executor-payments" }
        #expect(user?.permissions.configure == #"^executor\.payments\.control\."#)
        #expect(user?.topics["task"]?.read == #"^task\.(cancel|go)\.payments$"#)
    }

    @Test func `give every quorum queue but the last one a dead-letter exchange and a limit`() {
        let topology = TopologyFiles.builtIn().expand()
        for queue in topology.queues where queue.type == "quorum" {
            let policy = topology.policies.first { $0.name == queue.name }
            #expect((policy?.definition["delivery-limit"]?.int ?? 0) > 0, "\(queue.name)")
            let keeps = policy?.definition["dead-letter-strategy"]?.string == "at-least-once"
            #expect(keeps == !["logs", "dead-letter"].contains(queue.name), "\(queue.name)")
        }
    }

    @Test(arguments: [
        ("queues:\n  q: { type: quorum }", "baton.yaml:2:3: a quorum queue needs a delivery-limit"),
        ("queues:\n  q:\n    type: quorun", "baton.yaml:3:11: unknown type of queue"),
        ("queues:\n  q:\n    kind: quorum", "baton.yaml:3:11: unknown key \"kind\""),
        ("queues:\n  q: { type: classic, bindings: { x: [a] } }", "there is no exchange \"x\""),
        ("exchanges:\n  e: { type: topick }", "baton.yaml:2:14: unknown type of exchange"),
        ("partitions: 0", "baton.yaml:1:13: expected a whole number from 1 to 1024"),
        ("queues: [", "baton.yaml:"),
        ("queues: {}\nqueues: {}", "is written twice"),
        (
            "queues:\n  q: { type: quorum, policy: { delivery-limit: 1, dead-letter-strategy: at-least-once } }",
            "at-least-once needs a dead-letter-exchange and overflow"
        ),
    ])
    func `are refused with file, line and column`(text: String, message: String) {
        #expect {
            _ = try TopologyFiles.parse(["baton.yaml": Array(text.utf8)])
        } throws: { error in
            "\(error)".contains(message)
        }
    }

    @Test func `are refused with all problems at once`() throws {
        let contents = [
            "baton.yaml": Array("exchanges: { task: { type: topic } }\npartitions: x".utf8),
            "domains.yaml": Array("domains: { a.b: {} }".utf8),
            "access.yaml": Array("users: { u: { configure: '(', write: '.*', read: '^$' } }".utf8),
        ]
        let error = #expect(throws: TopologyFilesError.self) { try TopologyFiles.parse(contents) }
        let text = try #require(error).description
        for part in ["expected a whole number", "not a domain's name", "not a regular expression", "every key of the"] {
            #expect(text.contains(part))
        }
        #expect(error?.problems.count == 4)
    }
}
