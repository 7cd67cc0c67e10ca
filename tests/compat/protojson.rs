//! Records in the words of `wandb leet inspect --json`, and JSON in one form, so that both sides compare as text.
//!
//! That tool prints protojson with four habits of its own: item lists become one object with dotted names, step and
//! exit code are always there, and non-finite numbers are strings.

use chrono::{DateTime, SecondsFormat};
use wandb_rs::wire::json::Value;
use wandb_rs::wire::schema::{
    ConfigRecord, GitRepoRecord, HistoryItem, KeyedItem, Kind, MetricRecord, Record, RunRecord,
    TelemetryFeature, TelemetryRecord, Timestamp,
};

/// JSON text with sorted members and numbers by value, however they were spelled: `1`, `1.0` and `1e0` are one.
pub(crate) fn canonical(value: &Value) -> String {
    normal(value).to_json()
}

fn normal(value: &Value) -> Value {
    match value {
        Value::Float(f) if f.is_nan() => "NaN".into(),
        Value::Float(f) if f.is_infinite() => {
            if *f > 0.0 { "Infinity" } else { "-Infinity" }.into()
        }
        Value::Float(f) if f.fract() == 0.0 && f.abs() < 9e18 => Value::Int(*f as i64),
        Value::List(items) => Value::List(items.iter().map(normal).collect()),
        Value::Map(members) => match members.as_slice() {
            // The fixtures' spelling of what JSON cannot hold.
            [(key, number)] if key == "$num" => number.clone(),
            _ => {
                let mut sorted: Vec<_> = members
                    .iter()
                    .map(|(key, value)| (key.clone(), normal(value)))
                    .collect();
                sorted.sort_by(|(a, _), (b, _)| a.cmp(b));
                Value::Map(sorted)
            }
        },
        other => other.clone(),
    }
}

/// The same, but with nothing below the members of these names.
pub(crate) fn canonical_without(value: &Value, names: &[&str]) -> String {
    match value {
        Value::Map(members) => {
            let kept = members
                .iter()
                .filter(|(key, _)| !names.contains(&key.as_str()));
            canonical(&Value::Map(kept.cloned().collect()))
        }
        other => canonical(other),
    }
}

/// A message under construction; fields with their default value are left out.
#[derive(Default)]
struct Message(Vec<(String, Value)>);

impl Message {
    fn with(mut self, name: &str, value: impl Into<Option<Value>>) -> Self {
        if let Some(value) = value.into() {
            self.0.push((name.to_owned(), value));
        }
        self
    }

    fn text(self, name: &str, text: &str) -> Self {
        self.with(name, (!text.is_empty()).then(|| text.into()))
    }

    fn number(self, name: &str, number: impl Into<i64>) -> Self {
        let number = number.into();
        self.with(name, (number != 0).then_some(Value::Int(number)))
    }

    /// 64-bit integers are strings in protojson.
    fn long(self, name: &str, number: u64) -> Self {
        self.with(name, (number != 0).then(|| number.to_string().into()))
    }

    fn flag(self, name: &str, flag: bool) -> Self {
        self.with(name, flag.then_some(Value::Bool(true)))
    }

    fn texts(self, name: &str, texts: &[String]) -> Self {
        self.list(name, texts.iter().map(|text| text.clone().into()).collect())
    }

    fn list(self, name: &str, items: Vec<Value>) -> Self {
        self.with(name, (!items.is_empty()).then_some(Value::List(items)))
    }

    fn map(self, name: &str, members: Vec<(String, Value)>) -> Self {
        self.with(name, (!members.is_empty()).then_some(Value::Map(members)))
    }

    fn time(self, name: &str, time: Option<&Timestamp>) -> Self {
        self.with(name, time.map(|time| rfc3339(time).into()))
    }

    fn enumerated(self, name: &str, names: &[&str], number: i32) -> Self {
        self.with(name, (number != 0).then(|| names[number as usize].into()))
    }

    fn end(self) -> Value {
        Value::Map(self.0)
    }
}

