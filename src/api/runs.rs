//! Operations on runs. Shapes: `core/api/graphql` of the official repository; every field of an answer may be missing.

use serde_json::{Value, json};

use super::graphql::{Operation, text};
use super::policy::Kind;
use super::{Api, ApiError, Caller};

const UPSERT: Operation = Operation {
    name: "UpsertBucket",
    document: "mutation UpsertBucket($id: String, $name: String, $project: String, $entity: String, \
$groupName: String, $description: String, $displayName: String, $notes: String, $commit: String, \
$config: JSONString, $host: String, $debug: Boolean, $program: String, $repo: String, $jobType: String, \
$state: String, $sweep: String, $tags: [String!], $summaryMetrics: JSONString) { \
upsertBucket(input: { id: $id, name: $name, modelName: $project, entityName: $entity, groupName: $groupName, \
description: $description, displayName: $displayName, notes: $notes, commit: $commit, config: $config, \
host: $host, debug: $debug, jobProgram: $program, jobRepo: $repo, jobType: $jobType, state: $state, \
sweep: $sweep, tags: $tags, summaryMetrics: $summaryMetrics }) { \
bucket { id name displayName description config sweepName historyLineCount \
project { id name entity { id name } } } inserted } }",
    kind: Kind::Upsert,
    partial: false,
};

const RESUME_STATUS: Operation = Operation::new(
    "RunResumeStatus",
    "query RunResumeStatus($project: String, $entity: String, $name: String!) { \
model(name: $project, entityName: $entity) { id name entity { id name } \
bucket(name: $name, missingOk: true) { id name summaryMetrics displayName logLineCount historyLineCount \
eventsLineCount historyTail eventsTail config tags notes wandbConfig(keys: [\"t\"]) } } }",
);

const REWIND: Operation = Operation::new(
    "RewindRun",
    "mutation RewindRun($runName: String!, $entity: String, $project: String, $metricName: String!, \
$metricValue: Float!) { rewindRun(input: { runName: $runName, entityName: $entity, projectName: $project, \
metricName: $metricName, metricValue: $metricValue }) { rewoundRun { id name displayName description config \
sweepName historyLineCount project { id name entity { id name } } } } }",
);

const CREATE_FILES: Operation = Operation::new(
    "CreateRunFiles",
    "mutation CreateRunFiles($entity: String!, $project: String!, $run: String!, $files: [String!]!) { \
createRunFiles(input: { entityName: $entity, projectName: $project, runName: $run, files: $files }) { \
runID uploadHeaders files { name uploadUrl } } }",
);

const FEATURES: Operation = Operation::new(
    "ServerFeaturesQuery",
    "query ServerFeaturesQuery { serverInfo { features { name isEnabled } } }",
);

const ALERT: Operation = Operation::new(
    "NotifyScriptableRunAlert",
    "mutation NotifyScriptableRunAlert($entityName: String!, $projectName: String!, $runName: String!, \
$title: String!, $text: String!, $severity: AlertSeverity, $waitDuration: Duration) { \
notifyScriptableRunAlert(input: { entityName: $entityName, projectName: $projectName, runName: $runName, \
title: $title, text: $text, severity: $severity, waitDuration: $waitDuration }) { success } }",
);

const VIEWER: Operation = Operation {
    partial: true,
    ..Operation::new(
        "Viewer",
        "query Viewer { viewer { id entity username email flags teams { edges { node { name } } } } }",
    )
};

const DELETE: Operation = Operation::new(
    "DeleteRun",
    "mutation DeleteRun($id: ID!, $deleteArtifacts: Boolean) { \
deleteRun(input: { id: $id, deleteArtifacts: $deleteArtifacts }) { clientMutationId } }",
);

const STORED: Operation = Operation::new(
    "Run",
    "query Run($project: String!, $entity: String!, $name: String!) { \
project(name: $project, entityName: $entity) { run(name: $name) { \
id name state config summaryMetrics historyLineCount } } }",
);

const HISTORY: Operation = Operation::new(
    "HistoryPage",
    "query HistoryPage($entity: String!, $project: String!, $run: String!, $minStep: Int64!, $maxStep: Int64!, \
$pageSize: Int!) { project(name: $project, entityName: $entity) { run(name: $run) { \
history(minStep: $minStep, maxStep: $maxStep, samples: $pageSize) } } }",
);

