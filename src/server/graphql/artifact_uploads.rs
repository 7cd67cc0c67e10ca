//! Mutations that fill artifacts: manifests, files, and the commit that makes a version of them.

use std::collections::BTreeMap;

use md5::{Digest as _, Md5};
use serde_json::{Map, Value, json};

use super::artifact_edits::{artifact_payload, of_id};
use super::artifacts::{self, Artifact};
use super::plain::{Plain, number};
use super::{Answer, Arguments, Context, Fault, Resolved, files, some};
use crate::server::links::Access;
use crate::server::links::Target;
use crate::server::meta::artifacts::{Entry, Manifest};
use crate::server::meta::{artifacts as stored, collections};
use crate::server::{now, storage};
use crate::sys;
use crate::wire::hex;

/// What stands before the digest in the storage path of a file.
const STORAGE_PATH: &str = "wandb_artifacts/";
/// The most parts of a file: as many as the official client makes.
const MOST_PARTS: usize = 10_000;

fn manifest_payload(context: &Context<'_>, manifest: &Manifest, with_upload: bool) -> Resolved {
    let url = with_upload.then(|| {
        let target = Target::Manifest { id: manifest.id };
        context
            .server
            .links
            .sign(context.base, Access::Upload, &target, now())
    });
    let manifest = artifacts::manifest(context, manifest, url);
    some(Plain::answer(
        "Payload",
        vec![("artifactManifest", manifest)],
    ))
}

/// `createArtifactManifest`.
pub(super) fn create_manifest(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let artifact = of_id(context, arguments.required("artifactID")?)?;
    let base = match arguments.text("baseArtifactID") {
        Some(id) => Some(number("Artifact", id)?),
        None => None,
    };
    let kind = arguments
        .text("type")
        .or(arguments.text("manifestType"))
        .unwrap_or("FULL");
    let manifest = context
        .server
        .meta
        .write(|db| stored::create_manifest(db, artifact.id, kind, base))?;
    manifest_payload(
        context,
        &manifest,
        arguments.flag("includeUpload")
            || arguments
                .text("digest")
                .is_some_and(|digest| !digest.is_empty()),
    )
}

/// `updateArtifactManifest`: where the content of a manifest goes.
pub(super) fn update_manifest(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let number = number("Manifest", arguments.required("artifactManifestID")?)?;
    let found = context
        .server
        .meta
        .read(|db| stored::manifest_by_id(db, number));
    let manifest = found?.ok_or_else(|| Fault::not_found("manifest"))?;
    manifest_payload(context, &manifest, true)
}

/// `createArtifactFiles`: where the files of an artifact go; what is here already goes nowhere.
pub(super) fn create_files(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let mut wanted = Vec::new();
    for file in arguments.list("artifactFiles") {
        let text = |name: &str| file[name].as_str().unwrap_or_default();
        let artifact = of_id(context, text("artifactID"))?;
        let md5 = files::hex_of(text("md5"))
            .ok_or_else(|| Fault::invalid(format!("file {:?} has no MD5 digest", text("name"))))?;
        wanted.push((file, artifact, md5));
    }
    // From now on what is here stays, and what comes, too.
    context.server.meta.write(|db| {
        let mut pairs = wanted.iter().map(|(_, artifact, md5)| (artifact.id, md5));
        pairs.try_for_each(|(artifact, md5)| stored::add_pending(db, artifact, md5))
    })?;
    let mut edges = Vec::new();
    for (file, artifact, md5) in wanted {
        let text = |name: &str| file[name].as_str().unwrap_or_default();
        let parts = file["uploadPartsInput"]
            .as_array()
            .map_or(&[][..], Vec::as_slice);
        let (url, multipart) = places(context, artifact.id, &md5, parts)?;
        let headers = json!([
            format!("Content-MD5:{}", text("md5")),
            format!("Content-Type:{}", storage::mime_type(text("name")))
        ]);
        let node = Plain::answer(
            "File",
            vec![
                (
                    "id",
                    Answer::from(format!("ArtifactFile:{}:{md5}", artifact.id)),
                ),
                ("name", text("name").into()),
                ("displayName", text("name").into()),
                ("storagePath", format!("{STORAGE_PATH}{md5}").into()),
                ("uploadUrl", url),
                ("uploadHeaders", headers.into()),
                ("uploadMultipartUrls", multipart),
                ("artifact", Answer::object(Artifact(artifact))),
            ],
        );
        edges.push(Plain::answer(
            "Edge",
            vec![("node", node), ("cursor", Answer::NULL)],
        ));
    }
    let files = Plain::answer("Connection", vec![("edges", Answer::List(edges))]);
    some(Plain::answer("Payload", vec![("files", files)]))
}

