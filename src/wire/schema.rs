//! The protobuf messages of the `.wandb` log that this program writes or reads.
//!
//! Names and numbers are those of the official `wandb_internal.proto` and `wandb_telemetry.proto`
//! (wandb 0.31.0 descriptors). Fields and record kinds that are not listed here are left alone:
//! [`super::raw::RawRecord`] keeps the sender's bytes, so nothing is lost by not knowing it.
//! In `*_json` fields stands JSON text in the dialect of [`super::json`].

use std::collections::BTreeMap;

use prost::{Message, Oneof};

mod artifact;

pub use artifact::{ArtifactManifest, ArtifactManifestEntry, ArtifactRecord, JsonItem};

/// One entry of the log. `num` counts from 1 in the order of writing.
#[derive(Clone, PartialEq, Message)]
pub struct Record {
    #[prost(int64, tag = "1")]
    pub num: i64,
    #[prost(
        oneof = "Kind",
        tags = "2, 3, 4, 5, 6, 7, 8, 10, 11, 12, 13, 17, 18, 20, 21, 22, 23, 25, 26, 27"
    )]
    pub kind: Option<Kind>,
}

/// What a [`Record`] holds. Requests (field 100) are transport and never stand in a log.
#[derive(Clone, PartialEq, Oneof)]
pub enum Kind {
    #[prost(message, tag = "2")]
    History(HistoryRecord),
    #[prost(message, tag = "3")]
    Summary(SummaryRecord),
    #[prost(message, tag = "4")]
    Output(OutputRawRecord),
    #[prost(message, tag = "5")]
    Config(ConfigRecord),
    #[prost(message, tag = "6")]
    Files(FilesRecord),
    #[prost(message, tag = "7")]
    Stats(StatsRecord),
    #[prost(message, tag = "8")]
    Artifact(Box<ArtifactRecord>),
    #[prost(message, tag = "10")]
    Alert(AlertRecord),
    #[prost(message, tag = "11")]
    Telemetry(TelemetryRecord),
    #[prost(message, tag = "12")]
    Metric(MetricRecord),
    #[prost(message, tag = "13")]
    OutputRaw(OutputRawRecord),
    #[prost(message, tag = "17")]
    Run(Box<RunRecord>),
    #[prost(message, tag = "18")]
    Exit(RunExitRecord),
    #[prost(message, tag = "20")]
    Final(Empty),
    #[prost(message, tag = "21")]
    Header(HeaderRecord),
    #[prost(message, tag = "22")]
    Footer(Empty),
    #[prost(message, tag = "23")]
    Preempting(Empty),
    #[prost(message, tag = "25")]
    UseArtifact(Empty),
    #[prost(message, tag = "26")]
    Environment(Box<EnvironmentRecord>),
    #[prost(message, tag = "27")]
    OutputLogger(OutputLoggerRecord),
}

impl Kind {
    /// The official name of the record kind, as `wandb leet inspect` prints it.
    pub fn name(&self) -> &'static str {
        match self {
            Self::History(_) => "history",
            Self::Summary(_) => "summary",
            Self::Output(_) => "output",
            Self::Config(_) => "config",
            Self::Files(_) => "files",
            Self::Stats(_) => "stats",
            Self::Artifact(_) => "artifact",
            Self::Alert(_) => "alert",
            Self::Telemetry(_) => "telemetry",
            Self::Metric(_) => "metric",
            Self::OutputRaw(_) => "output_raw",
            Self::Run(_) => "run",
            Self::Exit(_) => "exit",
            Self::Final(_) => "final",
            Self::Header(_) => "header",
            Self::Footer(_) => "footer",
            Self::Preempting(_) => "preempting",
            Self::UseArtifact(_) => "use_artifact",
            Self::Environment(_) => "environment",
            Self::OutputLogger(_) => "output_logger",
        }
    }
}

/// A message without fields that matter here.
#[derive(Clone, PartialEq, Message)]
pub struct Empty {}

/// First record of a log: who wrote it and which server it needs.
#[derive(Clone, PartialEq, Message)]
pub struct HeaderRecord {
    #[prost(message, optional, tag = "1")]
    pub version_info: Option<VersionInfo>,
}

/// `producer` starts with the client version that the format follows, `min_consumer` is the oldest server.
#[derive(Clone, PartialEq, Message)]
pub struct VersionInfo {
    #[prost(string, tag = "1")]
    pub producer: String,
    #[prost(string, tag = "2")]
    pub min_consumer: String,
}

/// Seconds and nanoseconds since the Unix epoch (`google.protobuf.Timestamp`).
#[derive(Clone, Copy, PartialEq, Message)]
pub struct Timestamp {
    #[prost(int64, tag = "1")]
    pub seconds: i64,
    #[prost(int32, tag = "2")]
    pub nanos: i32,
}

