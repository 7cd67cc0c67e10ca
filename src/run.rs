//! The run as a fold: [`RunState::apply`] takes one event and gives the records that it causes.
//!
//! No I/O, no clock, no randomness: `now` is an argument, and the same events give the same records. The rules
//! of history rows, steps, `define_metric`, summary and config live here once, whatever the event came from
//! (parsed output, the socket, flags). Source of the rules: `core/internal/stream/handler.go` and
//! `core/internal/{runhistory,runmetric,runsummary,runconfig}` of the official repository.

use std::fmt::Write as _;

use prost::Message as _;

use crate::wire::fields::{Fields, Part, escaped, name_of};
use crate::wire::json::{Value, write_float, write_seconds};
use crate::wire::records::{HISTORY, Records, SUMMARY, encode_item};
use crate::wire::schema::{
    ConfigRecord, EnvironmentRecord, FilesItem, FilesRecord, HistoryRecord, HistoryStep, KeyedItem,
    Kind, MetricOptions, MetricRecord, RunExitRecord, RunRecord, SummaryRecord, TelemetryFeature,
    TelemetryRecord,
};

pub mod columns;
pub mod config;
mod event;
pub mod id;
pub mod internal;
pub mod metric;
pub mod name;
pub mod recorded;
pub mod rows;
pub mod series;
#[cfg(test)]
mod tests;
mod views;

pub use event::{Event, Now, Registration, Stream};

use columns::Columns;
use config::Config;

/// Encoded paths of what every row has ([`crate::wire::records::encoded_path`], which a test compares).
const TIMESTAMP: &[u8] = b"\x12\x0a_timestamp";
const RUNTIME: &[u8] = b"\x12\x08_runtime";
const STEP: &[u8] = b"\x12\x05_step";

/// The run: what it is called, and everything it knows.
#[derive(Debug)]
pub struct RunState {
    run: RunRecord,
    config: Config,
    columns: Columns,
    telemetry: TelemetryRecord,
    environment: Option<Box<EnvironmentRecord>>,
    /// The step of the row that is being collected.
    step: i64,
    /// A client has numbered a row itself.
    explicit_steps: bool,
    /// The run is that of an official client: its rules and its telemetry hold.
    official: bool,
    /// A client has said something about metrics, which were not only found in the output.
    told: bool,
    /// Files by name, with their kind.
    files: std::collections::BTreeMap<String, i32>,
    /// Something for the user, who has not been told yet.
    notice: Option<String>,
    rows: u64,
    /// `_timestamp` and `_runtime` of the last row, as JSON text.
    last_timestamp: String,
    last_runtime: String,
    /// The step of the last row, as a number and as JSON text.
    last_step: i64,
    last_step_text: String,
    /// Encoded items; kept for its memory.
    items: Vec<u8>,
}

impl RunState {
    /// A run that has not been announced yet; [`RunState::start`] gives its first records.
    pub fn new(run: RunRecord, telemetry: TelemetryRecord) -> Self {
        let step = run
            .branch_point
            .as_ref()
            .map_or(run.starting_step, |branch| {
                (branch.value as i64).saturating_add(1)
            });
        let mut config = Config::default();
        if let Some(own) = &run.config {
            config.change(own);
        }
        Self {
            run,
            config,
            columns: Columns::default(),
            telemetry,
            environment: None,
            step,
            explicit_steps: false,
            official: false,
            told: false,
            files: std::collections::BTreeMap::new(),
            notice: None,
            rows: 0,
            last_timestamp: String::new(),
            last_runtime: String::new(),
            last_step: -1,
            last_step_text: String::new(),
            items: Vec::new(),
        }
    }

    /// Says what is known from the beginning about where the run was started.
    pub fn set_environment(&mut self, environment: EnvironmentRecord) {
        self.environment = Some(Box::new(environment));
    }

    /// The records that open a log, behind the header: the run, its environment if it is known, and its telemetry.
    pub fn start(&self, out: &mut Records) {
        out.push(self.run_record());
        out.extend(self.environment.clone().map(Kind::Environment));
        out.push(Kind::Telemetry(self.telemetry.clone()));
    }