/// Where one file goes: to one address, or in parts to several; nowhere if it is here.
fn places(
    context: &Context<'_>,
    artifact: i64,
    md5: &str,
    parts: &[Value],
) -> Result<(Answer, Answer), Fault> {
    let server = context.server;
    let sign = |target: &Target| {
        server
            .links
            .sign(context.base, Access::Upload, target, now())
    };
    if server.blobs.has(md5) {
        return Ok((Answer::NULL, Answer::NULL));
    }
    if parts.len() > MOST_PARTS {
        return Err(Fault::invalid(format!(
            "a file has at most {MOST_PARTS} parts"
        )));
    }
    let upload = hex::encode(&sys::random::<16>());
    let urls = parts.iter().filter_map(|part| {
        let number = u32::try_from(part["partNumber"].as_u64()?).ok()?;
        let target = Target::Part {
            upload: upload.clone(),
            number,
        };
        Some(Plain::answer(
            "UploadUrlPart",
            vec![
                ("partNumber", number.into()),
                ("uploadUrl", sign(&target).into()),
            ],
        ))
    });
    let multipart = Plain::answer(
        "UploadMultipartUrls",
        vec![
            ("uploadID", upload.as_str().into()),
            ("uploadUrlParts", Answer::List(urls.collect())),
        ],
    );
    let single = Target::ArtifactFile {
        artifact,
        md5: md5.to_owned(),
    };
    let multipart = if parts.is_empty() {
        Answer::NULL
    } else {
        multipart
    };
    Ok((sign(&single).into(), multipart))
}

/// `completeMultipartUploadArtifact`: the parts become one file.
pub(super) fn complete_multipart(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let upload = arguments.required("uploadID")?;
    let blobs = &context.server.blobs;
    let parts = blobs
        .parts(upload)
        .ok_or_else(|| Fault::not_found("upload"))?;
    let wanted = arguments
        .text("storagePath")
        .and_then(|path| path.strip_prefix(STORAGE_PATH));
    if wanted.is_some_and(|md5| blobs.has(md5)) && !parts.exists() {
        // The answer to an earlier request of this kind was lost.
        return some(Plain::answer(
            "Payload",
            vec![(
                "digest",
                wanted.map_or(Answer::NULL, |md5| files::base64_of(md5).into()),
            )],
        ));
    }
    if !parts.exists() {
        return Err(Fault::not_found("upload"));
    }
    let wanted = wanted.ok_or_else(|| Fault::invalid("argument \"storagePath\" is missing"))?;
    let joined = blobs.join_parts(&parts, wanted)?;
    let stored = joined
        .ok_or_else(|| Fault::invalid("the parts are not the file: its digest is another one"))?;
    some(Plain::answer(
        "Payload",
        vec![("digest", files::base64_of(&stored.md5).into())],
    ))
}

/// `commitArtifact`: all has arrived; the artifact becomes the next version of its collection.
pub(super) fn commit(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let artifact = of_id(context, arguments.required("artifactID")?)?;
    if artifact.state == "COMMITTED" {
        return artifact_payload(context, artifact.id);
    }
    let server = context.server;
    let manifests = server.meta.read(|db| stored::manifests(db, artifact.id))?;
    if manifests.is_empty() {
        return Err(Fault::invalid(
            "the artifact has no manifest: it cannot be committed",
        ));
    }
    let kept = server.keep_content();
    let (entries, is_merged) = entries_of(context, &manifests)?;
    let missing = entries
        .iter()
        .find(|entry| entry.md5.as_ref().is_some_and(|md5| !server.blobs.has(md5)));
    if let Some(missing) = missing {
        return Err(Fault::invalid(format!(
            "file {:?} of the artifact has not arrived: it cannot be committed",
            missing.path
        )));
    }
    let merged = if is_merged {
        Some(server.blobs.put(manifest_text(&entries).as_bytes())?)
    } else {
        None
    };
    let digest = digest_of(&entries);
    let aliases: Vec<String> = serde_json::from_str(&artifact.aliases).unwrap_or_default();
    server.meta.write(|db| {
        let state = stored::by_id(db, artifact.id)?.map(|artifact| artifact.state);
        match state.as_deref() {
            Some("PENDING") => {}
            // Another request was faster.
            Some("COMMITTED") => return Ok(()),
            _ => return Err(Fault::not_found("artifact")),
        }
        if let Some(merged) = &merged {
            let manifest = stored::create_manifest(db, artifact.id, "FULL", None)?;
            stored::store_manifest(db, manifest.id, &merged.md5, merged.size)?;
        }
        stored::commit(
            db,
            artifact.id,
            &digest,
            &hex::encode(&sys::random::<16>())[..20],
            &entries,
            now(),
        )?;
        collections::add_member(db, artifact.collection, artifact.id, now())?;
        for alias in aliases.iter().map(String::as_str).chain(["latest"]) {
            collections::set_alias(db, artifact.collection, alias, artifact.id)?;
        }
        Ok(())
    })?;
    drop(kept);
    artifact_payload(context, artifact.id)
}

