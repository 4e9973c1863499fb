import Contracts
import Gathering
import JSON
import Objects
import Store

/// Makes of a message what the merge and the table take: fetches the payload when it lies in the object store.
struct ArtifactIntake: Sendable {
    /// An artifact as the merge and as the table have it.
    struct Taken: Sendable {
        var artifact: Artifact
        var row: ArtifactRow
    }

    let objects: any ObjectStore
    let settings: GathererSettings

    /// - Parameter limit: on the payload's bytes.
    func take(_ message: ArtifactCreated, limit: Int, now: Timestamp) async -> Taken {
        let confidence = JSONValue.number(message.confidence)
        let finishedAt = JSONValue.string(message.finishedAt.description)
        func digest(_ payload: JSONValue) -> [UInt8] {
            Artifact.digest(
                domain: message.runnerDomain, confidence: confidence, finishedAt: finishedAt, payload: payload)
        }
        if let payload = message.payload {
            return taken(message, digest(payload), usable(payload))
        }
        // A file or a link says nothing that could be merged.
        guard message.isJSON else { return taken(message, digest([:]), Content(json: [:])) }
        // What is to be fetched is known by the digest that its message names, whether it can be fetched or not.
        let name = digest(.string(message.sha256 ?? message.resultPayloadRef ?? ""))
        return taken(
            message, name, await fetch(message.resultPayloadRef, message.bytes, message.sha256, limit, age: .zero, now))
    }

    /// Tries once more to fetch a payload.
    func takeAgain(_ row: ArtifactRow, limit: Int, now: Timestamp) async -> Taken {
        let age = now - Timestamp(milliseconds: row.receivedAt)
        let content = await fetch(row.payloadRef, row.bytes, row.sha256, limit, age: age, now)
        var row = row
        row.payload = content.text
        row.rejected = content.rejection?.rawValue
        row.retryAt = content.retryAt?.milliseconds
        return Taken(artifact: Artifact(row, json: content.json), row: row)
    }

    // MARK: the payload

    private struct Content {
        var json: JSONValue?
        /// Canonical.
        var text: [UInt8]?
        var rejection: Rejection?
        var retryAt: Timestamp?
    }

    private func usable(_ payload: JSONValue) -> Content {
        Content(json: payload, text: payload.serialized(.canonical))
    }

    private func fetch(
        _ reference: String?, _ bytes: Int?, _ sha256: String?, _ limit: Int, age: Duration, _ now: Timestamp
    ) async -> Content {
        guard bytes ?? 0 <= limit else { return Content(rejection: .payloadTooLarge) }
        guard let reference else { return Content(rejection: .payloadUnavailable) }
        do throws(ObjectError) {
            let text = try await objects.get(reference, limit: limit)
            // Another run of the attempt may have put its own in this one's place.
            guard sha256 == nil || SHA256.hex(text) == sha256 else { return later(age, now) }
            switch Artifact.Payload(reading: text) {
            case .json(let payload): return usable(payload)
            case .unusable(let rejection): return Content(rejection: rejection)
            }
        } catch {
            switch error.code {
            case .tooLarge: return Content(rejection: .payloadTooLarge)
            case .notAllowed: return Content(rejection: .payloadUnavailable)
            case .notFound, .unavailable: return later(age, now)
            }
        }
    }

    /// The pause doubles with the artifact's age; after a day nobody waits any more.
    private func later(_ age: Duration, _ now: Timestamp) -> Content {
        let pause = min(max(age, settings.fetchAgainAfter), .seconds(600))
        return Content(rejection: .payloadUnavailable, retryAt: age < .seconds(86_400) ? now + pause : nil)
    }

    private func taken(_ message: ArtifactCreated, _ digest: [UInt8], _ content: Content) -> Taken {
        let row = ArtifactRow(
            workflowID: message.workflowID.text, taskID: message.taskID.text, name: message.name.text,
            attempt: message.attempt, seq: message.version, digest: digest, domain: message.runnerDomain.text,
            skillID: message.skillID.text, confidence: message.confidence.literal,
            summary: message.resultSummary, kind: message.kind.rawValue, mediaType: message.mediaType,
            bytes: message.bytes, sha256: message.sha256, startedAt: message.startedAt.milliseconds,
            finishedAt: message.finishedAt.milliseconds, payloadRef: message.resultPayloadRef, payload: content.text,
            rejected: content.rejection?.rawValue, retryAt: content.retryAt?.milliseconds)
        return Taken(artifact: Artifact(row, json: content.json), row: row)
    }
}

extension ArtifactCreated {
    fileprivate var isJSON: Bool {
        let type = mediaType.prefix { $0 != ";" }.lowercased()
        return type == "application/json" || type.hasSuffix("+json")
    }
}
