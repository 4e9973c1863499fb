package import JSON
import Postgres

/// A workflow as its merge sees it: the dispatcher's word.
package struct WorkflowPlan: Sendable {
    package var gather: JSONValue?
    /// In the order of the plan.
    package var tasks: [Task] = []

    package init(gather: JSONValue?, tasks: [Task] = []) {
        self.gather = gather
        self.tasks = tasks
    }

    package struct Task: Sendable {
        package var taskID: String
        package var position: Int
        package var weight: Int
        package var domain: String?
        package var status: String
        package var attempt: Int

        package init(
            taskID: String, position: Int, weight: Int, domain: String?, status: String, attempt: Int
        ) {
            self.taskID = taskID
            self.position = position
            self.weight = weight
            self.domain = domain
            self.status = status
            self.attempt = attempt
        }
    }
}

extension Store {
    /// Reads the plans of workflows and how their tasks stand; those that do not exist are left out.
    package func plans(of workflowIDs: [String]) async throws -> [String: WorkflowPlan] {
        guard !workflowIDs.isEmpty else { return [:] }
        let parameters = [PostgresValue.texts(workflowIDs)]
        return try [String: WorkflowPlan](
            try await snapshot([Query.workflowPlans, Query.plannedTasks], parameters)[...])
    }
}

extension Dictionary where Key == String, Value == WorkflowPlan {
    /// - Parameter results: of workflow_plans.sql and planned_tasks.sql.
    init(_ results: ArraySlice<PostgresResult>) throws {
        self.init()
        guard let plans = results.first, let tasks = results.last else { return }
        for row in plans.rows { self[try row["id"]] = WorkflowPlan(gather: try row.json("gather")) }
        for row in tasks.rows {
            self[try row["workflow_id"]]?.tasks.append(
                WorkflowPlan.Task(
                    taskID: try row["task_id"], position: try row["position"], weight: try row["weight"],
                    domain: try row["domain"], status: try row["status"], attempt: try row["attempt"]))
        }
    }
}

extension Store {
    /// Reads how the tasks of workflows ended, in the order of the plan; those that have not ended are left out.
    package func ends(of workflowIDs: [String]) async throws -> [String: WorkflowPlan] {
        guard !workflowIDs.isEmpty else { return [:] }
        var plans: [String: WorkflowPlan] = [:]
        for row in try await database.query(Query.endedTasks, [.texts(workflowIDs)]) {
            plans[try row["workflow_id"], default: WorkflowPlan(gather: nil)].tasks.append(
                WorkflowPlan.Task(
                    taskID: try row["task_id"], position: try row["position"], weight: 1, domain: try row["domain"],
                    status: try row["status"], attempt: try row["attempt"]))
        }
        return plans
    }
}

extension Query {
    static let endedTasks = Statement("ended_tasks", PackageResources.ended_tasks_sql)
    static let workflowPlans = Statement("workflow_plans", PackageResources.workflow_plans_sql)
    static let plannedTasks = Statement("planned_tasks", PackageResources.planned_tasks_sql)
}
