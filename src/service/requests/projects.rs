//! Single operations on runs and projects. Documents: `core/api/graphql` of the official repository.

use serde_json::{Value, json};

use super::Refused;
use crate::api::graphql::{Operation, text};
use crate::api::{Api, Caller};
use crate::wire::sdk::api::{
    ChartId, ConsoleLine, ConsoleLogs, ConsoleLogsResponse, CustomChart, FilesUploaded, Given,
    Nothing, RunQueue, RunQueueGiven, RunQueueOperation, RunQueueResponse, StopRun,
    SuccessWithErrors, SuccessWithId,
};

const FILES_UPLOADED: Operation = Operation::new(
    "MarkRunFilesUploaded",
    "mutation MarkRunFilesUploaded($entity: String!, $project: String!, $run: String!, $files: [String!]!) { \
markRunFilesUploaded(input: { entityName: $entity, projectName: $project, runName: $run, files: $files }) { success } }",
);

const STOP_RUN: Operation = Operation::new(
    "StopRun",
    "mutation StopRun($id: ID!) { stopRun(input: { id: $id }) { success } }",
);

const CUSTOM_CHART: Operation = Operation::new(
    "CreateCustomChart",
    "mutation CreateCustomChart($entity: String!, $chartName: String!, $displayName: String!, $chartType: String!, \
$access: String!, $spec: JSONString!) { createCustomChart(input: { entity: $entity, name: $chartName, \
displayName: $displayName, type: $chartType, access: $access, spec: $spec }) { chart { id } } }",
);

const CREATE_RESOURCE_CONFIG: Operation = Operation::new(
    "CreateDefaultResourceConfig",
    "mutation CreateDefaultResourceConfig($entityName: String!, $resource: String!, $config: JSONString!, \
$templateVariables: JSONString) { createDefaultResourceConfig(input: { entityName: $entityName, resource: $resource, \
config: $config, templateVariables: $templateVariables }) { defaultResourceConfigID success } }",
);

const CREATE_RUN_QUEUE: Operation = Operation::new(
    "CreateRunQueue",
    "mutation CreateRunQueue($entity: String!, $project: String!, $queueName: String!, $access: RunQueueAccessType!, \
$prioritizationMode: RunQueuePrioritizationMode, $defaultResourceConfigID: ID) { createRunQueue(input: { \
entityName: $entity, projectName: $project, queueName: $queueName, access: $access, \
prioritizationMode: $prioritizationMode, defaultResourceConfigID: $defaultResourceConfigID }) { success queueID } }",
);

const UPSERT_RUN_QUEUE: Operation = Operation::new(
    "UpsertRunQueue",
    "mutation UpsertRunQueue($entityName: String!, $projectName: String!, $queueName: String!, $resourceType: String!, \
$resourceConfig: JSONString!, $templateVariables: JSONString, $prioritizationMode: RunQueuePrioritizationMode, \
$externalLinks: JSONString, $clientMutationId: String) { upsertRunQueue(input: { entityName: $entityName, \
projectName: $projectName, queueName: $queueName, resourceType: $resourceType, resourceConfig: $resourceConfig, \
templateVariables: $templateVariables, prioritizationMode: $prioritizationMode, externalLinks: $externalLinks, \
clientMutationId: $clientMutationId }) { success configSchemaValidationErrors } }",
);

const LAST_LINES: Operation = Operation::new(
    "RunConsoleLogTail",
    "query RunConsoleLogTail($entity: String!, $project: String!, $runName: String!, $last: Int!) { \
project(name: $project, entityName: $entity) { run(name: $runName) { logLineCount logLines(last: $last) { \
edges { node { number timestamp level label line } } } } } }",
);

const LINES: Operation = Operation::new(
    "RunConsoleLogPage",
    "query RunConsoleLogPage($entity: String!, $project: String!, $runName: String!, $first: Int, $after: String) { \
project(name: $project, entityName: $entity) { run(name: $runName) { logLineCount \
logLines(first: $first, after: $after, useImprovedPagination: true) { \
edges { node { number timestamp level label line } } pageInfo { endCursor hasNextPage } } } } }",
);

/// Tells the server that files of a run are stored.
pub(super) fn files_uploaded(
    api: &Api,
    request: &FilesUploaded,
    caller: Caller<'_>,
) -> Result<Given, Refused> {
    if !request.files.is_empty() {
        let variables = json!({"entity": request.entity, "project": request.project, "run": request.run_id,
            "files": request.files});
        api.graphql(&FILES_UPLOADED, variables, caller)?;
    }
    Ok(Given::FilesUploaded(Nothing {}))
}

/// Asks a run to stop.
pub(super) fn stop_run(api: &Api, request: &StopRun, caller: Caller<'_>) -> Result<Given, Refused> {
    api.graphql(&STOP_RUN, json!({"id": request.storage_id}), caller)?;
    Ok(Given::StopRun(Nothing {}))
}