const FILES: Operation = Operation::new(
    "RunFiles",
    "query RunFiles($project: String!, $entity: String!, $name: String!, $fileCursor: String, \
$fileLimit: Int = 50) { project(name: $project, entityName: $entity) { run(name: $name) { \
files(after: $fileCursor, first: $fileLimit) { edges { node { id name sizeBytes md5 } cursor } \
pageInfo { endCursor hasNextPage } } } } }",
);

/// What is said about a run when it is made or changed. Empty texts, and `None`, leave the server's value.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Upsert {
    pub storage_id: String,
    pub run_id: String,
    pub project: String,
    pub entity: String,
    pub group: String,
    pub display_name: String,
    pub notes: String,
    pub commit: String,
    pub remote_url: String,
    pub host: String,
    pub program: String,
    pub job_type: String,
    pub sweep: String,
    pub tags: Option<Vec<String>>,
    /// The whole config as JSON: `{"lr":{"value":0.1},…}`.
    pub config: Option<String>,
}

/// What the server knows about a run that was made or changed.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registered {
    pub storage_id: String,
    pub run_id: String,
    pub display_name: String,
    pub project: String,
    pub entity: String,
    pub sweep: String,
    /// Rows of history that the server has.
    pub history_lines: u64,
    /// The run did not exist before.
    pub inserted: bool,
    /// The config on the server, as JSON.
    pub config: Option<String>,
}

/// A run on the server that is to be gone on with.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Existing {
    pub storage_id: String,
    pub display_name: String,
    pub history_lines: Option<u64>,
    pub events_lines: Option<u64>,
    pub console_lines: Option<u64>,
    /// The last row of history, and of system metrics, as JSON.
    pub history_tail: Option<String>,
    pub events_tail: Option<String>,
    pub summary: Option<String>,
    pub config: Option<String>,
    pub tags: Vec<String>,
    pub notes: String,
    /// The run has begun: it was not only made ahead of its time.
    pub started: bool,
}

/// Where files go: headers for each upload, and a URL for each name (`None`: the server does not want it).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Places {
    pub headers: Vec<String>,
    pub urls: Vec<(String, Option<String>)>,
}

/// Who a key belongs to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Viewer {
    pub username: String,
    /// The entity that runs go to if none is named.
    pub entity: String,
    pub email: String,
    /// What the account may do, as JSON.
    pub flags: String,
    pub teams: Vec<String>,
}

/// A run as the server has it.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Stored {
    pub state: String,
    pub config: String,
    pub summary: String,
    pub history_lines: u64,
}

fn given(text: &str) -> Value {
    if text.is_empty() {
        Value::Null
    } else {
        Value::from(text)
    }
}

fn registered(bucket: &Value) -> Registered {
    let project = &bucket["project"];
    Registered {
        storage_id: text(&bucket["id"]),
        run_id: text(&bucket["name"]),
        display_name: text(&bucket["displayName"]),
        project: text(&project["name"]),
        entity: text(&project["entity"]["name"]),
        sweep: text(&bucket["sweepName"]),
        history_lines: bucket["historyLineCount"].as_u64().unwrap_or(0),
        inserted: false,
        config: bucket["config"].as_str().map(str::to_owned),
    }
}

/// The last line of a JSON list of lines.
fn tail(value: &Value) -> Option<String> {
    let lines: Vec<String> = serde_json::from_str(value.as_str()?).ok()?;
    lines.into_iter().next_back()
}

impl Api {
    /// Makes a run, or changes it.
    pub fn upsert(&self, run: &Upsert, caller: Caller<'_>) -> Result<Registered, ApiError> {
        let variables = json!({
            "id": given(&run.storage_id),
            "name": given(&run.run_id),
            "project": given(&run.project),
            "entity": given(&run.entity),
            "groupName": given(&run.group),
            "description": null,
            "displayName": given(&run.display_name),
            "notes": given(&run.notes),
            "commit": given(&run.commit),
            "config": run.config,
            "host": given(&run.host),
            "debug": null,
            "program": given(&run.program),
            "repo": given(&run.remote_url),
            "jobType": given(&run.job_type),
            "state": null,
            "sweep": given(&run.sweep),
            "tags": run.tags,
            "summaryMetrics": null,
        });
        let data = self.graphql(&UPSERT, variables, caller)?;
        let answer = &data["upsertBucket"];
        let mut registered = registered(&answer["bucket"]);
        registered.inserted = answer["inserted"].as_bool().unwrap_or(false);
        // Old servers, and small ones, leave out what they were told.
        for (place, told) in [
            (&mut registered.run_id, &run.run_id),
            (&mut registered.project, &run.project),
            (&mut registered.entity, &run.entity),
        ] {
            if place.is_empty() {
                place.clone_from(told);
            }
        }
        if registered.entity.is_empty() || registered.project.is_empty() {
            return Err(ApiError::Answer {
                what: UPSERT.name.to_owned(),
                message: "it does not say where the run is".to_owned(),
            });
        }
        Ok(registered)
    }

