//! From what a line says to a row: is there evidence that it is a report?
//!
//! | the line has | and | kept are |
//! |---|---|---|
//! | a counter, or is a bar, a table row or a box | a metric's name | all pairs |
//! | a counter, or is a bar … | no metric's name | all pairs, once lines of this shape have come three times with other values |
//! | a metric's name | nothing but pairs, or a split (`Test accuracy: 0.97`) | pairs with a metric's name |
//! | otherwise | | nothing |

use super::words::{Meaning, meaning};
use super::{Found, Row, split};
use crate::wire::json::Value;

/// The verdict on a line.
#[derive(Debug, Clone, PartialEq)]
pub enum Verdict {
    Row(Row),
    /// A row, if more lines of this shape come.
    Candidate(Row),
    /// Why it is none.
    Nothing(&'static str),
}

/// Judges what a line says. `about` is the split that the line or its logger names.
pub fn judge(found: Found, rule: &'static str, about: Option<&'static str>) -> Verdict {
    let (step, epoch) = (found.step_value(), found.epoch);
    let sure = found.sure;
    let counted = found.counted() || found.batch || found.report;
    let mut row = Row {
        step,
        epoch,
        metrics: Vec::new(),
        rule,
        line: 0,
    };
    let mut named = false;
    let mut unknown = Vec::new();
    for pair in found.pairs {
        let sense = meaning(&pair.key);
        let metric = match sense {
            _ if sure => true,
            Meaning::Metric => !setting(&pair.key, &pair.value),
            Meaning::Unknown => false,
            _ => continue,
        };
        if sense == Meaning::Metric && !metric {
            continue;
        }
        let key = match about {
            Some("train") | None => pair.key,
            Some(about) if metric => split::within(about, &pair.key),
            Some(_) => pair.key,
        };
        if row.metrics.iter().any(|(known, _)| *known == key) {
            continue;
        }
        named |= metric;
        if !metric {
            unknown.push(key.clone());
        }
        row.metrics.push((key, pair.value));
    }
    if found.best {
        return Verdict::Nothing("the best so far: a repetition");
    }
    if row.metrics.is_empty() {
        return Verdict::Nothing("no pair that could be a metric");
    }
    if counted && named {
        return Verdict::Row(row);
    }
    if counted && found.settings {
        return Verdict::Nothing("no metric's name, and objects are used for settings");
    }
    if counted {
        return Verdict::Candidate(row);
    }
    let split = about.is_some() || row.metrics.iter().any(|(key, _)| split::is_named(key));
    if named && (found.whole_line || (split && !found.prose)) {
        row.metrics.retain(|(key, _)| !unknown.contains(key));
        return Verdict::Row(row);
    }
    Verdict::Nothing(if named {
        "no counter, and other words beside the pairs"
    } else {
        "no counter and no metric's name"
    })
}

/// `precision=16` is the number format, not a measured precision.
fn setting(key: &str, value: &Value) -> bool {
    key.eq_ignore_ascii_case("precision") && matches!(value, Value::Int(16 | 32 | 64))
}
