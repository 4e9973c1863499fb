import JSON

/// A step of the schema, and the way back.
struct Migration: Sendable {
    let number: Int
    let name: String
    let up: [UInt8]
    let down: [UInt8]

    /// Unchanged once released.
    var digest: [UInt8] { SHA256.digest(up) }

    /// All of them, in order: the files of `Migrations/`.
    static let all = [
        Migration(
            number: 1, name: "definitions", up: PackageResources._001_definitions_up_sql,
            down: PackageResources._001_definitions_down_sql),
        Migration(
            number: 2, name: "workflows", up: PackageResources._002_workflows_up_sql,
            down: PackageResources._002_workflows_down_sql),
        Migration(
            number: 3, name: "gatherings", up: PackageResources._003_gatherings_up_sql,
            down: PackageResources._003_gatherings_down_sql),
        Migration(
            number: 4, name: "processes", up: PackageResources._004_processes_up_sql,
            down: PackageResources._004_processes_down_sql),
        Migration(
            number: 5, name: "task_logs", up: PackageResources._005_task_logs_up_sql,
            down: PackageResources._005_task_logs_down_sql),
        Migration(
            number: 6, name: "api", up: PackageResources._006_api_up_sql, down: PackageResources._006_api_down_sql),
        Migration(
            number: 7, name: "people", up: PackageResources._007_people_up_sql,
            down: PackageResources._007_people_down_sql),
    ]
}