/// Makes a chart of the user's own design.
pub(super) fn custom_chart(
    api: &Api,
    request: &CustomChart,
    caller: Caller<'_>,
) -> Result<Given, Refused> {
    let variables = json!({"entity": request.entity, "chartName": request.name,
        "displayName": request.display_name, "chartType": request.spec_type, "access": request.access,
        "spec": request.spec});
    let data = api.graphql(&CUSTOM_CHART, variables, caller)?;
    Ok(Given::CustomChart(ChartId {
        chart_id: text(&data["createCustomChart"]["chart"]["id"]),
    }))
}

/// Makes or changes a queue of runs.
pub(super) fn run_queue(
    api: &Api,
    request: &RunQueue,
    caller: Caller<'_>,
) -> Result<Given, Refused> {
    let made = |made: &Value, id: &str| SuccessWithId {
        success: made["success"].as_bool() == Some(true),
        id: text(&made[id]),
    };
    let given = match &request.operation {
        Some(RunQueueOperation::CreateDefaultResourceConfig(config)) => {
            let variables = json!({"entityName": config.entity_name, "resource": config.resource,
                "config": config.config, "templateVariables": config.template_variables});
            let data = api.graphql(&CREATE_RESOURCE_CONFIG, variables, caller)?;
            RunQueueGiven::CreateDefaultResourceConfig(made(
                &data["createDefaultResourceConfig"],
                "defaultResourceConfigID",
            ))
        }
        Some(RunQueueOperation::Create(queue)) => {
            let variables = json!({"entity": queue.entity, "project": queue.project,
                "queueName": queue.queue_name, "access": queue.access,
                "prioritizationMode": queue.prioritization_mode,
                "defaultResourceConfigID": queue.default_resource_config_id});
            let data = api.graphql(&CREATE_RUN_QUEUE, variables, caller)?;
            RunQueueGiven::Create(made(&data["createRunQueue"], "queueID"))
        }
        Some(RunQueueOperation::Upsert(queue)) => {
            let variables = json!({"entityName": queue.entity_name, "projectName": queue.project_name,
                "queueName": queue.queue_name, "resourceType": queue.resource_type,
                "resourceConfig": queue.resource_config, "templateVariables": queue.template_variables,
                "prioritizationMode": queue.prioritization_mode, "externalLinks": queue.external_links,
                "clientMutationId": queue.client_mutation_id});
            let data = api.graphql(&UPSERT_RUN_QUEUE, variables, caller)?;
            let upserted = &data["upsertRunQueue"];
            let errors = upserted["configSchemaValidationErrors"].as_array();
            RunQueueGiven::Upsert(SuccessWithErrors {
                success: upserted["success"].as_bool() == Some(true),
                config_schema_validation_errors: errors
                    .map_or_else(Vec::new, |errors| errors.iter().map(text).collect()),
            })
        }
        None => return Err(Refused::new("unsupported run queue operation")),
    };
    Ok(Given::RunQueue(RunQueueResponse { given: Some(given) }))
}

/// A page of what a run has printed: its first lines, those behind a cursor, or its last ones.
pub(super) fn console_logs(
    api: &Api,
    request: &ConsoleLogs,
    caller: Caller<'_>,
) -> Result<Given, Refused> {
    let mut variables = json!({"entity": request.entity, "project": request.project,
        "runName": request.run_id});
    let operation = match (request.last, request.first) {
        (Some(_), Some(_)) => {
            return Err(Refused::new(
                "cannot combine 'last' with 'first' or 'after'",
            ));
        }
        (Some(_), None) if request.after.is_some() => {
            return Err(Refused::new(
                "cannot combine 'last' with 'first' or 'after'",
            ));
        }
        (Some(last), None) if last <= 0 => return Err(Refused::new("'last' must be positive")),
        (None, Some(first)) if first <= 0 => return Err(Refused::new("'first' must be positive")),
        (Some(last), None) => {
            variables["last"] = Value::from(last);
            &LAST_LINES
        }
        (None, first) => {
            variables["first"] = json!(first);
            variables["after"] = json!(request.after);
            &LINES
        }
    };
    let data = api.graphql(operation, variables, caller)?;
    let run = &data["project"]["run"];
    if !run.is_object() {
        return Err(Refused::new(format!(
            "run {}/{}/{} not found",
            request.entity, request.project, request.run_id
        )));
    }
    let page = &run["logLines"];
    let lines: Vec<ConsoleLine> = page["edges"]
        .as_array()
        .map_or(&[][..], Vec::as_slice)
        .iter()
        .map(|edge| {
            let node = &edge["node"];
            ConsoleLine {
                number: node["number"].as_i64().unwrap_or(0),
                timestamp: text(&node["timestamp"]),
                level: text(&node["level"]),
                label: text(&node["label"]),
                content: text(&node["line"]),
            }
        })
        .collect();
    let total_lines = run["logLineCount"].as_i64().unwrap_or(0);
    let end_cursor = text(&page["pageInfo"]["endCursor"]);
    // A page can be cut short by the server; the numbers of its lines tell.
    let more = page["pageInfo"]["hasNextPage"].as_bool() == Some(true)
        || lines
            .last()
            .is_some_and(|line| line.number + 1 < total_lines);
    Ok(Given::ConsoleLogs(ConsoleLogsResponse {
        has_next_page: more && !end_cursor.is_empty(),
        lines,
        end_cursor,
        total_lines,
    }))
}