    /// A run on the server, if it is there.
    pub fn existing(
        &self,
        entity: &str,
        project: &str,
        run: &str,
        caller: Caller<'_>,
    ) -> Result<Option<Existing>, ApiError> {
        let variables = json!({"project": given(project), "entity": given(entity), "name": run});
        let data = self.graphql(&RESUME_STATUS, variables, caller)?;
        let bucket = &data["model"]["bucket"];
        if !bucket.is_object() {
            return Ok(None);
        }
        let internal: Value = bucket["wandbConfig"]
            .as_str()
            .and_then(|text| serde_json::from_str(text).ok())
            .unwrap_or_default();
        let tags = bucket["tags"].as_array().map_or(&[][..], Vec::as_slice);
        Ok(Some(Existing {
            storage_id: text(&bucket["id"]),
            display_name: text(&bucket["displayName"]),
            history_lines: bucket["historyLineCount"].as_u64(),
            events_lines: bucket["eventsLineCount"].as_u64(),
            console_lines: bucket["logLineCount"].as_u64(),
            history_tail: tail(&bucket["historyTail"]),
            events_tail: tail(&bucket["eventsTail"]),
            summary: bucket["summaryMetrics"].as_str().map(str::to_owned),
            config: bucket["config"].as_str().map(str::to_owned),
            tags: tags.iter().map(text).collect(),
            notes: text(&bucket["notes"]),
            started: internal.get("t").is_some(),
        }))
    }

    /// Takes a run back to a step; gives the run as it is then.
    pub fn rewind(
        &self,
        entity: &str,
        project: &str,
        run: &str,
        step: f64,
        caller: Caller<'_>,
    ) -> Result<Registered, ApiError> {
        let variables = json!({
            "runName": run,
            "entity": given(entity),
            "project": given(project),
            "metricName": "_step",
            "metricValue": step,
        });
        let data = self.graphql(&REWIND, variables, caller)?;
        let run = &data["rewindRun"]["rewoundRun"];
        if !run.is_object() {
            return Err(ApiError::Refused {
                what: "failed to rewind run".to_owned(),
                message: "run not found".to_owned(),
            });
        }
        Ok(registered(run))
    }

    /// Asks where files of a run may be stored.
    pub fn create_files(
        &self,
        entity: &str,
        project: &str,
        run: &str,
        names: &[String],
        caller: Caller<'_>,
    ) -> Result<Places, ApiError> {
        let variables = json!({"entity": entity, "project": project, "run": run, "files": names});
        let data = self.graphql(&CREATE_FILES, variables, caller)?;
        let answer = &data["createRunFiles"];
        let list = |value: &Value| value.as_array().cloned().unwrap_or_default();
        let files = list(&answer["files"]);
        if files.len() != names.len() {
            return Err(ApiError::Answer {
                what: CREATE_FILES.name.to_owned(),
                message: format!("it names {} files, not {}", files.len(), names.len()),
            });
        }
        Ok(Places {
            headers: list(&answer["uploadHeaders"]).iter().map(text).collect(),
            urls: files
                .iter()
                .map(|file| {
                    let url = file["uploadUrl"].as_str().map(str::to_owned);
                    (text(&file["name"]), url)
                })
                .collect(),
        })
    }

    /// Whether the server has a feature; asked once.
    pub fn has_feature(&self, name: &str, caller: Caller<'_>) -> bool {
        if let Some(features) = self.features.get() {
            return features.iter().any(|feature| feature == name);
        }
        // A server that does not know the question has none of them.
        let data = match self.graphql(&FEATURES, json!({}), caller) {
            Ok(data) => data,
            Err(ApiError::Stopped(_) | ApiError::Unreachable { .. }) => return false,
            Err(_) => Value::Null,
        };
        let list = data["serverInfo"]["features"].as_array().cloned();
        let features: Vec<String> = list
            .unwrap_or_default()
            .iter()
            .filter(|feature| feature["isEnabled"].as_bool() == Some(true))
            .map(|feature| text(&feature["name"]))
            .collect();
        let has = features.iter().any(|feature| feature == name);
        let _ = self.features.set(features);
        has
    }

