package import Contracts
package import JSON

/// A plan with a name, a version and an input schema, as people write it.
package struct Definition: Sendable {
    package var name: DefinitionName?
    package var version: Int?
    package var title: String?
    package var description: String?
    /// A JSON Schema that the input of every workflow has to satisfy.
    package var input: JSONValue?
    /// Of its workflows, unless the request says another.
    package var priority: Int
    package var gather: JSONValue?
    package var notify: JSONValue?
    package var plan: Plan

    /// Reads a definition, or finds everything that is wrong with it.
    ///
    /// - Parameters:
    ///   - value: what the file or the request says.
    ///   - isNamed: whether it needs a name; a plan that is sent along with a request does not.
    ///   - actor: who asks for it, and may be refused a skill; `nil` while nobody does.
    ///   - path: where `value` stands in what the reader of the problems knows: `/plan` in a request.
    ///   - compile: makes a schema ready; whoever reads many definitions keeps what it has made.
    ///   - checkGather: finds what is wrong with the `gather` block, whose place it is given.
    package static func read(
        _ value: JSONValue, catalog: SkillCatalog, limits: PlanLimits = PlanLimits(), isNamed: Bool = true,
        actor: Actor? = nil, path: String = "", compile: @escaping SchemaCompiler = { try JSONSchema($0) },
        checkGather: (_ gather: JSONValue, _ path: JSONPointer) -> [Problem]
    ) throws(PlanRefusal) -> Definition {
        var reader = DefinitionReader(
            catalog: catalog, limits: limits, isNamed: isNamed, actor: actor, compile: compile)
        let definition = reader.read(value, at: path)
        if let gather = value["gather"], let place = JSONPointer(parsing: path + "/gather") {
            reader.add(checkGather(gather, place))
        }
        guard reader.problems.isEmpty, let definition else { throw PlanRefusal(problems: reader.problems) }
        return definition
    }

    /// What is wrong with an input.
    ///
    /// - Parameters:
    ///   - path: where the input stands: `/input` in a request.
    ///   - validate: checks a value against a JSON Schema; the paths of its problems begin at the value.
    package func problems(
        ofInput input: JSONValue, at path: String = "/input",
        validate: (_ schema: JSONValue, _ value: JSONValue) -> [Problem]
    ) -> [Problem] {
        guard let schema = self.input else { return [] }
        return validate(schema, input).map {
            Problem(path: path + $0.path, code: "invalid_input", message: $0.message)
        }
    }
}

/// Why a definition or a request was refused: everything at once.
package struct PlanRefusal: Error, Sendable {
    package var problems: [Problem]

    package init(problems: [Problem]) { self.problems = problems }
}

/// What a plan may have at most.
package struct PlanLimits: Sendable {
    package var tasks = 1000
    /// Of the normalized plan as JSON.
    package var bytes = 512 * 1024
    /// Of the definition, as JSON.
    package var depth = 48
    package var attempts = 100
    /// How often added tasks may add tasks in turn.
    package var expansions = 8

    package init() {}
}

extension [Problem] {
    /// The same problems with the place of each in the file they were read from.
    package func located(_ place: (_ path: String) -> (line: Int, column: Int)?) -> [Problem] {
        map { problem in
            var problem = problem
            if let (line, column) = place(problem.path) { (problem.line, problem.column) = (line, column) }
            return problem
        }
    }
}
