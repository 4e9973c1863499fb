import Contracts
import JSON

extension DefinitionReader {
    /// Whether needs and templates name tasks that come before; and what the workflow's output names.
    mutating func checkGraph(_ tasks: [TaskReading], output: JSONValue?, at path: String) {
        var indices: [TaskID: Int] = [:]
        for (index, task) in tasks.enumerated() { indices[task.id] = index }
        var needs = Array(repeating: [Int](), count: tasks.count)
        for (index, task) in tasks.enumerated() {
            for need in task.needs {
                if let found = indices[need] {
                    needs[index].append(found)
                } else {
                    report(task.path + "/needs", .unknownTask, "there is no task \(need)")
                }
            }
        }
        let graph = Graph(needs: needs)
        for cycle in graph.cycles() {
            let names = (cycle + [cycle[0]]).map { tasks[$0].id.text }.joined(separator: " needs ")
            let place = cycle.first { !tasks[$0].path.isEmpty } ?? cycle[0]
            report(tasks[place].path + "/needs", .cycle, "a cycle: \(names)")
        }
        let ancestors = graph.ancestors()
        for (index, task) in tasks.enumerated() {
            for reference in task.references {
                guard let found = indices[reference.task] else {
                    report(reference.path, .unknownTask, "there is no task \(reference.task)")
                    continue
                }
                guard !ancestors[index].contains(found) else { continue }
                report(
                    reference.path, .notUpstream,
                    found == index
                        ? "\(task.id) names itself"
                        : "\(task.id) does not need \(reference.task), which may thus come later: add it to needs")
            }
        }
        checkOutput(output, indices, at: path + "/output")
    }

    private mutating func checkOutput(_ output: JSONValue?, _ indices: [TaskID: Int], at path: String) {
        var references: [TaskReading.Reference] = []
        output?.templates(at: path) { place, text in
            check(at: place, item: false, status: false, &references) { () throws(ExpressionError) in
                try Template(text).expressions
            }
        }
        for reference in references where indices[reference.task] == nil {
            report(reference.path, .unknownTask, "there is no task \(reference.task)")
        }
    }
}

/// Which task needs which, by index.
struct Graph {
    let needs: [[Int]]

    /// One cycle of each knot of tasks that need each other, each task followed by one that it needs.
    func cycles() -> [[Int]] {
        var state = Array(repeating: 0, count: needs.count)  // 0 new, 1 on the path, 2 done
        var cycles: [[Int]] = []
        for start in needs.indices where state[start] == 0 {
            var path = [(node: start, next: 0)]
            state[start] = 1
            while let (node, next) = path.last {
                guard next < needs[node].count else {
                    state[node] = 2
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let need = needs[node][next]
                if state[need] == 0 {
                    state[need] = 1
                    path.append((need, 0))
                } else if state[need] == 1, let from = path.firstIndex(where: { $0.node == need }) {
                    cycles.append(path[from...].map(\.node))
                }
            }
        }
        return cycles
    }

    /// Of each task all that it needs, directly or not.
    func ancestors() -> [IndexSet] {
        var result = Array(repeating: IndexSet(capacity: needs.count), count: needs.count)
        for node in order() {
            for need in needs[node] {
                result[node].insert(need)
                result[node].formUnion(result[need])
            }
        }
        return result
    }

    /// What is needed before what needs it; within a cycle in any order.
    func order() -> [Int] {
        var done = Array(repeating: false, count: needs.count)
        var order: [Int] = []
        for start in needs.indices where !done[start] {
            var path = [(node: start, next: 0)]
            done[start] = true
            while let (node, next) = path.last {
                guard next < needs[node].count else {
                    order.append(node)
                    path.removeLast()
                    continue
                }
                path[path.count - 1].next += 1
                let need = needs[node][next]
                guard !done[need] else { continue }
                done[need] = true
                path.append((need, 0))
            }
        }
        return order
    }
}

/// A set of small numbers.
struct IndexSet {
    private var words: [UInt64]

    init(capacity: Int) { words = Array(repeating: 0, count: (capacity + 63) / 64) }
    func contains(_ index: Int) -> Bool { words[index / 64] & (1 << UInt64(index % 64)) != 0 }
    mutating func insert(_ index: Int) { words[index / 64] |= 1 << UInt64(index % 64) }
    mutating func formUnion(_ other: IndexSet) { for index in words.indices { words[index] |= other.words[index] } }
}