    /// The run as an official client announces it, with what this one knew already: config that the client does not
    /// set, and rows, if there are any but those that were found in the output.
    #[must_use]
    pub fn joined_by(self, mut run: RunRecord) -> Self {
        if run.display_name.is_empty() {
            run.display_name.clone_from(&self.run.display_name);
        }
        let mut state = Self::new(run, self.telemetry);
        state.official = true;
        state.files = self.files;
        for (key, value) in self.config.members() {
            if state.config.get(key).is_none() {
                state.config.update(key, value);
            }
        }
        if self.told {
            state.columns = self.columns;
            state.step = self.step;
            state.rows = self.rows;
            state.explicit_steps = self.explicit_steps;
            state.last_timestamp = self.last_timestamp;
            state.last_runtime = self.last_runtime;
            state.last_step = self.last_step;
            state.last_step_text = self.last_step_text;
            state.told = true;
        }
        state
    }

    /// A run that an official client begins.
    pub fn official(run: RunRecord) -> Self {
        let mut state = Self::new(run, TelemetryRecord::default());
        state.official = true;
        state
    }

    /// Whether rows and definitions were told by clients, and not only found in the output.
    pub fn is_told(&self) -> bool {
        self.told
    }

    /// Something that the user should know and has not been told.
    pub fn take_notice(&mut self) -> Option<String> {
        self.notice.take()
    }

    /// Takes one event and appends the records that it causes.
    ///
    /// Summary changes are collected; [`RunState::settle`] writes them.
    pub fn apply(&mut self, event: Event, now: Now, out: &mut Records) {
        match event {
            Event::Log {
                fields,
                step,
                commit,
            } => {
                self.log(&fields.all(), step, commit, now, out);
            }
            Event::Parsed { fields, axis } => {
                self.define_parsed(&fields, axis, out);
                if self.explicit_steps && self.columns.row_has_none_of(&fields) {
                    // A client numbers the rows: what is printed meanwhile belongs to its present one.
                    self.collect(&fields.all(), now);
                } else {
                    self.flush_row(now, out);
                    self.add(&fields.all(), None, Some(!self.explicit_steps), now, out);
                }
            }
            Event::Config(values) => {
                let mut update = Vec::with_capacity(values.len());
                for (key, value) in values {
                    self.config.update(&key, &value);
                    update.push(keyed(&key, &value));
                }
                out.push(Kind::Config(ConfigRecord {
                    update,
                    remove: Vec::new(),
                }));
            }
            Event::Record(record, kind) => self.record(&record, kind.as_deref(), out),
            Event::Over => {
                self.flush_row(now, out);
                self.settle(now, out);
            }
            Event::Summary(values) => {
                self.told = true;
                for (key, value) in values {
                    self.columns
                        .set_summary(&escaped(&key), &value.to_json(), false);
                }
            }
            Event::DefineMetric(metric) => {
                self.told = true;
                self.columns.define(&metric);
                out.push(Kind::Metric(metric));
            }
            Event::Name(name) => {
                self.run.display_name = name;
                out.push(self.run_record());
            }
            Event::Notes(notes) => {
                self.run.notes = notes;
                out.push(self.run_record());
            }
            Event::Tags(tags) => {
                for tag in tags {
                    if !self.run.tags.contains(&tag) {
                        self.run.tags.push(tag);
                    }
                }
                out.push(self.run_record());
            }
            Event::Alert(alert) => out.push(Kind::Alert(alert)),
            Event::Files(files) => {
                self.note_files(&files);
                out.push(Kind::Files(FilesRecord { files }));
            }
            Event::Environment(environment) => out.push(Kind::Environment(environment)),
            Event::Stats(stats) => out.push(Kind::Stats(stats)),
            Event::Preempting => out.push(Kind::Preempting(crate::wire::schema::Empty {})),
            Event::Exit { code } => self.exit(code, now, out),
        }
    }

    /// Takes a row that a client logs, or a part of one, as [`Event::Log`] says.
    pub fn log(
        &mut self,
        row: &Part<'_>,
        step: Option<i64>,
        commit: Option<bool>,
        now: Now,
        out: &mut Records,
    ) {
        self.told = true;
        self.add(row, step, commit, now, out);
    }

    fn add(
        &mut self,
        row: &Part<'_>,
        step: Option<i64>,
        commit: Option<bool>,
        now: Now,
        out: &mut Records,
    ) {
        if let Some(step) = step {
            self.explicit_steps = true;
            if step > self.step {
                self.flush_row(now, out);
                self.step = step;
            } else if step < self.step && self.official {
                self.notice = Some(format!(
                    "Tried to log to step {step} that is less than the current step {}. Steps must be monotonically increasing, so this data will be ignored. See https://wandb.me/define-metric to log data out of order.",
                    self.step
                ));
                return;
            } else if step < self.step {
                // The official client drops such a row. Here it is kept, as a row of its own with the step
                // that was asked for as a column: nothing that was logged is lost.
                self.flush_row(now, out);
                self.collect(row, now);
                if row.iter().all(|field| field.name != "step") {
                    let mut asked = Fields::default();
                    asked.push("step", &step.to_string());
                    self.columns.collect(&asked.all());
                }
                self.flush_row(now, out);
                return;
            }
        }
        self.collect(row, now);
        if commit.unwrap_or(step.is_none()) {
            self.flush_row(now, out);
        }
    }

