//! What the server knows: runs, artifacts, what may be uploaded.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::Value;

use super::http::percent_encode;

/// Entity of requests that name none.
pub(crate) const DEFAULT_ENTITY: &str = "fake-user";

/// Entity, project and ID of a run.
pub(crate) type RunPath = (String, String, String);

/// A run as the server knows it.
#[derive(Debug, Clone, Default)]
pub(crate) struct RunView {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) id: String,
    pub(crate) storage_id: String,
    pub(crate) display_name: String,
    pub(crate) notes: Option<String>,
    pub(crate) description: Option<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) group: Option<String>,
    pub(crate) job_type: Option<String>,
    pub(crate) program: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) commit: Option<String>,
    pub(crate) repo: Option<String>,
    pub(crate) sweep: Option<String>,
    /// As sent: every key holds an object with `value`.
    pub(crate) config: Value,
    /// The last line of `wandb-summary.json`.
    pub(crate) summary: Option<String>,
    /// Lines of `wandb-history.jsonl`, as sent.
    pub(crate) history: Vec<String>,
    /// Lines of `wandb-events.jsonl`, as sent.
    pub(crate) events: Vec<String>,
    /// Lines of `output.log`, as sent: JSON objects, or text with a stamp if the feature is off.
    pub(crate) console: Vec<String>,
    /// How many history lines were replaced by a different text.
    pub(crate) history_rewritten: usize,
    /// What was PUT, by path.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    /// Files that the stream said were uploaded.
    pub(crate) uploaded: BTreeSet<String>,
    /// `running`, `finished`, `failed`, `preempting`, `preempted`, or what an upsert set.
    pub(crate) state: String,
    pub(crate) exit_code: Option<i64>,
    /// Whether the stream was told to stop the run.
    pub(crate) stopped: bool,
    /// How many upserts there were.
    pub(crate) upserts: usize,
    /// How many stream requests were applied.
    pub(crate) stream_requests: usize,
    /// Artifacts that this run made, in order of their making.
    pub(crate) artifacts: Vec<ArtifactView>,
    /// Artifacts that this run used, each once.
    pub(crate) used_artifacts: Vec<UsedArtifact>,
    pub(crate) alerts: Vec<Alert>,
    /// The request that completed the run: the same one may come again.
    pub(super) completed_by: Option<Arc<Vec<u8>>>,
}

impl RunView {
    /// A value of the config; null if it is not there.
    pub(crate) fn config_value(&self, key: &str) -> Value {
        self.config[key]["value"].clone()
    }

    /// The summary; null if there is none. NaN and infinities are texts in it.
    pub(crate) fn summary_value(&self) -> Value {
        self.summary
            .as_ref()
            .map_or(Value::Null, |line| parse(line).unwrap())
    }

    /// The history lines as objects. NaN and infinities are texts in them.
    pub(crate) fn history_rows(&self) -> Vec<Value> {
        self.history
            .iter()
            .map(|line| parse(line).unwrap())
            .collect()
    }

    /// The texts of the console lines, without stamps.
    pub(crate) fn console_texts(&self) -> Vec<String> {
        let text = |line: &String| {
            if let Ok(Value::Object(line)) = parse(line) {
                return line["content"].as_str().unwrap().to_owned();
            }
            // Without the feature: `[ERROR ]STAMP TEXT`.
            let line = line.strip_prefix("ERROR ").unwrap_or(line);
            line.split_once(' ').map_or("", |(_, text)| text).to_owned()
        };
        self.console.iter().map(text).collect()
    }

    /// The newest artifact of this name.
    pub(crate) fn artifact(&self, name: &str) -> &ArtifactView {
        self.artifacts
            .iter()
            .rfind(|artifact| artifact.name == name)
            .unwrap_or_else(|| panic!("{} has no artifact {name}", self.id))
    }

    /// Keeps the lines up to this step.
    pub(super) fn keep_steps(&mut self, last: f64) {
        self.history.retain(|line| {
            let step = parse(line).ok().and_then(|row| row["_step"].as_f64());
            step.is_none_or(|step| step <= last)
        });
    }
}

/// An artifact as the server knows it.
#[derive(Debug, Clone, Default)]
pub(crate) struct ArtifactView {
    pub(crate) id: String,
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) run: Option<String>,
    /// Name of the collection.
    pub(crate) name: String,
    pub(crate) type_name: String,
    pub(crate) description: Option<String>,
    pub(crate) metadata: Value,
    pub(crate) aliases: Vec<String>,
    pub(crate) tags: Vec<String>,
    pub(crate) digest: String,
    pub(crate) client_id: String,
    /// The manifest that was PUT; null before.
    pub(crate) manifest: Value,
    /// Bytes by path, of files whose upload was asked for or which the server had already.
    pub(crate) files: BTreeMap<String, Vec<u8>>,
    pub(crate) committed: bool,
    /// N of `vN`, once committed.
    pub(crate) version: Option<usize>,
    /// `ENTITY/PROJECT/PORTFOLIO` and aliases of links.
    pub(crate) links: Vec<(String, Vec<String>)>,
    /// Paths of `files` by the digest of their bytes.
    pub(super) paths: HashMap<String, String>,
}

impl ArtifactView {
    /// Keeps the bytes of a file, whose digest was checked.
    pub(super) fn store(&mut self, path: String, md5: &str, bytes: Vec<u8>) {
        self.paths.insert(md5.to_owned(), path.clone());
        self.files.insert(path, bytes);
    }

