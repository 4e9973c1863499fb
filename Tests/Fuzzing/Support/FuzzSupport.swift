import Glibc

/// Runs one input that the fuzzer made up; what has to hold is in the targets beside.
@safe package func fuzz(_ start: UnsafePointer<UInt8>?, _ count: Int, _ body: ([UInt8]) -> Void) -> CInt {
    let bytes = unsafe Array(UnsafeBufferPointer(start: start, count: count))
    if isPlanted { plantedFault(bytes) } else { body(bytes) }
    return 0
}

/// Ends the process, which the fuzzer reports together with the input that led here.
package func expect(_ condition: Bool, _ message: @autoclosure () -> String) {
    guard !condition else { return }
    // Not `print`: what it holds back is lost in `abort`.
    var line = "PROMISE BROKEN: \(message())\n"
    line.withUTF8 { unsafe _ = write(STDERR_FILENO, $0.baseAddress, $0.count) }
    abort()
}

/// The parts of an input that needs several: they are separated by U+001E, which JSON has nowhere.
package func parts(_ bytes: [UInt8], count: Int) -> [ArraySlice<UInt8>]? {
    let parts = bytes.split(separator: 0x1E, maxSplits: count - 1, omittingEmptySubsequences: false)
    return parts.count == count ? parts : nil
}

/// For the check that the fuzzer finds anything at all.
private let isPlanted = unsafe getenv("BATON_PLANTED_FAULT") != nil

/// Byte after byte leads here only a fuzzer that sees how often a branch was taken.
private func plantedFault(_ bytes: [UInt8]) {
    var matched = 0
    while matched < planted.count, matched < bytes.count, bytes[matched] == planted[matched] { matched += 1 }
    expect(matched < planted.count, "the planted fault was found")
}

private let planted = Array("bat!".utf8)
