import Contracts
import Testing

@Suite(.timeLimit(.minutes(1)))
struct `An identifier` {
    @Test func `is made of what its kind allows`() {
        #expect(WorkflowID("wf-0123456789abcdef0123456789abcdef") != nil)
        #expect(TaskID("unit-tests") != nil && TaskID("unit_tests.12") != nil)
        #expect(SkillID("ci.unit-tests") != nil && DomainName("data-read") != nil)
        #expect(RequestID("order:4711/§") == nil && RequestID("order:4711/x") != nil)
    }

    @Test(arguments: ["", "a.b.c", "a.", ".1", "a b", "ä", "a.x", "a.1234567", String(repeating: "a", count: 65)])
    func `of a task is nothing else`(text: String) {
        #expect(TaskID(text) == nil)
    }

    @Test(arguments: ["", "a..b", ".a", "a.", "A", "a_b", "a\0", String(repeating: "a", count: 129)])
    func `of a skill is nothing else`(text: String) {
        #expect(SkillID(text) == nil)
    }

    @Test(arguments: ["", ".", "..", "../x", "a/b", "-a"])
    func `of an artifact is the name of a file in its folder`(text: String) {
        #expect(ArtifactName(text) == nil)
    }

    @Test func `is refused at any length without recursion`() {
        #expect(MessageID(String(repeating: "a", count: 1_000_000)) == nil)
    }
}
