//! Where the bytes of artifacts go: manifests, files, parts of large files.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::graphql::{Answer, Variables};
use super::state::{Multipart, State, Target};

pub(super) fn create_manifest(state: &mut State, variables: &Variables<'_>) -> Answer {
    let artifact = variables.required(&["artifactID"])?;
    if state.artifact(&artifact).is_none() {
        state.violation("CreateArtifactManifest: there is no such artifact");
        return Err((404, "artifact not found".to_owned()));
    }
    let manifest = state.new_id("ArtifactManifest");
    state.manifests.insert(manifest.clone(), artifact.clone());
    let answer = manifest_answer(state, variables, &artifact, &manifest);
    Ok(json!({"createArtifactManifest": {"artifactManifest": answer}}))
}

pub(super) fn update_manifest(state: &mut State, variables: &Variables<'_>) -> Answer {
    let manifest = variables.required(&["artifactManifestID"])?;
    let Some(artifact) = state.manifests.get(&manifest).cloned() else {
        state.violation("UpdateArtifactManifest: there is no such manifest");
        return Err((404, "manifest not found".to_owned()));
    };
    let answer = manifest_answer(state, variables, &artifact, &manifest);
    Ok(json!({"updateArtifactManifest": {"artifactManifest": answer}}))
}

fn manifest_answer(
    state: &mut State,
    variables: &Variables<'_>,
    artifact: &str,
    manifest: &str,
) -> Value {
    let md5 = variables.text(&["digest"]).unwrap_or_default();
    let upload = *variables.get(&["includeUpload"]) == true;
    let headers = upload_headers(&md5, Some("application/json"));
    let url = upload.then(|| {
        let target = Target::Manifest {
            artifact: artifact.to_owned(),
            md5: md5.clone(),
        };
        state.sign(
            &["artifact", artifact, "wandb_manifest.json"],
            headers.clone(),
            target,
        )
    });
    json!({"id": manifest, "file": {
        "id": STANDARD.encode(format!("File:{manifest}")),
        "uploadUrl": url,
        "uploadHeaders": told(&headers),
    }})
}

fn upload_headers(md5: &str, mime: Option<&str>) -> Vec<(String, String)> {
    let mut headers = vec![("Content-MD5".to_owned(), md5.to_owned())];
    headers.extend(mime.map(|mime| ("Content-Type".to_owned(), mime.to_owned())));
    headers
}

fn told(headers: &[(String, String)]) -> Vec<String> {
    headers
        .iter()
        .map(|(name, value)| format!("{name}:{value}"))
        .collect()
}

pub(super) fn create_files(state: &mut State, variables: &Variables<'_>) -> Answer {
    let wanted = variables.get(&["artifactFiles"]).as_array();
    let wanted = wanted.ok_or_else(|| (400, "artifactFiles is missing".to_owned()))?;
    let mut edges = Vec::new();
    for file in wanted {
        let text = |key: &str| file[key].as_str().unwrap_or_default().to_owned();
        let (id, manifest, name, md5) = (
            text("artifactID"),
            text("artifactManifestID"),
            text("name"),
            text("md5"),
        );
        if state.artifact(&id).is_none() || state.manifests.get(&manifest) != Some(&id) {
            state.violation(format!("CreateArtifactFiles: {name}: no such manifest"));
            return Err((404, "artifact not found".to_owned()));
        }
        if STANDARD.decode(&md5).map(|md5| md5.len()) != Ok(16) {
            state.violation(format!("CreateArtifactFiles: {name}: md5 {md5:?}"));
            return Err((400, "md5 is not one".to_owned()));
        }
        edges.push(json!({"node": file_answer(state, file, &id, &name, &md5)}));
    }
    Ok(json!({"createArtifactFiles": {"files": {"edges": edges}}}))
}