/// The run itself. The first one creates the run; later ones repeat it with changed name, tags or notes.
#[derive(Clone, PartialEq, Message)]
pub struct RunRecord {
    #[prost(string, tag = "1")]
    pub run_id: String,
    #[prost(string, tag = "2")]
    pub entity: String,
    #[prost(string, tag = "3")]
    pub project: String,
    #[prost(message, optional, tag = "4")]
    pub config: Option<ConfigRecord>,
    #[prost(string, tag = "6")]
    pub run_group: String,
    #[prost(string, tag = "7")]
    pub job_type: String,
    #[prost(string, tag = "8")]
    pub display_name: String,
    #[prost(string, tag = "9")]
    pub notes: String,
    #[prost(string, repeated, tag = "10")]
    pub tags: Vec<String>,
    #[prost(string, tag = "12")]
    pub sweep_id: String,
    #[prost(string, tag = "13")]
    pub host: String,
    #[prost(int64, tag = "14")]
    pub starting_step: i64,
    #[prost(message, optional, tag = "17")]
    pub start_time: Option<Timestamp>,
    /// A resumed run goes on from here.
    #[prost(bool, tag = "18")]
    pub resumed: bool,
    #[prost(message, optional, tag = "19")]
    pub telemetry: Option<TelemetryRecord>,
    /// Whole seconds already run, on resume.
    #[prost(int32, tag = "20")]
    pub runtime: i32,
    #[prost(message, optional, tag = "21")]
    pub git: Option<GitRepoRecord>,
    #[prost(bool, tag = "22")]
    pub forked: bool,
    #[prost(message, optional, tag = "23")]
    pub branch_point: Option<BranchPoint>,
    /// The user asked for `resume=allow` or `resume=must`.
    #[prost(bool, tag = "24")]
    pub resume: bool,
}

/// Why a run cannot begin. `code`: 1 communication, 2 authentication, 3 usage, 4 unsupported.
#[derive(Clone, PartialEq, Message)]
pub struct ErrorInfo {
    #[prost(string, tag = "1")]
    pub message: String,
    #[prost(int32, tag = "2")]
    pub code: i32,
}

/// Where a forked or rewound run leaves its parent; `metric` is always `_step`.
#[derive(Clone, PartialEq, Message)]
pub struct BranchPoint {
    #[prost(string, tag = "1")]
    pub run: String,
    #[prost(double, tag = "2")]
    pub value: f64,
    #[prost(string, tag = "3")]
    pub metric: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct GitRepoRecord {
    #[prost(string, tag = "1")]
    pub remote_url: String,
    #[prost(string, tag = "2")]
    pub commit: String,
}

/// End of the run. `runtime` is in whole seconds.
#[derive(Clone, PartialEq, Message)]
pub struct RunExitRecord {
    #[prost(int32, tag = "1")]
    pub exit_code: i32,
    #[prost(int32, tag = "2")]
    pub runtime: i32,
}

/// One row of history.
#[derive(Clone, PartialEq, Message)]
pub struct HistoryRecord {
    #[prost(message, repeated, tag = "1")]
    pub item: Vec<HistoryItem>,
    #[prost(message, optional, tag = "2")]
    pub step: Option<HistoryStep>,
}

#[derive(Clone, PartialEq, Message)]
pub struct HistoryStep {
    #[prost(int64, tag = "1")]
    pub num: i64,
}

/// One leaf of a row. `nested_key` wins over `key`; a typed value wins over `value_json`.
#[derive(Clone, PartialEq, Message)]
pub struct HistoryItem {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, repeated, tag = "2")]
    pub nested_key: Vec<String>,
    #[prost(oneof = "TypedValue", tags = "3, 4, 5, 6, 7, 8")]
    pub value: Option<TypedValue>,
    #[prost(string, tag = "16")]
    pub value_json: String,
}

impl HistoryItem {
    /// Where in the row the value stands. Never empty.
    pub fn path(&self) -> &[String] {
        path(&self.key, &self.nested_key)
    }
}

/// The typed twin of `value_json` (setting `x_history_value_encoding`).
#[derive(Clone, PartialEq, Oneof)]
pub enum TypedValue {
    #[prost(int32, tag = "3")]
    None(i32),
    #[prost(bool, tag = "4")]
    Boolean(bool),
    #[prost(sint64, tag = "5")]
    Integer(i64),
    #[prost(double, tag = "6")]
    Number(f64),
    #[prost(string, tag = "7")]
    Text(String),
    #[prost(string, tag = "8")]
    Json(String),
}

/// A keyed JSON value of a summary or config change. `nested_key` wins over `key`.
#[derive(Clone, PartialEq, Message)]
pub struct KeyedItem {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, repeated, tag = "2")]
    pub nested_key: Vec<String>,
    #[prost(string, tag = "16")]
    pub value_json: String,
}

