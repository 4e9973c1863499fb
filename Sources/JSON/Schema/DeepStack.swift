import Glibc

/// Runs what recurs deep: valijson, parsing schemas within schemas (10 KB each) or validating values within values.
enum DeepStack {
    /// Runs the body on a thread of its own with a stack of 64 MiB, and waits for it.
    static func run<Result, Failure: Error>(
        _ body: () throws(Failure) -> Result
    ) throws(Failure) -> Result {
        var outcome: Swift.Result<Result, Failure>?
        withoutActuallyEscaping({ outcome = Swift.Result(catching: body) }) { body in
            let work = Work(body)
            var attributes = pthread_attr_t()
            unsafe pthread_attr_init(&attributes)
            unsafe pthread_attr_setstacksize(&attributes, 64 << 20)
            var thread = pthread_t()
            let status = unsafe pthread_create(
                &thread, &attributes,
                { work in
                    unsafe Unmanaged<Work>.fromOpaque(work!).takeUnretainedValue().body()
                    return nil
                }, Unmanaged.passUnretained(work).toOpaque())
            unsafe pthread_attr_destroy(&attributes)
            precondition(status == 0, "no thread can be started: \(status)")
            pthread_join(thread, nil)
            extendLifetime(work)
        }
        return try outcome!.get()
    }

    private final class Work {
        let body: () -> Void
        init(_ body: @escaping () -> Void) { self.body = body }
    }
}
