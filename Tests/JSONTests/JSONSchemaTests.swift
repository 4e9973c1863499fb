import Foundation
@testable import JSON
import Testing

private func schema(_ text: String, documents: [String: String] = [:]) throws -> JSONSchema {
    try JSONSchema(JSONReader.parse(text), documents: documents.mapValues { try JSONReader.parse($0) })
}

/// A schema, values that are valid and values that are not. Python's jsonschema is asked the same.
private let cases: [(schema: String, valid: [String], invalid: [String])] = [
    ("true", ["null", "{}"], []), ("{}", ["1"], []), ("false", [], ["null", "{}"]),
    (
        #"{"type":"integer"}"#, ["1", "1.0", "-0", "1e2", "100e-2", "1e400", "123456789012345678901234567890"],
        ["1.5", "\"1\"", "true", "null"]
    ),
    (#"{"type":"number"}"#, ["1", "1.5", "1e400"], ["\"1\"", "true"]),
    (#"{"type":["string","null"]}"#, ["\"\"", "null"], ["0", "[]", "{}", "false"]),
    (#"{"type":"boolean"}"#, ["true"], ["\"true\"", "0", "null"]),
    (#"{"type":"object"}"#, ["{}"], ["[]", "\"\"", "null"]), (#"{"type":"array"}"#, ["[]"], ["{}", "\"\""]),
    (
        #"{"properties":{"a":{"type":"string"}},"required":["a"],"additionalProperties":false}"#,
        [#"{"a":""}"#, "1", "[]"], ["{}", #"{"a":1}"#, #"{"a":"","b":1}"#, #"{"A":""}"#]
    ),
    (
        #"{"additionalProperties":{"type":"integer"},"properties":{"s":true,"n":false}}"#, [#"{"x":1,"s":"x"}"#],
        [#"{"x":"1"}"#, #"{"n":1}"#]
    ),
    (
        #"{"patternProperties":{"^x-":{"type":"integer"},"y$":{"minimum":5}},"additionalProperties":false}"#,
        [#"{"x-a":1,"ay":5,"x-y":7}"#, "{}"], [#"{"x-a":"1"}"#, #"{"b":1}"#, #"{"x-y":4}"#]
    ),
    (
        #"{"propertyNames":{"pattern":"^[a-z]+$","maxLength":3}}"#, [#"{"abc":1}"#, "{}", "1"],
        [#"{"abcd":1}"#, #"{"A":1}"#, #"{"":1}"#]
    ),
    (#"{"minProperties":1,"maxProperties":2}"#, [#"{"a":1}"#, "[]"], ["{}", #"{"a":1,"b":1,"c":1}"#]),
    (
        #"{"dependencies":{"a":["b"],"c":{"required":["d"]}}}"#, [#"{"a":1,"b":1}"#, #"{"b":1}"#, #"{"c":1,"d":1}"#],
        [#"{"a":1}"#, #"{"c":1}"#]
    ),
    (
        #"{"items":{"type":"integer"},"minItems":1,"maxItems":3,"uniqueItems":true}"#,
        ["[1]", "[1,2,3]", "{}"], ["[]", "[1,2,3,4]", "[1,\"2\"]", "[1,1.0]", "[10,1e1]"]
    ),
    (
        #"{"items":[{"type":"integer"},{"type":"string"}],"additionalItems":{"type":"null"}}"#,
        ["[]", "[1]", "[1,\"\",null]"], ["[\"\"]", "[1,\"\",1]"]
    ),
    (#"{"items":[true],"additionalItems":false}"#, ["[1]", "[]"], ["[1,2]"]), (#"{"items":[true]}"#, ["[1,2]"], []),
    (#"{"items":false}"#, ["[]"], ["[1]"]),
    (
        #"{"uniqueItems":true}"#, [#"[{"a":1,"b":2},{"a":2,"b":1}]"#, "[\"1\",1]", "[1,true]", "[0,false]"],
        [#"[{"a":1,"b":2},{"b":2.0,"a":1}]"#, "[[1],[1]]"]
    ),
    (#"{"contains":{"const":2}}"#, ["[1,2]", "{}"], ["[]", "[1]"]),
    (
        #"{"minLength":2,"maxLength":3}"#, ["\"ab\"", "\"日本\"", "\"😀😀😀\"", "\"a\\u0000b\"", "1"],
        ["\"a\"", "\"abcd\"", "\"😀\""]
    ),
    (#"{"pattern":"^[a-z]+$"}"#, ["\"abc\"", "1"], ["\"\"", "\"aB\""]),
    (
        #"{"minimum":1.5,"maximum":3}"#, ["1.5", "3.0", "\"0\""],
        ["1.4999999999999999999999", "3.0000000000000000000001", "1e400", "-1e400"]
    ),
    (#"{"exclusiveMinimum":0,"exclusiveMaximum":1}"#, ["0.5", "1e-400"], ["0", "1", "-0.0", "1.0"]),
    (#"{"maximum":9007199254740992}"#, ["9007199254740992"], ["9007199254740993"]),
    (#"{"minimum":-18446744073709551617}"#, ["-18446744073709551617"], ["-18446744073709551618"]),
    (#"{"multipleOf":0.01}"#, ["0", "1.13", "19.99", "4.35"], ["0.001", "1.135"]),
    (
        #"{"multipleOf":3}"#, ["9", "9.0", "-3", "999999999999999999999999"],
        ["10", "1.5", "1000000000000000000000000"]
    ),
    (#"{"const":{"a":[1.0,"x"]}}"#, [#"{"a":[1,"x"]}"#], [#"{"a":[1,"y"]}"#, "null"]),
    (#"{"const":9007199254740993}"#, ["9007199254740993"], ["9007199254740992"]),
    (#"{"const":false}"#, ["false"], ["0"]),
    (#"{"enum":["a",1,null,[]]}"#, ["\"a\"", "1.0", "null", "[]"], ["\"b\"", "2", "{}", "true"]),
    (#"{"enum":["é"]}"#, ["\"é\""], ["\"e\u{301}\""]),
    (#"{"allOf":[{"minimum":1},{"maximum":3}]}"#, ["2"], ["0", "4"]),
    (#"{"anyOf":[{"type":"string"},{"minimum":3}]}"#, ["\"\"", "3"], ["2"]),
    (#"{"oneOf":[{"pattern":"^a"},{"pattern":"b$"}],"type":"string"}"#, ["\"a\"", "\"b\""], ["\"ab\"", "\"c\""]),
    (
        #"{"oneOf":[{"format":"ipv4"},{"pattern":"^[0-9.]+$"}],"type":"string"}"#, ["\"300.1\""],
        ["\"1.2.3.4\"", "\"x\""]
    ),
    (#"{"not":{"enum":[1,2]}}"#, ["3"], ["1", "2.0"]),
    (
        #"{"if":{"properties":{"k":{"const":"a"}},"required":["k"]},"then":{"required":["x"]},"else":{"required":["y"]}}"#,
        [#"{"k":"a","x":1}"#, #"{"k":"b","y":1}"#, "1"], [#"{"k":"a","y":1}"#, "{}"]
    ),
    (#"{"then":{"type":"string"}}"#, ["1"], []),
    (#"{"if":{"type":"string"},"then":{"minLength":1}}"#, ["1", "\"a\""], ["\"\""]),
    (
        ##"{"definitions":{"t":{"properties":{"v":{"type":"integer"},"kids":{"items":{"$ref":"#/definitions/t"}}},"required":["v"]}},"$ref":"#/definitions/t"}"##,
        [#"{"v":1,"kids":[{"v":2,"kids":[]}]}"#],
        ["{}", #"{"v":1,"kids":[{"v":"2"}]}"#, #"{"v":1,"kids":[{"v":1,"kids":[{}]}]}"#]
    ),
    (
        ##"{"properties":{"a~/b%":{"type":"string"},"r":{"$ref":"#/properties/a~0~1b%25"}}}"##, [#"{"r":""}"#],
        [#"{"r":1}"#]
    ),
    (
        ##"{"definitions":{"a":{"propertyNames":{"maxLength":2},"required":["k"]}},"$ref":"#/definitions/a"}"##,
        [#"{"k":1}"#], [#"{"k":1,"long":1}"#, #"{"kk":1}"#]
    ),
    (
        ##"{"properties":{"x":{"properties":{"y":{"type":"string"}}},"x/properties/y":{"type":"integer"},"z":{"$ref":"#/properties/x/properties/y"}}}"##,
        [#"{"x":{"y":""},"x/properties/y":1,"z":""}"#], [#"{"x":{"y":1}}"#, #"{"x/properties/y":""}"#, #"{"z":1}"#]
    ),
    (
        ##"{"properties":{"$ref":{"type":"string"},"id":{"type":"integer"},"pattern":{"minimum":1}}}"##,
        [#"{"$ref":"x","id":1,"pattern":1}"#], [#"{"$ref":1}"#, #"{"id":""}"#, #"{"pattern":0}"#]
    ),
    (
        #"{"id":"x","title":1,"description":["y"],"default":0,"x-own":{"pattern":"("},"format":"unknown","definitions":{"unused":{"pattern":"("}}}"#,
        ["\"\"", "{}"], []
    ),
    (
        #"{"required":["a\u0000b"],"properties":{"a\u0000b":{"type":"integer"}}}"#, [#"{"a\u0000b":1}"#],
        [#"{"a\u0000b":""}"#, #"{"a":1}"#, #"{"a\u0000c":1}"#]
    ),
]

@Suite(.timeLimit(.minutes(2)))
struct `A schema` {
    @Test(arguments: cases.indices) func `tells valid values from others`(number: Int) throws {
        let one = cases[number]
        let schema = try schema(one.schema)
        for value in one.valid {
            #expect(schema.validate(try JSONReader.parse(value)) == [], "\(value) by \(one.schema)")
        }
        for value in one.invalid {
            #expect(!schema.validate(try JSONReader.parse(value)).isEmpty, "\(value) by \(one.schema)")
        }
    }

    @Test(arguments: cases.indices) func `judges as valijson does`(number: Int) throws {
        let one = cases[number]
        let schema = try schema(one.schema)
        for text in one.valid + one.invalid {
            let value = try JSONReader.parse(text)
            #expect(schema.verdict.isValid(value) == schema.problems(of: value).isEmpty, "\(text) by \(one.schema)")
        }
    }

    /// Other words for the same answers: Python's jsonschema, where it is installed.
    @Test(.enabled(if: Python.hasJSONSchema, "python3 with jsonschema is not installed"))
    func `agrees with Python's jsonschema`() async throws {
        // Decimals, so that Python does not round; its regular expressions and formats are its own.
        let program = """
            import json, sys, decimal, jsonschema
            number = lambda text: int(text) if text.lstrip('-').isdigit() else decimal.Decimal(text)
            cases = json.load(sys.stdin, parse_float=decimal.Decimal)
            for schema, values in cases:
                read = lambda text: json.loads(text, parse_float=decimal.Decimal, parse_int=int)
                checker = jsonschema.draft7_format_checker
                types = jsonschema.Draft7Validator.TYPE_CHECKER.redefine(
                    'number', lambda _, v: isinstance(v, (int, float, decimal.Decimal)) and not isinstance(v, bool)).redefine(
                    'integer', lambda _, v: not isinstance(v, bool) and (isinstance(v, int) or isinstance(v, decimal.Decimal) and v == v.to_integral_value()))
                Validator = jsonschema.validators.extend(jsonschema.Draft7Validator, type_checker=types)
                validator = Validator(read(schema), format_checker=checker)
                print(' '.join(str(int(validator.is_valid(read(value)))) for value in values))
            """
        let input = JSONValue.array(
            cases.map { [.string($0.schema), .array(($0.valid + $0.invalid).map { .string($0) })] as JSONValue })
        let answers = try Python.run(program, input: input.text).split(
            separator: "\n", omittingEmptySubsequences: false)
        for (one, answer) in zip(cases, answers) {
            let expected = one.valid.map { _ in "1" } + one.invalid.map { _ in "0" }
            #expect(String(answer) == expected.joined(separator: " "), "\(one.schema): \(one.valid + one.invalid)")
        }
        #expect(answers.count >= cases.count)
    }

    @Test func `names every problem, its place and its keyword`() throws {
        let schema = try schema(
            #"""
            {"type": "object", "required": ["id", "to"], "additionalProperties": false, "properties": {
              "id": {"type": "string", "pattern": "^wf-"}, "to": {}, "n": {"type": ["integer", "null"], "minimum": 3},
              "list": {"items": {"type": "object", "required": ["k"]}, "minItems": 3},
              "any": {"anyOf": [{"type": "string"}, {"enum": [1, 2]}]}, "at": {"format": "date-time"}}}
            """#)
        let value = try JSONReader.parse(
            #"{"id":"x","n":1,"list":[{"k":1},{},7],"any":3,"at":"today","a/b":1,"more":2}"#)
        #expect(
            Set(schema.validate(value).map { "\($0.keyword) \($0)" }) == [
                "required “to” is missing", "additionalProperties /a~1b: is not allowed here",
                "additionalProperties /more: is not allowed here", "pattern /id: must match ^wf-",
                "minimum /n: must be at least 3", "required /list/1: “k” is missing",
                "type /list/2: must be an object, not a whole number",
                "type /any: must be a string, not a whole number",
                "enum /any: must be one of 1, 2", "anyOf /any: fits none of the alternatives",
                "format /at: must be a date and time as in RFC 3339, such as 2026-01-05T09:00:04Z",
            ])
        #expect(schema.validate("x").map(\.description) == ["must be an object, not a string"])
    }

    @Test(arguments: [
        (#"{"minItems":2}"#, "[1]", "minItems", "must have at least 2 elements"),
        (#"{"minItems":1}"#, "[]", "minItems", "must have at least 1 element"),
        (#"{"maxProperties":0}"#, #"{"a":1}"#, "maxProperties", "must have at most 0 members"),
        (#"{"dependencies":{"a":["it's"]}}"#, #"{"a":1}"#, "dependencies", "“it's” is missing beside what is there"),
        (#"{"required":["a'b"]}"#, "{}", "required", "“a'b” is missing"),
        (#"{"oneOf":[{},{}]}"#, "1", "oneOf", "fits more than one of the alternatives"),
        (#"{"not":{}}"#, "1", "not", "is one of those that are not allowed"),
        (#"{"contains":{"type":"null"}}"#, "[1]", "contains", "no element is as one must be"),
        (#"{"minLength":1}"#, "\"\"", "minLength", "must have at least 1 character"),
        (#"{"multipleOf":0.10}"#, "0.15", "multipleOf", "must be a multiple of 0.10"),
        (#"{"uniqueItems":true}"#, "[1,2,1.0]", "uniqueItems", "elements 0 and 2 are equal"),
        (#"{"enum":[]}"#, "1", "enum", "must be one of "), ("false", "1", "false", "is not allowed here"),
    ])
    func `says what is wrong in words`(text: String, value: String, keyword: String, message: String) throws {
        let problem = try schema(text).validate(JSONReader.parse(value)).first
        #expect(problem?.keyword == keyword)
        #expect(problem?.message == message)
    }

    @Test func `refers to other documents by name and by id`() throws {
        let common =
            ##"{"$id":"https://baton.dev/schemas/common.json","definitions":{"id":{"type":"string","pattern":"^c"},"list":{"items":{"$ref":"#/definitions/id"}}}}"##
        let main =
            ##"{"$id":"https://baton.dev/schemas/main.json","definitions":{"id":{"type":"integer"}},"properties":{"own":{"$ref":"#/definitions/id"},"relative":{"$ref":"common.json#/definitions/id"},"list":{"$ref":"https://baton.dev/schemas/common.json#/definitions/list"},"self":{"$ref":"main.json"}}}"##
        for name in ["common.json", "https://baton.dev/schemas/common.json", "whatever"] {
            let schema = try schema(main, documents: [name: common, "main.json": main])
            #expect(
                schema.validate(try JSONReader.parse(#"{"own":1,"relative":"c1","list":["c"],"self":{"own":2}}"#)) == []
            )
            let problems = schema.validate(
                try JSONReader.parse(#"{"own":"c","relative":1,"list":["c","d"],"self":{"own":"c"}}"#))
            #expect(Set(problems.map(\.pointer.text)) == ["/own", "/relative", "/list/1", "/self/own"])
        }
    }

    @Test(arguments: [
        ("1", "", "a schema is an object, true or false, not a number"),
        (#"{"properties":{"a":{"type":"text"}}}"#, "/properties/a", "“type” must be"),
        (#"{"items":[]}"#, "", "“items” must be"),
        (#"{"properties":{"a":{"pattern":"("}}}"#, "/properties/a", "the pattern “(”: an unmatched “(”"),
        (#"{"pattern":"(?=a)"}"#, "", "the pattern"), (#"{"patternProperties":{"[":{}}}"#, "", "the pattern"),
        (#"{"allOf":[{"minLength":-1}]}"#, "/allOf/0", "“minLength” must be"),
        (#"{"required":"a"}"#, "", "“required” must be"),
        (#"{"multipleOf":0}"#, "", "“multipleOf” must be"),
        (#"{"$ref":"other.json"}"#, "", "“other.json” is not among the schemas"),
        (##"{"$ref":"#/definitions/x"}"##, "/definitions/x", "there is no schema here"),
        (##"{"$ref":"#name"}"##, "", "“#name” does not end in a JSON Pointer"),
        (##"{"$ref":"#"}"##, "", "the schema contains itself"),
        (##"{"allOf":[{"not":{"$ref":"#"}}]}"##, "", "the schema contains itself"),
        (
            ##"{"definitions":{"a":{"$ref":"#/definitions/b"},"b":{"$ref":"#/definitions/a"}},"items":{"$ref":"#/definitions/a"}}"##,
            "/definitions/a", "the schema contains itself"
        ),
        (
            String(repeating: #"{"not":"#, count: 40) + "{}" + String(repeating: "}", count: 40),
            String(repeating: "/not", count: 32), "more than 32"
        ),
        (#"{"properties":{"a":{"unevaluatedProperties":false}}}"#, "/properties/a", "“unevaluatedProperties” is not"),
        (#"{"items":{"$id":"x"}}"#, "/items", "“$id” inside"),
    ])
    func `that cannot be checked is refused, with its place`(text: String, pointer: String, message: String) throws {
        let error = #expect(throws: JSONSchemaError.self) { try schema(text) }
        #expect(error?.pointer.text == pointer)
        #expect(error?.message.hasPrefix(message) == true, "\(error?.message ?? "")")
    }

    @Test(
        arguments: [
            (
                "date-time",
                [
                    "2026-01-05T09:00:04Z", "2024-02-29t23:59:60.123456789z", "2026-12-31T00:00:00+23:59",
                    "1998-12-31T15:59:60-08:00",
                ],
                [
                    "2026-01-05", "2026-02-29T00:00:00Z", "2026-13-01T00:00:00Z", "2026-01-05 09:00:04Z",
                    "2026-01-05T24:00:00Z", "2026-01-05T09:00:04", "2026-01-05T09:00:04.Z", "2026-01-05T09:00:60Z",
                    "2026-01-05T09:00:04+24:00", "٢026-01-05T09:00:04Z", "",
                ]
            ),
            (
                "date", ["2024-02-29", "1970-01-01"],
                ["2023-02-29", "1900-02-29", "2024-00-01", "2024-1-01", "2024-04-31"]
            ),
            ("time", ["09:00:04Z", "23:59:60Z", "09:00:04.5+01:00"], ["09:00:04", "25:00:00Z", "09:00Z"]),
            (
                "uuid", ["01890a5d-ac96-774b-bcce-b302099a8057", "01890A5D-AC96-774B-BCCE-B302099A8057"],
                ["", "01890a5dac96774bbcceb302099a8057", "01890a5d-ac96-774b-bcce-b302099a805g"]
            ),
            (
                "uri", ["https://a.example/b?c=d#e", "urn:x:y", "file:///tmp/x%20y"],
                ["", "a/b", "//x", "http://a b", "http://%zz", "1a:b", ":x", "http://é"]
            ),
            ("uri-reference", ["", "a/b", "#x", "https://a"], ["a b", "\\"]),
            ("email", ["a.b+c@example.org"], ["a", "@b", "a@", "a b@c", "a@-b"]),
            ("hostname", ["a-b.example", "localhost"], ["", "a..b", "-a", "a_b", String(repeating: "a", count: 64)]),
            ("ipv4", ["127.0.0.1"], ["127.0.0", "256.1.1.1", "01.1.1.1", "1.1.1.1 "]),
            ("ipv6", ["::1", "2001:db8::8:800:200c:417a"], ["", ":", "12345::", "1::2::3", "::1%lo"]),
            ("json-pointer", ["", "/a/0"], ["a", "/~"]), ("of-our-own", ["anything"], []),
        ] as [(String, [String], [String])])
    func `checks formats`(format: String, valid: [String], invalid: [String]) throws {
        let schema = try schema(#"{"format":"\#(format)"}"#)
        for text in valid { #expect(schema.validate(.string(text)) == [], "\(text)") }
        for text in invalid { #expect(schema.validate(.string(text)).count == 1, "\(text)") }
    }

    /// `std::regex` crashes the thread at 4,000 characters here.
    @Test func `takes 100,000 characters and depth 64 on a thread of 512 KiB`() throws {
        let schema = try schema(
            ##"""
            {"definitions": {"deep": {"anyOf": [{"allOf": [{"oneOf": [
              {"type": "array", "items": {"$ref": "#/definitions/deep"}},
              {"type": "object", "properties": {"a": {"$ref": "#/definitions/deep"}}, "additionalProperties": false}]}]}, {"type": "integer"}]}},
             "properties": {"id": {"type": "string", "pattern": "^([a-z]+-?)+$", "maxLength": 64}, "long": {"pattern": "^(a|b)*$"},
               "at": {"format": "date-time"}, "deep": {"$ref": "#/definitions/deep"}},
             "patternProperties": {"^(x|y)+$": {"type": "null"}}}
            """##)
        let long = String(repeating: "a", count: 100_000)
        let arrays = String(repeating: "[", count: 60) + "1" + String(repeating: "]", count: 60)
        let objects = String(repeating: "{\"a\":", count: 60) + "\"x\"" + String(repeating: "}", count: 60)
        let x = String(repeating: "x", count: 100_000)
        let problems = onSmallThread {
            let values = [
                #"{"long":"\#(long)","deep":\#(arrays),"\#(x)":null}"#,
                #"{"id":"\#(long)","at":"\#(long)","long":"\#(long)!"}"#, #"{"deep":\#(objects)}"#, #"{"\#(x)":1}"#,
            ]
            return values.map { (try? JSONReader.parse($0)).map(schema.validate) }
        }
        #expect(problems[0] == [])
        #expect(Set((problems[1] ?? []).map(\.pointer.text)) == ["/id", "/at", "/long"])
        #expect(problems[2]?.isEmpty == false)
        #expect(problems[3]?.count == 1)
    }

    @Test func `may be nested 128 deep, and compiled on such a thread`() throws {
        @Sendable func nested(_ depth: Int) -> JSONValue {
            (0..<depth).reduce(["type": "integer"]) { inner, level in
                level.isMultiple(of: 2) ? ["items": inner] : ["properties": ["a": inner]]
            }
        }
        let value = (0..<127).reduce("x" as JSONValue) { $1.isMultiple(of: 2) ? [$0] : ["a": $0] }
        let answers = onSmallThread {
            guard let schema = try? JSONSchema(nested(127)) else { return [-1] }
            return [schema.validate(value).count, (try? JSONSchema(nested(128))) == nil ? 1 : 0]
        }
        #expect(answers == [1, 1])
    }

    @Test func `serves many threads at once`() async throws {
        let schema = try schema(
            #"{"properties":{"n":{"type":"integer","multipleOf":3},"s":{"pattern":"^[a-f]+$","enum":["abc","abd"]}},"required":["n"]}"#
        )
        await withTaskGroup(of: Void.self) { group in
            for task in 0..<8 {
                group.addTask {
                    for round in 0..<300 {
                        let number = task * 300 + round
                        let value: JSONValue = [
                            "n": .number(JSONNumber(number)), "s": number.isMultiple(of: 2) ? "abc" : "xyz",
                        ]
                        let expected = (number.isMultiple(of: 3) ? 0 : 1) + (number.isMultiple(of: 2) ? 0 : 2)
                        #expect(schema.validate(value).count == expected)
                    }
                }
            }
        }
    }

    @Test func `stops at a thousand problems`() throws {
        let schema = try schema(#"{"items":{"type":"string","minLength":2}}"#)
        let problems = schema.validate(.array(Array(repeating: 1, count: 100_000)))
        #expect(problems.count == 100)
        #expect(problems.first?.pointer.text == "/0")
    }

    @Test(arguments: 0..<4 as Range<UInt64>) func `of a value's own shape takes it and no other`(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        for _ in 0..<50 {
            let (value, other) = (JSONValue.random(using: &generator), JSONValue.random(using: &generator))
            let schema = try JSONSchema(["const": value])
            #expect(schema.validate(value).isEmpty)
            #expect(schema.validate(other).isEmpty == (value == other))
            let listed = try JSONSchema(["properties": ["v": ["enum": [value, other]]]])
            #expect(listed.validate(["v": other]).isEmpty)
            #expect(schema.verdict.isValid(other) == schema.problems(of: other).isEmpty)
        }
    }
}
