//! Run directories that a test writes itself, record by record.

use std::fs::{self, File};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use md5::{Digest as _, Md5};

use wandb_rs::wire::log::{FILE_HEADER, Framer};
use wandb_rs::wire::records::Records;
use wandb_rs::wire::schema::{
    AlertRecord, ArtifactManifest, ArtifactManifestEntry, ArtifactRecord, ConfigRecord, FilesItem,
    FilesRecord, HeaderRecord, HistoryItem, HistoryRecord, HistoryStep, KeyedItem, Kind,
    OutputRawRecord, RunExitRecord, RunRecord, StatsItem, StatsRecord, SummaryRecord, Timestamp,
};

/// Seconds since the Unix epoch at which all of these runs begin.
const START: i64 = 1_780_000_000;

/// A run directory whose log is being written.
pub(crate) struct LogWriter {
    pub(crate) dir: PathBuf,
    pub(crate) log: PathBuf,
    file: File,
    framer: Framer,
    id: String,
    step: i64,
}

/// A config or summary item.
pub(crate) fn item(key: &str, json: &str) -> KeyedItem {
    KeyedItem {
        key: key.to_owned(),
        value_json: json.to_owned(),
        ..KeyedItem::default()
    }
}

/// A time of these runs, so many seconds after their start.
pub(crate) fn time(seconds: i64) -> Timestamp {
    Timestamp {
        seconds: START + seconds,
        nanos: 250_000_000,
    }
}

/// What a run says of itself at first.
pub(crate) fn run_record(id: &str) -> RunRecord {
    RunRecord {
        run_id: id.to_owned(),
        project: "proj".to_owned(),
        host: "host".to_owned(),
        start_time: Some(time(0)),
        config: Some(ConfigRecord {
            update: vec![item("lr", "0.1")],
            ..ConfigRecord::default()
        }),
        ..RunRecord::default()
    }
}

impl LogWriter {
    /// An empty log in a directory of this name.
    pub(crate) fn create(dir: PathBuf, id: &str) -> Self {
        fs::create_dir_all(dir.join("files")).unwrap();
        let log = dir.join(format!("run-{id}.wandb"));
        let mut file = File::create(&log).unwrap();
        file.write_all(&FILE_HEADER).unwrap();
        Self {
            dir,
            log,
            file,
            framer: Framer::new(),
            id: id.to_owned(),
            step: 0,
        }
    }

    /// An offline run below `wandb/` that has begun.
    pub(crate) fn begin(work: &Path, id: &str) -> Self {
        Self::begin_with(work, id, run_record(id))
    }

    /// An offline run below `wandb/` that has begun with this record.
    pub(crate) fn begin_with(work: &Path, id: &str, run: RunRecord) -> Self {
        let dir = work.join(format!("wandb/offline-run-20260528_202640-{id}"));
        let mut log = Self::create(dir, id);
        log.push(Kind::Header(HeaderRecord::default()));
        log.push(Kind::Run(Box::new(run)));
        log
    }

    /// Adds a record.
    pub(crate) fn push(&mut self, kind: Kind) {
        let mut records = Records::default();
        records.push(kind);
        let record = records.iter().next().unwrap().to_vec();
        self.push_encoded(&record);
    }

    /// Adds a record as it is encoded, or whatever the bytes are.
    pub(crate) fn push_encoded(&mut self, record: &[u8]) {
        let mut bytes = Vec::new();
        self.framer.frame(record, &mut bytes);
        self.file.write_all(&bytes).unwrap();
    }

    /// Adds a row, with a text of this length, and what a client writes beside it.
    pub(crate) fn row(&mut self, text: usize) {
        let step = self.step;
        self.step += 1;
        // Each text is another one, so that a row in a wrong place is seen.
        let digit = char::from(b'a' + (step % 26) as u8);
        let cells = [
            ("_step", step.to_string()),
            ("_timestamp", format!("{}.5", START + step)),
            ("_runtime", step.to_string()),
            ("loss", format!("{:?}", 1.0 / (step + 1) as f64)),
            ("text", format!("\"{}\"", digit.to_string().repeat(text))),
        ];
        let cells = cells.iter().take(if text == 0 { 4 } else { 5 });
        self.push(Kind::History(HistoryRecord {
            item: cells
                .clone()
                .map(|(key, json)| HistoryItem {
                    key: (*key).to_owned(),
                    value_json: json.clone(),
                    ..HistoryItem::default()
                })
                .collect(),
            step: Some(HistoryStep { num: step }),
        }));
        // Without the text, which may be long.
        let loss = cells.take(4).map(|(key, json)| item(key, json));
        self.push(Kind::Summary(SummaryRecord {
            update: loss.collect(),
            ..SummaryRecord::default()
        }));
    }

