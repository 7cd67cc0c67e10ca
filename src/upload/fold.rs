//! A log folded into what the server is told: rows become lines at once, all else is what it is at the end.

use std::collections::BTreeMap;

use prost::Message as _;

use super::batch::{Batch, Counts, MAX_LINE};
use super::console::Console;
use super::summary::Summary;
use crate::run::Stream;
use crate::run::config::Config;
use crate::run::internal::{self, Metrics, Telemetry};
use crate::system::host;
use crate::wire::console::{self, Output};
use crate::wire::json::Value;
use crate::wire::proto::{Content, ProtoError, fields};
use crate::wire::records::{HISTORY, OUTPUT_RAW, RUN, STATS, SUMMARY, TELEMETRY};
use crate::wire::row::{self, Skipped, Steps};
use crate::wire::schema::{
    AlertRecord, ArtifactRecord, ConfigRecord, EnvironmentRecord, FilesRecord, Kind, Record,
    RunRecord,
};

/// The field of a `RunRecord` that holds its telemetry.
const RUN_TELEMETRY: u32 = 19;

/// A file of the run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FileKind {
    /// 0 now, 1 at the end, 2 live.
    pub policy: i32,
    /// 0 other, 1 W&B's own, 2 media, 3 artifact.
    pub kind: i32,
}

/// What was left out, for the user to know.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct LeftOut {
    /// Records that are no messages.
    pub records: u64,
    /// Rows that are longer than the server takes, and the longest of them in bytes.
    pub long_rows: u64,
    pub longest: usize,
    /// Values that are not JSON.
    pub values: u64,
    /// Records of kinds that this build does not know.
    pub unknown: u64,
}

/// Everything that a log has said so far.
#[derive(Debug)]
pub struct Fold {
    /// The run; all records of it together.
    pub run: Option<RunRecord>,
    /// The name that the run began with, if it is not the user's.
    made_up: Option<String>,
    pub config: Config,
    pub summary: Summary,
    pub batch: Batch,
    pub console: Console,
    pub files: BTreeMap<String, FileKind>,
    /// Those that were not handed on yet.
    pub artifacts: Vec<ArtifactRecord>,
    pub alerts: Vec<AlertRecord>,
    pub exit: Option<i32>,
    pub preempting: bool,
    /// Name, notes, tags or group changed.
    pub run_changed: bool,
    pub config_changed: bool,
    pub left_out: LeftOut,
    telemetry: Telemetry,
    metrics: Metrics,
    environment: Vec<EnvironmentRecord>,
    pub steps: Steps,
    any_row: bool,
    /// Rows of history and samples below these numbers are on the server.
    known: Counts,
    start: f64,
    /// Microseconds since the Unix epoch at which something was printed last; logged lines have no time of their own.
    printed_at: i64,
    skipped: Skipped,
    line: String,
}

impl Fold {
    /// A fold of a log of which the server has `known` lines.
    pub fn new(known: Counts) -> Self {
        Self {
            run: None,
            made_up: None,
            config: Config::default(),
            summary: Summary::default(),
            batch: Batch::default(),
            console: Console::new(known.console, true),
            files: BTreeMap::new(),
            artifacts: Vec::new(),
            alerts: Vec::new(),
            exit: None,
            preempting: false,
            run_changed: false,
            config_changed: false,
            left_out: LeftOut::default(),
            telemetry: Telemetry::default(),
            metrics: Metrics::default(),
            environment: Vec::new(),
            steps: Steps::default(),
            any_row: false,
            known,
            start: 0.0,
            printed_at: 0,
            skipped: Skipped::default(),
            line: String::new(),
        }
    }

    /// Takes an encoded record. One that is no message is left out and counted.
    pub fn apply(&mut self, record: &[u8]) {
        if self.apply_or_fail(record).is_err() {
            self.left_out.records += 1;
        }
        self.left_out.values = self.skipped.values;
    }

    fn apply_or_fail(&mut self, record: &[u8]) -> Result<(), ProtoError> {
        for field in fields(record) {
            let field = field?;
            let Content::Bytes(message) = field.content else {
                continue;
            };
            return match field.number {
                HISTORY => self.history(message),
                SUMMARY => self.summary.push(message),
                STATS => self.stats(message),
                OUTPUT_RAW => self.output(message),
                TELEMETRY => {
                    self.config_changed = true;
                    self.telemetry.merge(message)
                }
                RUN => self.run(message, record),
                // What stands beside the kind, often before it: control of the transport, uuid, where it came from.
                16 | 19 | 200 => continue,
                _ => self.other(record),
            };
        }
        Ok(())
    }

