package import JSON

/// A version of a definition. A version never changes.
package struct DefinitionRow: Sendable, Equatable {
    package var workspace: String
    package var name: String
    /// `nil` asks for the next one.
    package var version: Int?
    package var digest: String
    package var definition: JSONValue
    /// The file as it was written.
    package var source: String?
    package var actor: String?
    package var createdAt: Int64

    package init(
        workspace: String, name: String, version: Int? = nil, digest: String, definition: JSONValue,
        source: String? = nil, actor: String? = nil, createdAt: Int64 = 0
    ) {
        self.workspace = workspace
        self.name = name
        self.version = version
        self.digest = digest
        self.definition = definition
        self.source = source
        self.actor = actor
        self.createdAt = createdAt
    }
}

/// A version of a skill, as files declared it.
package struct SkillRow: Sendable, Equatable {
    package var workspace: String
    package var id: String
    /// `nil` asks for the next one.
    package var version: Int?
    package var domain: String
    package var digest: String
    package var skill: JSONValue
    package var createdAt: Int64

    package init(
        workspace: String, id: String, version: Int? = nil, domain: String, digest: String, skill: JSONValue,
        createdAt: Int64 = 0
    ) {
        self.workspace = workspace
        self.id = id
        self.version = version
        self.domain = domain
        self.digest = digest
        self.skill = skill
        self.createdAt = createdAt
    }
}
