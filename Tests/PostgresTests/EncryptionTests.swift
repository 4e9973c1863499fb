import Foundation
import Postgres
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A connection over TLS` {
    @Test func `is made to a server whose certificate is in order`() async throws {
        try await withServer(certificate: "good") { settings in
            let connection = try await PostgresConnection.open(settings)
            #expect(await connection.isEncrypted)
            await connection.close()
        }
    }

    static let refused: [(certificate: String, words: String)] = [
        ("expired", "certificate verify failed"), ("elsewhere", "does not match host name"),
        ("stranger", "certificate verify failed"), ("none", "does not support SSL"),
    ]

    @Test(arguments: refused)
    func `is refused to a server whose certificate is not`(certificate: String, words: String) async throws {
        try await withServer(certificate: certificate) { settings in
            let error = await Result { try await PostgresConnection.open(settings) }.failure
            #expect(error?.code == .refused)
            #expect(error?.detail.contains(words) == true, "\(error?.detail ?? "")")
        }
    }

    @Test func `checks nothing only when it is told so`() async throws {
        try await withServer(certificate: "stranger") { settings in
            var trusting = settings
            trusting.parameters["sslmode"] = "require"
            trusting.parameters["sslrootcert"] = nil
            let connection = try await PostgresConnection.open(trusting)
            #expect(await connection.isEncrypted)
            await connection.close()
        }
    }
}

@Suite struct `A database URL` {
    @Test func `is read as libpq reads it`() throws {
        let settings = try PostgresSettings(
            url: "postgresql://ada:s%3Acret@[::1]:5433/baton?sslmode=verify-full&sslrootcert=/ca.pem")
        #expect(settings.user == "ada")
        #expect(settings.password == "s:cret")
        #expect(settings.host == "::1")
        #expect(settings.port == "5433")
        #expect(settings.database == "baton")
        #expect(settings.parameters["sslmode"] == "verify-full")
        #expect(!"\(settings)".contains("cret"))
        #expect(try PostgresSettings(url: "postgresql:///x?host=/run/pg").host == "/run/pg")
    }

    @Test(arguments: ["", "http://x", "postgresql://h:1/x?nonsense=1", "postgresql://[::1/x", "host=x"])
    func `that is none is refused`(url: String) {
        let error = #expect(throws: PostgresError.self) { try PostgresSettings(url: url) }
        #expect(error?.code == .refused)
    }
}

/// A stub that speaks PostgreSQL's greeting over TLS and then is ready for statements that it never answers.
private let stub = """
    import os, socket, ssl, struct, sys, threading
    # Ends with whoever holds the other end of its standard input.
    threading.Thread(target=lambda: (sys.stdin.read(), os._exit(0)), daemon=True).start()
    certificate, key = sys.argv[1:]
    listener = socket.create_server(("127.0.0.1", 0))
    print(listener.getsockname()[1], flush=True)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    if key: context.load_cert_chain(certificate, key)
    while True:
        client, _ = listener.accept()
        try:
            client.recv(8)
            if not key:
                client.sendall(b"N")
                continue
            client.sendall(b"S")
            client = context.wrap_socket(client, server_side=True)
            client.recv(4096)
            client.sendall(b"R" + struct.pack("!ii", 8, 0) + b"K" + struct.pack("!iii", 12, 1, 2) + b"Z" + struct.pack("!i", 5) + b"I")
            client.recv(4096)
        except OSError:
            pass
        finally:
            client.close()
    """

/// Runs the stub with one of the certificates made here, and lends settings that trust our own authority.
private nonisolated(nonsending) func withServer(
    certificate: String,
    _ body: nonisolated(nonsending) (PostgresSettings) async throws -> Void
) async throws {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("baton-tls-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    let (port, leash) = try await onThread {
        try makeCertificates(certificate, in: folder)
        return try startServer(certificate == "none" ? nil : folder)
    }
    defer { try? leash.close() }
    var settings = try PostgresSettings(url: "postgresql://ada@localhost:\(port)/x?sslmode=verify-full")
    settings.parameters["hostaddr"] = "127.0.0.1"
    settings.parameters["sslrootcert"] = folder.appendingPathComponent("ours.pem").path
    settings.connectTimeout = .seconds(30)
    try await body(settings)
}

private func makeCertificates(_ kind: String, in folder: URL) throws {
    for authority in ["ours", "theirs"] {
        let files = [
            "-keyout", "\(authority).key", "-out", "\(authority).pem", "-subj", "/CN=\(authority)", "-days", "2",
        ]
        try openssl(folder, ["req", "-x509", "-nodes"] + files + curve)
    }
    let host = kind == "elsewhere" ? "elsewhere.example" : "localhost"
    let authority = kind == "stranger" ? "theirs" : "ours"
    try openssl(
        folder, ["req", "-nodes", "-keyout", "server.key", "-out", "server.csr", "-subj", "/CN=\(host)"] + curve)
    try openssl(
        folder,
        [
            "x509", "-req", "-in", "server.csr", "-CA", "\(authority).pem", "-CAkey", "\(authority).key",
            "-CAcreateserial", "-out", "server.pem", "-days", kind == "expired" ? "-1" : "2",
        ])
}

/// - Returns: its port, and what ends it when it is closed.
private func startServer(_ folder: URL?) throws -> (port: String, leash: FileHandle) {
    let server = Process()
    server.executableURL = URL(fileURLWithPath: "/usr/bin/env")
    let files = ["server.pem", "server.key"].map { folder?.appendingPathComponent($0).path ?? "" }
    server.arguments = ["python3", "-c", stub] + files
    let (output, input) = (Pipe(), Pipe())
    server.standardOutput = output
    server.standardInput = input
    try server.run()
    let port = String(decoding: output.fileHandleForReading.availableData, as: UTF8.self).filter(\.isNumber)
    return (port, input.fileHandleForWriting)
}

/// Runs what blocks on a thread of its own: the cooperative pool has only as many as there are cores.
private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

private let curve = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1"]

private func openssl(_ folder: URL, _ arguments: [String]) throws {
    let process = Process()
    process.executableURL = URL(fileURLWithPath: "/usr/bin/openssl")
    process.arguments = arguments
    process.currentDirectoryURL = folder
    process.standardError = FileHandle.nullDevice
    try process.run()
    process.waitUntilExit()
    guard process.terminationStatus == 0 else { throw CocoaError(.executableLoad) }
}
