//! `POST /graphql`: which operation a request names, and its answer.

use serde_json::{Value, json};

use super::document::Document;
use super::http::Reply;
use super::state::{DEFAULT_ENTITY, State};
use super::{artifact_files, artifacts, runs};

/// What an operation answers: the members of `data`, or a status and a message.
pub(super) type Answer = Result<Value, (u16, String)>;

/// A request, read.
#[derive(Debug)]
pub(super) struct Request {
    pub(super) operation: String,
    document: Result<Document, String>,
    variables: Value,
}

/// Variables by name, which stand in the request or inside its `input`.
pub(super) struct Variables<'a>(&'a Value);

impl Request {
    /// Reads a body; whatever cannot be read is a violation once the request is answered.
    pub(super) fn read(body: &[u8]) -> Self {
        let body: Value = serde_json::from_slice(body).unwrap_or_default();
        let document = match body["query"].as_str() {
            Some(text) => Document::parse(text),
            None => Err("the body is not JSON with a `query`".to_owned()),
        };
        let named = body["operationName"].as_str().unwrap_or_default();
        let in_document = document.as_ref().map_or("", |document| &document.name);
        Self {
            operation: if named.is_empty() { in_document } else { named }.to_owned(),
            document,
            variables: body["variables"].clone(),
        }
    }

    pub(super) fn answer(&self, state: &mut State) -> Reply {
        let operation = &self.operation;
        let document = match &self.document {
            Ok(document) => document,
            Err(fault) => {
                state.violation(format!("{operation}: {fault}"));
                return Reply::error(400, fault);
            }
        };
        let faults = document.faults(&self.variables);
        if let Some(fault) = faults.first() {
            state.violation(format!("{operation}: {}", faults.join(", ")));
            return Reply::error(400, fault);
        }
        if document.name != *operation {
            state.violation(format!(
                "operationName {operation}, but the document has {}",
                document.name
            ));
        }
        match resolve(state, operation, &Variables(&self.variables)) {
            Ok(data) => {
                let mut unknown = Vec::new();
                let data = document.select(&data, &mut unknown);
                if !unknown.is_empty() {
                    state.violation(format!(
                        "{operation} asks for what the fake does not know: {}",
                        unknown.join(", ")
                    ));
                }
                Reply::json(200, &json!({"data": data}))
            }
            Err((status, message)) => Reply::error(status, &message),
        }
    }
}

fn resolve(state: &mut State, operation: &str, variables: &Variables<'_>) -> Answer {
    match operation {
        "Viewer" => Ok(json!({"viewer": {
            "id": "VXNlcjox",
            "entity": DEFAULT_ENTITY,
            "username": DEFAULT_ENTITY,
            "email": "fake-user@example.com",
            "name": "Fake User",
            "admin": false,
            "flags": "{}",
            "teams": {"edges": []},
        }})),
        "ServerFeaturesQuery" => {
            let features: Vec<Value> = state
                .features
                .iter()
                .map(|name| json!({"name": name, "isEnabled": true}))
                .collect();
            Ok(json!({"serverInfo": {"features": features}}))
        }
        "UpsertBucket" => runs::upsert(state, variables),
        "RunResumeStatus" => Ok(runs::resume_status(state, variables)),
        "RewindRun" => runs::rewind(state, variables),
        "Run" | "RunState" | "QueryRunInfo" | "RunFiles" => Ok(runs::read(state, variables)),
        "HistoryPage" => Ok(runs::history_page(state, variables)),
        "StopRun" => runs::stop(state, variables),
        "DeleteRun" => runs::delete(state, variables),
        "CreateRunFiles" => runs::create_files(state, variables),
        "NotifyScriptableRunAlert" => runs::alert(state, variables),
        "CreateArtifact" => artifacts::create(state, variables),
        "CreateArtifactManifest" => artifact_files::create_manifest(state, variables),
        "UpdateArtifactManifest" => artifact_files::update_manifest(state, variables),
        "CreateArtifactFiles" => artifact_files::create_files(state, variables),
        "CompleteMultipartUploadArtifact" => artifact_files::complete_multipart(state, variables),
        "CommitArtifact" => artifacts::commit(state, variables),
        "UseArtifact" => artifacts::use_artifact(state, variables),
        "LinkArtifact" => artifacts::link(state, variables),
        "ArtifactByID" => Ok(artifacts::by_id(state, variables)),
        "ArtifactType" => Ok(artifacts::type_of(state, variables)),
        "ArtifactMembershipByName" => Ok(artifacts::membership(state, variables)),
        "ClientIDMapping" => Ok(artifacts::client_id_mapping(state, variables)),
        // As the service does it: a client must live with what a server does not know.
        _ => Err((200, format!("unsupported: {operation}"))),
    }
}

impl Variables<'_> {
    /// The first of these names that is not null.
    pub(super) fn get(&self, names: &[&str]) -> &Value {
        names
            .iter()
            .flat_map(|name| [&self.0["input"][name], &self.0[name]])
            .find(|value| !value.is_null())
            .unwrap_or(&Value::Null)
    }

    pub(super) fn text(&self, names: &[&str]) -> Option<String> {
        self.get(names).as_str().map(str::to_owned)
    }

    /// A text without which the operation makes no sense.
    pub(super) fn required(&self, names: &[&str]) -> Result<String, (u16, String)> {
        self.text(names)
            .ok_or_else(|| (400, format!("{} is missing", names[0])))
    }

    /// A list of texts; one text stands for a list of it.
    pub(super) fn texts(&self, names: &[&str]) -> Option<Vec<String>> {
        match self.get(names) {
            Value::Array(items) => Some(
                items
                    .iter()
                    .filter_map(|item| item.as_str().map(str::to_owned))
                    .collect(),
            ),
            Value::String(text) => Some(vec![text.clone()]),
            _ => None,
        }
    }

    pub(super) fn entity(&self) -> String {
        self.text(&["entity", "entityName"])
            .unwrap_or_else(|| DEFAULT_ENTITY.to_owned())
    }

    pub(super) fn project(&self) -> String {
        self.text(&["project", "projectName", "modelName"])
            .unwrap_or_else(|| "uncategorized".to_owned())
    }
}