/// UTC with as many digits as are needed: none, three, six or nine.
pub(crate) fn rfc3339(time: &Timestamp) -> String {
    DateTime::from_timestamp(time.seconds, time.nanos as u32)
        .unwrap()
        .to_rfc3339_opts(SecondsFormat::AutoSi, true)
}

/// What the tool prints behind `"type":`, and how much of it we know how to decode.
pub(crate) fn record(kind: &Kind) -> (Value, Knowledge) {
    let mut knowledge = Knowledge::All;
    let message = Message::default();
    let message = match kind {
        Kind::History(history) => message
            .map(
                "item",
                history.item.iter().map(history_item).collect::<Vec<_>>(),
            )
            .with(
                "step",
                history
                    .step
                    .as_ref()
                    .map(|step| Message::default().with("num", Value::Int(step.num)).end()),
            ),
        Kind::Summary(summary) => message
            .map("update", items(&summary.update))
            .list("remove", removed(&summary.remove)),
        Kind::Config(config) => return (self::config(config), knowledge),
        Kind::Run(run) => return (self::run(run), knowledge),
        Kind::Metric(metric) => return (self::metric(metric), knowledge),
        Kind::Telemetry(telemetry) => {
            return (self::telemetry(telemetry), Knowledge::Part);
        }
        Kind::Output(output) | Kind::OutputRaw(output) => message
            .with(
                "output_type",
                Value::from(["STDERR", "STDOUT"][output.output_type as usize]),
            )
            .time("timestamp", output.timestamp.as_ref())
            .text("line", &output.line),
        Kind::OutputLogger(output) => message.text("line", &output.line),
        Kind::Stats(stats) => message
            .number("stats_type", stats.stats_type)
            .time("timestamp", stats.timestamp.as_ref())
            .map(
                "item",
                stats
                    .item
                    .iter()
                    .map(|item| (item.key.clone(), json(&item.value_json)))
                    .collect(),
            ),
        Kind::Files(files) => message.list(
            "files",
            files
                .files
                .iter()
                .map(|file| {
                    Message::default()
                        .text("path", &file.path)
                        .enumerated("policy", &POLICIES, file.policy)
                        .enumerated("type", &FILE_TYPES, file.file_type)
                        .end()
                })
                .collect(),
        ),
        Kind::Artifact(artifact) => {
            knowledge = Knowledge::Part;
            message
                .text("run_id", &artifact.run_id)
                .text("type", &artifact.artifact_type)
                .text("name", &artifact.name)
                .text("digest", &artifact.digest)
                .texts("aliases", &artifact.aliases)
        }
        Kind::Alert(alert) => message
            .text("title", &alert.title)
            .text("text", &alert.text)
            .text("level", &alert.level)
            .long("wait_duration", alert.wait_duration as u64),
        Kind::Exit(exit) => message
            .with("exit_code", Value::Int(exit.exit_code.into()))
            .number("runtime", exit.runtime),
        Kind::Header(header) => message.with(
            "version_info",
            header.version_info.as_ref().map(|version| {
                Message::default()
                    .text("producer", &version.producer)
                    .text("min_consumer", &version.min_consumer)
                    .end()
            }),
        ),
        Kind::Environment(environment) => message
            .text("os", &environment.os)
            .text("python", &environment.python)
            .time("started_at", environment.started_at.as_ref())
            .text("docker", &environment.docker)
            .texts("args", &environment.args)
            .text("program", &environment.program)
            .text("code_path", &environment.code_path)
            .text("code_path_local", &environment.code_path_local)
            .with("git", environment.git.as_ref().map(git))
            .text("email", &environment.email)
            .text("root", &environment.root)
            .text("host", &environment.host)
            .text("username", &environment.username)
            .text("executable", &environment.executable)
            .number("cpu_count", environment.cpu_count)
            .number("cpu_count_logical", environment.cpu_count_logical)
            .text("gpu_type", &environment.gpu_type)
            .number("gpu_count", environment.gpu_count)
            .map(
                "disk",
                environment
                    .disk
                    .iter()
                    .map(|(path, disk)| {
                        let disk = Message::default()
                            .long("total", disk.total)
                            .long("used", disk.used);
                        (path.clone(), disk.end())
                    })
                    .collect(),
            )
            .with(
                "memory",
                environment
                    .memory
                    .map(|memory| Message::default().long("total", memory.total).end()),
            )
            .with(
                "cpu",
                environment.cpu.as_ref().map(|cpu| {
                    Message::default()
                        .number("count", cpu.count)
                        .number("count_logical", cpu.count_logical)
                        .text("model", &cpu.model)
                        .end()
                }),
            )
            .list(
                "gpu_nvidia",
                environment
                    .gpu_nvidia
                    .iter()
                    .map(|gpu| {
                        Message::default()
                            .text("name", &gpu.name)
                            .long("memory_total", gpu.memory_total)
                            .number("cuda_cores", gpu.cuda_cores)
                            .text("architecture", &gpu.architecture)
                            .text("uuid", &gpu.uuid)
                            .end()
                    })
                    .collect(),
            )
            .text("cuda_version", &environment.cuda_version)
            .map(
                "slurm",
                environment
                    .slurm
                    .iter()
                    .map(|(name, value)| (name.clone(), value.clone().into()))
                    .collect(),
            )
            .text("writer_id", &environment.writer_id),
        Kind::UseArtifact(_) => {
            knowledge = Knowledge::Part;
            message
        }
        Kind::Final(_) | Kind::Footer(_) | Kind::Preempting(_) => message,
    };
    (message.end(), knowledge)
}

