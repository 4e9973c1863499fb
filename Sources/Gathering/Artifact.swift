package import Contracts
package import JSON

/// Why an artifact is kept, but not merged.
package enum Rejection: String, Sendable, Error {
    case domainMismatch = "domain_mismatch"
    case invalidConfidence = "invalid_confidence"
    case payloadTooLarge = "payload_too_large"
    case invalidJSON = "invalid_json"
    case duplicateMember = "duplicate_member"
    case notAnObject = "not_an_object"
    case tooDeep = "too_deep"
    case numberOutOfRange = "number_out_of_range"
    case tooManyClaims = "too_many_claims"
    case workflowBudget = "workflow_budget"
    /// Not fetched yet; a retry may bring it.
    case payloadUnavailable = "payload_unavailable"
}

/// One version of what a task found, as the merge sees it.
package struct Artifact: Sendable {
    package enum Payload: Sendable {
        case json(JSONValue)
        /// There is nothing to look at.
        case unusable(Rejection)
    }

    package var task: TaskID
    package var name: ArtifactName
    package var attempt: Int
    package var seq: Int
    package var domain: DomainName
    /// A number from 0 to 1, else the artifact is rejected.
    package var confidence: JSONValue
    package var finishedAt: Timestamp
    /// 32 bytes: equal content, equal digest.
    package var digest: [UInt8]
    /// Of the payload.
    package var bytes: Int
    package var payload: Payload

    package init(
        task: TaskID, name: ArtifactName, attempt: Int, seq: Int, domain: DomainName, confidence: JSONValue,
        finishedAt: Timestamp, digest: [UInt8], bytes: Int, payload: Payload
    ) {
        self.task = task
        self.name = name
        self.attempt = attempt
        self.seq = seq
        self.domain = domain
        self.confidence = confidence
        self.finishedAt = finishedAt
        self.digest = digest
        self.bytes = bytes
        self.payload = payload
    }

    /// SHA-256 of the canonical text of [domain, confidence, finished_at, payload].
    package static func digest(
        domain: DomainName, confidence: JSONValue, finishedAt: JSONValue, payload: JSONValue
    ) -> [UInt8] {
        SHA256.digest(
            JSONValue.array([.string(domain.text), confidence, finishedAt, payload]).serialized(.canonical))
    }
}

extension Artifact.Payload {
    /// Reads a payload's text strictly.
    package init(reading text: [UInt8]) {
        do {
            self = .json(
                try JSONReader.parse(text, limits: JSONLimits(bytes: .max, depth: 512, keys: .max)))
        } catch {
            switch error.code {
            case .duplicateMember: self = .unusable(.duplicateMember)
            case .tooDeep: self = .unusable(.tooDeep)
            case .numberOutOfRange: self = .unusable(.numberOutOfRange)
            case .invalidJSON, .tooLarge, .tooManyKeys: self = .unusable(.invalidJSON)
            }
        }
    }
}
