//! What the server's config holds below `_wandb`: telemetry, metric definitions and where the run was executed.
//!
//! The log has these as records of their own; whoever uploads puts them into the config. Source:
//! `core/internal/runconfig/runconfig.go`, `core/internal/runmetric` and `core/internal/corelib` of the official
//! repository.

use std::collections::BTreeMap;

use super::metric;
use crate::wire::json::Value;
use crate::wire::proto::{Content, ProtoError, fields};
use crate::wire::schema::{MetricRecord, MetricSummary};

/// Telemetry of all records together, by field number.
///
/// Walked as it is encoded: features that this build has never heard of are passed on.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Telemetry {
    members: BTreeMap<u32, Member>,
}

#[derive(Debug, Clone, PartialEq)]
enum Member {
    Text(String),
    /// Numbers of the flags that are set.
    Flags(Vec<u32>),
    Texts(BTreeMap<u32, String>),
}

/// Fields of `TelemetryRecord` that hold text.
const TEXTS: &[u32] = &[PYTHON_VERSION, CLI_VERSION, 6, 12, 13];
const PYTHON_VERSION: u32 = 4;
const CLI_VERSION: u32 = 5;
const CORE_VERSION: u32 = 12;
/// The field that holds a message of texts.
const LABELS: u32 = 9;
/// `_info`, which is transport.
const INFO: u32 = 200;

impl Telemetry {
    /// Adds what an encoded `TelemetryRecord` says.
    pub fn merge(&mut self, record: &[u8]) -> Result<(), ProtoError> {
        for field in fields(record) {
            let field = field?;
            let Content::Bytes(bytes) = field.content else {
                continue;
            };
            if field.number == INFO {
                continue;
            }
            if TEXTS.contains(&field.number) {
                let text = field.content.text()?.to_owned();
                self.members.insert(field.number, Member::Text(text));
            } else if field.number == LABELS {
                let entry = self
                    .members
                    .entry(LABELS)
                    .or_insert_with(|| Member::Texts(BTreeMap::new()));
                for label in fields(bytes) {
                    let label = label?;
                    if let (Member::Texts(texts), Content::Bytes(_)) = (&mut *entry, label.content)
                    {
                        texts.insert(label.number, label.content.text()?.to_owned());
                    }
                }
            } else {
                let entry = self
                    .members
                    .entry(field.number)
                    .or_insert_with(|| Member::Flags(Vec::new()));
                for flag in fields(bytes) {
                    let flag = flag?;
                    if let (Member::Flags(flags), true) = (&mut *entry, flag.content.number() != 0)
                        && !flags.contains(&flag.number)
                    {
                        flags.push(flag.number);
                    }
                }
            }
        }
        Ok(())
    }

    fn text(&self, number: u32) -> Option<&str> {
        match self.members.get(&number)? {
            Member::Text(text) if !text.is_empty() => Some(text),
            _ => None,
        }
    }

    /// The object with field numbers as keys.
    fn value(&self, core_version: &str) -> Value {
        let mut members: Vec<(String, Value)> = self
            .members
            .iter()
            .filter(|(number, _)| **number != CORE_VERSION)
            .map(|(number, member)| {
                let value = match member {
                    Member::Text(text) => Value::from(text.as_str()),
                    Member::Flags(flags) => numbers(flags),
                    Member::Texts(texts) => Value::Map(
                        texts
                            .iter()
                            .map(|(number, text)| (number.to_string(), Value::from(text.as_str())))
                            .collect(),
                    ),
                };
                (number.to_string(), value)
            })
            .collect();
        members.push((CORE_VERSION.to_string(), Value::from(core_version)));
        Value::Map(members)
    }
}

fn numbers(list: &[u32]) -> Value {
    Value::List(list.iter().map(|n| Value::Int(i64::from(*n))).collect())
}

/// The metric definitions of a run, merged by name.
#[derive(Debug, Clone, Default)]
pub struct Metrics {
    defined: Vec<MetricRecord>,
}

impl Metrics {
    /// Adds a definition, or merges it into the earlier one of that name.
    pub fn add(&mut self, record: &MetricRecord) {
        // The server expands globs itself.
        if record.expanded_from_glob || (record.name.is_empty() && record.glob_name.is_empty()) {
            return;
        }
        let same = |metric: &&mut MetricRecord| is_same(metric, record);
        match self.defined.iter_mut().find(same) {
            Some(metric) => metric::merge(metric, record),
            None => self.defined.push(record.clone()),
        }
    }

    /// The list of definitions; each names its step metric by its place in the list, counted from 1.
    pub fn value(&self) -> Value {
        let mut entries: Vec<MetricRecord> = Vec::new();
        let mut places: Vec<(usize, usize)> = Vec::new();
        for metric in &self.defined {
            let place = place_of(&mut entries, metric);
            if metric.step_metric.is_empty() {
                continue;
            }
            let axis = self
                .defined
                .iter()
                .find(|other| other.name == metric.step_metric)
                .cloned()
                .unwrap_or_else(|| MetricRecord {
                    name: metric.step_metric.clone(),
                    ..MetricRecord::default()
                });
            let axis_is_defined = self.defined.iter().any(|other| other.name == axis.name);
            let axis_place = place_of(&mut entries, &axis);
            if !axis_is_defined {
                entries[axis_place].options = None;
            }
            places.push((place, axis_place));
        }
        let explicit = |metric: &MetricRecord| {
            self.defined
                .iter()
                .any(|other| !metric.name.is_empty() && other.name == metric.name)
        };
        Value::List(
            entries
                .iter()
                .enumerate()
                .map(|(place, metric)| {
                    let axis = places
                        .iter()
                        .find(|(metric, _)| *metric == place)
                        .map(|(_, axis)| *axis);
                    entry(metric, axis, explicit(metric))
                })
                .collect(),
        )
    }
}

