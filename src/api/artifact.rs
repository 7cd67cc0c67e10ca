//! Operations on artifacts. Shapes: `core/api/graphql/artifacts.graphql` of the official repository.

use serde_json::{Value, json};

use super::graphql::{Operation, text};
use super::{Api, ApiError, Caller};

const CREATE: Operation = Operation::new(
    "CreateArtifact",
    "mutation CreateArtifact($input: CreateArtifactInput!) { createArtifact(input: $input) { \
artifact { id state artifactSequence { latestArtifact { id } } } } }",
);

const CREATE_MANIFEST: Operation = Operation::new(
    "CreateArtifactManifest",
    "mutation CreateArtifactManifest($artifactID: ID!, $baseArtifactID: ID, $name: String!, $digest: String!, \
$entityName: String!, $projectName: String!, $runName: String!, $manifestType: ArtifactManifestType!, \
$includeUpload: Boolean!) { createArtifactManifest(input: { artifactID: $artifactID, \
baseArtifactID: $baseArtifactID, name: $name, digest: $digest, entityName: $entityName, \
projectName: $projectName, runName: $runName, type: $manifestType }) { artifactManifest { id file { id \
uploadUrl @include(if: $includeUpload) uploadHeaders @include(if: $includeUpload) } } } }",
);

const UPDATE_MANIFEST: Operation = Operation::new(
    "UpdateArtifactManifest",
    "mutation UpdateArtifactManifest($artifactManifestID: ID!, $digest: String, $baseArtifactID: ID, \
$includeUpload: Boolean!) { updateArtifactManifest(input: { artifactManifestID: $artifactManifestID, \
digest: $digest, baseArtifactID: $baseArtifactID }) { artifactManifest { id file { id \
uploadUrl @include(if: $includeUpload) uploadHeaders @include(if: $includeUpload) } } } }",
);

const CREATE_FILES: Operation = Operation::new(
    "CreateArtifactFiles",
    "mutation CreateArtifactFiles($input: CreateArtifactFilesInput!) { createArtifactFiles(input: $input) { \
files { edges { node { storagePath uploadUrl uploadHeaders uploadMultipartUrls { uploadID uploadUrlParts { \
partNumber uploadUrl } } artifact { id } } } } } }",
);

const COMPLETE_PARTS: Operation = Operation::new(
    "CompleteMultipartUploadArtifact",
    "mutation CompleteMultipartUploadArtifact($completeMultipartAction: CompleteMultipartAction!, \
$completedParts: [UploadPartsInput!]!, $artifactID: ID!, $storagePath: String!, $uploadID: String!) { \
completeMultipartUploadArtifact(input: { completeMultipartAction: $completeMultipartAction, \
completedParts: $completedParts, artifactID: $artifactID, storagePath: $storagePath, uploadID: $uploadID }) { \
digest } }",
);

const COMMIT: Operation = Operation::new(
    "CommitArtifact",
    "mutation CommitArtifact($artifactID: ID!) { commitArtifact(input: { artifactID: $artifactID }) { \
artifact { id digest } } }",
);

const USE: Operation = Operation::new(
    "UseArtifact",
    "mutation UseArtifact($input: UseArtifactInput!) { useArtifact(input: $input) { artifact { id } } }",
);

const CLIENT_ID: Operation = Operation::new(
    "ClientIDMapping",
    "query ClientIDMapping($clientID: ID!) { clientIDMapping(clientID: $clientID) { serverID } }",
);

/// An artifact on the server, new or known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Created {
    pub id: String,
    /// The server has this content already; nothing is to be sent.
    pub committed: bool,
    /// The newest version before this one.
    pub latest: Option<String>,
}

/// A manifest on the server, and where it is to be stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ManifestPlace {
    pub id: String,
    pub url: Option<String>,
    pub headers: Vec<String>,
}

/// Which manifest of an artifact is meant.
#[derive(Debug)]
pub struct ManifestOf<'a> {
    pub artifact: &'a str,
    pub base: Option<&'a str>,
    pub name: &'a str,
    /// `FULL`, `PATCH` or `INCREMENTAL`.
    pub kind: &'a str,
    pub entity: &'a str,
    pub project: &'a str,
    pub run: &'a str,
}

/// Where a file of an artifact is to be stored.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct FilePlace {
    /// The artifact that first held these bytes.
    pub birth: String,
    pub storage_path: String,
    /// `None`: the server has the bytes already.
    pub url: Option<String>,
    pub headers: Vec<String>,
    /// Id of an upload in parts, and the parts' URLs in order.
    pub parts: Option<(String, Vec<String>)>,
}

fn texts(value: &Value) -> Vec<String> {
    let list = value.as_array().map_or(&[][..], Vec::as_slice);
    list.iter().map(text).collect()
}

fn manifest_place(manifest: &Value, operation: &Operation) -> Result<ManifestPlace, ApiError> {
    let id = text(&manifest["id"]);
    if id.is_empty() {
        return Err(ApiError::Answer {
            what: operation.name.to_owned(),
            message: "it names no manifest".to_owned(),
        });
    }
    Ok(ManifestPlace {
        id,
        url: manifest["file"]["uploadUrl"].as_str().map(str::to_owned),
        headers: texts(&manifest["file"]["uploadHeaders"]),
    })
}

