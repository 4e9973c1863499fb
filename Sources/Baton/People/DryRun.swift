import Contracts
import Engine
import JSON

/// The plan of a request as the planner would make it, without asking anybody.
struct DryRun {
    let options: RequestOptions
    let services: ServiceOptions
    let output: OutputOptions

    /// - Throws: ``ProblemReport`` with everything that is wrong.
    func perform(_ file: DefinitionFile?, _ input: InputText) async throws {
        let definition = try await services.withStore { store in
            let workspace = options.workspace.workspace
            let catalog = try await Catalogs.registered(store, workspace: workspace)
            if let goal = options.goal {
                do throws(PlanRefusal) {
                    return try Definition.planning(
                        goal, input: input.value, catalog: catalog, actor: options.actor.actor
                    ).definition
                } catch {
                    throw ProblemReport(problems: error.problems)
                }
            }
            if let file { return try file.check(catalog, isNamed: false, actor: options.actor.actor) }
            let reference = try options.reference()
            guard
                let row = try await store.definition(
                    reference.name.text, version: reference.version, workspace: workspace)
            else {
                throw CommandFailure(
                    ExitStatus.notFound, "\(reference.text) is not registered in the workspace \(workspace).")
            }
            do throws(PlanRefusal) {
                var definition = try Definition.read(
                    row.definition, catalog: catalog, actor: options.actor.actor,
                    checkGather: DefinitionFile.checkGather)
                definition.version = row.version
                return definition
            } catch {
                throw ProblemReport(problems: error.problems)
            }
        }
        let problems = definition.problems(ofInput: input.value) { schema, value in
            guard let schema = try? JSONSchema(schema) else { return [] }
            return schema.validate(value).map {
                Problem(path: $0.pointer.text, code: "invalid_input", message: $0.message)
            }
        }
        guard problems.isEmpty else { throw input.report(problems) }
        output.show(text(definition), json(definition))
    }

    private func json(_ definition: Definition) -> JSONValue {
        [
            "name": definition.name.map { .string($0.text) } ?? .null,
            "version": definition.version.map { .number(JSONNumber($0)) } ?? .null, "plan": definition.plan.json,
        ]
    }

    private func text(_ definition: Definition) -> String {
        let tasks = definition.plan.tasks
        let steps = Self.steps(tasks)
        var table = TextTable(columns: [
            .init("STEP", isNumeric: true), .init("TASK"), .init("DOMAIN"), .init("SKILL"), .init("NEEDS"),
            .init("TRIES", isNumeric: true), .init("TIMEOUT", isNumeric: true),
        ])
        let ordered = tasks.enumerated().sorted {
            (steps[$0.element.id] ?? 0, $0.offset) < (steps[$1.element.id] ?? 0, $1.offset)
        }
        for task in ordered.map(\.element) {
            table.rows.append([
                String(steps[task.id] ?? 0), task.id.text + (task.forEach == nil ? "" : " (for each)"),
                task.call?.domain.text ?? "", task.call.map { "\($0.skill)@\($0.version)" } ?? task.kind.name,
                task.needs.map(\.text).joined(separator: ", "), String(task.retry.attempts), Span.text(task.timeout),
            ])
        }
        let name = (definition.name?.text ?? "plan") + (definition.version.map { "@\($0)" } ?? "")
        let domains = Set(tasks.compactMap { $0.call?.domain })
        return "\(name): \(tasks.count) tasks in \(domains.count) domains; nothing was asked for\n\n"
            + table.text(.current())
    }

    /// How many tasks have to end one after the other before each can begin, itself included.
    private static func steps(_ tasks: [PlannedTask]) -> [TaskID: Int] {
        var steps: [TaskID: Int] = [:]
        var rest = tasks
        while !rest.isEmpty {
            let ready = rest.filter { task in task.needs.allSatisfy { steps[$0] != nil } }
            guard !ready.isEmpty else { break }
            for task in ready { steps[task.id] = 1 + (task.needs.compactMap { steps[$0] }.max() ?? 0) }
            rest.removeAll { steps[$0.id] != nil }
        }
        return steps
    }
}
