package import JSON

/// The schemas of `contracts/schemas`, which are embedded in the binary.
package enum ContractSchema: Hashable, Sendable {
    case message(MessageType)
    /// The headers of a message in binary mode.
    case envelope
    case file(FileSchema)

    package static let all =
        MessageType.allCases.map(Self.message) + [.envelope] + FileSchema.allCases.map(Self.file)

    /// The file is `<name>.schema.json`.
    package var name: String {
        switch self {
        case .message(let type): type.rawValue
        case .envelope: "envelope"
        case .file(let file): file.rawValue
        }
    }

    /// What is wrong with a value, in the order of the schema; nothing when it is valid.
    package func problems(in value: JSONValue) -> [SchemaProblem] {
        guard let schema = Self.compiled[self] else { preconditionFailure("every schema is compiled") }
        return schema.validate(value)
    }

    /// Compiled together when the first one is asked for.
    private static let compiled: [ContractSchema: JSONSchema] = {
        do {
            let common = ["common.schema.json": try JSONReader.parse(PackageResources.common_schema_json)]
            return try Dictionary(
                uniqueKeysWithValues: all.map {
                    ($0, try JSONSchema(JSONReader.parse($0.text), documents: common))
                })
        } catch {
            preconditionFailure("a schema of contracts/schemas is broken: \(error)")
        }
    }()

    private var text: [UInt8] {
        switch self {
        case .message(let type): type.schemaText
        case .envelope: PackageResources.envelope_schema_json
        case .file(.definition): PackageResources.definition_schema_json
        case .file(.skill): PackageResources.skill_schema_json
        case .file(.topology): PackageResources.topology_schema_json
        case .file(.access): PackageResources.access_schema_json
        case .file(.domains): PackageResources.domains_schema_json
        }
    }
}

extension MessageType {
    fileprivate var schemaText: [UInt8] {
        switch self {
        case .workflowRequested: PackageResources.workflow_requested_schema_json
        case .workflowAccepted: PackageResources.workflow_accepted_schema_json
        case .workflowRejected: PackageResources.workflow_rejected_schema_json
        case .workflowCreated: PackageResources.workflow_created_schema_json
        case .workflowExpanded: PackageResources.workflow_expanded_schema_json
        case .workflowReopened: PackageResources.workflow_reopened_schema_json
        case .workflowPaused: PackageResources.workflow_paused_schema_json
        case .workflowResumed: PackageResources.workflow_resumed_schema_json
        case .workflowProgress: PackageResources.workflow_progress_schema_json
        case .workflowGatherError: PackageResources.workflow_gather_error_schema_json
        case .workflowCompleted: PackageResources.workflow_completed_schema_json
        case .workflowWake: PackageResources.workflow_wake_schema_json
        case .taskDispatched: PackageResources.task_dispatched_schema_json
        case .taskStarted: PackageResources.task_started_schema_json
        case .taskHeartbeat: PackageResources.task_heartbeat_schema_json
        case .taskLog: PackageResources.task_log_schema_json
        case .taskCompleted: PackageResources.task_completed_schema_json
        case .taskFailed: PackageResources.task_failed_schema_json
        case .taskRetrying: PackageResources.task_retrying_schema_json
        case .taskWaiting: PackageResources.task_waiting_schema_json
        case .taskReset: PackageResources.task_reset_schema_json
        case .taskSkipped: PackageResources.task_skipped_schema_json
        case .taskCancelled: PackageResources.task_cancelled_schema_json
        case .taskCancel: PackageResources.task_cancel_schema_json
        case .taskGo: PackageResources.task_go_schema_json
        case .taskWake: PackageResources.task_wake_schema_json
        case .artifactCreated: PackageResources.artifact_created_schema_json
        case .executorHeartbeat: PackageResources.executor_heartbeat_schema_json
        case .approvalRequested: PackageResources.approval_requested_schema_json
        case .approvalDecided: PackageResources.approval_decided_schema_json
        case .signalReceived: PackageResources.signal_received_schema_json
        case .slotGranted: PackageResources.slot_granted_schema_json
        case .controlCancel: PackageResources.control_cancel_schema_json
        case .controlPause: PackageResources.control_pause_schema_json
        case .controlResume: PackageResources.control_resume_schema_json
        case .controlUndo: PackageResources.control_undo_schema_json
        case .controlRetry: PackageResources.control_retry_schema_json
        case .controlSkip: PackageResources.control_skip_schema_json
        }
    }
}