    fn history(&mut self, message: &[u8]) -> Result<(), ProtoError> {
        if message.len() < MAX_LINE && self.batch.history.next() >= self.known.history {
            // A row that is written out is at most a little longer than its record: the limit is far away.
            let steps = &mut self.steps;
            let flat = self
                .batch
                .history
                .push_with(|out| row::flat_history(message, steps, out));
            if flat.is_some() {
                self.any_row = true;
                return Ok(());
            }
        }
        self.line.clear();
        row::history(message, &mut self.steps, &mut self.skipped, &mut self.line)?;
        self.any_row = true;
        if self.line.len() > MAX_LINE {
            self.left_out.long_rows += 1;
            self.left_out.longest = self.left_out.longest.max(self.line.len());
        } else if self.batch.history.next() < self.known.history {
            self.batch.history.skip();
        } else {
            self.batch.history.push(&self.line);
        }
        Ok(())
    }

    fn stats(&mut self, message: &[u8]) -> Result<(), ProtoError> {
        self.line.clear();
        row::stats(message, self.start, &mut self.skipped, &mut self.line)?;
        if self.line.len() > MAX_LINE {
            self.left_out.long_rows += 1;
        } else if self.batch.events.next() < self.known.events {
            self.batch.events.skip();
        } else {
            self.batch.events.push(&self.line);
        }
        Ok(())
    }

    fn output(&mut self, message: &[u8]) -> Result<(), ProtoError> {
        let Output {
            stdout,
            micros,
            text,
        } = console::output(message)?;
        self.printed_at = micros;
        self.console.write(Stream::of(stdout), micros, text);
        Ok(())
    }

    fn run(&mut self, message: &[u8], record: &[u8]) -> Result<(), ProtoError> {
        for field in fields(message) {
            let field = field?;
            if field.number == RUN_TELEMETRY {
                self.telemetry.merge(field.content.bytes())?;
            }
        }
        self.other(record)
    }

    fn other(&mut self, record: &[u8]) -> Result<(), ProtoError> {
        let kind = Record::decode(record).map_err(|_| ProtoError::Cut)?.kind;
        match kind {
            None => self.left_out.unknown += 1,
            Some(Kind::Run(mut run)) => {
                if let Some(config) = &run.config {
                    self.change_config(config);
                }
                self.run_changed = true;
                self.config_changed = true;
                match &mut self.run {
                    None => {
                        let features = run.telemetry.as_ref().and_then(|own| own.feature.as_ref());
                        let named = features.is_some_and(|features| features.set_init_name);
                        self.made_up = (!named).then(|| run.display_name.clone());
                        self.start = run
                            .start_time
                            .as_ref()
                            .map_or(0.0, crate::wire::schema::Timestamp::as_secs_f64);
                        self.printed_at = (self.start * 1e6) as i64;
                        self.steps =
                            Steps::starting_at(run.branch_point.as_ref().map_or(
                                if run.resumed { run.starting_step } else { 0 },
                                |branch| branch.value as i64 + 1,
                            ));
                        self.run = Some(*run);
                    }
                    Some(known) => {
                        if self.made_up.as_ref() == Some(&run.display_name) {
                            run.display_name.clear();
                        }
                        merge(known, *run);
                    }
                }
            }
            Some(Kind::Config(config)) => self.change_config(&config),
            Some(Kind::Metric(metric)) => {
                self.metrics.add(&metric);
                self.config_changed = true;
            }
            Some(Kind::Environment(environment)) => {
                self.environment.push(*environment);
                self.config_changed = true;
            }
            Some(Kind::Files(FilesRecord { files })) => {
                for file in files {
                    let kind = match file.file_type {
                        0 if file.path.starts_with("media") => 2,
                        kind => kind,
                    };
                    let policy = file.policy;
                    self.files
                        .entry(file.path)
                        .and_modify(|known| {
                            // What is live stays live.
                            known.policy = known.policy.max(policy);
                            known.kind = kind.max(known.kind);
                        })
                        .or_insert(FileKind { policy, kind });
                }
            }
            Some(Kind::Artifact(artifact)) => self.artifacts.push(*artifact),
            Some(Kind::Alert(alert)) => self.alerts.push(alert),
            Some(Kind::Exit(exit)) => {
                self.exit.get_or_insert(exit.exit_code);
            }
            Some(Kind::Preempting(_)) => self.preempting = true,
            Some(Kind::OutputLogger(output)) => {
                for line in console::logged_lines(&output.line) {
                    self.console.add_line(self.printed_at, line);
                }
            }
            Some(_) => {}
        }
        Ok(())
    }

    fn change_config(&mut self, change: &ConfigRecord) {
        self.config_changed = true;
        self.skipped.values += self.config.change(change);
    }

