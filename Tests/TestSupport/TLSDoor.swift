import Foundation

/// A door to a plain server that speaks TLS to clients, with a certificate made for the occasion.
package final class TLSDoor: Sendable {
    package enum Certificate: Sendable {
        /// For `localhost`, good for a day.
        case good
        /// For another name.
        case otherName
        case expired
    }

    package let port: Int
    /// PEM files: the authority that signed the certificate, and one that did not.
    package let authority: String
    package let otherAuthority: String
    private let folder: URL
    private let server: Child

    package static func open(
        to target: Int, _ certificate: Certificate = .good, oldest: String = "TLSv1_2", newest: String = "TLSv1_3"
    ) async throws -> TLSDoor {
        // Waiting for programs blocks, so it has a thread of its own.
        try await withCheckedThrowingContinuation { done in
            Thread.detachNewThread {
                done.resume(
                    with: Result { try TLSDoor(to: target, certificate, oldest: oldest, newest: newest) })
            }
        }
    }

    private init(
        to target: Int, _ certificate: Certificate, oldest: String, newest: String
    ) throws {
        folder = FileManager.default.temporaryDirectory.appendingPathComponent("tls-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        let folder = folder.path
        authority = folder + "/ca.pem"
        otherAuthority = folder + "/other.pem"
        do {
            try Child("openssl", Self.authorityArguments(folder, "ca")).finish()
            try Child("openssl", Self.authorityArguments(folder, "other")).finish()
            let name = certificate == .otherName ? "elsewhere.example" : "localhost"
            let days = certificate == .expired ? "-1" : "1"
            try Child(
                "openssl",
                [
                    "req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-keyout",
                    folder + "/key.pem", "-out",
                    folder + "/request.pem", "-subj", "/CN=\(name)",
                ]
            ).finish()
            try "subjectAltName=DNS:\(name)".write(toFile: folder + "/names", atomically: true, encoding: .utf8)
            try Child(
                "openssl",
                [
                    "x509", "-req", "-in", folder + "/request.pem", "-CA", authority, "-CAkey", folder + "/ca.key",
                    "-CAcreateserial", "-days", days, "-extfile", folder + "/names", "-out",
                    folder + "/certificate.pem",
                ]
            ).finish()
            server = try Child("python3", ["-c", Self.program, folder, "\(target)", oldest, newest])
            guard let line = server.firstLine(), let port = Int(line) else {
                throw Child.Failure(description: "the TLS door does not open")
            }
            self.port = port
        } catch {
            try? FileManager.default.removeItem(atPath: folder)
            throw error
        }
    }

    deinit {
        server.release()
        try? FileManager.default.removeItem(at: folder)
    }

    private static func authorityArguments(_ folder: String, _ name: String) -> [String] {
        [
            "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "1",
            "-keyout", "\(folder)/\(name).key", "-out",
            "\(folder)/\(name).pem", "-subj", "/CN=\(name)",
        ]
    }

    private static let program = """
        import os, socket, ssl, sys, threading
        folder, target, oldest, newest = sys.argv[1], int(sys.argv[2]), sys.argv[3], sys.argv[4]
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.set_ciphers("ALL:@SECLEVEL=0")
        context.minimum_version = ssl.TLSVersion[oldest]
        context.maximum_version = ssl.TLSVersion[newest]
        context.load_cert_chain(folder + "/certificate.pem", folder + "/key.pem")
        listener = socket.create_server(("127.0.0.1", 0))
        print(listener.getsockname()[1], flush=True)

        def pump(source, sink):
            try:
                while data := source.recv(65536):
                    sink.sendall(data)
            except OSError:
                pass
            for end in (source, sink):
                try:
                    end.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

        def serve(plain):
            try:
                client = context.wrap_socket(plain, server_side=True)
            except (OSError, ssl.SSLError):
                return plain.close()
            server = socket.create_connection(("127.0.0.1", target))
            threading.Thread(target=pump, args=(client, server), daemon=True).start()
            pump(server, client)

        def leave():
            sys.stdin.read()  # ends when the test does
            os._exit(0)

        threading.Thread(target=leave, daemon=True).start()
        while True:
            threading.Thread(target=serve, args=(listener.accept()[0],), daemon=True).start()
        """
}

/// A program that a test runs.
private final class Child: Sendable {
    struct Failure: Error, CustomStringConvertible { let description: String }

    private let process = Process()
    private let name: String
    private let input = Pipe()
    private let output = Pipe()

    init(_ name: String, _ arguments: [String]) throws {
        self.name = name
        process.executableURL = URL(fileURLWithPath: "/usr/bin/env")
        process.arguments = [name] + arguments
        process.standardInput = input
        process.standardOutput = output
        process.standardError = FileHandle.nullDevice
        try process.run()
    }

    func finish() throws {
        process.waitUntilExit()
        guard process.terminationStatus == 0 else {
            throw Failure(description: "\(name): status \(process.terminationStatus)")
        }
    }

    func firstLine() -> String? {
        var line = Data()
        while let byte = try? output.fileHandleForReading.read(upToCount: 1), let first = byte.first, first != 10 {
            line.append(first)
        }
        return String(data: line, encoding: .utf8)
    }

    /// It ends when it reads the end of its input. (SIGTERM is blocked in what Foundation starts from such a thread.)
    func release() { try? input.fileHandleForWriting.close() }
}