/// Whether the schema lists all fields of a record kind or only those that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Knowledge {
    All,
    Part,
}

pub(crate) const POLICIES: [&str; 3] = ["NOW", "END", "LIVE"];
pub(crate) const FILE_TYPES: [&str; 4] = ["OTHER", "WANDB", "MEDIA", "ARTIFACT"];

/// A run record.
pub(crate) fn run(run: &RunRecord) -> Value {
    Message::default()
        .text("run_id", &run.run_id)
        .text("entity", &run.entity)
        .text("project", &run.project)
        .with("config", run.config.as_ref().map(config))
        .text("run_group", &run.run_group)
        .text("job_type", &run.job_type)
        .text("display_name", &run.display_name)
        .text("notes", &run.notes)
        .texts("tags", &run.tags)
        .text("sweep_id", &run.sweep_id)
        .text("host", &run.host)
        .long("starting_step", run.starting_step as u64)
        .time("start_time", run.start_time.as_ref())
        .with("telemetry", run.telemetry.as_ref().map(telemetry))
        .number("runtime", run.runtime)
        .with("git", run.git.as_ref().map(git))
        .with(
            "branch_point",
            run.branch_point.as_ref().map(|branch| {
                Message::default()
                    .text("run", &branch.run)
                    .with("value", Value::Float(branch.value))
                    .text("metric", &branch.metric)
                    .end()
            }),
        )
        .flag("resume", run.resume)
        .end()
}

/// A metric definition.
pub(crate) fn metric(metric: &MetricRecord) -> Value {
    Message::default()
        .text("name", &metric.name)
        .text("glob_name", &metric.glob_name)
        .text("step_metric", &metric.step_metric)
        .with(
            "options",
            metric.options.map(|options| {
                Message::default()
                    .flag("step_sync", options.step_sync)
                    .flag("hidden", options.hidden)
                    .flag("defined", options.defined)
                    .end()
            }),
        )
        .with(
            "summary",
            metric.summary.map(|summary| {
                Message::default()
                    .flag("min", summary.min)
                    .flag("max", summary.max)
                    .flag("mean", summary.mean)
                    .flag("best", summary.best)
                    .flag("last", summary.last)
                    .flag("none", summary.none)
                    .flag("copy", summary.copy)
                    .flag("first", summary.first)
                    .end()
            }),
        )
        .number("goal", metric.goal)
        .with(
            "_control",
            metric.control.map(|control| {
                Message::default()
                    .flag("overwrite", control.overwrite)
                    .end()
            }),
        )
        .flag("expanded_from_glob", metric.expanded_from_glob)
        .end()
}