/// Where one file of an artifact is to be sent, if the server does not have it.
fn file_answer(state: &mut State, file: &Value, id: &str, name: &str, md5: &str) -> Value {
    let storage_path = format!("wandb_artifacts/{id}/{name}");
    if let Some((birth, bytes)) = stored(state, id, md5) {
        if let Some(artifact) = state.artifact(id) {
            artifact.store(name.to_owned(), md5, bytes);
        }
        return json!({
            "id": name, "name": name, "displayName": name, "storagePath": storage_path,
            "uploadUrl": null, "uploadHeaders": [], "uploadMultipartUrls": null,
            "artifact": {"id": birth},
        });
    }
    let mut headers = upload_headers(md5, file["mimetype"].as_str());
    let mut parts = Value::Null;
    let url = if let Some(wanted) = file["uploadPartsInput"].as_array() {
        parts = multipart_answer(state, wanted, id, name, md5, &storage_path);
        // Each part has a digest of its own.
        headers.remove(0);
        // Whoever ignores the parts has no permission to send the whole.
        format!("{}/storage/send-the-parts", state.base_url)
    } else {
        let target = Target::ArtifactFile {
            artifact: id.to_owned(),
            name: name.to_owned(),
            md5: md5.to_owned(),
        };
        state.sign(&["artifact", id, name], headers.clone(), target)
    };
    json!({
        "id": name, "name": name, "displayName": name, "storagePath": storage_path,
        "uploadUrl": url, "uploadHeaders": told(&headers), "uploadMultipartUrls": parts,
        "artifact": {"id": id},
    })
}

/// Bytes that the project has already, and the artifact that brought them.
fn stored(state: &State, id: &str, md5: &str) -> Option<(String, Vec<u8>)> {
    let own = state.artifacts.iter().find(|artifact| artifact.id == id)?;
    state
        .artifacts
        .iter()
        .filter(|other| (&other.entity, &other.project) == (&own.entity, &own.project))
        .find_map(|other| Some((other.id.clone(), other.file_of(md5)?.clone())))
}

fn multipart_answer(
    state: &mut State,
    wanted: &[Value],
    id: &str,
    name: &str,
    md5: &str,
    storage_path: &str,
) -> Value {
    let upload = format!("upload-{}", state.number());
    let mut urls = Vec::new();
    let mut multipart = Multipart {
        artifact: id.to_owned(),
        name: name.to_owned(),
        md5: md5.to_owned(),
        storage_path: storage_path.to_owned(),
        parts: BTreeMap::new(),
    };
    for (index, part) in wanted.iter().enumerate() {
        let number = part["partNumber"].as_u64().unwrap_or_default();
        if number != index as u64 + 1 {
            state.violation(format!("CreateArtifactFiles: {name}: part number {number}"));
        }
        multipart.parts.insert(number, None);
        let target = Target::Part {
            upload: upload.clone(),
            number,
            md5: part["hexMD5"].as_str().unwrap_or_default().to_owned(),
        };
        let url = state.sign(
            &["artifact", id, name, &number.to_string()],
            Vec::new(),
            target,
        );
        urls.push(json!({"partNumber": number, "uploadUrl": url}));
    }
    state.multiparts.insert(upload.clone(), multipart);
    json!({"uploadID": upload, "uploadUrlParts": urls})
}

pub(super) fn complete_multipart(state: &mut State, variables: &Variables<'_>) -> Answer {
    let upload = variables.required(&["uploadID"])?;
    let Some(multipart) = state.multiparts.get(&upload).cloned() else {
        return Err((404, "there is no such upload".to_owned()));
    };
    let refused = |state: &mut State, fault: String| {
        state.violation(format!(
            "CompleteMultipartUploadArtifact: {}: {fault}",
            multipart.name
        ));
        Err((400, fault))
    };
    if variables.text(&["artifactID"]).as_ref() != Some(&multipart.artifact)
        || variables.text(&["storagePath"]).as_ref() != Some(&multipart.storage_path)
    {
        return refused(state, "artifactID or storagePath is of another".to_owned());
    }
    let completed = variables.get(&["completedParts"]);
    let mut whole = Vec::new();
    for (index, (number, bytes)) in multipart.parts.iter().enumerate() {
        let Some(bytes) = bytes else {
            return refused(state, format!("part {number} was not sent"));
        };
        let part = &completed[index];
        if part["partNumber"] != *number || part["hexMD5"] != *etag(bytes) {
            return refused(state, format!("part {number} is told as {part}"));
        }
        whole.extend_from_slice(bytes);
    }
    if STANDARD.encode(Md5::digest(&whole)) != multipart.md5 {
        return refused(state, "the whole has another digest".to_owned());
    }
    if let Some(artifact) = state.artifact(&multipart.artifact) {
        artifact.store(multipart.name.clone(), &multipart.md5, whole);
    }
    Ok(json!({"completeMultipartUploadArtifact": {"digest": multipart.md5}}))
}

/// The tag of a part, quotes included.
pub(super) fn etag(bytes: &[u8]) -> String {
    format!("\"{}\"", hex(&Md5::digest(bytes)))
}

pub(super) fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        text.push_str(&format!("{byte:02x}"));
        text
    })
}
