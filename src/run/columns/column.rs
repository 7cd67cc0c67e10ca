//! One column of history: its latest value, its aggregations, its series.

use std::borrow::Cow;

use super::latest::Latest;
use crate::run::metric::Rule;
use crate::run::series::Series;
use crate::wire::json::{Value, write_float};
use crate::wire::schema::MetricSummary;

/// What is known about one column.
///
/// A row may have thousands of values: what each of them changes lies here, within a few cache lines, and all else in
/// [`Detail`].
#[derive(Debug)]
pub(super) struct Column {
    /// Latest value, what the summary shows if no aggregation is asked for; empty if there is none.
    last: Latest,
    /// `last` is the latest number in a row.
    last_is_number: bool,
    /// The summary value changed since it was last written.
    pub(super) dirty: bool,
    /// `run.summary[...]` was set: aggregations are off.
    pub(super) explicit: bool,
    /// Some other column is above or below this one: of such, only the latest has a summary value.
    pub(super) rivals: bool,
    /// There was a value.
    has_first: bool,
    /// [`Rule::step_sync`].
    pub(super) step_sync: bool,
    /// It is no leaf of an object.
    is_top: bool,
    aggregate: Aggregate,
    pub(super) series: Series,
    pub(super) detail: Box<Detail>,
}

/// What few rows need.
#[derive(Debug)]
pub(super) struct Detail {
    pub(super) path: Vec<String>,
    /// The path as `define_metric` spells it.
    pub(super) name: String,
    pub(super) rule: Rule,
    /// The first value, if there was one.
    first: String,
    /// The latest number in a row, if it is not the latest value; empty if there is none.
    number: Latest,
}

#[derive(Debug, Default)]
struct Aggregate {
    min: f64,
    max: f64,
    sum: f64,
    count: u64,
}

impl Aggregate {
    fn add(&mut self, number: f64) {
        if self.count == 0 {
            (self.min, self.max) = (number, number);
        } else if number.is_nan() || self.min.is_nan() {
            (self.min, self.max) = (f64::NAN, f64::NAN);
        } else {
            (self.min, self.max) = (self.min.min(number), self.max.max(number));
        }
        self.sum += number;
        self.count += 1;
    }
}

impl Column {
    /// A column at this path, before its first value.
    pub(super) fn new(path: Vec<String>, name: &str, rule: Rule, rivals: bool) -> Self {
        Self {
            last: Latest::default(),
            last_is_number: false,
            dirty: false,
            explicit: false,
            rivals,
            has_first: false,
            step_sync: rule.step_sync,
            is_top: path.len() == 1,
            aggregate: Aggregate::default(),
            series: Series::default(),
            detail: Box::new(Detail {
                path,
                name: name.to_owned(),
                rule,
                first: String::new(),
                number: Latest::default(),
            }),
        }
    }

    /// Sets what its definitions say.
    pub(super) fn set_rule(&mut self, rule: Rule) {
        self.step_sync = rule.step_sync;
        self.detail.rule = rule;
    }

    /// Takes the value of a row: its JSON text, and what it is as a number.
    pub(super) fn record(&mut self, json: &[u8], number: Option<f64>) {
        if let Some(number) = number {
            self.aggregate.add(number);
            if self.is_top {
                self.series.push(number);
            }
        } else if json == b"null" {
            return;
        }
        if !self.has_first {
            self.has_first = true;
            self.detail.first = String::from_utf8_lossy(json).into_owned();
        }
        self.set_last(json, number.is_some());
        self.dirty = true;
    }

    /// Whether there is a latest value.
    pub(super) fn has_last(&self) -> bool {
        !self.last.is_empty()
    }

    /// Takes the summary value away; `entirely` with its aggregations.
    pub(super) fn forget(&mut self, entirely: bool) {
        self.clear_last();
        self.dirty = false;
        if entirely {
            self.aggregate = Aggregate::default();
            self.has_first = false;
        }
    }

    /// What rows without this column get if it is their x axis.
    pub(super) fn latest_number(&self) -> Option<&str> {
        let number = if self.last_is_number {
            &self.last
        } else {
            &self.detail.number
        };
        (!number.is_empty()).then(|| number.as_str())
    }

    /// Sets the latest value; `is_number` if it is one in a row.
    pub(super) fn set_last(&mut self, json: &[u8], is_number: bool) {
        if !is_number {
            self.clear_last();
        }
        self.last.set(json);
        self.last_is_number = is_number;
    }

    fn clear_last(&mut self) {
        if std::mem::take(&mut self.last_is_number) {
            std::mem::swap(&mut self.last, &mut self.detail.number);
        }
        self.last.set(b"");
    }

    /// The summary value as JSON text: the latest, or the asked aggregations, or nothing.
    pub(super) fn summary(&self) -> Option<Cow<'_, str>> {
        if self.last.is_empty() {
            return None;
        }
        let MetricSummary {
            min,
            max,
            mean,
            last: latest,
            first,
            none,
            ..
        } = self.detail.rule.summary;
        if none {
            return None;
        }
        if self.explicit || !(min || max || mean || latest || first) {
            return Some(Cow::Borrowed(self.last.as_str()));
        }
        let mut json = String::from("{");
        let mut add = |name: &str, value: &dyn Fn(&mut String)| {
            if json.len() > 1 {
                json.push(',');
            }
            json.push('"');
            json.push_str(name);
            json.push_str("\":");
            value(&mut json);
        };
        let text = |text: &str, out: &mut String| out.push_str(text);
        if latest {
            add("last", &|out| text(self.last.as_str(), out));
        }
        let aggregate = &self.aggregate;
        if first && self.has_first {
            add("first", &|out| text(&self.detail.first, out));
        }
        if aggregate.count > 0 {
            if min {
                add("min", &|out| write_number(aggregate.min, out));
            }
            if max {
                add("max", &|out| write_number(aggregate.max, out));
            }
            if mean {
                add("mean", &|out| {
                    write_number(aggregate.sum / aggregate.count as f64, out);
                });
            }
        }
        json.push('}');
        Some(Cow::Owned(json))
    }

    /// See [`Column::summary`]; null is no value.
    pub(super) fn summary_value(&self) -> Option<Value> {
        // The text was written here, or checked when it came.
        Value::parse(&self.summary()?)
            .ok()
            .filter(|value| *value != Value::Null)
    }
}

/// A number that was computed: whole ones are written as such, as by the official core.
fn write_number(number: f64, out: &mut String) {
    if number.fract() == 0.0 && number.abs() < 9e15 {
        out.push_str(&(number as i64).to_string());
    } else {
        write_float(number, out);
    }
}