fn telemetry(telemetry: &TelemetryRecord) -> Value {
    Message::default()
        .with("feature", telemetry.feature.map(features))
        .text("python_version", &telemetry.python_version)
        .text("cli_version", &telemetry.cli_version)
        .text("platform", &telemetry.platform)
        .end()
}

fn features(feature: TelemetryFeature) -> Value {
    Message::default()
        .flag("finish", feature.finish)
        .flag("save", feature.save)
        .flag("offline", feature.offline)
        .flag("metric", feature.metric)
        .flag("set_init_name", feature.set_init_name)
        .flag("set_init_id", feature.set_init_id)
        .flag("set_init_tags", feature.set_init_tags)
        .flag("set_init_config", feature.set_init_config)
        .end()
}

fn git(git: &GitRepoRecord) -> Value {
    Message::default()
        .text("remote_url", &git.remote_url)
        .text("commit", &git.commit)
        .end()
}

fn config(config: &ConfigRecord) -> Value {
    Message::default()
        .map("update", items(&config.update))
        .list("remove", removed(&config.remove))
        .end()
}

fn name(key: &str, nested_key: &[String]) -> String {
    if nested_key.is_empty() {
        key.to_owned()
    } else {
        nested_key.join(".")
    }
}

/// Text that is no JSON is shown as it is.
fn json(text: &str) -> Value {
    Value::parse(text).unwrap_or_else(|_| text.into())
}

fn items(items: &[KeyedItem]) -> Vec<(String, Value)> {
    let item = |item: &KeyedItem| (name(&item.key, &item.nested_key), json(&item.value_json));
    items.iter().map(item).collect()
}

fn history_item(item: &HistoryItem) -> (String, Value) {
    (name(&item.key, &item.nested_key), json(&item.value_json))
}

fn removed(items: &[KeyedItem]) -> Vec<Value> {
    let item = |item: &KeyedItem| {
        Message::default()
            .text("key", &item.key)
            .texts("nested_key", &item.nested_key)
            .text("value_json", &item.value_json)
            .end()
    };
    items.iter().map(item).collect()
}

/// Every member of `part`, however deep, stands in `whole` too.
pub(crate) fn covers(whole: &Value, part: &Value) -> bool {
    match (whole, part) {
        (Value::Map(_), Value::Map(members)) => members
            .iter()
            .all(|(key, value)| whole.get(key).is_some_and(|whole| covers(whole, value))),
        _ => canonical(whole) == canonical(part),
    }
}

/// Checks that the tool's lines show these records: all fields of most kinds, the fields that we know of the rest.
#[track_caller]
pub(crate) fn assert_shows(lines: &str, records: &[Record], whose: &str) {
    let mut left = records.iter();
    for line in lines.lines() {
        let theirs = Value::parse(line).unwrap();
        let name = theirs.get("type").and_then(Value::as_str).unwrap();
        let theirs = theirs.get(name).unwrap();
        let record = left.next();
        let record = record.unwrap_or_else(|| panic!("{whose}: we lack {line}"));
        let kind = record.kind.as_ref().unwrap();
        assert_eq!(name, kind.name(), "{whose}: {line}");
        let (ours, knowledge) = self::record(kind);
        // Only a few of the features in a run's telemetry are ours.
        let apart = ["telemetry"];
        let same = match knowledge {
            Knowledge::All => {
                canonical_without(theirs, &apart) == canonical_without(&ours, &apart)
                    && covers(theirs, &ours)
            }
            Knowledge::Part => covers(theirs, &ours),
        };
        assert!(same, "{whose}: they say {line}\nwe say {}", ours.to_json());
    }
    assert_eq!(left.next(), None, "{whose}: they lack a record");
}
