import Handover
import Testing

private typealias Machine = Handover<String>

extension Machine.Action {
    fileprivate var text: String {
        switch self {
        case .handle(let items): "handle \(items)"
        case .publish(let publications):
            "publish "
                + publications.map { publication in
                    switch publication.content {
                    case .message(let outgoing): outgoing.message
                    case .deadLetter(let reason): "dead(\(publication.item), \(reason.code))"
                    }
                }.joined(separator: ",")
        case .ack(let items): "ack \(items)"
        case .wait: "wait"
        }
    }
}

extension Machine {
    fileprivate init() { self.init(batchLimit: 10, seed: 1) }

    fileprivate mutating func arrive(_ items: Item..., deliveryCount: Int = 0) -> String? {
        handle(.arrived(items.map { Arrival(item: $0, deliveryCount: deliveryCount) }))?.text
    }

    fileprivate mutating func tell(_ event: Event) -> String? { handle(event)?.text }
}

private func done(_ messages: String...) -> Outcome<String> { .done(messages.map { Outgoing($0) }) }
private let refused = HandlingFailure.refused(Reason(code: "bad", message: "cannot be handled"))

@Suite(.timeLimit(.minutes(1)))
struct `The hand-over` {
    @Test func `acks a batch only after its messages are confirmed`() {
        var machine = Machine()
        #expect(machine.arrive(1, 2) == "handle [1, 2]")
        #expect(machine.tell(.handled([1: done("a"), 2: done("b", "c")])) == "publish a,b,c")
        #expect(machine.tell(.published([.confirmed, .confirmed, .confirmed])) == "ack [1, 2]")
        #expect(machine.tell(.acked) == nil)
        #expect(machine.isIdle)
    }

    @Test func `takes all that arrived meanwhile as the next batch`() {
        var machine = Machine()
        _ = machine.arrive(1)
        #expect(machine.arrive(2) == nil)
        #expect(machine.arrive(3) == nil)
        #expect(machine.tell(.handled([1: done()])) == "ack [1]")
        #expect(machine.tell(.acked) == "handle [2, 3]")
    }

    @Test func `publishes again what was not confirmed and nothing else`() {
        var machine = Machine()
        _ = machine.arrive(1)
        _ = machine.tell(.handled([1: done("a", "b")]))
        #expect(machine.tell(.published([.confirmed, .unknown])) == "wait")
        #expect(machine.tell(.waited) == "publish b")
        #expect(machine.tell(.published([.confirmed])) == "ack [1]")
    }

    @Test func `keeps a batch while the world is away`() {
        var machine = Machine()
        _ = machine.arrive(1, 2)
        #expect(machine.tell(.failed(.unavailable)) == "wait")
        #expect(machine.arrive(3) == nil)
        #expect(machine.tell(.waited) == "handle [1, 2]")
    }

    @Test func `tries a refused batch one by one and gives up on the poison alone`() {
        var machine = Machine()
        _ = machine.arrive(1, 2, 3)
        #expect(machine.tell(.failed(refused)) == "handle [1]")
        #expect(machine.tell(.handled([1: done()])) == "ack [1]")
        #expect(machine.tell(.acked) == "handle [2]")
        #expect(machine.tell(.failed(refused)) == "publish dead(2, bad)")
        #expect(machine.tell(.published([.confirmed])) == "ack [2]")
        #expect(machine.tell(.acked) == "handle [3]")
    }

    @Test func `handles what came back twice alone and last`() {
        var machine = Machine()
        _ = machine.arrive(1)
        _ = machine.arrive(7, 8, deliveryCount: 2)
        _ = machine.arrive(2)
        #expect(machine.tell(.handled([1: done()])) == "ack [1]")
        #expect(machine.tell(.acked) == "handle [2]")
        #expect(machine.tell(.handled([2: done()])) == "ack [2]")
        let first = machine.tell(.acked)
        #expect(first == "handle [7]" || first == "handle [8]")
    }

    @Test func `handles again what got no outcome and before what came later`() {
        var machine = Machine()
        _ = machine.arrive(1, 2)
        _ = machine.arrive(3)
        #expect(machine.tell(.handled([1: done()])) == "ack [1]")
        #expect(machine.tell(.acked) == "handle [2, 3]")
    }

    @Test func `says what was committed of what came over a lost channel, and drops the rest`() {
        var machine = Machine()
        _ = machine.arrive(1, 2)
        _ = machine.arrive(3)
        #expect(machine.tell(.lost([1, 3])) == nil)
        #expect(machine.tell(.handled([1: done("a"), 2: done("b")])) == "publish a,b")
        #expect(machine.tell(.lost([2])) == nil)
        #expect(machine.tell(.published([.confirmed, .unknown])) == "wait")
        #expect(machine.tell(.waited) == "publish b")
        #expect(machine.tell(.published([.confirmed])) == nil)
        #expect(machine.isIdle)
        _ = machine.arrive(4)
        #expect(machine.tell(.lost([4])) == nil)
        #expect(machine.tell(.failed(.refused(Reason(code: "poison", pointer: "", message: "m")))) == nil)
        #expect(machine.isIdle, "it is given up on where it is delivered again")
    }

    @Test func `does with a returned message what was asked`() {
        var machine = Machine()
        _ = machine.arrive(1)
        let outgoing = [
            Outgoing("courtesy", ifReturned: .drop), Outgoing("order", ifReturned: .publishInstead("nobody")),
            Outgoing("event"),
        ]
        #expect(machine.tell(.handled([1: .done(outgoing)])) == "publish courtesy,order,event")
        #expect(machine.tell(.published([.returned, .returned, .returned])) == "wait")
        #expect(machine.tell(.waited) == "publish nobody,event")
        #expect(machine.tell(.published([.confirmed, .confirmed])) == "ack [1]")
    }

    @Test func `never handles more than the limit at once`() {
        var machine = Handover<String>(batchLimit: 2, seed: 1)
        #expect(machine.arrive(1, 2, 3) == "handle [1, 2]")
    }
}
