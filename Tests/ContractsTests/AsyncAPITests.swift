import Contracts
import Foundation
import JSON
import Testing
import YAML

@Suite(.timeLimit(.minutes(1)))
struct `The AsyncAPI document` {
    let document: JSONValue

    init() throws {
        let text = try String(contentsOf: Example.folder.appending(path: "asyncapi.yaml"), encoding: .utf8)
        document = try YAMLReader.parse(text).value
    }

    @Test(arguments: MessageType.allCases)
    func `knows every message, with its schema`(type: MessageType) throws {
        let messages = try #require(document["components"]?["messages"]?.object)
        let message = try #require(messages.members.first { $0.value["name"]?.string == type.rawValue })
        #expect(message.value["payload"]?["schema"]?["$ref"]?.string == "./schemas/\(type.rawValue).schema.json")
    }

    @Test func `points at what is there`() throws {
        var references: [String] = []
        collect(document, into: &references)
        #expect(references.count > 100)
        for reference in references {
            if reference.hasPrefix("#") {
                let pointer = try #require(JSONPointer(parsing: String(reference.dropFirst())))
                #expect(document[pointer] != nil, "\(reference)")
            } else {
                let file = Example.folder.appending(path: reference)
                #expect(FileManager.default.fileExists(atPath: file.path), "\(reference)")
            }
        }
    }

    private func collect(_ value: JSONValue, into references: inout [String]) {
        if let reference = value["$ref"]?.string { references.append(reference) }
        for member in value.object?.members ?? [] { collect(member.value, into: &references) }
        for element in value.array ?? [] { collect(element, into: &references) }
    }
}
