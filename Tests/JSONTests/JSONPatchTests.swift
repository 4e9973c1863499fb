import JSON
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `A pointer` {
    /// The examples of RFC 6901, section 5.
    @Test(arguments: [
        ("/foo", #"["bar","baz"]"#), ("/foo/0", #""bar""#), ("/", "0"), ("/a~1b", "1"), ("/c%d", "2"), ("/e^f", "3"),
        ("/g|h", "4"), ("/i\\j", "5"), ("/k\"l", "6"), ("/ ", "7"), ("/m~0n", "8"),
    ])
    func `names a place`(text: String, expected: String) throws {
        let document = try JSONReader.parse(
            #"{"foo":["bar","baz"],"":0,"a/b":1,"c%d":2,"e^f":3,"g|h":4,"i\\j":5,"k\"l":6," ":7,"m~n":8}"#)
        let pointer = try #require(JSONPointer(parsing: text))
        #expect(document[pointer]?.text == expected)
        #expect(pointer.text == text)
        #expect(document[.root] == document)
    }

    @Test(arguments: [
        "/foo/2", "/foo/00", "/foo/-", "/foo/-1", "/foo/+1", "/foo/ 1", "/foo/", "/foo/x", "/bar", "/foo/0/0",
    ])
    func `names nothing that is not there`(text: String) throws {
        let document = try JSONReader.parse(#"{"foo":["bar","baz"]}"#)
        #expect(document[try #require(JSONPointer(parsing: text))] == nil)
    }

    @Test(arguments: ["a", "a/b", "/~", "/~2", "/a~", " /a"]) func `is refused when it is none`(text: String) {
        #expect(JSONPointer(parsing: text) == nil)
    }

    @Test func `is equal by bytes`() {
        #expect(JSONPointer(["\u{E9}"]) != JSONPointer(["e\u{301}"]))
        #expect(JSONPointer(["a", "0"]) == JSONPointer(parsing: "/a/0"))
    }
}

@Suite(.timeLimit(.minutes(1)))
struct `A patch` {
    /// Those of RFC 6902, appendix A, and the edges between them.
    @Test(arguments: [
        (#"{"foo":"bar"}"#, #"[{"op":"add","path":"/baz","value":"qux"}]"#, #"{"foo":"bar","baz":"qux"}"#),
        (#"{"foo":["bar","baz"]}"#, #"[{"op":"add","path":"/foo/1","value":"qux"}]"#, #"{"foo":["bar","qux","baz"]}"#),
        (#"{"foo":["bar"]}"#, #"[{"op":"add","path":"/foo/1","value":1}]"#, #"{"foo":["bar",1]}"#),
        (#"{"baz":"qux","foo":"bar"}"#, #"[{"op":"remove","path":"/baz"}]"#, #"{"foo":"bar"}"#),
        (#"{"foo":["bar","qux","baz"]}"#, #"[{"op":"remove","path":"/foo/1"}]"#, #"{"foo":["bar","baz"]}"#),
        (#"{"baz":"qux"}"#, #"[{"op":"replace","path":"/baz","value":null}]"#, #"{"baz":null}"#),
        (
            #"{"foo":{"bar":1,"w":2},"qux":{}}"#, #"[{"op":"move","from":"/foo/w","path":"/qux/t"}]"#,
            #"{"foo":{"bar":1},"qux":{"t":2}}"#
        ),
        (
            #"{"foo":["a","b","c","d"]}"#, #"[{"op":"move","from":"/foo/1","path":"/foo/3"}]"#,
            #"{"foo":["a","c","d","b"]}"#
        ),
        (#"{"a":[1]}"#, #"[{"op":"copy","from":"/a","path":"/a/-"}]"#, #"{"a":[1,[1]]}"#),
        (#"{"foo":["a",2.0]}"#, #"[{"op":"test","path":"/foo/1","value":2}]"#, #"{"foo":["a",2]}"#),
        (#"{"/":9,"~1":10}"#, #"[{"op":"test","path":"/~01","value":10},{"op":"remove","path":"/~1"}]"#, #"{"~1":10}"#),
        (#"{"a":1}"#, #"[{"op":"add","path":"","value":[1]},{"op":"add","path":"/-","value":2}]"#, "[1,2]"),
        (#"{"a":1}"#, #"[{"op":"remove","path":""}]"#, "null"),
        (#"{"a":{"b":1}}"#, #"[{"op":"move","from":"/a","path":"/a"}]"#, #"{"a":{"b":1}}"#),
        (#"{"a":1}"#, #"[{"op":"add","path":"/a","value":2,"extra":true}]"#, #"{"a":2}"#),
    ])
    func `is applied`(document: String, patch: String, expected: String) throws {
        let patch = try JSONPatch(json: JSONReader.parse(patch))
        let result = try patch.apply(to: JSONReader.parse(document))
        #expect(result == (try JSONReader.parse(expected)))
        #expect(try JSONPatch(json: patch.json) == patch)
    }

    @Test(arguments: [
        (#"[{"op":"add","path":"/b/c","value":1}]"#, JSONPatchError.Reason.noSuchPlace(JSONPointer(["b", "c"]))),
        (#"[{"op":"add","path":"/a/3","value":1}]"#, .noSuchPlace(JSONPointer(["a", "3"]))),
        (#"[{"op":"add","path":"/a/0/x","value":1}]"#, .noSuchPlace(JSONPointer(["a", "0", "x"]))),
        (#"[{"op":"remove","path":"/b"}]"#, .noSuchPlace(JSONPointer(["b"]))),
        (#"[{"op":"remove","path":"/a/-"}]"#, .noSuchPlace(JSONPointer(["a", "-"]))),
        (#"[{"op":"replace","path":"/b","value":1}]"#, .noSuchPlace(JSONPointer(["b"]))),
        (#"[{"op":"move","from":"/a","path":"/a/0"}]"#, .movedIntoItself(JSONPointer(["a"]))),
        (#"[{"op":"test","path":"/a","value":[2,1]}]"#, .testFailed(JSONPointer(["a"]))),
        (#"[{"op":"spam","path":"/a"}]"#, .malformed("“op” is “spam”")),
        (#"[{"op":"add","path":"/a"}]"#, .malformed("“value” is missing")),
        (#"[{"op":"add","path":"a","value":1}]"#, .malformed("“path” must be a JSON Pointer")),
        (#"{}"#, .malformed("expected an array, found an object")),
    ])
    func `is refused whole`(patch: String, reason: JSONPatchError.Reason) throws {
        let document = try JSONReader.parse(#"{"a":[1,2]}"#)
        let error = #expect(throws: JSONPatchError.self) {
            try JSONPatch(json: JSONReader.parse(patch)).apply(to: document)
        }
        #expect(error == JSONPatchError(index: 0, reason: reason))
    }

    @Test func `is the difference of two values, members by bytes, arrays whole`() throws {
        let old = try JSONReader.parse(#"{"b":{"x":1,"y":[1,2]},"a":1.0,"z":0,"same":[{"k":1e1}]}"#)
        let new = try JSONReader.parse(#"{"a":1,"é":true,"b":{"y":[1],"x":"1","w~/":{}},"B":null,"same":[{"k":10}]}"#)
        #expect(
            JSONPatch.diff(from: old, to: new).operations == [
                .add(JSONPointer(["B"]), .null), .add(JSONPointer(["b", "w~/"]), [:]),
                .replace(JSONPointer(["b", "x"]), "1"), .replace(JSONPointer(["b", "y"]), [1]),
                .remove(JSONPointer(["z"])), .add(JSONPointer(["é"]), true),
            ])
        #expect(JSONPatch.diff(from: old, to: old).isEmpty)
        #expect(JSONPatch.diff(from: [1], to: [:]).operations == [.replace(.root, [:])])
    }

    @Test(arguments: 0..<8 as Range<UInt64>) func `turns one value into the other`(seed: UInt64) throws {
        var generator = SeededGenerator(state: seed)
        for _ in 0..<200 {
            let (old, new) = (JSONValue.random(using: &generator), JSONValue.random(using: &generator))
            let patch = JSONPatch.diff(from: old, to: new)
            #expect(try patch.apply(to: old) == new)
            #expect(patch.isEmpty == (old == new))
            #expect(try JSONPatch(json: JSONReader.parse(patch.json.serialized())) == patch)
        }
    }
}