    /// Keeps a record as it came, and what follows from it.
    fn record(&mut self, record: &[u8], kind: Option<&Kind>, out: &mut Records) {
        match kind {
            Some(Kind::Run(run)) => self.update_run(run),
            Some(Kind::Config(config)) => {
                self.config.change(config);
            }
            Some(Kind::Summary(summary)) => {
                self.told = true;
                for item in &summary.update {
                    let name = name_of(item.path());
                    self.columns.set_summary(&name, &item.value_json, true);
                }
                for item in &summary.remove {
                    self.columns.remove_summary(&name_of(item.path()));
                }
            }
            Some(Kind::Metric(metric)) => {
                self.told = true;
                self.columns.define(metric);
            }
            Some(Kind::Files(files)) => self.note_files(&files.files),
            _ => {}
        }
        out.push_encoded(record);
    }

    /// The run is said again, with changed name, tags or notes.
    fn update_run(&mut self, run: &RunRecord) {
        let text = |slot: &mut String, value: &String| {
            if !value.is_empty() {
                slot.clone_from(value);
            }
        };
        text(&mut self.run.display_name, &run.display_name);
        text(&mut self.run.notes, &run.notes);
        text(&mut self.run.run_group, &run.run_group);
        text(&mut self.run.job_type, &run.job_type);
        if !run.tags.is_empty() {
            self.run.tags.clone_from(&run.tags);
        }
        if let Some(config) = &run.config {
            self.config.change(config);
        }
    }

    fn collect(&mut self, row: &Part<'_>, now: Now) {
        self.columns.collect(row);
        // The official client puts it behind all others.
        let mut last = row.iter().rev();
        let time = last.find(|field| field.name == "_timestamp" && field.number.is_some());
        self.last_timestamp.clear();
        match time {
            Some(time) => self.last_timestamp.push_str(time.json),
            None => write_float(now.unix_nanos as f64 / 1e9, &mut self.last_timestamp),
        }
    }

    /// Closes the row that is being collected, if there is one.
    fn flush_row(&mut self, now: Now, out: &mut Records) {
        if !self.columns.row_is_open() {
            return;
        }
        self.last_runtime.clear();
        write_seconds(now.elapsed, &mut self.last_runtime);
        self.last_step = self.step;
        self.last_step_text.clear();
        // Text grows as needed: writing it cannot fail.
        let _ = write!(self.last_step_text, "{}", self.step);
        self.items.clear();
        self.columns.flush_row(&mut self.items);
        self.reserved();
        let row_step = HistoryRecord {
            item: Vec::new(),
            step: Some(HistoryStep { num: self.step }),
        };
        // A Vec grows as needed: encoding into it cannot fail.
        let _ = row_step.encode(&mut self.items);
        out.push_parts(HISTORY, &self.items, &[]);
        self.step = self.step.saturating_add(1);
        self.rows += 1;
    }

    /// Appends the items that every row and every summary has.
    fn reserved(&mut self) {
        for (path, json) in [
            (TIMESTAMP, &self.last_timestamp),
            (RUNTIME, &self.last_runtime),
            (STEP, &self.last_step_text),
        ] {
            encode_item(path, json.as_bytes(), &[], &mut self.items);
        }
    }

    /// A parsed metric is plotted against the counter of its line; both are defined when they first appear.
    fn define_parsed(&mut self, fields: &Fields, axis: Option<&'static str>, out: &mut Records) {
        let Some(axis) = axis else { return };
        for field in fields.iter() {
            if self.columns.is_defined(field.name) {
                continue;
            }
            let is_axis = field.name == axis;
            let metric = MetricRecord {
                name: field.name.to_owned(),
                step_metric: if is_axis {
                    String::new()
                } else {
                    axis.to_owned()
                },
                options: Some(MetricOptions {
                    step_sync: !is_axis,
                    hidden: false,
                    defined: true,
                }),
                ..MetricRecord::default()
            };
            self.columns.define(&metric);
            out.push(Kind::Metric(metric));
        }
    }

