//! Operations on artifacts.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Map, Value, json};

use super::artifact_files::hex;
use super::graphql::{Answer, Variables};
use super::state::{ArtifactView, State, UsedArtifact, parse};

pub(super) fn create(state: &mut State, variables: &Variables<'_>) -> Answer {
    let name = variables.required(&["artifactCollectionName", "name"])?;
    let type_name = variables.required(&["artifactTypeName"])?;
    let digest = variables.required(&["digest"])?;
    let client_id = variables.required(&["clientID"])?;
    let (entity, project) = (variables.entity(), variables.project());
    let run = variables.text(&["runName"]);
    if let Some(run) = &run
        && !state
            .runs
            .contains_key(&(entity.clone(), project.clone(), run.clone()))
    {
        state.violation(format!("CreateArtifact: there is no run {run}"));
        return Err((404, "run not found".to_owned()));
    }
    let aliases: Vec<String> = variables
        .get(&["aliases"])
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|alias| alias["alias"].as_str().map(str::to_owned))
        .collect();
    let tags = variables
        .get(&["tags"])
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|tag| tag["tagName"].as_str().map(str::to_owned))
        .collect();
    let same_collection = |artifact: &&ArtifactView| {
        (&artifact.entity, &artifact.project, &artifact.name) == (&entity, &project, &name)
    };
    if let Some(other) = state.artifacts.iter().find(same_collection)
        && other.type_name != type_name
    {
        let message = format!("{name} is of type {}, not {type_name}", other.type_name);
        return Err((400, message));
    }
    // The client ID makes a repeated request harmless; the digest finds the same content.
    let known = state.artifacts.iter().filter(same_collection).find(|old| {
        old.client_id == client_id
            || (old.committed
                && old.digest == digest
                && *variables.get(&["enableDigestDeduplication"]) != false)
    });
    let id = if let Some(known) = known {
        known.id.clone()
    } else {
        let id = state.new_id("Artifact");
        let metadata = variables.text(&["metadata"]);
        state.artifacts.push(ArtifactView {
            id: id.clone(),
            entity: entity.clone(),
            project: project.clone(),
            run,
            name: name.clone(),
            type_name,
            description: variables.text(&["description"]),
            metadata: metadata
                .and_then(|text| parse(&text).ok())
                .unwrap_or_default(),
            aliases: aliases.clone(),
            tags,
            digest,
            client_id,
            ..ArtifactView::default()
        });
        id
    };
    let latest = latest(state, &entity, &project, &name)
        .map(|latest| json!({"id": latest.id, "versionIndex": latest.version}));
    if state
        .artifact(&id)
        .is_some_and(|artifact| artifact.committed)
    {
        move_aliases(state, &id, &aliases);
    }
    let mut answer = known_artifact(state, &id);
    answer["artifactSequence"] = json!({
        "id": STANDARD.encode(format!("ArtifactSequence:{name}")),
        "name": name,
        "latestArtifact": latest,
    });
    Ok(json!({"createArtifact": {"artifact": answer}}))
}

/// The newest committed version of a collection.
fn latest<'a>(
    state: &'a State,
    entity: &str,
    project: &str,
    name: &str,
) -> Option<&'a ArtifactView> {
    state
        .artifacts
        .iter()
        .filter(|artifact| artifact.committed)
        .filter(|artifact| {
            (&*artifact.entity, &*artifact.project, &*artifact.name) == (entity, project, name)
        })
        .max_by_key(|artifact| artifact.version)
}

/// Gives aliases to one version and takes them from the others of its collection.
fn move_aliases(state: &mut State, id: &str, aliases: &[String]) {
    let Some(artifact) = state.artifact(id) else {
        return;
    };
    let collection = (
        artifact.entity.clone(),
        artifact.project.clone(),
        artifact.name.clone(),
    );
    for alias in aliases {
        if !artifact.aliases.contains(alias) {
            artifact.aliases.push(alias.clone());
        }
    }
    for other in &mut state.artifacts {
        let of_collection = (&other.entity, &other.project, &other.name)
            == (&collection.0, &collection.1, &collection.2);
        if of_collection && other.committed && other.id != id {
            other.aliases.retain(|alias| !aliases.contains(alias));
        }
    }
}

