//! Artifacts: announced, their files and manifest stored, then committed.
//!
//! The server knows files by their digests and takes only what it does not have, so an upload that is begun again costs
//! little. Source: `core/pkg/artifacts/saver.go` and `multipart.go` of the official repository. Digests are always
//! MD5: entries that an SDK has marked XXH128 are digested anew, as the official client does for servers that do not
//! know the other.

use std::collections::HashMap;
use std::fs;
use std::io::{self, BufRead as _, Read as _};
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use md5::{Digest as _, Md5};
use serde_json::{Value, json};

use super::files::Of;
use crate::api::artifact::{FilePlace, ManifestOf};
use crate::api::transfer::Content;
use crate::api::{Api, ApiError, Caller};
use crate::wire::hex;
use crate::wire::schema::{ArtifactManifestEntry, ArtifactRecord};

/// Files from this size on are sent in parts.
const MULTIPART: u64 = 2 << 30;
/// Size of a part, unless there would be too many.
const PART: u64 = 100 << 20;
const MAX_PARTS: u64 = 10_000;
/// Files in one question.
const QUESTION: usize = 500;
/// Files that are sent at once.
const AT_ONCE: usize = 8;

/// Why an artifact was not uploaded.
#[derive(Debug, thiserror::Error)]
pub enum ArtifactError {
    #[error(transparent)]
    Api(#[from] ApiError),
    #[error("file {name}: {reason}")]
    File { name: String, reason: String },
    #[error("{0}")]
    Record(&'static str),
}

/// Uploads the artifact of a record for a run; gives the server's id of it.
pub fn upload(
    api: &Api,
    record: &ArtifactRecord,
    of: Of<'_>,
    caller: Caller<'_>,
) -> Result<String, ArtifactError> {
    let manifest = record
        .manifest
        .as_ref()
        .ok_or(ArtifactError::Record("its record has no manifest"))?;
    let mut entries = manifest.contents.clone();
    if !manifest.manifest_file_path.is_empty() {
        entries.extend(entries_of(Path::new(&manifest.manifest_file_path))?);
    }
    entries.sort_by(|a, b| a.path.cmp(&b.path));
    let mut digest = record.digest.clone();
    if rehash(&mut entries)? || digest.is_empty() {
        digest = digest_of(&entries);
    }
    for entry in &mut entries {
        resolve(api, entry, caller)?;
    }
    let region = manifest
        .storage_policy_config
        .iter()
        .find(|item| item.key == "storageRegion")
        .and_then(|item| serde_json::from_str::<String>(&item.value_json).ok());
    let input = announcement(record, &digest, region.as_deref(), of);
    let created = match api.create_artifact(&input, caller) {
        // A server that has no tags gets the artifact without.
        Err(ApiError::Refused { message, .. })
            if input.get("tags").is_some() && message.contains("unknown field 'tags'") =>
        {
            let mut input = input;
            if let Some(members) = input.as_object_mut() {
                members.remove("tags");
            }
            api.create_artifact(&input, caller)?
        }
        created => created?,
    };
    if created.committed {
        if record.use_after_commit {
            api.use_artifact(&created.id, of.entity, of.project, of.run, caller)?;
        }
        return Ok(created.id);
    }
    let (kind, name) = if record.incremental {
        ("INCREMENTAL", "wandb_manifest.incremental.json")
    } else if record.distributed_id.is_empty() {
        ("FULL", "wandb_manifest.json")
    } else {
        ("PATCH", "wandb_manifest.patch.json")
    };
    let base = match record.base_id.as_str() {
        "" => created.latest.as_deref(),
        id => Some(id),
    };
    let of_manifest = ManifestOf {
        artifact: &created.id,
        base,
        name,
        kind,
        entity: of.entity,
        project: of.project,
        run: of.run,
    };
    let draft = api.create_manifest(&of_manifest, None, caller)?;
    store_files(api, &created.id, &draft.id, &mut entries, caller)?;
    let text = manifest_json(
        manifest.version,
        &manifest.storage_policy,
        region.as_deref(),
        &entries,
    );
    let text = Bytes::from(text);
    let text_digest = STANDARD.encode(Md5::digest(&text));
    let place = if kind == "FULL" {
        api.create_manifest(&of_manifest, Some(&text_digest), caller)?
    } else {
        api.update_manifest(&draft.id, &text_digest, caller)?
    };
    let url = place.url.ok_or(ArtifactError::Record(
        "the server does not say where to store its manifest",
    ))?;
    api.put(name, &url, &place.headers, &Content::Bytes(text), caller)?;
    if record.finalize {
        api.commit_artifact(&created.id, caller)?;
        if record.use_after_commit {
            api.use_artifact(&created.id, of.entity, of.project, of.run, caller)?;
        }
    }
    Ok(created.id)
}

fn announcement(record: &ArtifactRecord, digest: &str, region: Option<&str>, of: Of<'_>) -> Value {
    let given = |text: &str| (!text.is_empty()).then(|| text.to_owned());
    let aliases: Vec<Value> = record
        .aliases
        .iter()
        .map(|alias| json!({"artifactCollectionName": record.name, "alias": alias}))
        .collect();
    let tags: Vec<Value> = record
        .tags
        .iter()
        .map(|tag| json!({"tagName": tag}))
        .collect();
    let mut input = json!({
        "entityName": of.entity,
        "projectName": of.project,
        "artifactTypeName": record.artifact_type,
        "artifactCollectionName": record.name,
        "runName": (!record.user_created).then_some(of.run),
        "digest": digest,
        "digestAlgorithm": "MANIFEST_MD5",
        "description": given(&record.description),
        "metadata": given(&record.metadata),
        "aliases": aliases,
        "tags": (!tags.is_empty()).then_some(tags),
        "clientID": given(&record.client_id),
        "sequenceClientID": given(&record.sequence_client_id),
        "enableDigestDeduplication": true,
        "distributedID": given(&record.distributed_id),
        "ttlDurationSeconds": (record.ttl_duration_seconds != 0).then_some(record.ttl_duration_seconds),
        "storageRegion": region,
    });
    // Servers of other versions know fewer fields: what is not said is left out.
    if let Some(members) = input.as_object_mut() {
        members.retain(|_, value| !value.is_null());
    }
    input
}

/// Digests of entries that are not MD5 are made anew; true if there were some.
fn rehash(entries: &mut [ArtifactManifestEntry]) -> Result<bool, ArtifactError> {
    let mut any = false;
    for entry in entries {
        let marked = entry.extra.iter().any(|item| item.key == "alg");
        if !marked || entry.local_path.is_empty() || !entry.reference.is_empty() {
            continue;
        }
        let failed = |error: io::Error| ArtifactError::File {
            name: entry.path.clone(),
            reason: format!("{}: {error}", entry.local_path),
        };
        let digest = md5_of(Path::new(&entry.local_path), 0, u64::MAX).map_err(failed)?;
        entry.digest = STANDARD.encode(digest);
        entry.extra.retain(|item| item.key != "alg");
        any = true;
    }
    Ok(any)
}

/// Digest of an artifact: hexadecimal MD5 over the paths and digests of its files, in the order of paths.
pub fn digest_of(entries: &[ArtifactManifestEntry]) -> String {
    let mut digest = Md5::new();
    digest.update(b"wandb-artifact-manifest-v1\n");
    for entry in entries {
        digest.update(format!("{}:{}\n", entry.path, entry.digest));
    }
    hex::encode(&digest.finalize())
}

/// Entries of a manifest that was too long for a record: a gzip file of JSON lines.
fn entries_of(path: &Path) -> Result<Vec<ArtifactManifestEntry>, ArtifactError> {
    let failed = |reason: String| ArtifactError::File {
        name: path.display().to_string(),
        reason,
    };
    let file = fs::File::open(path).map_err(|error| failed(error.to_string()))?;
    let lines = io::BufReader::new(flate2::read::GzDecoder::new(file)).lines();
    let mut entries = Vec::new();
    for line in lines {
        let line = line.map_err(|error| failed(error.to_string()))?;
        let entry: Value =
            serde_json::from_str(&line).map_err(|error| failed(error.to_string()))?;
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_owned();
        entries.push(ArtifactManifestEntry {
            path: text("path"),
            digest: text("digest"),
            reference: text("ref"),
            size: entry["size"].as_f64().unwrap_or(0.0) as i64,
            local_path: text("local_path"),
            birth_artifact_id: text("birthArtifactID"),
            ..ArtifactManifestEntry::default()
        });
    }
    Ok(entries)
}

/// References to artifacts by their client's id become references by the server's.
fn resolve(
    api: &Api,
    entry: &mut ArtifactManifestEntry,
    caller: Caller<'_>,
) -> Result<(), ArtifactError> {
    let Some(rest) = entry.reference.strip_prefix("wandb-client-artifact://") else {
        return Ok(());
    };
    let (client, path) = rest.split_once('/').unwrap_or((rest, ""));
    let id = api.server_id(client, caller)?;
    let bytes = STANDARD
        .decode(&id)
        .map_err(|_| ArtifactError::Record("the server's id of an artifact is not base64"))?;
    entry.reference = format!("wandb-artifact://{}/{path}", hex::encode(&bytes));
    Ok(())
}

/// Stores what the server does not have; entries learn where their bytes were first.
fn store_files(
    api: &Api,
    artifact: &str,
    manifest: &str,
    entries: &mut [ArtifactManifestEntry],
    caller: Caller<'_>,
) -> Result<(), ArtifactError> {
    let local: Vec<usize> = (0..entries.len())
        .filter(|i| !entries[*i].local_path.is_empty())
        .collect();
    let with_digest = api.has_feature("ARTIFACT_DIGEST_ALGORITHM", caller);
    for part in local.chunks(QUESTION) {
        let mut specs = Vec::new();
        let mut parts = HashMap::new();
        for i in part {
            let entry = &entries[*i];
            let digests = part_digests(entry)?;
            let mut spec = json!({
                "artifactID": artifact,
                "artifactManifestID": manifest,
                "name": entry.path,
                "md5": entry.digest,
                "uploadPartsInput": digests.as_ref().map(|digests| {
                    digests.iter().enumerate()
                        .map(|(n, digest)| json!({"partNumber": n + 1, "hexMD5": hex::encode(digest)}))
                        .collect::<Vec<_>>()
                }),
            });
            if with_digest {
                spec["digest"] = Value::from(entry.digest.as_str());
            }
            if let Some(digests) = digests {
                parts.insert(*i, digests);
            }
            specs.push(spec);
        }
        let algorithm = with_digest.then_some("MANIFEST_MD5");
        let places = api.create_artifact_files(&specs, algorithm, caller)?;
        let next = AtomicUsize::new(0);
        let failure = Mutex::new(None);
        let work = || {
            loop {
                let n = next.fetch_add(1, Ordering::SeqCst);
                let (Some(i), Some(place)) = (part.get(n), places.get(n)) else {
                    return;
                };
                if let Err(error) = store_file(api, &entries[*i], place, parts.get(i), caller) {
                    // The first one tells; the others are not begun.
                    failure
                        .lock()
                        .unwrap_or_else(PoisonError::into_inner)
                        .get_or_insert(error);
                    next.store(usize::MAX / 2, Ordering::SeqCst);
                }
            }
        };
        std::thread::scope(|scope| {
            for _ in 1..part.len().min(AT_ONCE) {
                let _ = std::thread::Builder::new()
                    .name("artifact".to_owned())
                    .stack_size(256 << 10)
                    .spawn_scoped(scope, work);
            }
            work();
        });
        if let Some(error) = failure.into_inner().unwrap_or_else(PoisonError::into_inner) {
            return Err(error);
        }
        for (i, place) in part.iter().zip(places) {
            entries[*i].birth_artifact_id = place.birth;
        }
    }
    Ok(())
}

fn store_file(
    api: &Api,
    entry: &ArtifactManifestEntry,
    place: &FilePlace,
    digests: Option<&Vec<[u8; 16]>>,
    caller: Caller<'_>,
) -> Result<(), ArtifactError> {
    let path = Path::new(&entry.local_path);
    let size = path
        .metadata()
        .map_err(|error| missing(entry, &error))?
        .len();
    if let (Some((upload, urls)), Some(digests)) = (&place.parts, digests) {
        let content_type = place
            .headers
            .iter()
            .find_map(|header| header.strip_prefix("Content-Type:"))
            .unwrap_or_default();
        let part = part_size(size);
        let mut etags = Vec::new();
        for (n, (url, digest)) in urls.iter().zip(digests).enumerate() {
            let offset = n as u64 * part;
            let headers = [
                format!("Content-MD5:{}", STANDARD.encode(digest)),
                format!("Content-Type:{content_type}"),
            ];
            let content = Content::File(path, offset, part.min(size - offset));
            let etag = api.put(&entry.path, url, &headers, &content, caller)?;
            etags.push(etag.ok_or_else(|| ArtifactError::File {
                name: entry.path.clone(),
                reason: "the server does not confirm a part (no ETag)".to_owned(),
            })?);
        }
        api.complete_parts(&place.birth, &place.storage_path, upload, &etags, caller)?;
        return Ok(());
    }
    // Without a URL the server has the bytes already.
    let Some(url) = &place.url else {
        return Ok(());
    };
    let content = Content::File(path, 0, size);
    api.put(&entry.path, url, &place.headers, &content, caller)?;
    Ok(())
}

fn missing(entry: &ArtifactManifestEntry, error: &io::Error) -> ArtifactError {
    ArtifactError::File {
        name: entry.path.clone(),
        reason: format!("its copy {} cannot be read: {error}", entry.local_path),
    }
}

fn part_size(size: u64) -> u64 {
    if size < PART * MAX_PARTS {
        PART
    } else {
        size.div_ceil(MAX_PARTS).next_multiple_of(4096)
    }
}

/// MD5 of each part of a file that is sent in parts.
fn part_digests(entry: &ArtifactManifestEntry) -> Result<Option<Vec<[u8; 16]>>, ArtifactError> {
    let path = Path::new(&entry.local_path);
    let failed = |error: io::Error| missing(entry, &error);
    let size = path.metadata().map_err(failed)?.len();
    if size < MULTIPART {
        return Ok(None);
    }
    let part = part_size(size);
    let mut digests = Vec::new();
    let mut offset = 0;
    while offset < size {
        digests.push(md5_of(path, offset, part).map_err(failed)?);
        offset += part;
    }
    Ok(Some(digests))
}

fn md5_of(path: &Path, offset: u64, length: u64) -> io::Result<[u8; 16]> {
    use std::io::Seek as _;
    let mut file = fs::File::open(path)?;
    file.seek(io::SeekFrom::Start(offset))?;
    let mut part = file.take(length);
    let mut digest = Md5::new();
    let mut buffer = vec![0; 256 << 10];
    loop {
        match part.read(&mut buffer) {
            Ok(0) => return Ok(digest.finalize().into()),
            Ok(n) => digest.update(&buffer[..n]),
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
}

/// The manifest as it is stored. Where the copies lie on this machine is nobody's business.
fn manifest_json(
    version: i32,
    policy: &str,
    region: Option<&str>,
    entries: &[ArtifactManifestEntry],
) -> String {
    let mut contents = serde_json::Map::new();
    for entry in entries {
        let mut member = json!({"digest": entry.digest, "size": entry.size});
        if !entry.reference.is_empty() {
            member["ref"] = Value::from(entry.reference.as_str());
        }
        if !entry.birth_artifact_id.is_empty() {
            member["birthArtifactID"] = Value::from(entry.birth_artifact_id.as_str());
        }
        let extra: serde_json::Map<_, _> = entry
            .extra
            .iter()
            .filter_map(|item| {
                let value = serde_json::from_str::<Value>(&item.value_json).ok()?;
                Some((item.key.clone(), value))
            })
            .collect();
        if !extra.is_empty() {
            member["extra"] = Value::from(extra);
        }
        contents.insert(entry.path.clone(), member);
    }
    let mut config = json!({"storageLayout": "V2"});
    if let Some(region) = region {
        config["storageRegion"] = Value::from(region);
    }
    let policy = if policy.is_empty() {
        "wandb-storage-policy-v1"
    } else {
        policy
    };
    json!({
        "version": version.max(1),
        "storagePolicy": policy,
        "storagePolicyConfig": config,
        "contents": contents,
    })
    .to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(path: &str, digest: &str) -> ArtifactManifestEntry {
        ArtifactManifestEntry {
            path: path.into(),
            digest: digest.into(),
            size: 4,
            local_path: "/staging/x".into(),
            ..ArtifactManifestEntry::default()
        }
    }

    #[test]
    fn manifests_and_digests_are_the_official_ones() {
        let entries = [entry("a.txt", "XJWX88gkWQfqcaidnTnQjg=="), entry("b", "q")];
        let mut digest = Md5::new();
        digest.update(b"wandb-artifact-manifest-v1\na.txt:XJWX88gkWQfqcaidnTnQjg==\nb:q\n");
        assert_eq!(digest_of(&entries), hex::encode(&digest.finalize()));
        assert_eq!(
            manifest_json(0, "", None, &entries[..1]),
            r#"{"version":1,"storagePolicy":"wandb-storage-policy-v1","storagePolicyConfig":{"storageLayout":"V2"},"contents":{"a.txt":{"digest":"XJWX88gkWQfqcaidnTnQjg==","size":4}}}"#
        );
    }

    #[test]
    fn very_large_files_have_larger_parts() {
        assert_eq!(part_size(3 << 30), 100 << 20);
        let huge = 5 << 40;
        assert!(huge / part_size(huge) <= MAX_PARTS && part_size(huge).is_multiple_of(4096));
    }
}