    /// Says that the run goes on from this step.
    pub fn start_at(&mut self, step: i64) {
        self.steps = Steps::starting_at(step);
    }

    /// Gives the run the name that it has on the server, unless the user wants another.
    pub fn keep_name(&mut self, name: &str) {
        if let (Some(run), Some(made_up)) = (&mut self.run, &self.made_up)
            && run.display_name == *made_up
            && !name.is_empty()
        {
            name.clone_into(&mut run.display_name);
        }
    }

    /// The step of the last row.
    pub fn last_step(&self) -> Option<i64> {
        self.any_row.then(|| self.steps.last())
    }

    /// Says how many lines the server has: those that come are left out.
    pub fn set_known(&mut self, known: Counts) {
        self.known = known;
        self.console.set_known(known.console);
    }

    /// Where and how the run was executed, as `wandb-metadata.json` has it.
    pub fn metadata(&self) -> Value {
        host::metadata_json(&self.environment)
    }

    /// The script, as far as it is known.
    pub fn program(&self) -> String {
        let mut programs = self.environment.iter().rev().map(|e| &e.program);
        programs
            .find(|program| !program.is_empty())
            .cloned()
            .unwrap_or_default()
    }

    /// The whole config, with what the server wants to know below `_wandb`.
    pub fn full_config(&self) -> Config {
        let mut config = self.config.clone();
        let writer = self
            .environment
            .iter()
            .map(|environment| environment.writer_id.as_str())
            .find(|writer| !writer.is_empty())
            .or_else(|| self.run.as_ref().map(|run| run.run_id.as_str()))
            .unwrap_or("wandb-rs");
        let mut members = internal::members(
            &self.telemetry,
            &self.metrics,
            &self.metadata(),
            writer,
            env!("CARGO_PKG_VERSION"),
        );
        if let Some(branch) = self.run.as_ref().and_then(|run| run.branch_point.as_ref()) {
            members.push((
                "branch_point".to_owned(),
                Value::Map(vec![
                    ("run_id".to_owned(), Value::from(branch.run.as_str())),
                    ("step".to_owned(), Value::Int(branch.value as i64)),
                ]),
            ));
        }
        config.update("_wandb", &Value::Map(members));
        config
    }
}

/// A later record of a run: what it says replaces, what it leaves out stays.
fn merge(known: &mut RunRecord, new: RunRecord) {
    let RunRecord {
        run_group,
        job_type,
        display_name,
        notes,
        tags,
        sweep_id,
        host,
        git,
        ..
    } = new;
    for (new, place) in [
        (run_group, &mut known.run_group),
        (job_type, &mut known.job_type),
        (display_name, &mut known.display_name),
        (notes, &mut known.notes),
        (sweep_id, &mut known.sweep_id),
        (host, &mut known.host),
    ] {
        if !new.is_empty() {
            *place = new;
        }
    }
    if !tags.is_empty() {
        known.tags = tags;
    }
    if git.is_some() {
        known.git = git;
    }
}

/// The config as the server takes it: `{"lr":{"value":0.1}}`.
pub fn config_json(config: &Config) -> String {
    let members = config.members().iter().map(|(key, value)| {
        let wrapped = Value::Map(vec![("value".to_owned(), value.clone())]);
        (key.clone(), wrapped)
    });
    Value::Map(members.collect()).to_json()
}

/// Telemetry that says that this program has uploaded the run: feature `sync2`.
pub fn mark_synced(fold: &mut Fold) {
    // TelemetryRecord.feature (3) { sync2 (76): true }
    let _ = fold.telemetry.merge(&[0x1a, 0x03, 0xe0, 0x04, 0x01]);
}

/// Must not panic, whatever the records.
#[doc(hidden)]
pub fn fuzz_fold(input: &[u8]) {
    let mut fold = Fold::new(Counts::default());
    for record in input.chunks(64) {
        fold.apply(record);
    }
    let _ = config_json(&fold.full_config());
    let _ = fold.summary.json(fold.last_step());
}

#[cfg(test)]
mod tests {
    use super::*;

    proptest::proptest! {
        #[test]
        fn any_bytes_are_taken(bytes: Vec<u8>) {
            fuzz_fold(&bytes);
        }

        #[test]
        fn any_messages_are_taken(number in 2u32..30, message: Vec<u8>) {
            let mut record = Vec::new();
            prost::encoding::encode_key(
                number,
                prost::encoding::WireType::LengthDelimited,
                &mut record,
            );
            prost::encoding::encode_varint(message.len() as u64, &mut record);
            record.extend_from_slice(&message);
            fuzz_fold(&record);
        }
    }
}