/// Whether both define the same metric, or the same glob.
fn is_same(one: &MetricRecord, other: &MetricRecord) -> bool {
    one.name == other.name && (!one.name.is_empty() || one.glob_name == other.glob_name)
}

fn place_of(entries: &mut Vec<MetricRecord>, metric: &MetricRecord) -> usize {
    let same = |other: &MetricRecord| is_same(other, metric);
    entries.iter().position(same).unwrap_or_else(|| {
        entries.push(metric.clone());
        entries.len() - 1
    })
}

fn entry(metric: &MetricRecord, axis: Option<usize>, explicit: bool) -> Value {
    let mut members = Vec::new();
    if metric.name.is_empty() {
        members.push(("2".to_owned(), Value::from(metric.glob_name.as_str())));
    } else {
        members.push(("1".to_owned(), Value::from(metric.name.as_str())));
    }
    if let Some(axis) = axis {
        members.push(("5".to_owned(), Value::Int(axis as i64 + 1)));
    }
    let options = metric.options.unwrap_or_default();
    let set = |flags: &[(bool, u32)]| {
        let set: Vec<u32> = flags
            .iter()
            .filter_map(|(is_set, number)| is_set.then_some(*number))
            .collect();
        numbers(&set)
    };
    members.push((
        "6".to_owned(),
        set(&[(options.step_sync, 1), (options.hidden, 2), (explicit, 3)]),
    ));
    let MetricSummary {
        min,
        max,
        mean,
        last,
        none,
        first,
        ..
    } = metric.summary.unwrap_or_default();
    members.push((
        "7".to_owned(),
        set(&[
            (min, 1),
            (max, 2),
            (mean, 3),
            (last, 5),
            (none, 6),
            (first, 8),
        ]),
    ));
    if metric.goal != 0 {
        members.push(("8".to_owned(), Value::Int(i64::from(metric.goal))));
    }
    Value::Map(members)
}

/// The members of `_wandb` that are made from records. `environment` is the run's metadata, `writer` who uploads it.
pub fn members(
    telemetry: &Telemetry,
    metrics: &Metrics,
    environment: &Value,
    writer: &str,
    core_version: &str,
) -> Vec<(String, Value)> {
    let mut members = Vec::new();
    let mut add = |key: &str, value: Value| members.push((key.to_owned(), value));
    if let Some(version) = telemetry.text(CLI_VERSION) {
        add("cli_version", Value::from(version));
    }
    if let Some(version) = telemetry.text(PYTHON_VERSION) {
        add("python_version", Value::from(version));
    }
    add("t", telemetry.value(core_version));
    add("m", metrics.value());
    if matches!(environment, Value::Map(members) if !members.is_empty()) {
        add(
            "e",
            Value::Map(vec![(writer.to_owned(), environment.clone())]),
        );
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::{MetricOptions, TelemetryFeature, TelemetryRecord};
    use prost::Message as _;

    #[test]
    fn definitions_name_their_axis_by_its_place() {
        let mut metrics = Metrics::default();
        let options = |step_sync| {
            Some(MetricOptions {
                step_sync,
                hidden: false,
                defined: true,
            })
        };
        metrics.add(&MetricRecord {
            name: "loss".into(),
            options: options(false),
            summary: Some(MetricSummary {
                min: true,
                last: true,
                ..MetricSummary::default()
            }),
            ..MetricRecord::default()
        });
        metrics.add(&MetricRecord {
            glob_name: "val/*".into(),
            step_metric: "epoch".into(),
            options: options(true),
            ..MetricRecord::default()
        });
        metrics.add(&MetricRecord {
            name: "val/acc".into(),
            step_metric: "epoch".into(),
            expanded_from_glob: true,
            ..MetricRecord::default()
        });
        assert_eq!(
            metrics.value().to_json(),
            r#"[{"1":"loss","6":[3],"7":[1,5]},{"2":"val/*","5":3,"6":[1],"7":[]},{"1":"epoch","6":[],"7":[]}]"#
        );
    }

    #[test]
    fn telemetry_is_merged_by_number() {
        let mut telemetry = Telemetry::default();
        let record = |feature: TelemetryFeature| TelemetryRecord {
            feature: Some(feature),
            python_version: "3.12.1".into(),
            cli_version: "0.31.0".into(),
            platform: String::new(),
        };
        let first = TelemetryFeature {
            offline: true,
            ..TelemetryFeature::default()
        };
        let second = TelemetryFeature {
            offline: true,
            finish: true,
            ..TelemetryFeature::default()
        };
        for feature in [first, second] {
            let mut encoded = record(feature).encode_to_vec();
            // A message of flags that is not known here: field 40, flag 7.
            encoded.extend_from_slice(&[0xc2, 0x02, 0x02, 0x38, 0x01]);
            telemetry.merge(&encoded).unwrap();
        }
        let members = members(
            &telemetry,
            &Metrics::default(),
            &Value::Map(vec![("os".into(), "Linux".into())]),
            "w1",
            "0.1.0",
        );
        assert_eq!(
            Value::Map(members).to_json(),
            r#"{"cli_version":"0.31.0","python_version":"3.12.1","t":{"3":[4,2],"4":"3.12.1","5":"0.31.0","40":[7],"12":"0.1.0"},"m":[],"e":{"w1":{"os":"Linux"}}}"#
        );
    }
}
