//! From pairs to a row: counters are taken out, names that are never metrics are dropped, and the line must
//! show evidence that it is a report at all.
//!
//! * a counter and a metric's name: all remaining pairs;
//! * a counter and nothing but pairs: all remaining pairs, unless the layout is also used for settings;
//! * a metric's name and nothing but pairs: the pairs with a metric's name;
//! * otherwise nothing.

use super::words::{Meaning, meaning};
use super::{Found, Row};
use crate::wire::json::Value;

/// The row of a line's pairs, if the line shows enough evidence.
pub fn assemble(found: Found, rule: &'static str) -> Option<Row> {
    let mut row = Row {
        rule,
        ..Row::default()
    };
    let mut best_step = u8::MAX;
    let mut named = false;
    let mut unknown = Vec::new();
    for pair in found.pairs {
        match meaning(&pair.key) {
            Meaning::Step(rank) => {
                if let Value::Int(step) = pair.value
                    && rank < best_step
                {
                    row.step = Some(step);
                    best_step = rank;
                }
            }
            Meaning::Epoch => row.epoch = row.epoch.or(pair.value.as_f64()),
            Meaning::Batch | Meaning::Never => {}
            kind @ (Meaning::Metric | Meaning::Unknown) => {
                if kind == Meaning::Metric && setting(&pair.key, &pair.value) {
                    continue;
                }
                if row.metrics.iter().any(|(key, _)| *key == pair.key) {
                    continue;
                }
                if kind == Meaning::Metric {
                    named = true;
                } else {
                    unknown.push(pair.key.clone());
                }
                row.metrics.push((pair.key, pair.value));
            }
        }
    }
    let counted = row.step.is_some() || row.epoch.is_some();
    match (counted, named, found.whole_line) {
        (true, true, _) => {}
        (true, false, true) if !found.may_be_settings => {}
        (false, true, true) => row.metrics.retain(|(key, _)| !unknown.contains(key)),
        _ => return None,
    }
    (!row.metrics.is_empty()).then_some(row)
}

/// `precision=16` is the number format, not a measured precision.
fn setting(key: &str, value: &Value) -> bool {
    key.eq_ignore_ascii_case("precision") && matches!(value, Value::Int(16 | 32 | 64))
}
