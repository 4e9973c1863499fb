import ArgumentParser
import Contracts
import Engine
import Foundation
import JSON
import YAML

/// What is asked for: a definition by name, a file that is sent along, or a goal.
struct RequestOptions: ParsableArguments {
    @Argument(
        help: ArgumentHelp(
            "A file, or the name of a registered definition.",
            discussion: "What has a slash or ends with .yaml, .yml or .json is a file.",
            valueName: "file|name[@version]"),
        completion: .file())
    var target: String?

    @Option(help: "In place of it: what is to be reached, in words. The planner skill makes tasks of it.")
    var goal: String?

    @Option(
        help: ArgumentHelp(
            "The input: a JSON object, @file (JSON or YAML) or @- for standard input.", valueName: "json|@file"))
    var input: String?

    @Option(help: "Identifies the request: the same again is the same workflow. Made up when left out.")
    var requestID: String?

    @Option(help: "-100 to 100; higher goes first.")
    var priority: Int?

    @OptionGroup var workspace: WorkspaceOption
    @OptionGroup var actor: ActorOptions

    func validate() throws {
        guard (target == nil) != (goal == nil) else {
            throw ValidationError("Say what is asked for: a file, the name of a definition, or --goal.")
        }
    }

    /// `nil` for the name of a registered definition, and for a goal.
    var file: String? {
        guard let target else { return nil }
        let isFile = target.contains("/") || [".yaml", ".yml", ".json"].contains { target.hasSuffix($0) }
        return isFile ? target : nil
    }

    func reference() throws -> DefinitionReference {
        guard let reference = target.flatMap({ DefinitionReference(argument: $0) }) else {
            throw ValidationError("`\(target ?? "")` is neither a file nor a definition's name[@version].")
        }
        return reference
    }

    func request(_ file: DefinitionFile?, input: InputText) throws -> WorkflowRequested {
        guard let workspace = Workspace(workspace.workspace) else {
            throw ValidationError("`\(workspace.workspace)` is no workspace: letters, digits, '.', '_' and '-'.")
        }
        guard let id = RequestID(requestID ?? "cli-" + Listening.name()) else {
            throw ValidationError("A request id is 1 to 200 visible ASCII characters.")
        }
        return WorkflowRequested(
            requestID: id, workspace: workspace, definition: file == nil && goal == nil ? try reference().text : nil,
            plan: file?.value, goal: goal, input: input.value, actor: actor.actor, priority: priority)
    }
}

/// The input of a request, and its places if it was a file.
struct InputText {
    var value: JSONValue = [:]
    private var file: String?
    private var document: YAMLDocument?

    /// - Parameter argument: JSON, `@file` or `@-`.
    init(_ argument: String?) throws {
        guard let argument else { return }
        if argument.hasPrefix("@") {
            let path = argument == "@-" ? "/dev/stdin" : String(argument.dropFirst())
            let document = try DefinitionFile.read(path).document
            (file, self.document, value) = (path, document, document.value)
        } else {
            do throws(JSONError) {
                value = try JSONReader.parse(Array(argument.utf8))
            } catch {
                throw ValidationError("--input is no JSON: \(error)")
            }
        }
        guard value.object != nil else { throw ValidationError("The input is a JSON object.") }
    }

    /// Problems of the input with their places in its file.
    func report(_ problems: [Problem]) -> ProblemReport {
        ProblemReport(
            file: file,
            problems: file == nil
                ? problems
                : problems.located { path in
                    document?.positions.position(of: String(path.dropFirst("/input".count))).map {
                        ($0.line, $0.column)
                    }
                })
    }
}
