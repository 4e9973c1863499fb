import Contracts
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A timestamp` {
    @Test(arguments: [
        ("1970-01-01T00:00:00.000Z", 0), ("2026-01-05T09:00:05.120Z", 1_767_603_605_120),
        ("2000-02-29T23:59:59.999Z", 951_868_799_999), ("1969-12-31T23:59:59.999Z", -1),
        ("9999-12-31T23:59:59.999Z", 253_402_300_799_999), ("0000-01-01T00:00:00.000Z", -62_167_219_200_000),
    ])
    func `is written in UTC with milliseconds, and read back`(text: String, milliseconds: Int64) {
        #expect(Timestamp(text)?.milliseconds == milliseconds)
        #expect(Timestamp(milliseconds: milliseconds).description == text)
    }

    @Test(arguments: [
        ("2026-01-05T10:00:05+01:00", "2026-01-05T09:00:05.000Z"),
        ("2026-01-05t03:30:05.5-05:30", "2026-01-05T09:00:05.500Z"),
        ("2026-01-05T09:00:05.123456789Z", "2026-01-05T09:00:05.123Z"),
        ("2016-12-31T23:59:60Z", "2017-01-01T00:00:00.000Z"),
    ])
    func `is read with any offset and any number of digits`(text: String, plain: String) {
        #expect(Timestamp(text)?.description == plain)
    }

    @Test(arguments: [
        "", "2026-01-05", "2026-01-05T09:00:05", "2026-01-05 09:00:05Z", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
        "2026-01-05T24:00:00Z", "2026-01-05T09:00:05.Z", "2026-01-05T09:00:05Zx", "２026-01-05T09:00:05Z",
        "2026-01-05T09:00:05+1:00", "yesterday", "-026-01-05T09:00:05Z",
    ])
    func `is nothing else`(text: String) {
        #expect(Timestamp(text) == nil)
    }

    @Test func `is the same after any day of four centuries`() {
        for day in stride(from: Int64(-150_000), through: 150_000, by: 7) {
            let time = Timestamp(milliseconds: day * 86_400_000 + 1)
            #expect(Timestamp(time.description) == time)
        }
    }
}
