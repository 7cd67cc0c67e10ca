//! Signed URLs below `/storage/`: PUTs of what was asked for, and GETs of runs' files.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

use super::artifact_files::{etag, hex};
use super::http::{Head, Reply, find, percent_decode};
use super::state::{Signed, State, Target, parse, storage_path};

/// The permission that a URL is, if it is one.
fn signed<'a>(state: &'a State, head: &Head) -> Option<&'a Signed> {
    let (path, query) = head.path_and_query();
    let signed = state.signed.get(query.strip_prefix("signature=")?)?;
    (signed.path == path).then_some(signed)
}

/// What is uploaded, as fault plans name it.
pub(super) fn name_of(state: &State, head: &Head) -> String {
    match signed(state, head).map(|signed| &signed.target) {
        Some(Target::RunFile { name, .. }) => name.clone(),
        Some(Target::ArtifactFile { artifact, name, .. }) => {
            format!("{}/{name}", collection(state, artifact))
        }
        Some(Target::Part { upload, number, .. }) => match state.multiparts.get(upload) {
            Some(multipart) => format!(
                "{}/{}#{number}",
                collection(state, &multipart.artifact),
                multipart.name
            ),
            None => upload.clone(),
        },
        Some(Target::Manifest { artifact, .. }) => {
            format!("{}/wandb_manifest.json", collection(state, artifact))
        }
        None => head.target.clone(),
    }
}

fn collection<'a>(state: &'a State, artifact: &'a str) -> &'a str {
    state
        .artifacts
        .iter()
        .find(|known| known.id == artifact)
        .map_or(artifact, |known| &known.name)
}

pub(super) fn put(state: &mut State, head: &Head, body: &[u8]) -> Reply {
    let what = name_of(state, head);
    if head.header("authorization").is_some() {
        state.violation(format!("PUT {what}: credentials on a storage URL"));
    }
    let Some(signed) = signed(state, head).cloned() else {
        state.violation(format!("PUT {what}: it was not asked for"));
        return Reply::error(403, "the signature is not valid");
    };
    for (name, value) in &signed.headers {
        if find(&head.headers, name) != Some(value) {
            state.violation(format!("PUT {what}: the header {name}: {value} is missing"));
            return Reply::error(403, "a signed header is missing");
        }
    }
    let digest = Md5::digest(body);
    let (in_base64, in_hex) = (STANDARD.encode(digest), hex(&digest));
    let good = match &signed.target {
        Target::RunFile { .. } => true,
        Target::ArtifactFile { md5, .. } | Target::Manifest { md5, .. } => *md5 == in_base64,
        Target::Part { md5, .. } => {
            *md5 == in_hex
                && head
                    .header("content-md5")
                    .is_none_or(|md5| md5 == in_base64)
        }
    };
    if !good {
        state.violation(format!("PUT {what}: the bytes have another digest"));
        return Reply::error(400, "bad digest");
    }
    let mut reply = Reply::empty(200);
    match signed.target {
        Target::RunFile { run, name } => {
            if let Some(run) = state.runs.get_mut(&run) {
                run.files.insert(name, body.to_vec());
            }
        }
        Target::ArtifactFile { artifact, name, .. } => {
            if let Some(artifact) = state.artifact(&artifact) {
                artifact.store(name, &in_base64, body.to_vec());
            }
        }
        Target::Part { upload, number, .. } => {
            if let Some(multipart) = state.multiparts.get_mut(&upload) {
                multipart.parts.insert(number, Some(body.to_vec()));
            }
            reply.headers.push(("ETag".to_owned(), etag(body)));
        }
        Target::Manifest { artifact, .. } => match parse(&String::from_utf8_lossy(body)) {
            Ok(manifest) => {
                if let Some(artifact) = state.artifact(&artifact) {
                    artifact.manifest = manifest;
                }
            }
            Err(fault) => state.violation(format!("PUT {what}: not JSON: {fault}")),
        },
    }
    reply
}

/// Answers with a run's file.
pub(super) fn get(state: &State, head: &Head) -> Reply {
    let (path, _) = head.path_and_query();
    let segments: Option<Vec<String>> = path.split('/').skip(3).map(percent_decode).collect();
    let file = segments.and_then(|segments| {
        let [entity, project, run, name] = segments.try_into().ok()?;
        let expected = storage_path(&["run", &entity, &project, &run, &name]);
        let run = state.runs.get(&(entity, project, run))?;
        run.files.get(&name).filter(|_| expected == path)
    });
    file.map_or_else(
        || Reply::error(404, "there is no such file"),
        |bytes| Reply {
            body: bytes.clone(),
            ..Reply::empty(200)
        },
    )
}