    /// The bytes with this digest.
    pub(super) fn file_of(&self, md5: &str) -> Option<&Vec<u8>> {
        self.files.get(self.paths.get(md5)?)
    }
}

/// An artifact that a run used.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct UsedArtifact {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) used_as: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alert {
    pub(crate) title: String,
    pub(crate) text: String,
    /// `INFO`, `WARN` or `ERROR`.
    pub(crate) severity: Option<String>,
    pub(crate) wait_ms: Option<i64>,
}

/// What a signed URL writes.
#[derive(Debug, Clone)]
pub(super) enum Target {
    RunFile {
        run: RunPath,
        name: String,
    },
    ArtifactFile {
        artifact: String,
        name: String,
        md5: String,
    },
    Part {
        upload: String,
        number: u64,
        md5: String,
    },
    Manifest {
        artifact: String,
        md5: String,
    },
}

/// Permission to PUT one thing.
#[derive(Debug, Clone)]
pub(super) struct Signed {
    /// Path of the URL, percent-encoded.
    pub(super) path: String,
    /// Headers that the PUT must carry.
    pub(super) headers: Vec<(String, String)>,
    pub(super) target: Target,
}

/// A file that comes in parts.
#[derive(Debug, Clone)]
pub(super) struct Multipart {
    pub(super) artifact: String,
    pub(super) name: String,
    pub(super) md5: String,
    pub(super) storage_path: String,
    /// Bytes by number, once they are there.
    pub(super) parts: BTreeMap<u64, Option<Vec<u8>>>,
}

/// Everything behind one lock.
#[derive(Debug)]
pub(super) struct State {
    /// `http://127.0.0.1:PORT`.
    pub(super) base_url: String,
    pub(super) features: BTreeSet<String>,
    pub(super) violations: Vec<String>,
    pub(super) runs: BTreeMap<RunPath, RunView>,
    /// In order of their making.
    pub(super) artifacts: Vec<ArtifactView>,
    /// Artifact of each manifest.
    pub(super) manifests: HashMap<String, String>,
    /// Permissions by signature.
    pub(super) signed: HashMap<String, Signed>,
    pub(super) multiparts: HashMap<String, Multipart>,
    next_number: usize,
}

impl State {
    pub(super) fn new(base_url: String) -> Self {
        Self {
            base_url,
            features: BTreeSet::from(["STRUCTURED_CONSOLE_LOGS".to_owned()]),
            violations: Vec::new(),
            runs: BTreeMap::new(),
            artifacts: Vec::new(),
            manifests: HashMap::new(),
            signed: HashMap::new(),
            multiparts: HashMap::new(),
            next_number: 1,
        }
    }

    pub(super) fn violation(&mut self, text: impl Into<String>) {
        self.violations.push(text.into());
    }

    /// A number that was not given out before.
    pub(super) fn number(&mut self) -> usize {
        self.next_number += 1;
        self.next_number - 1
    }

    /// An opaque ID, as the service makes them.
    pub(super) fn new_id(&mut self, kind: &str) -> String {
        let number = self.number();
        STANDARD.encode(format!("{kind}:{number}"))
    }

    /// A URL below `/storage/` to which one thing may be PUT.
    pub(super) fn sign(
        &mut self,
        segments: &[&str],
        headers: Vec<(String, String)>,
        target: Target,
    ) -> String {
        let path = storage_path(segments);
        let signature = format!("{:08x}", self.number().wrapping_mul(0x9e37_79b1) as u32);
        let url = format!("{}{path}?signature={signature}", self.base_url);
        self.signed.insert(
            signature,
            Signed {
                path,
                headers,
                target,
            },
        );
        url
    }

    /// A run with its artifacts.
    pub(super) fn view(&self, path: &RunPath) -> Option<RunView> {
        let mut run = self.runs.get(path)?.clone();
        run.artifacts = self
            .artifacts
            .iter()
            .filter(|artifact| {
                artifact.run.as_ref() == Some(&run.id)
                    && artifact.entity == run.entity
                    && artifact.project == run.project
            })
            .cloned()
            .collect();
        Some(run)
    }

    pub(super) fn artifact(&mut self, id: &str) -> Option<&mut ArtifactView> {
        self.artifacts.iter_mut().find(|artifact| artifact.id == id)
    }
}

/// `/storage/` and these segments.
pub(super) fn storage_path(segments: &[&str]) -> String {
    let segments: Vec<String> = segments
        .iter()
        .map(|segment| percent_encode(segment))
        .collect();
    format!("/storage/{}", segments.join("/"))
}

/// Parses JSON with the bare tokens NaN, Infinity and -Infinity, which become texts.
pub(super) fn parse(text: &str) -> Result<Value, String> {
    use wandb_rs::wire::json::Value as Wire;
    fn convert(value: Wire) -> Value {
        match value {
            Wire::Null => Value::Null,
            Wire::Bool(bool) => Value::Bool(bool),
            Wire::Int(int) => Value::from(int),
            Wire::Float(float) => serde_json::Number::from_f64(float)
                .map_or_else(|| Value::String(float.to_string()), Value::Number),
            Wire::Text(text) => Value::String(text),
            Wire::List(items) => items.into_iter().map(convert).collect(),
            Wire::Map(members) => members
                .into_iter()
                .map(|(key, value)| (key, convert(value)))
                .collect(),
        }
    }
    Wire::parse(text)
        .map(convert)
        .map_err(|error| error.to_string())
}
