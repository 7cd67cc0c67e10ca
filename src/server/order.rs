//! In which order runs are listed.
//!
//! ```text
//! pages         -created    config.lr    -summary.`val/acc`,name
//! official API  +created_at, -summary_metrics.acc, config.lr.value
//! ```
//!
//! A `-` in front of a name means from the largest, a `+` or nothing from the smallest. Numbers (booleans are 0 and 1)
//! come first, then `NaN`, then texts, then what is missing or has no order, whichever the direction: the best run stands
//! at the top and not below those that have no result. Runs that are equal stand in the order of their IDs, so that a
//! list can be cut into pages.

use std::borrow::Cow;
use std::cmp::Ordering;

use super::filter::RunFields;
use super::filter::fields::{Raw, Scalar};
use super::filter::name::{Name, Path, TextField};

/// Most names of an order.
const MAX_NAMES: usize = 20;

/// What runs are sorted by.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Order {
    names: Vec<(Name, bool)>,
    paths: Vec<Path>,
}

/// Why a text is no order.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OrderError {
    #[error("cannot sort by `{0}`")]
    Name(String),
    #[error("cannot sort by more than {MAX_NAMES} names")]
    TooMany,
}

/// What one run is sorted by; see [`Order::compare`].
#[derive(Debug, Clone)]
pub struct SortKey<'t> {
    values: Vec<Rank<'t>>,
    id: &'t str,
}

#[derive(Debug, Clone)]
enum Rank<'t> {
    Number(f64),
    NotANumber,
    Text(Cow<'t, str>),
    Missing,
}

impl Order {
    /// The order that a text of the pages names; an empty one is `-created`.
    pub fn from_text(text: &str) -> Result<Self, OrderError> {
        let text = if text.trim().is_empty() {
            "-created"
        } else {
            text
        };
        Self::parse(text, Name::from_text)
    }

    /// The order that a text of the official API names; an empty one is `+created_at`.
    pub fn from_mongo_style(text: &str) -> Result<Self, OrderError> {
        let text = if text.trim().is_empty() {
            "+created_at"
        } else {
            text
        };
        Self::parse(text, Name::from_mongo)
    }

    fn parse(text: &str, name: fn(&str) -> Option<Name>) -> Result<Self, OrderError> {
        let mut order = Self {
            names: Vec::new(),
            paths: Vec::new(),
        };
        let mut quoted = false;
        let parts = text.split(|c: char| {
            quoted ^= c == '`';
            c == ',' && !quoted
        });
        for part in parts.map(str::trim).filter(|part| !part.is_empty()) {
            let (word, descending) = match part.strip_prefix('-') {
                Some(word) => (word, true),
                None => (part.strip_prefix('+').unwrap_or(part), false),
            };
            let known = name(word.trim()).filter(|name| *name != Name::Tags);
            let name = known.ok_or_else(|| OrderError::Name(word.trim().to_owned()))?;
            if order.names.len() == MAX_NAMES {
                return Err(OrderError::TooMany);
            }
            if let Name::Path(path) = &name {
                order.paths.push(path.clone());
            }
            order.names.push((name, descending));
        }
        Ok(order)
    }

    /// The places in config and summary whose values the order needs.
    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// What this run is sorted by. `picked` are the values of [`Order::paths`], in their order.
    pub fn key<'t>(&self, run: &'t impl RunFields, picked: &[Option<Raw<'t>>]) -> SortKey<'t> {
        let mut picked = picked.iter().copied();
        let values = self.names.iter().map(|(name, _)| match name {
            Name::Text(field) => match run.text(*field) {
                "" => Rank::Missing,
                text => Rank::Text(Cow::Borrowed(text)),
            },
            Name::Number(field) => run.number(*field).map_or(Rank::Missing, Rank::number),
            Name::Path(_) => picked.next().flatten().map_or(Rank::Missing, Rank::of),
            Name::Tags => Rank::Missing,
        });
        SortKey {
            values: values.collect(),
            id: run.text(TextField::Id),
        }
    }

    /// Which of two runs comes first.
    pub fn compare(&self, a: &SortKey<'_>, b: &SortKey<'_>) -> Ordering {
        let pairs = a.values.iter().zip(&b.values).zip(&self.names);
        let mut orders = pairs.map(|((a, b), (_, descending))| a.compare(b, *descending));
        let order = orders.find(|order| order.is_ne());
        order.unwrap_or_else(|| a.id.cmp(b.id))
    }
}

impl<'t> Rank<'t> {
    fn number(number: f64) -> Self {
        if number.is_nan() {
            Self::NotANumber
        } else {
            Self::Number(number)
        }
    }

