//! Which runs a page or the official API asks for.
//!
//! A [`Filter`] comes from the language of the pages ([`text`]) or from the JSON that `wandb.Api().runs(filters=…)` sends
//! ([`mongo`]). Both mean the same by it:
//! * A value is compared with its own kind only: `"1"` is no number, `true` is not `1`, and nothing is less than a text
//!   but a text. `NaN` equals `NaN` and has no order.
//! * A missing value equals null and passes no other test. Every negation is the plain contrary: `!=` holds for a run
//!   that has no value at all.
//! * A list passes a test if one of its members does, and so do a run's tags.
//! * A text that every run has, such as its group, counts as missing when it is empty.
//!
//! Config and summary stay text. The caller picks the values of [`Filter::paths`] out of them, together with those of the
//! order and of the columns ([`fields::Picks`]), and passes them to [`Filter::matches`].

mod check;
pub mod fields;
mod lexer;
pub mod mongo;
pub mod name;
mod scan;
#[cfg(test)]
pub(super) mod testing;
pub mod text;
pub mod time;

use std::borrow::Cow;

use regex::RegexBuilder;

use check::{Check, Literal, Relation};
use fields::{Raw, Scalar};
use name::{Name, NumberField, Path, TextField};

/// Deepest nesting of parentheses, lists of conditions and negations.
pub const MAX_DEPTH: usize = 50;
/// Most regular expressions of a filter, the longest one, and the largest one when compiled, in bytes.
const MAX_REGEXES: usize = 20;
const MAX_REGEX_LENGTH: usize = 1000;
const MAX_REGEX_SIZE: usize = 1 << 20;

/// What every run has.
pub trait RunFields {
    /// Empty if there is none.
    fn text(&self, field: TextField) -> &str;
    fn number(&self, field: NumberField) -> Option<f64>;
    fn tags(&self) -> impl Iterator<Item = &str>;
}

/// A condition on runs.
#[derive(Debug, Clone)]
pub struct Filter {
    root: Node,
    paths: Vec<Path>,
}

#[derive(Debug, Clone)]
enum Node {
    All(Vec<Node>),
    Any(Vec<Node>),
    Not(Box<Node>),
    Test(Subject, Check),
}

/// What a test looks at.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Subject {
    Text(TextField),
    Number(NumberField),
    Tags,
    /// The value of the filter's path with this index.
    Picked(usize),
}

impl Filter {
    /// The filter that a text in the language of the pages describes; an empty one holds for every run.
    pub fn from_text(text: &str) -> Result<Self, text::TextError> {
        text::parse(text, time::now())
    }

    /// The filter that a JSON text describes as the official API sends it; an empty one holds for every run.
    pub fn from_mongo(json: &str) -> Result<Self, String> {
        mongo::parse(json)
    }

    /// The places in config and summary whose values the filter needs.
    pub fn paths(&self) -> &[Path] {
        &self.paths
    }

    /// Whether the filter holds for this run. `picked` are the values of [`Filter::paths`], in their order.
    pub fn matches(&self, run: &impl RunFields, picked: &[Option<Raw<'_>>]) -> bool {
        self.root.holds(run, picked)
    }
}

impl Node {
    fn holds(&self, run: &impl RunFields, picked: &[Option<Raw<'_>>]) -> bool {
        match self {
            Self::All(nodes) => nodes.iter().all(|node| node.holds(run, picked)),
            Self::Any(nodes) => nodes.iter().any(|node| node.holds(run, picked)),
            Self::Not(node) => !node.holds(run, picked),
            Self::Test(subject, check) => match *subject {
                Subject::Text(field) => check.holds(text_scalar(run.text(field)).as_ref()),
                Subject::Number(field) => {
                    check.holds(run.number(field).map(Scalar::Number).as_ref())
                }
                Subject::Tags => {
                    let mut tags = run.tags().map(|tag| Scalar::Text(Cow::Borrowed(tag)));
                    match check {
                        Check::Equal(Literal::Null) => tags.next().is_none(),
                        _ => tags.any(|tag| check.holds(Some(&tag))),
                    }
                }
                Subject::Picked(index) => {
                    let raw = picked.get(index).copied().flatten();
                    check.holds(raw.map(Raw::scalar).as_ref())
                }
            },
        }
    }

    fn not(self) -> Self {
        Self::Not(Box::new(self))
    }
}

fn text_scalar(text: &str) -> Option<Scalar<'_>> {
    (!text.is_empty()).then_some(Scalar::Text(Cow::Borrowed(text)))
}

/// What both parsers gather: the paths, each of them once, and how many regular expressions there are.
#[derive(Debug, Default)]
struct Parts {
    paths: Vec<Path>,
    regexes: usize,
}

impl Parts {
    fn subject(&mut self, name: Name) -> Subject {
        match name {
            Name::Text(field) => Subject::Text(field),
            Name::Number(field) => Subject::Number(field),
            Name::Tags => Subject::Tags,
            Name::Path(path) => {
                let known = self.paths.iter().position(|known| *known == path);
                Subject::Picked(known.unwrap_or_else(|| {
                    self.paths.push(path);
                    self.paths.len() - 1
                }))
            }
        }
    }

    fn regex(&mut self, pattern: &str, ignore_case: bool) -> Result<Check, String> {
        self.regexes += 1;
        if self.regexes > MAX_REGEXES {
            return Err(format!("more than {MAX_REGEXES} regular expressions"));
        }
        if pattern.len() > MAX_REGEX_LENGTH {
            return Err(format!(
                "a regular expression of more than {MAX_REGEX_LENGTH} bytes"
            ));
        }
        let regex = RegexBuilder::new(pattern)
            .size_limit(MAX_REGEX_SIZE)
            .nest_limit(MAX_DEPTH as u32)
            .case_insensitive(ignore_case)
            .build();
        regex.map(Check::Matches).map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => "the regular expression is too large".to_owned(),
            // The last line has the reason, behind a drawing of the place.
            error => {
                let text = error.to_string();
                let reason = text.lines().next_back().unwrap_or_default();
                let reason = reason.strip_prefix("error: ").unwrap_or(reason);
                format!("not a regular expression: {reason}")
            }
        })
    }

    fn filter(self, root: Node) -> Filter {
        Filter {
            root,
            paths: self.paths,
        }
    }
}

/// A run without anything, for the fuzz functions.
struct NoRun;

impl RunFields for NoRun {
    fn text(&self, _: TextField) -> &'static str {
        ""
    }

    fn number(&self, _: NumberField) -> Option<f64> {
        None
    }

    fn tags(&self) -> impl Iterator<Item = &str> {
        std::iter::empty()
    }
}
