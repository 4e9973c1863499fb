import Contracts
import Engine
import FuzzSupport
import Gathering
import JSON
import YAML

/// A definition: JSON when it begins with `{`, else YAML.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzPlans(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    fuzz(start, count) { bytes in
        if bytes.first == UInt8(ascii: "{") {
            if let value = try? JSONReader.parse(bytes) { read(value) }
        } else if let document = yaml(bytes) {
            read(document.value) { place in
                expect(document.positions.position(of: place) != nil, "\(place) is nowhere in the text")
            }
        }
    }
}

private func yaml(_ bytes: [UInt8]) -> YAMLDocument? {
    do throws(YAMLError) {
        let document = try YAMLReader.parse(bytes)
        expect((try? JSONReader.parse(document.value.serialized())) == document.value, "YAML gave what is no JSON")
        return document
    } catch {
        if let place = error.position { expect(place.line >= 0 && place.column >= 0, "a place before the text") }
        return nil
    }
}

/// A plan that is accepted is written down, read back as itself, and runs to its first orders.
private func read(_ value: JSONValue, at place: (String) -> Void = { _ in }) {
    _ = FileSchema.definition.problems(of: value)
    let definition: Definition
    do throws(PlanRefusal) {
        definition = try Definition.read(value, catalog: catalog, isNamed: false) { gather, path in
            GatherDefinition.problems(in: gather, at: path)
        }
    } catch {
        expect(!error.problems.isEmpty, "refused without a reason")
        for problem in error.problems { place(problem.path) }
        return
    }
    do {
        let json = try JSONReader.parse(definition.plan.json.serialized())
        let plan = try Plan(json: json)
        expect(plan == definition.plan, "a plan reads back as another")
        expect(plan.json.serialized() == json.serialized(), "a plan is written otherwise the next time")
    } catch {
        expect(false, "a plan that was accepted cannot be read back: \(error)")
    }
    begin(definition)
}

private func begin(_ definition: Definition) {
    let workspace = Workspace("w")!
    let request = RequestID("r")!
    let id = WorkflowID(workspace: workspace, requestID: request)
    let created = WorkflowCreated(
        workflowID: id, requestID: request, workspace: workspace, requestDigest: "d", name: "fuzz", version: 1,
        plan: definition.plan.json, input: ["list": [1, "a", ["b": true]], "n": 7], actor: Actor(id: "ada"),
        priority: definition.priority, replyTo: nil, replyCorrelationID: nil)
    var state = WorkflowState(id: id)
    let now = Timestamp(milliseconds: 1_700_000_000_000)
    _ = state.take(Input(id: MessageID("m1")!, kind: .created(created), actor: "p"), now: now)
    for ready in state.readyTasks(now: now) { _ = state.dispatch(ready.taskID, causation: MessageID("m2")!, now: now) }
}

private let catalog: SkillCatalog = {
    let domain = DomainName("d")!
    let input: JSONValue = [
        "type": "object", "required": ["n"], "additionalProperties": false,
        "properties": [
            "n": ["type": "integer"], "list": ["items": ["$ref": "#/definitions/name"]],
            "x": ["additionalProperties": ["$ref": "#"]],
        ],
        "definitions": ["name": ["type": "string", "maxLength": 5]],
    ]
    let skills = [
        Skill(id: SkillID("d.a")!, domain: domain), Skill(id: SkillID("d.b")!, domain: domain),
        Skill(id: SkillID("d.strict")!, domain: domain, input: input),
    ]
    return SkillCatalog(
        skills + [Skill(id: SkillID("d.later")!, domain: domain, isDeferred: true)], domains: [domain])
}()
