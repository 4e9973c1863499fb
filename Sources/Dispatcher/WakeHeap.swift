import Contracts
import HeapModule

/// What has something due, soonest first; one moment for each.
///
/// A moment that is moved leaves its old entry behind, which is passed over when it comes up.
struct WakeHeap {
    struct Subject: Hashable {
        var workflow: WorkflowID
        /// `nil`: the workflow itself.
        var task: TaskID?
        var attempt = 0
    }

    private struct Entry: Comparable {
        let due: Timestamp
        let subject: Subject
        static func < (left: Entry, right: Entry) -> Bool { left.due < right.due }
        static func == (left: Entry, right: Entry) -> Bool { left.due == right.due }
    }

    private struct Place: Hashable {
        let workflow: WorkflowID
        let task: TaskID?
    }

    private var heap = Heap<Entry>()
    private var current: [Place: Entry] = [:]

    var count: Int { current.count }

    /// When the next is due.
    var next: Timestamp? {
        mutating get {
            dropStale()
            return heap.min?.due
        }
    }

    /// - Parameter due: `nil`: never.
    mutating func set(_ subject: Subject, due: Timestamp?) {
        let place = Place(workflow: subject.workflow, task: subject.task)
        guard let due else {
            current[place] = nil
            return
        }
        let entry = Entry(due: due, subject: subject)
        if let known = current[place], known.due == due, known.subject == subject { return }
        current[place] = entry
        heap.insert(entry)
        // Leases move with every heartbeat: keep the stale ones fewer than the rest.
        if heap.count > 64 + 2 * current.count { heap = Heap(current.values) }
    }

    /// Takes out all that is due.
    mutating func takeDue(at now: Timestamp) -> [Subject] {
        var due: [Subject] = []
        while let first = heap.min, first.due <= now {
            heap.removeMin()
            let place = Place(workflow: first.subject.workflow, task: first.subject.task)
            guard let entry = current[place], entry.due == first.due, entry.subject == first.subject else { continue }
            current[place] = nil
            due.append(first.subject)
        }
        return due
    }

    private mutating func dropStale() {
        while let first = heap.min {
            let place = Place(workflow: first.subject.workflow, task: first.subject.task)
            if let entry = current[place], entry.due == first.due, entry.subject == first.subject { return }
            heap.removeMin()
        }
    }
}
