import CPostgres
import Glibc

/// Owns one `PGconn`: libpq's state of a connection, used by one thread at a time.
///
/// All calls are non-blocking, but for the look-up of a host name in ``start(_:)``.
@safe struct ConnectionHandle: ~Copyable {
    enum Progress { case waitsToRead, waitsToWrite, done, failed }

    private let raw: OpaquePointer

    /// Begins to connect.
    init?(_ parameters: [String: String]) {
        let pairs = Array(parameters)
        let keywords = unsafe pairs.map { unsafe strdup($0.key) }
        let values = unsafe pairs.map { unsafe strdup($0.value) }
        defer {
            unsafe (keywords + values).forEach { unsafe free($0) }
        }
        var keywordPointers = unsafe keywords.map { unsafe UnsafePointer($0) } + [nil]
        var valuePointers = unsafe values.map { unsafe UnsafePointer($0) } + [nil]
        guard let raw = unsafe PQconnectStartParams(&keywordPointers, &valuePointers, 0) else { return nil }
        unsafe self.raw = raw
        // NOTICE and WARNING would be printed to standard error.
        unsafe PQsetNoticeReceiver(raw, { _, _ in }, nil)
    }

    deinit { unsafe PQfinish(raw) }

    var socket: Int32 { unsafe PQsocket(raw) }
    var isBad: Bool { unsafe PQstatus(raw) == CONNECTION_BAD }
    var message: String { unsafe String(cString: PQerrorMessage(raw)).trimmed }
    var isInTransaction: Bool {
        let status = unsafe PQtransactionStatus(raw)
        return status == PQTRANS_INTRANS || status == PQTRANS_INERROR
    }
    var isInFailedTransaction: Bool { unsafe PQtransactionStatus(raw) == PQTRANS_INERROR }
    var isEncrypted: Bool { unsafe PQsslInUse(raw) != 0 }
    var serverVersion: Int { unsafe Int(PQserverVersion(raw)) }
    var backendID: Int32 { unsafe PQbackendPID(raw) }

    func pollConnecting() -> Progress {
        switch unsafe PQconnectPoll(raw) {
        case PGRES_POLLING_READING: .waitsToRead
        case PGRES_POLLING_WRITING: .waitsToWrite
        case PGRES_POLLING_OK: .done
        default: .failed
        }
    }

    func makeNonBlocking() -> Bool { unsafe PQsetnonblocking(raw, 1) == 0 }
    func enterPipeline() -> Bool { unsafe PQenterPipelineMode(raw) == 1 }
    func leavePipeline() -> Bool { unsafe PQexitPipelineMode(raw) == 1 }

    func sendPrepare(_ statement: StatementCache.Prepared, sql: String) -> Bool {
        unsafe PQsendPrepare(raw, statement.name, sql, Int32(statement.types.count), statement.types) == 1
    }

    func sendExecute(_ statement: StatementCache.Prepared, _ parameters: Parameters) -> Bool {
        unsafe parameters.withPointers { pointers in
            unsafe PQsendQueryPrepared(
                raw, statement.name, Int32(parameters.count), pointers, parameters.lengths, parameters.formats,
                Parameters.binaryFormat) == 1
        }
    }

    /// Sends a statement that is not kept, and asks for its rows as text.
    func sendQuery(_ sql: String, _ parameters: Parameters) -> Bool {
        unsafe parameters.withPointers { pointers in
            unsafe PQsendQueryParams(
                raw, sql, Int32(parameters.count), parameters.types, pointers, parameters.lengths, parameters.formats,
                Parameters.textFormat) == 1
        }
    }

    /// Sends a text of several statements; not in a pipeline.
    func sendScript(_ sql: String) -> Bool { unsafe PQsendQuery(raw, sql) == 1 }

    func sendSync() -> Bool { unsafe PQpipelineSync(raw) == 1 }
    /// From here on the rows of the statement that answers now come one by one.
    func askForSingleRows() -> Bool { unsafe PQsetSingleRowMode(raw) == 1 }

    /// Sends what is waiting in libpq's buffer, as far as the socket takes it.
    func flush() -> Progress {
        switch unsafe PQflush(raw) {
        case 0: .done
        case 1: .waitsToWrite
        default: .failed
        }
    }

    /// Takes in what has arrived; `false` when the connection is lost.
    func consumeInput() -> Bool { unsafe PQconsumeInput(raw) == 1 }
    /// Whether the next result has not arrived as a whole yet.
    var isBusy: Bool { unsafe PQisBusy(raw) == 1 }

    /// The next result, or `nil` when the statement has no more. Only when not ``isBusy``.
    func nextResult() -> ResultHandle? {
        guard let result = unsafe PQgetResult(raw) else { return nil }
        return unsafe ResultHandle(owning: result)
    }

    func passwordHash(_ password: String, user: String) -> String? {
        guard let hash = unsafe PQencryptPasswordConn(raw, password, user, "scram-sha-256") else { return nil }
        defer { unsafe PQfreemem(hash) }
        return unsafe String(cString: hash)
    }

    func makeCancelHandle() -> CancelHandle? {
        guard let cancel = unsafe PQgetCancel(raw) else { return nil }
        return unsafe CancelHandle(owning: cancel)
    }
}

/// Owns one `PGcancel`, which any thread may use, whatever the connection's own is doing.
@safe final class CancelHandle: @unchecked Sendable {  // PostgreSQL manual, Canceling Queries in Progress
    private let raw: OpaquePointer

    init(owning raw: OpaquePointer) { unsafe self.raw = raw }
    deinit { unsafe PQfreeCancel(raw) }

    /// Connects to the server and asks it to cancel; blocks. Returns what went wrong.
    func send() -> String? {
        var message = [CChar](repeating: 0, count: 256)
        let sent = unsafe PQcancel(raw, &message, 256) == 1
        return unsafe sent ? nil : String(cString: &message).trimmed
    }
}