/// The fields of an artifact that clients read back; null if there is none.
fn known_artifact(state: &State, id: &str) -> Value {
    let Some(artifact) = state.artifacts.iter().find(|artifact| artifact.id == id) else {
        return Value::Null;
    };
    let project = json!({
        "id": STANDARD.encode(format!("Project:v1:{}:{}", artifact.project, artifact.entity)),
        "internalId": "1",
        "name": artifact.project,
        "entity": {"name": artifact.entity},
    });
    let collection = json!({
        "__typename": "ArtifactSequence",
        "id": STANDARD.encode(format!("ArtifactSequence:{}", artifact.name)),
        "name": artifact.name,
        "project": project,
    });
    let aliases: Vec<Value> = artifact
        .aliases
        .iter()
        .map(|alias| {
            json!({
                "__typename": "ArtifactAlias",
                "id": STANDARD.encode(alias),
                "alias": alias,
                "artifactCollection": collection,
            })
        })
        .collect();
    json!({
        "__typename": "Artifact",
        "id": artifact.id,
        "state": if artifact.committed { "COMMITTED" } else { "PENDING" },
        "digest": artifact.digest,
        "digestAlgorithm": "MANIFEST_MD5",
        "description": artifact.description,
        "metadata": artifact.metadata.to_string(),
        "versionIndex": artifact.version,
        "commitHash": null,
        "fileCount": artifact.files.len(),
        "size": artifact.files.values().map(Vec::len).sum::<usize>(),
        "createdAt": "2026-01-01T00:00:00",
        "updatedAt": null,
        "historyStep": null,
        "ttlDurationSeconds": -1,
        "ttlIsInherited": true,
        "tags": artifact.tags.iter().map(|tag| json!({"__typename": "Tag", "id": tag, "name": tag})).collect::<Vec<_>>(),
        "artifactType": {"name": artifact.type_name},
        "artifactSequence": collection,
        "aliases": aliases,
    })
}

pub(super) fn commit(state: &mut State, variables: &Variables<'_>) -> Answer {
    let id = variables.required(&["artifactID"])?;
    let Some(artifact) = state.artifact(&id).cloned() else {
        state.violation("CommitArtifact: there is no such artifact");
        return Err((404, "artifact not found".to_owned()));
    };
    if !artifact.committed {
        if let Err(fault) = check_manifest(state, &artifact) {
            state.violation(format!("CommitArtifact: {}: {fault}", artifact.name));
            return Err((400, fault));
        }
        let version = latest(state, &artifact.entity, &artifact.project, &artifact.name)
            .and_then(|latest| latest.version)
            .map_or(0, |version| version + 1);
        if let Some(artifact) = state.artifact(&id) {
            artifact.committed = true;
            artifact.version = Some(version);
        }
        move_aliases(state, &id, &artifact.aliases);
    }
    let answer = known_artifact(state, &id);
    Ok(json!({"commitArtifact": {"artifact": answer}}))
}

/// Whether all that the manifest names is there, and its digest is that of the artifact.
fn check_manifest(state: &State, artifact: &ArtifactView) -> Result<(), String> {
    let empty = Map::new();
    let contents = match &artifact.manifest {
        Value::Null => return Err("its manifest was not sent".to_owned()),
        manifest => manifest["contents"].as_object().unwrap_or(&empty),
    };
    let mut entries: Vec<(&String, &Value)> = contents.iter().collect();
    entries.sort_by_key(|(path, _)| *path);
    let mut hash = Md5::new();
    hash.update(b"wandb-artifact-manifest-v1\n");
    for (path, entry) in entries {
        let digest = entry["digest"]
            .as_str()
            .ok_or(format!("{path}: no digest"))?;
        hash.update(format!("{path}:{digest}\n"));
        if entry["ref"].is_string() {
            continue;
        }
        let born = entry["birthArtifactID"].as_str().unwrap_or(&artifact.id);
        let bytes = artifact.file_of(digest).or_else(|| {
            let birth = state.artifacts.iter().find(|other| other.id == born)?;
            birth.file_of(digest)
        });
        let bytes = bytes.ok_or(format!("{path}: its bytes were not sent"))?;
        if entry["size"] != bytes.len() {
            return Err(format!(
                "{path}: {} bytes, not {}",
                bytes.len(),
                entry["size"]
            ));
        }
    }
    let digest = hex(&hash.finalize());
    if digest == artifact.digest {
        Ok(())
    } else {
        Err(format!(
            "digest {}, but its manifest has {digest}",
            artifact.digest
        ))
    }
}