    fn of(raw: Raw<'t>) -> Self {
        match raw.scalar() {
            Scalar::Number(number) => Self::number(number),
            Scalar::Bool(on) => Self::Number(f64::from(u8::from(on))),
            Scalar::Text(text) => Self::Text(text),
            Scalar::Null | Scalar::List(_) | Scalar::Other => Self::Missing,
        }
    }

    fn compare(&self, other: &Self, descending: bool) -> Ordering {
        let order = match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.partial_cmp(b).unwrap_or(Ordering::Equal),
            (Self::Text(a), Self::Text(b)) => a.cmp(b),
            // The direction is of no concern to the kinds.
            _ => return self.kind().cmp(&other.kind()),
        };
        if descending { order.reverse() } else { order }
    }

    fn kind(&self) -> u8 {
        match self {
            Self::Number(_) => 0,
            Self::NotANumber => 1,
            Self::Text(_) => 2,
            Self::Missing => 3,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::filter::fields::Picks;
    use crate::server::filter::testing::{RUN, TestRun};

    fn sorted(order: &Order, runs: &[TestRun]) -> Vec<&'static str> {
        let picks = Picks::new(order.paths());
        let key = |run| {
            let mut values = Vec::new();
            let run: &TestRun = run;
            picks.pick(run.config, run.summary, &mut values);
            order.key(run, &values)
        };
        let mut runs: Vec<_> = runs.iter().map(|run| (key(run), run.id)).collect();
        runs.sort_unstable_by(|a, b| order.compare(&a.0, &b.0));
        runs.into_iter().map(|(_, id)| id).collect()
    }

    fn runs(configs: &[(&'static str, &'static str)]) -> Vec<TestRun> {
        let run = |&(id, config): &(&'static str, &'static str)| TestRun { id, config, ..RUN };
        configs.iter().map(run).collect()
    }

    #[test]
    fn missing_values_are_last_in_both_directions() {
        let runs = runs(&[
            ("missing", "{}"),
            ("null", r#"{"a":{"value":null}}"#),
            ("list", r#"{"a":{"value":[1]}}"#),
            ("text-b", r#"{"a":{"value":"b"}}"#),
            ("text-a", r#"{"a":{"value":"a"}}"#),
            ("nan", r#"{"a":{"value":NaN}}"#),
            ("10", r#"{"a":{"value":10}}"#),
            ("9", r#"{"a":{"value":9.0}}"#),
            ("-inf", r#"{"a":{"value":-Infinity}}"#),
            ("true", r#"{"a":{"value":true}}"#),
        ]);
        let up = Order::from_text("config.a").unwrap();
        assert_eq!(
            sorted(&up, &runs).join(" "),
            "-inf true 9 10 nan text-a text-b list missing null"
        );
        let down = Order::from_mongo_style("-config.a.value").unwrap();
        assert_eq!(
            sorted(&down, &runs).join(" "),
            "10 9 true -inf nan text-b text-a list missing null"
        );
    }

    #[test]
    fn later_names_and_then_the_id_break_ties() {
        let runs = runs(&[
            ("d", r#"{"a":{"value":1},"b":{"value":1}}"#),
            ("c", r#"{"a":{"value":1},"b":{"value":2}}"#),
            ("b", r#"{"a":{"value":0},"b":{"value":1}}"#),
            ("a", r#"{"a":{"value":1},"b":{"value":1}}"#),
        ]);
        let order = Order::from_mongo_style("+state, +config.a , -config.b.value").unwrap();
        assert_eq!(sorted(&order, &runs), ["b", "c", "a", "d"]);
    }

    #[test]
    fn both_styles_name_the_same() {
        let text = |text| Order::from_text(text);
        let mongo = |text| Order::from_mongo_style(text);
        assert_eq!(text(""), text("-created"));
        assert_eq!(mongo(" "), text("created"));
        assert_eq!(mongo("-heartbeat_at"), text("-heartbeat"));
        assert_eq!(
            mongo("-summary_metrics.val/acc,+name"),
            text("-summary.`val/acc`, id")
        );
        assert_eq!(text("summary.`a,b`").unwrap().paths().len(), 1);
        assert_eq!(text("tags"), Err(OrderError::Name("tags".into())));
        assert_eq!(mongo("-created"), Err(OrderError::Name("created".into())));
        assert_eq!(text(&"id,".repeat(21)), Err(OrderError::TooMany));
    }
}