    /// Sends an alert; `wait` is in milliseconds.
    #[allow(clippy::too_many_arguments, reason = "they are the wire's own")]
    pub fn alert(
        &self,
        entity: &str,
        project: &str,
        run: &str,
        title: &str,
        body: &str,
        level: &str,
        wait: i64,
        caller: Caller<'_>,
    ) -> Result<(), ApiError> {
        let variables = json!({
            "entityName": entity,
            "projectName": project,
            "runName": run,
            "title": title,
            "text": body,
            "severity": level,
            "waitDuration": wait,
        });
        self.graphql(&ALERT, variables, caller).map(drop)
    }

    /// Who the key belongs to; `None` if the server does not know it.
    pub fn viewer(&self, caller: Caller<'_>) -> Result<Option<Viewer>, ApiError> {
        let data = self.graphql(&VIEWER, json!({}), caller)?;
        let viewer = &data["viewer"];
        if !viewer.is_object() {
            return Ok(None);
        }
        let teams = viewer["teams"]["edges"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        Ok(Some(Viewer {
            username: text(&viewer["username"]),
            entity: text(&viewer["entity"]),
            email: text(&viewer["email"]),
            flags: text(&viewer["flags"]),
            teams: teams
                .iter()
                .map(|edge| text(&edge["node"]["name"]))
                .collect(),
        }))
    }

    /// Takes a run away; the id is the server's own.
    pub fn delete_run(&self, storage_id: &str, caller: Caller<'_>) -> Result<(), ApiError> {
        let variables = json!({"id": storage_id, "deleteArtifacts": false});
        self.graphql(&DELETE, variables, caller).map(drop)
    }

    /// A run as the server has it now, if it is there.
    pub fn stored(
        &self,
        entity: &str,
        project: &str,
        run: &str,
        caller: Caller<'_>,
    ) -> Result<Option<Stored>, ApiError> {
        let variables = json!({"entity": entity, "project": project, "name": run});
        let data = self.graphql(&STORED, variables, caller)?;
        let run = &data["project"]["run"];
        Ok(run.is_object().then(|| Stored {
            state: text(&run["state"]),
            config: text(&run["config"]),
            summary: text(&run["summaryMetrics"]),
            history_lines: run["historyLineCount"].as_u64().unwrap_or(0),
        }))
    }

    /// Rows of history whose step is at least `from` and below `to`, as JSON; none if there is no such run.
    pub fn history(
        &self,
        entity: &str,
        project: &str,
        run: &str,
        (from, to): (i64, i64),
        caller: Caller<'_>,
    ) -> Result<Vec<String>, ApiError> {
        let variables = json!({
            "entity": entity,
            "project": project,
            "run": run,
            "minStep": from,
            "maxStep": to,
            "pageSize": to - from,
        });
        let data = self.graphql(&HISTORY, variables, caller)?;
        let rows = data["project"]["run"]["history"].as_array().cloned();
        Ok(rows.unwrap_or_default().iter().map(text).collect())
    }

    /// Names and sizes in bytes of a run's files.
    pub fn files(
        &self,
        entity: &str,
        project: &str,
        run: &str,
        caller: Caller<'_>,
    ) -> Result<Vec<(String, u64)>, ApiError> {
        let mut files = Vec::new();
        let mut cursor = Value::Null;
        loop {
            let variables = json!({"entity": entity, "project": project, "name": run, "fileCursor": cursor,
                "fileLimit": 500});
            let data = self.graphql(&FILES, variables, caller)?;
            let page = &data["project"]["run"]["files"];
            let edges = page["edges"].as_array().cloned().unwrap_or_default();
            for edge in &edges {
                let size = &edge["node"]["sizeBytes"];
                let size = size
                    .as_u64()
                    .or_else(|| size.as_str()?.parse().ok())
                    .unwrap_or(0);
                files.push((text(&edge["node"]["name"]), size));
            }
            let more = page["pageInfo"]["hasNextPage"].as_bool() == Some(true);
            let next = page["pageInfo"]["endCursor"].clone();
            if !more || edges.is_empty() || next == cursor {
                return Ok(files);
            }
            cursor = next;
        }
    }
}