    /// Whether summary values have changed since [`RunState::settle`].
    pub fn is_unsettled(&self) -> bool {
        self.columns.is_dirty()
    }

    /// Writes the summary changes since the last call as one record; nothing if there are none.
    ///
    /// Called after each batch of events: a crash costs no summary, a flood of rows costs one record.
    pub fn settle(&mut self, now: Now, out: &mut Records) {
        if !self.columns.is_dirty() {
            return;
        }
        self.items.clear();
        self.columns.take_summary(&mut self.items);
        if self.rows > 0 {
            self.reserved();
        }
        let end = SummaryRecord {
            update: vec![run_time(now)],
            remove: Vec::new(),
        };
        out.push_parts(SUMMARY, &self.items, &end.encode_to_vec());
    }

    fn exit(&mut self, code: i32, now: Now, out: &mut Records) {
        self.flush_row(now, out);
        self.settle(now, out);
        let seconds = now.elapsed.as_secs();
        out.push(Kind::Summary(SummaryRecord {
            update: vec![
                run_time(now),
                keyed("_runtime", &Value::Int(seconds as i64)),
            ],
            remove: Vec::new(),
        }));
        if !self.official {
            let feature = self.telemetry.feature.get_or_insert_default();
            feature.finish = true;
            out.push(Kind::Telemetry(self.telemetry.clone()));
        }
        out.push(Kind::Exit(RunExitRecord {
            exit_code: code,
            runtime: seconds as i32,
        }));
    }

    /// Everything that a reader who missed records needs to be right again: run, whole config, whole summary.
    pub fn restate(&mut self, now: Now, out: &mut Records) {
        out.push(self.run_record());
        out.push(Kind::Config(self.config.record()));
        self.columns.touch_all();
        self.settle(now, out);
    }

    /// The config keys that the run's own record does not set, as the record that adds them.
    pub fn added_config(&self, run: &RunRecord) -> Option<Kind> {
        let known: Vec<&str> = run
            .config
            .iter()
            .flat_map(|config| &config.update)
            .map(|item| item.key.as_str())
            .collect();
        let update: Vec<KeyedItem> = self
            .config
            .members()
            .iter()
            .filter(|(key, _)| !known.contains(&key.as_str()))
            .map(|(key, value)| keyed(key, value))
            .collect();
        (!update.is_empty()).then(|| {
            Kind::Config(ConfigRecord {
                update,
                remove: Vec::new(),
            })
        })
    }

    fn run_record(&self) -> Kind {
        Kind::Run(Box::new(RunRecord {
            config: Some(self.config.record()),
            ..self.run.clone()
        }))
    }

    fn note_files(&mut self, files: &[FilesItem]) {
        for file in files {
            let media = file.file_type == 0 && file.path.starts_with("media");
            let kind = if media { 2 } else { file.file_type };
            self.files.insert(file.path.clone(), kind);
        }
    }

    /// The server has taken the run. One that goes on there does so from the server's step, unless it has rows.
    pub fn register(&mut self, registration: &Registration) {
        let run = &mut self.run;
        run.entity.clone_from(&registration.entity);
        run.project.clone_from(&registration.project);
        if !registration.display_name.is_empty() {
            run.display_name.clone_from(&registration.display_name);
        }
        if let Some(step) = registration.resumed_at {
            run.resumed = true;
            run.starting_step = step;
            if self.rows == 0 && self.step < step {
                self.step = step;
            }
        }
    }
}

/// A config or summary item with a top-level key.
pub fn keyed(key: &str, value: &Value) -> KeyedItem {
    KeyedItem {
        key: key.to_owned(),
        value_json: value.to_json(),
        ..KeyedItem::default()
    }
}

fn run_time(now: Now) -> KeyedItem {
    KeyedItem {
        nested_key: vec!["_wandb".to_owned(), "runtime".to_owned()],
        value_json: now.elapsed.as_secs().to_string(),
        ..KeyedItem::default()
    }
}

/// Telemetry of a wrapped run. `cli_version` is the client whose format is followed.
pub fn telemetry(feature: TelemetryFeature, python_version: String) -> TelemetryRecord {
    TelemetryRecord {
        feature: Some(feature),
        python_version,
        cli_version: FORMAT_VERSION.to_owned(),
        platform: format!("{}-{}", std::env::consts::OS, std::env::consts::ARCH),
    }
}

/// The version of the official client whose file format and rules are followed.
pub const FORMAT_VERSION: &str = "0.31.0";