pub(super) fn use_artifact(state: &mut State, variables: &Variables<'_>) -> Answer {
    let id = variables.required(&["artifactID"])?;
    let run = variables.required(&["runName"])?;
    let path = (variables.entity(), variables.project(), run);
    let Some(artifact) = state.artifact(&id).cloned() else {
        return Err((404, "artifact not found".to_owned()));
    };
    let used = UsedArtifact {
        id: id.clone(),
        name: format!(
            "{}:v{}",
            artifact.name,
            artifact.version.unwrap_or_default()
        ),
        used_as: variables.text(&["usedAs"]),
    };
    let run = state.runs.get_mut(&path);
    let run = run.ok_or_else(|| (404, "run not found".to_owned()))?;
    if !run.used_artifacts.contains(&used) {
        run.used_artifacts.push(used);
    }
    Ok(json!({"useArtifact": {"artifact": known_artifact(state, &id)}}))
}

pub(super) fn link(state: &mut State, variables: &Variables<'_>) -> Answer {
    let portfolio = variables.required(&["artifactPortfolioName"])?;
    let target = format!("{}/{}/{portfolio}", variables.entity(), variables.project());
    let given = variables.get(&["aliases"]).as_array();
    let aliases = given
        .into_iter()
        .flatten()
        .filter_map(|alias| {
            alias["alias"]
                .as_str()
                .or(alias.as_str())
                .map(str::to_owned)
        })
        .collect();
    let id = variables.text(&["artifactID"]);
    let client = variables.text(&["clientID"]);
    let artifact = state.artifacts.iter_mut().find(|artifact| match &id {
        Some(id) => artifact.id == *id,
        None => Some(&artifact.client_id) == client.as_ref(),
    });
    let artifact = artifact.ok_or_else(|| (404, "artifact not found".to_owned()))?;
    let link = (target, aliases);
    if !artifact.links.contains(&link) {
        artifact.links.push(link);
    }
    Ok(json!({"linkArtifact": {"versionIndex": artifact.version, "artifactMembership": null}}))
}

pub(super) fn by_id(state: &State, variables: &Variables<'_>) -> Value {
    let id = variables.text(&["id", "artifactID"]).unwrap_or_default();
    json!({"artifact": known_artifact(state, &id)})
}

/// The artifact that `NAME:ALIAS` or `NAME:vN` means.
fn named<'a>(state: &'a State, variables: &Variables<'_>) -> Option<&'a ArtifactView> {
    let full = variables.text(&["name"])?;
    let (name, alias) = full.split_once(':').unwrap_or((&full, "latest"));
    let (entity, project) = (variables.entity(), variables.project());
    state.artifacts.iter().find(|artifact| {
        artifact.committed
            && (&artifact.entity, &artifact.project, &*artifact.name) == (&entity, &project, name)
            && (artifact.aliases.iter().any(|known| known == alias)
                || artifact.version.map(|version| format!("v{version}")) == Some(alias.to_owned()))
    })
}

pub(super) fn type_of(state: &State, variables: &Variables<'_>) -> Value {
    let artifact = named(state, variables)
        .map(|artifact| json!({"artifactType": {"name": artifact.type_name}}));
    json!({"project": {"artifact": artifact}})
}

pub(super) fn membership(state: &State, variables: &Variables<'_>) -> Value {
    let membership = named(state, variables).map(|artifact| {
        let known = known_artifact(state, &artifact.id);
        json!({
            "__typename": "ArtifactCollectionMembership",
            "id": artifact.id,
            "versionIndex": artifact.version,
            "createdAt": known["createdAt"],
            "aliases": known["aliases"],
            "artifactCollection": known["artifactSequence"],
            "artifact": known,
        })
    });
    json!({"project": {"artifactCollectionMembership": membership}})
}

pub(super) fn client_id_mapping(state: &State, variables: &Variables<'_>) -> Value {
    let client = variables.text(&["clientID"]);
    let artifact = state
        .artifacts
        .iter()
        .find(|artifact| Some(&artifact.client_id) == client.as_ref());
    json!({"clientIDMapping": artifact.map(|artifact| json!({"serverID": artifact.id}))})
}
