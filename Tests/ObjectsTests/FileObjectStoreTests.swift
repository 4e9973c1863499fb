import Foundation
import Objects
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `An object store in a folder` {
    private let root = NSTemporaryDirectory() + "/objects-\(UUID().uuidString)"

    private func withStore(_ body: (FileObjectStore) async throws -> Void) async throws {
        defer { try? FileManager.default.removeItem(atPath: root) }
        try await body(FileObjectStore(root: root + "/deep/er"))
    }

    @Test func `gives back what was put`() async throws {
        try await withStore { store in
            let content = (0..<100_000).map { UInt8(truncatingIfNeeded: $0) }
            let reference = try await store.put(content, key: ObjectKey("wf-1", "scan.3", "1", "report.json")!)
            #expect(reference == "file:wf-1/scan.3/1/report.json")
            #expect(try await store.get(reference, limit: 100_000) == content)
        }
    }

    @Test func `replaces an object under the same key and leaves nothing else behind`() async throws {
        try await withStore { store in
            let key = ObjectKey("a", "b")!
            _ = try await store.put([1], key: key)
            let reference = try await store.put([2, 3], key: key)
            #expect(try await store.get(reference, limit: 10) == [2, 3])
            #expect(try FileManager.default.contentsOfDirectory(atPath: root + "/deep/er/a") == ["b"])
        }
    }

    @Test func `keeps an empty object`() async throws {
        try await withStore { store in
            let reference = try await store.put([], key: ObjectKey("empty")!)
            #expect(try await store.get(reference, limit: 0) == [])
        }
    }

    @Test(arguments: [
        "file:../secret", "file:/etc/passwd", "file:a/../../b", "s3://x/y", "file:", "/etc/passwd", "file:a//b",
    ])
    func `refuses a reference that is not its own`(reference: String) async throws {
        try await withStore { store in
            let error = await #expect(throws: ObjectError.self) { try await store.get(reference, limit: 10) }
            #expect(error?.code == .notAllowed)
        }
    }

    @Test func `says when an object is missing or too large`() async throws {
        try await withStore { store in
            let missing = await #expect(throws: ObjectError.self) { try await store.get("file:none", limit: 10) }
            #expect(missing?.code == .notFound)
            let reference = try await store.put([1, 2, 3], key: ObjectKey("three")!)
            let large = await #expect(throws: ObjectError.self) { try await store.get(reference, limit: 2) }
            #expect(large?.code == .tooLarge)
        }
    }

    @Test func `says when its folder cannot be written`() async throws {
        let store = FileObjectStore(root: "/proc/no-such-folder")
        let error = await #expect(throws: ObjectError.self) { try await store.put([1], key: ObjectKey("a")!) }
        #expect(error?.code == .unavailable)
    }

    @Test func `does not follow a link out of the store`() async throws {
        try await withStore { store in
            _ = try await store.put([1], key: ObjectKey("a")!)
            try FileManager.default.createSymbolicLink(
                atPath: root + "/deep/er/link", withDestinationPath: "/etc/hostname")
            let error = await #expect(throws: ObjectError.self) { try await store.get("file:link", limit: 1000) }
            #expect(error?.code == .unavailable)
        }
    }
}
