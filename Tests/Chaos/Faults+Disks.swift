import Foundation
import Glibc

/// A file system in memory, small enough to be filled.
struct SmallDisk: Sendable {
    let folder: String

    static func mount(at folder: String, megabytes: Int) async throws -> SmallDisk {
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        let result = try await Shell.run(
            ["mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder],
            environment: ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"])
        guard result.status == 0 else { throw ChaosError("no small disk: \(result.output)") }
        return SmallDisk(folder: folder)
    }

    /// Ends one, also of a run that was killed.
    static func unmount(_ folder: String) async {
        _ = try? await Shell.run(["umount", folder], environment: ["PATH": "/usr/bin:/bin:/usr/sbin:/sbin"])
    }

    private var ballast: String { folder + "/ballast" }

    /// - Returns: how many bytes it took.
    func fill() throws -> Int {
        let file = unsafe open(ballast, O_WRONLY | O_CREAT | O_CLOEXEC, 0o600)
        guard file >= 0 else { throw ChaosError("no ballast in \(folder)") }
        defer { close(file) }
        let block = [UInt8](repeating: 0, count: 4096)
        var total = 0
        while true {
            let count = unsafe write(file, block, block.count)
            guard count > 0 else { break }
            total += count
        }
        guard errno == ENOSPC else { throw ChaosError("the ballast in \(folder) ended with error \(errno)") }
        return total
    }

    func empty() { unsafe _ = unlink(ballast) }
}

extension Fault {
    static var disks: [Fault] { [diskFull] }

    private static let diskFull = Fault(
        name: "PostgreSQL: disk full", times: (0, 2), since: "the return of space", target: returnTarget,
        needsSmallDisk: true
    ) { scene in
        guard let disk = scene.world.smallDisk else { throw ChaosError("the database is on no small disk") }
        let log = scene.world.data + "/postgres.log"
        func complaints() throws -> Int {
            try String(contentsOfFile: log, encoding: .utf8).split(separator: "No space left on device").count - 1
        }
        let before = try complaints()
        let bytes = try disk.fill()
        try? await Task.sleep(for: .seconds(10))
        disk.empty()
        let heard = try complaints() - before
        guard heard > 0 else { throw Miss("PostgreSQL did not notice") }
        return Hit("\(bytes >> 20) MiB of ballast left no room, and PostgreSQL said so \(heard) times", since: .now)
    }
}