/// The entries that manifests say together, and whether they had to be put together. A full manifest says all; an
/// incremental one changes those of the artifact that it is based on; patches of several writers add up.
fn entries_of(context: &Context<'_>, manifests: &[Manifest]) -> Result<(Vec<Entry>, bool), Fault> {
    let mut entries: BTreeMap<String, Entry> = BTreeMap::new();
    let full = manifests
        .iter()
        .rposition(|manifest| manifest.kind == "FULL");
    let relevant = &manifests[full.unwrap_or(0)..];
    for manifest in relevant {
        if let ("INCREMENTAL", Some(base)) = (manifest.kind.as_str(), manifest.base) {
            let base = context.server.meta.read(|db| stored::entries(db, base))?;
            entries.extend(base.into_iter().map(|entry| (entry.path.clone(), entry)));
        }
        let bytes = context
            .server
            .blobs
            .read(manifest.md5.as_deref().unwrap_or_default())?;
        let content: Value = serde_json::from_slice(&bytes)
            .map_err(|error| Fault::invalid(format!("the manifest is not JSON: {error}")))?;
        let members = content["contents"].as_object().cloned().unwrap_or_default();
        entries.extend(
            members
                .into_iter()
                .map(|(path, entry)| (path.clone(), entry_of(path, &entry))),
        );
    }
    let is_merged = relevant.len() > 1 || relevant.iter().any(|manifest| manifest.kind != "FULL");
    Ok((entries.into_values().collect(), is_merged))
}

fn entry_of(path: String, entry: &Value) -> Entry {
    let digest = entry["digest"].as_str().unwrap_or_default().to_owned();
    let reference = entry["ref"].as_str().map(str::to_owned);
    Entry {
        path,
        md5: files::hex_of(&digest).filter(|_| reference.is_none()),
        digest,
        size: entry["size"].as_i64().unwrap_or(0).max(0),
        reference,
    }
}

/// The digest of an artifact: that of a text with one line for each entry. Source: `wandb/sdk/artifacts/storage_policies`
/// and `artifact_manifests` of the official repository.
fn digest_of(entries: &[Entry]) -> String {
    let mut digest = Md5::new();
    digest.update("wandb-artifact-manifest-v1\n");
    for entry in entries {
        digest.update(format!("{}:{}\n", entry.path, entry.digest));
    }
    hex::encode(&digest.finalize())
}

fn manifest_text(entries: &[Entry]) -> String {
    let contents: Map<String, Value> = entries
        .iter()
        .map(|entry| {
            let mut member = json!({"digest": entry.digest, "size": entry.size});
            if let Some(reference) = &entry.reference {
                member["ref"] = reference.as_str().into();
            }
            (entry.path.clone(), member)
        })
        .collect();
    json!({
        "version": 1,
        "storagePolicy": "wandb-storage-policy-v1",
        "storagePolicyConfig": {"storageLayout": "V2"},
        "contents": contents,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_of_an_artifact_is_that_of_the_official_client() {
        let entry = |path: &str, digest: &str| Entry {
            path: path.to_owned(),
            digest: digest.to_owned(),
            md5: None,
            size: 0,
            reference: None,
        };
        let text = "wandb-artifact-manifest-v1\na.txt:XUFAKrxLKna5cZ2REBfFkg==\n";
        assert_eq!(
            digest_of(&[entry("a.txt", "XUFAKrxLKna5cZ2REBfFkg==")]),
            hex::encode(&Md5::digest(text))
        );
    }

    #[test]
    fn entries_are_read_from_manifests() {
        let entry = entry_of(
            "a".to_owned(),
            &json!({"digest": "XUFAKrxLKna5cZ2REBfFkg==", "size": 5}),
        );
        assert_eq!(
            entry.md5.as_deref(),
            Some("5d41402abc4b2a76b9719d911017c592")
        );
        let reference = entry_of(
            "r".to_owned(),
            &json!({"digest": "https://x", "ref": "https://x", "size": 0}),
        );
        assert_eq!(
            (reference.md5, reference.reference.as_deref()),
            (None, Some("https://x"))
        );
    }
}