    /// Adds rows with texts of this length.
    pub(crate) fn rows(&mut self, count: usize, text: usize) {
        (0..count).for_each(|_| self.row(text));
    }

    /// Adds console output.
    pub(crate) fn print(&mut self, text: &str) {
        self.push(Kind::OutputRaw(OutputRawRecord {
            output_type: 1,
            timestamp: Some(time(self.step)),
            line: text.to_owned(),
        }));
    }

    /// Adds a sample of the system.
    pub(crate) fn sample(&mut self, cpu: f64) {
        self.push(Kind::Stats(StatsRecord {
            timestamp: Some(time(self.step)),
            item: vec![StatsItem {
                key: "cpu".to_owned(),
                value_json: format!("{cpu:?}"),
            }],
            ..StatsRecord::default()
        }));
    }

    /// Adds a file.
    pub(crate) fn file(&mut self, name: &str, content: &[u8]) {
        let path = self.dir.join("files").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, content).unwrap();
        self.push(Kind::Files(FilesRecord {
            files: vec![FilesItem {
                path: name.to_owned(),
                policy: 1,
                ..FilesItem::default()
            }],
        }));
    }

    /// Adds an artifact of these files, whose bytes are put aside as the SDK does it.
    pub(crate) fn artifact(&mut self, name: &str, files: &[(&str, &[u8])]) {
        let staging = self.dir.join("staging").join(name);
        fs::create_dir_all(&staging).unwrap();
        let mut contents: Vec<ArtifactManifestEntry> = files
            .iter()
            .enumerate()
            .map(|(i, (path, bytes))| {
                let local = staging.join(i.to_string());
                fs::write(&local, bytes).unwrap();
                ArtifactManifestEntry {
                    path: (*path).to_owned(),
                    digest: STANDARD.encode(Md5::digest(bytes)),
                    size: bytes.len() as i64,
                    local_path: local.to_str().unwrap().to_owned(),
                    ..ArtifactManifestEntry::default()
                }
            })
            .collect();
        contents.sort_by(|a, b| a.path.cmp(&b.path));
        self.push(Kind::Artifact(Box::new(ArtifactRecord {
            run_id: self.id.clone(),
            project: "proj".to_owned(),
            entity: super::fake::DEFAULT_ENTITY.to_owned(),
            artifact_type: "dataset".to_owned(),
            name: name.to_owned(),
            digest: wandb_rs::upload::artifact::digest_of(&contents),
            aliases: vec!["latest".to_owned(), "best".to_owned()],
            finalize: true,
            client_id: format!("client-{name}"),
            sequence_client_id: format!("sequence-{name}"),
            manifest: Some(ArtifactManifest {
                version: 1,
                storage_policy: "wandb-storage-policy-v1".to_owned(),
                contents,
                ..ArtifactManifest::default()
            }),
            ..ArtifactRecord::default()
        })));
    }

    /// Adds an alert.
    pub(crate) fn alert(&mut self, title: &str) {
        self.push(Kind::Alert(AlertRecord {
            title: title.to_owned(),
            text: "text".to_owned(),
            level: "WARN".to_owned(),
            wait_duration: 1,
        }));
    }

    /// Adds the end.
    pub(crate) fn exit(&mut self, code: i32) {
        self.push(Kind::Exit(RunExitRecord {
            exit_code: code,
            runtime: self.step as i32,
        }));
    }

    /// Whether the run is marked as uploaded.
    pub(crate) fn is_synced(&self) -> bool {
        wandb_rs::store::runs::synced_marker(&self.log).exists()
    }

    /// The upload's journal.
    pub(crate) fn journal(&self) -> PathBuf {
        wandb_rs::upload::journal::path_of(&self.log)
    }
}

/// A finished run with something of everything: rows, samples, console lines, files, an artifact, an alert.
pub(crate) fn varied(work: &Path, id: &str) -> LogWriter {
    let mut log = LogWriter::begin(work, id);
    for step in 0..10 {
        log.row(10);
        log.sample(f64::from(step));
        log.print(&format!("step {step}\n"));
    }
    log.file("note.txt", b"text of a file");
    log.file("media/images/a.png", &[137, 80, 78, 71]);
    log.artifact("ds", &[("a.txt", b"small"), ("sub/b.bin", &[7; 5000])]);
    log.alert("title");
    log.exit(0);
    log
}