impl KeyedItem {
    /// Where in the config or summary the value stands. Never empty.
    pub fn path(&self) -> &[String] {
        path(&self.key, &self.nested_key)
    }
}

fn path<'a>(key: &'a String, nested_key: &'a [String]) -> &'a [String] {
    if nested_key.is_empty() {
        std::slice::from_ref(key)
    } else {
        nested_key
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct SummaryRecord {
    #[prost(message, repeated, tag = "1")]
    pub update: Vec<KeyedItem>,
    #[prost(message, repeated, tag = "2")]
    pub remove: Vec<KeyedItem>,
}

#[derive(Clone, PartialEq, Message)]
pub struct ConfigRecord {
    #[prost(message, repeated, tag = "1")]
    pub update: Vec<KeyedItem>,
    #[prost(message, repeated, tag = "2")]
    pub remove: Vec<KeyedItem>,
}

/// `define_metric`: an exact name or a glob that ends in `*`.
#[derive(Clone, PartialEq, Message)]
pub struct MetricRecord {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(string, tag = "2")]
    pub glob_name: String,
    #[prost(string, tag = "4")]
    pub step_metric: String,
    #[prost(message, optional, tag = "6")]
    pub options: Option<MetricOptions>,
    #[prost(message, optional, tag = "7")]
    pub summary: Option<MetricSummary>,
    #[prost(int32, tag = "8")]
    pub goal: i32,
    #[prost(message, optional, tag = "9")]
    pub control: Option<MetricControl>,
    #[prost(bool, tag = "10")]
    pub expanded_from_glob: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct MetricOptions {
    #[prost(bool, tag = "1")]
    pub step_sync: bool,
    #[prost(bool, tag = "2")]
    pub hidden: bool,
    #[prost(bool, tag = "3")]
    pub defined: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct MetricSummary {
    #[prost(bool, tag = "1")]
    pub min: bool,
    #[prost(bool, tag = "2")]
    pub max: bool,
    #[prost(bool, tag = "3")]
    pub mean: bool,
    #[prost(bool, tag = "4")]
    pub best: bool,
    #[prost(bool, tag = "5")]
    pub last: bool,
    #[prost(bool, tag = "6")]
    pub none: bool,
    #[prost(bool, tag = "7")]
    pub copy: bool,
    #[prost(bool, tag = "8")]
    pub first: bool,
}

#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct MetricControl {
    #[prost(bool, tag = "1")]
    pub overwrite: bool,
}

/// A fragment of console output; readers join fragments into a stream.
#[derive(Clone, PartialEq, Message)]
pub struct OutputRawRecord {
    /// 0 is stderr, 1 is stdout.
    #[prost(int32, tag = "1")]
    pub output_type: i32,
    #[prost(message, optional, tag = "2")]
    pub timestamp: Option<Timestamp>,
    #[prost(string, tag = "3")]
    pub line: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct OutputLoggerRecord {
    #[prost(string, tag = "1")]
    pub line: String,
}

/// One sample of system metrics; keys are in the table of `core/internal/monitor`, without `system.` prefix.
#[derive(Clone, PartialEq, Message)]
pub struct StatsRecord {
    #[prost(int32, tag = "1")]
    pub stats_type: i32,
    #[prost(message, optional, tag = "2")]
    pub timestamp: Option<Timestamp>,
    #[prost(message, repeated, tag = "3")]
    pub item: Vec<StatsItem>,
}

#[derive(Clone, PartialEq, Message)]
pub struct StatsItem {
    #[prost(string, tag = "1")]
    pub key: String,
    #[prost(string, tag = "16")]
    pub value_json: String,
}

#[derive(Clone, PartialEq, Message)]
pub struct FilesRecord {
    #[prost(message, repeated, tag = "1")]
    pub files: Vec<FilesItem>,
}

/// A file under `files/`.
#[derive(Clone, PartialEq, Message)]
pub struct FilesItem {
    /// Relative to `files/`, with `/`.
    #[prost(string, tag = "1")]
    pub path: String,
    /// 0 now, 1 at the end, 2 live.
    #[prost(int32, tag = "2")]
    pub policy: i32,
    /// 0 other, 1 W&B's own, 2 media, 3 artifact.
    #[prost(int32, tag = "3")]
    pub file_type: i32,
}

impl FilesItem {
    /// A file that the client makes itself (requirements, patch, code), to be uploaded now.
    pub fn wandb(path: &str) -> Self {
        Self {
            path: path.to_owned(),
            policy: 0,
            file_type: 1,
        }
    }
}

#[derive(Clone, PartialEq, Message)]
pub struct AlertRecord {
    #[prost(string, tag = "1")]
    pub title: String,
    #[prost(string, tag = "2")]
    pub text: String,
    /// `INFO`, `WARN` or `ERROR`.
    #[prost(string, tag = "3")]
    pub level: String,
    /// Milliseconds between two alerts of one title.
    #[prost(int64, tag = "4")]
    pub wait_duration: i64,
}

#[derive(Clone, PartialEq, Message)]
pub struct TelemetryRecord {
    #[prost(message, optional, tag = "3")]
    pub feature: Option<TelemetryFeature>,
    #[prost(string, tag = "4")]
    pub python_version: String,
    #[prost(string, tag = "5")]
    pub cli_version: String,
    #[prost(string, tag = "13")]
    pub platform: String,
}

/// The few features that a wrapped run can show.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct TelemetryFeature {
    #[prost(bool, tag = "2")]
    pub finish: bool,
    #[prost(bool, tag = "3")]
    pub save: bool,
    #[prost(bool, tag = "4")]
    pub offline: bool,
    #[prost(bool, tag = "7")]
    pub metric: bool,
    #[prost(bool, tag = "13")]
    pub set_init_name: bool,
    #[prost(bool, tag = "14")]
    pub set_init_id: bool,
    #[prost(bool, tag = "15")]
    pub set_init_tags: bool,
    #[prost(bool, tag = "16")]
    pub set_init_config: bool,
}

/// Where and how the run was started. Readers merge all records of this kind.
#[derive(Clone, PartialEq, Message)]
pub struct EnvironmentRecord {
    #[prost(string, tag = "1")]
    pub os: String,
    #[prost(string, tag = "2")]
    pub python: String,
    #[prost(message, optional, tag = "3")]
    pub started_at: Option<Timestamp>,
    #[prost(string, tag = "4")]
    pub docker: String,
    #[prost(string, repeated, tag = "5")]
    pub args: Vec<String>,
    #[prost(string, tag = "6")]
    pub program: String,
    #[prost(string, tag = "7")]
    pub code_path: String,
    #[prost(string, tag = "8")]
    pub code_path_local: String,
    #[prost(message, optional, tag = "9")]
    pub git: Option<GitRepoRecord>,
    #[prost(string, tag = "10")]
    pub email: String,
    #[prost(string, tag = "11")]
    pub root: String,
    #[prost(string, tag = "12")]
    pub host: String,
    #[prost(string, tag = "13")]
    pub username: String,
    #[prost(string, tag = "14")]
    pub executable: String,
    #[prost(uint32, tag = "16")]
    pub cpu_count: u32,
    #[prost(uint32, tag = "17")]
    pub cpu_count_logical: u32,
    #[prost(string, tag = "18")]
    pub gpu_type: String,
    #[prost(uint32, tag = "19")]
    pub gpu_count: u32,
    #[prost(btree_map = "string, message", tag = "20")]
    pub disk: BTreeMap<String, DiskInfo>,
    #[prost(message, optional, tag = "21")]
    pub memory: Option<MemoryInfo>,
    #[prost(message, optional, tag = "22")]
    pub cpu: Option<CpuInfo>,
    #[prost(message, repeated, tag = "24")]
    pub gpu_nvidia: Vec<GpuNvidiaInfo>,
    #[prost(string, tag = "25")]
    pub cuda_version: String,
    #[prost(btree_map = "string, string", tag = "27")]
    pub slurm: BTreeMap<String, String>,
    #[prost(string, tag = "199")]
    pub writer_id: String,
}

/// Bytes.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct DiskInfo {
    #[prost(uint64, tag = "1")]
    pub total: u64,
    #[prost(uint64, tag = "2")]
    pub used: u64,
}

/// Bytes.
#[derive(Clone, Copy, PartialEq, Eq, Message)]
pub struct MemoryInfo {
    #[prost(uint64, tag = "1")]
    pub total: u64,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct CpuInfo {
    #[prost(uint32, tag = "1")]
    pub count: u32,
    #[prost(uint32, tag = "2")]
    pub count_logical: u32,
    #[prost(string, tag = "3")]
    pub model: String,
}

#[derive(Clone, PartialEq, Eq, Message)]
pub struct GpuNvidiaInfo {
    #[prost(string, tag = "1")]
    pub name: String,
    #[prost(uint64, tag = "2")]
    pub memory_total: u64,
    #[prost(uint32, tag = "3")]
    pub cuda_cores: u32,
    #[prost(string, tag = "4")]
    pub architecture: String,
    #[prost(string, tag = "5")]
    pub uuid: String,
}

impl Timestamp {
    /// From whole nanoseconds since the Unix epoch.
    pub fn from_nanos(nanos: i128) -> Self {
        Self {
            seconds: nanos.div_euclid(1_000_000_000) as i64,
            nanos: nanos.rem_euclid(1_000_000_000) as i32,
        }
    }

    /// Seconds since the Unix epoch.
    pub fn as_secs_f64(&self) -> f64 {
        self.seconds as f64 + f64::from(self.nanos) / 1e9
    }
}
