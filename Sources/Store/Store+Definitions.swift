import Postgres

/// What became of a definition or a skill that was to be registered.
package enum Registration: Sendable, Equatable {
    case added(version: Int)
    /// The same is there already.
    case unchanged(version: Int)
    /// This version is there already, with other content; a version never changes.
    case conflict(version: Int)
}

extension Store {
    package func register(_ definition: DefinitionRow) async throws -> Registration {
        try await register(
            digest: definition.digest, insert: Query.insertDefinition, find: Query.definition,
            key: [.text(definition.workspace), .text(definition.name), .int(definition.version)],
            rest: [
                .text(definition.digest), .json(definition.definition.serialized()), .text(definition.source),
                .text(definition.actor),
            ])
    }

    package func register(_ skill: SkillRow) async throws -> Registration {
        try await register(
            digest: skill.digest, insert: Query.insertSkill, find: Query.skill,
            key: [.text(skill.workspace), .text(skill.id), .int(skill.version)],
            rest: [.text(skill.domain), .text(skill.digest), .json(skill.skill.serialized())])
    }

    /// A version of a definition, or the latest.
    package func definition(_ name: String, version: Int? = nil, workspace: String) async throws -> DefinitionRow? {
        try await database.query(Query.definition, [.text(workspace), .text(name), .int(version)]).first
            .map(DefinitionRow.init)
    }

    /// The latest version of every definition, of one workspace or of all.
    package func definitions(workspace: String?) async throws -> [DefinitionRow] {
        try await database.query(Query.latestDefinitions, [.text(workspace)]).map(DefinitionRow.init)
    }

    /// A version of a skill, or the latest.
    package func skill(_ id: String, version: Int? = nil, workspace: String) async throws -> SkillRow? {
        try await database.query(Query.skill, [.text(workspace), .text(id), .int(version)]).first.map(SkillRow.init)
    }

    /// The latest version of every skill, or of the named ones; of one workspace or of all.
    package func skills(_ ids: [String]? = nil, workspace: String?) async throws -> [SkillRow] {
        let parameters: [PostgresValue] = [.text(workspace), ids.map { .texts($0) } ?? .null]
        return try await database.query(Query.latestSkills, parameters).map(SkillRow.init)
    }

    /// The latest version of every skill of a workspace, by id: what a version says never changes.
    package func skillVersions(workspace: String) async throws -> [String: Int] {
        let rows = try await database.query(Query.latestSkillVersions, [.text(workspace)])
        return Dictionary(uniqueKeysWithValues: try rows.map { (try $0["id"], try $0["version"]) })
    }

    private func register(
        digest: String, insert: Statement, find: Statement, key: [PostgresValue], rest: [PostgresValue]
    ) async throws -> Registration {
        // Another who takes the next number at the same time makes us look again.
        while true {
            if let row = try await database.query(insert, key + rest).first {
                return .added(version: try row["version"])
            }
            guard let row = try await database.query(find, key).first else { continue }
            let version: Int = try row["version"]
            if try row["digest"] == digest { return .unchanged(version: version) }
            if key[2] != .null { return .conflict(version: version) }
        }
    }
}

extension DefinitionRow {
    init(_ row: PostgresRow) throws {
        self.init(
            workspace: try row["workspace"], name: try row["name"], version: try row["version"],
            digest: try row["digest"], definition: try row.wholeJSON("definition"), source: try row["source"],
            actor: try row["actor"], createdAt: try row["created_at"])
    }
}

extension SkillRow {
    init(_ row: PostgresRow) throws {
        self.init(
            workspace: try row["workspace"], id: try row["id"], version: try row["version"], domain: try row["domain"],
            digest: try row["digest"], skill: try row.wholeJSON("skill"), createdAt: try row["created_at"])
    }
}