impl Api {
    /// Announces an artifact; `input` is the wire's `CreateArtifactInput`.
    pub fn create_artifact(&self, input: &Value, caller: Caller<'_>) -> Result<Created, ApiError> {
        let data = self.graphql(&CREATE, json!({"input": input}), caller)?;
        let artifact = &data["createArtifact"]["artifact"];
        let id = text(&artifact["id"]);
        if id.is_empty() {
            return Err(ApiError::Answer {
                what: CREATE.name.to_owned(),
                message: "it names no artifact".to_owned(),
            });
        }
        Ok(Created {
            id,
            committed: artifact["state"] == "COMMITTED",
            latest: artifact["artifactSequence"]["latestArtifact"]["id"]
                .as_str()
                .map(str::to_owned),
        })
    }

    /// Announces a manifest; with a digest, asks where to store it.
    pub fn create_manifest(
        &self,
        of: &ManifestOf<'_>,
        digest: Option<&str>,
        caller: Caller<'_>,
    ) -> Result<ManifestPlace, ApiError> {
        let variables = json!({
            "artifactID": of.artifact,
            "baseArtifactID": of.base,
            "name": of.name,
            "digest": digest.unwrap_or_default(),
            "entityName": of.entity,
            "projectName": of.project,
            "runName": of.run,
            "manifestType": of.kind,
            "includeUpload": digest.is_some(),
        });
        let data = self.graphql(&CREATE_MANIFEST, variables, caller)?;
        let manifest = &data["createArtifactManifest"]["artifactManifest"];
        manifest_place(manifest, &CREATE_MANIFEST)
    }

    /// Asks where to store a manifest that was announced.
    pub fn update_manifest(
        &self,
        id: &str,
        digest: &str,
        caller: Caller<'_>,
    ) -> Result<ManifestPlace, ApiError> {
        let variables = json!({
            "artifactManifestID": id,
            "digest": digest,
            "baseArtifactID": null,
            "includeUpload": true,
        });
        let data = self.graphql(&UPDATE_MANIFEST, variables, caller)?;
        let manifest = &data["updateArtifactManifest"]["artifactManifest"];
        manifest_place(manifest, &UPDATE_MANIFEST)
    }

    /// Asks where to store files of an artifact: one place for each of `files`, in their order.
    pub fn create_artifact_files(
        &self,
        files: &[Value],
        algorithm: Option<&str>,
        caller: Caller<'_>,
    ) -> Result<Vec<FilePlace>, ApiError> {
        let mut input = json!({"artifactFiles": files, "storageLayout": "V2"});
        if let Some(algorithm) = algorithm {
            input["digestAlgorithm"] = Value::from(algorithm);
        }
        let data = self.graphql(&CREATE_FILES, json!({"input": input}), caller)?;
        let edges = data["createArtifactFiles"]["files"]["edges"]
            .as_array()
            .cloned()
            .unwrap_or_default();
        if edges.len() != files.len() {
            return Err(ApiError::Answer {
                what: CREATE_FILES.name.to_owned(),
                message: format!("it names {} files, not {}", edges.len(), files.len()),
            });
        }
        Ok(edges
            .iter()
            .map(|edge| {
                let node = &edge["node"];
                let parts = &node["uploadMultipartUrls"];
                FilePlace {
                    birth: text(&node["artifact"]["id"]),
                    storage_path: text(&node["storagePath"]),
                    url: node["uploadUrl"].as_str().map(str::to_owned),
                    headers: texts(&node["uploadHeaders"]),
                    parts: parts["uploadUrlParts"].as_array().map(|urls| {
                        let mut urls: Vec<(i64, String)> = urls
                            .iter()
                            .map(|part| {
                                let number = part["partNumber"].as_i64().unwrap_or(0);
                                (number, text(&part["uploadUrl"]))
                            })
                            .collect();
                        urls.sort_unstable();
                        let urls = urls.into_iter().map(|(_, url)| url).collect();
                        (text(&parts["uploadID"]), urls)
                    }),
                }
            })
            .collect())
    }

    /// Puts the parts of a file together; `etags` are those of its parts, in order.
    pub fn complete_parts(
        &self,
        artifact: &str,
        storage_path: &str,
        upload: &str,
        etags: &[String],
        caller: Caller<'_>,
    ) -> Result<(), ApiError> {
        let parts: Vec<Value> = etags
            .iter()
            .enumerate()
            .map(|(i, etag)| json!({"partNumber": i + 1, "hexMD5": etag}))
            .collect();
        let variables = json!({
            "completeMultipartAction": "Complete",
            "completedParts": parts,
            "artifactID": artifact,
            "storagePath": storage_path,
            "uploadID": upload,
        });
        self.graphql(&COMPLETE_PARTS, variables, caller).map(drop)
    }

    /// Makes an artifact a version that can be used.
    pub fn commit_artifact(&self, id: &str, caller: Caller<'_>) -> Result<(), ApiError> {
        let variables = json!({"artifactID": id});
        self.graphql(&COMMIT, variables, caller).map(drop)
    }

    /// Says that a run uses an artifact.
    pub fn use_artifact(
        &self,
        id: &str,
        entity: &str,
        project: &str,
        run: &str,
        caller: Caller<'_>,
    ) -> Result<(), ApiError> {
        let input =
            json!({"artifactID": id, "entityName": entity, "projectName": project, "runName": run});
        self.graphql(&USE, json!({"input": input}), caller)
            .map(drop)
    }

    /// The server's id of an artifact that is known by its client's id.
    pub fn server_id(&self, client_id: &str, caller: Caller<'_>) -> Result<String, ApiError> {
        let data = self.graphql(&CLIENT_ID, json!({"clientID": client_id}), caller)?;
        match data["clientIDMapping"]["serverID"].as_str() {
            Some(id) => Ok(id.to_owned()),
            None => Err(ApiError::Refused {
                what: CLIENT_ID.name.to_owned(),
                message: "the server does not know an artifact that is referred to".to_owned(),
            }),
        }
    }
}
