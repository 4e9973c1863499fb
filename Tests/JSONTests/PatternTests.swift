import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A pattern` {
    @Test(
        arguments: [
            ("", ["", "x"], []),
            ("abc", ["abc", "xabcx"], ["ab", "ABC", ""]),
            ("^abc$", ["abc"], ["xabc", "abcx", "abc\n"]),
            ("^a*$", ["", "aaa"], ["b", "aab"]),
            ("^a+b?$", ["a", "ab", "aab"], ["", "b", "abb"]),
            ("^(a|bc|)$", ["", "a", "bc"], ["b", "abc"]),
            ("^(?:ab){2,3}$", ["abab", "ababab"], ["ab", "abababab"]),
            ("^a{2}$", ["aa"], ["a", "aaa"]), ("^a{2,}$", ["aa", "aaaaa"], ["a"]), ("^a{0}$", [""], ["a"]),
            ("^[a-z0-9_-]{1,4}$", ["a", "a-_9"], ["", "aaaaa", "A"]),
            ("^[^/]+$", ["abc", "é\n"], ["", "a/b"]),
            ("^[\\w.+-]+@[\\d]+$", ["a.b+c-d@12"], ["@1", "a@"]),
            ("^.$", ["a", "é", "😀"], ["", "ab", "\n", "\u{2028}"]),
            ("^\\D\\W\\S$", ["a-b"], ["1-b", "aab", "a- "]),
            ("^\\u00e9\\x41\\/\\.$", ["éA/."], ["éA/x"]),
            ("^\\s$", [" ", "\t", "\u{A0}", "\u{FEFF}"], ["a", ""]),
            ("a$|^b", ["xa", "a", "bx"], ["ax", "xb"]),
            ("^(a*)*$", ["", "aaaa"], ["b"]), ("(a*)*b", ["aab", "b"], ["aaa"]),
            ("^(([a-z]+)+)$", ["abc"], ["abc1"]),
            ("[]", [], ["", "a"]), ("^[^]$", ["a", "\n"], [""]),
            ("^[\\]\\\\^-]$", ["]", "\\", "^", "-"], ["["]),
            ("^[+--]$", ["+", ",", "-"], ["."]), ("^[^\\d]$", ["a"], ["1"]), ("^[\\S]$", ["a"], [" "]),
            ("^[é-ü]+$", ["éêü"], ["e\u{301}", "z"]), ("^\u{E9}$", ["\u{E9}"], ["e\u{301}"]), ("^😀{2}$", ["😀😀"], ["😀"]),
            ("^a??b*?$", ["", "ab", "abb"], ["aab"]), ("$", ["", "a"], []), ("^$", [""], ["a"]),
            ("x^", [], ["x", "x^"]),
            ("^\\$\\{\\}\\-\\ $", ["${}- "], ["$"]),
        ] as [(String, [String], [String])])
    func `matches what ECMA 262 says`(source: String, matching: [String], others: [String]) throws {
        let pattern = try Pattern(source)
        for text in matching { #expect(pattern.matches(text), "\(source) must match \(text.debugDescription)") }
        for text in others { #expect(!pattern.matches(text), "\(source) must not match \(text.debugDescription)") }
    }

    @Test(arguments: [
        "(", ")", "(a", "a)", "[a", "a{", "a{1", "a{2,1}", "{2}", "*a", "+", "?", "a**", "a{1}{2}", "^*", "\\", "\\1",
        "\\b", "\\k<a>",
        "\\p{L}", "(?=a)", "(?!a)", "(?<=a)", "(?<n>a)", "[z-a]", "[a-\\d]", "\\u12", "\\xg1", "a{99999}",
        "(a{2000}){2000}", "}", "]",
        "((((a{100}){100}){100}){100}){100}", String(repeating: "(", count: 10_000),
    ])
    func `outside the subset is refused`(source: String) {
        #expect(throws: PatternError.self) { try Pattern(source) }
    }

    @Test func `of nothing repeated is harmless`() throws {
        #expect(try Pattern("^((((){4000}){4000}){4000}){4000}$").matches(""))
    }

    @Test(arguments: ["^(a+)+$", "^(a|a)*$", "(a*)*b", "^(?:a?){25}a{25}$", "a.*b.*c.*d", "^[a-z]{1,64}$"])
    func `takes time linear in the text, and no stack`(source: String) throws {
        let pattern = try Pattern(source)
        let text = String(repeating: "a", count: 100_000) + "!"
        #expect(!pattern.matches(text))  // the suite's limit ends what is not linear
    }
}
