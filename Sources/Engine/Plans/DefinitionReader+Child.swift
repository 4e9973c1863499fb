import Contracts
import JSON

extension DefinitionReader {
    /// `workflow: name@version`, or `name` for the latest.
    mutating func child(_ value: JSONValue?, input: JSONValue, at path: String) -> ChildCall? {
        guard let call = value?.string.flatMap({ ChildCall($0, input: input) }) else {
            report(path, .invalidName, "a workflow is named `name` or `name@version`")
            return nil
        }
        return call
    }
}
