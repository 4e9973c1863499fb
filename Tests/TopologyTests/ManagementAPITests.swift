import Foundation
import Glibc
import JSON
import Testing

@testable import Topology

@Suite(.timeLimit(.minutes(1)))
struct `The management API` {
    @Test func `takes names with slashes and percent signs`() async throws {
        try await withBrokerSpace { space in
            try await space.api.put(["vhosts", space.virtualHost], [:])
            let name = "a/b%2F ü?#"
            try await space.api.put(["queues", space.virtualHost, name], ["durable": true])
            #expect(try await space.api.get("queues", space.virtualHost, name)?["name"]?.string == name)
            #expect(try await space.state().queues.keys.contains(name))
        }
    }

    @Test func `is given up on after its deadline`() async throws {
        try await withSilentServer { port in
            let settings = try ManagementSettings(
                url: "http://guest:guest@127.0.0.1:\(port)", timeout: .milliseconds(300))
            let error = await #expect(throws: ManagementError.self) {
                _ = try await ManagementAPI(settings).get("overview")
            }
            #expect(error?.code == .timedOut)
        }
    }

    /// A deadline cancels its request; one that falls together with the answer must not hold on to anything.
    @Test func `ends a call whose deadline comes with the answer`() async throws {
        let settings = try managementSettings()
        let clock = ContinuousClock()
        let usual = try await clock.measure { _ = try await ManagementAPI(settings).get("vhosts") }
        await withTaskGroup(of: Void.self) { group in
            for step in 0..<300 {
                if step >= 4 { await group.next() }
                var settings = settings
                settings.timeout = usual * (0.5 + Double(step) / 150)
                let api = ManagementAPI(settings)
                group.addTask { _ = try? await api.get("vhosts") }
            }
        }
    }

    @Test func `that nobody serves is named with its address`() async throws {
        let settings = try ManagementSettings(url: "http://127.0.0.1:1")
        let error = await #expect(throws: ManagementError.self) {
            _ = try await ManagementAPI(settings).get("overview")
        }
        #expect(error?.code == .unreachable)
        #expect(error?.description.contains("http://127.0.0.1:1") == true)
    }

    @Test func `refuses a wrong password by name of the user`() async throws {
        var settings = try managementSettings()
        settings.password = "wrong"
        let error = await #expect(throws: ManagementError.self) {
            _ = try await ManagementAPI(settings).get("overview")
        }
        #expect(error?.code == .unauthorised)
        #expect(error?.status == 401)
    }

    @Test func `says in the broker's words why it refuses`() async throws {
        try await withBrokerSpace { space in
            try await space.api.put(["vhosts", space.virtualHost], [:])
            try await space.api.put(["queues", space.virtualHost, "q"], ["durable": true])
            let error = await #expect(throws: ManagementError.self) {
                try await space.api.put(
                    ["queues", space.virtualHost, "q"], ["durable": true, "arguments": ["x-queue-type": "quorum"]])
            }
            #expect(error?.code == .refused)
            #expect(error?.detail.contains("inequivalent arg 'x-queue-type'") == true)
        }
    }

    @Test(arguments: ["amqp://h", "http://", "nonsense", ""])
    func `needs an http address`(text: String) {
        #expect(throws: ManagementError.self) { try ManagementSettings(url: text) }
    }
}

/// A port that accepts connections and never says anything.
private func withSilentServer(_ body: (UInt16) async throws -> Void) async throws {
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    defer { close(listener) }
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    unsafe withUnsafeMutablePointer(to: &address) { pointer in
        unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { pointer in
            _ = unsafe bind(listener, pointer, length)
            listen(listener, 8)
            _ = unsafe getsockname(listener, pointer, &length)
        }
    }
    try await body(UInt16(bigEndian: address.sin_port))
}
