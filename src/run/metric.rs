//! `define_metric`: what is known about metrics by name or glob.

use std::collections::{HashMap, HashSet};

use crate::wire::fields::{name_of, path_of};
use crate::wire::schema::{MetricOptions, MetricRecord, MetricSummary};

/// What holds for one metric after exact and glob definitions were merged.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Rule {
    /// The metric on the x axis, if not the row counter.
    pub step_metric: Option<String>,
    /// The step metric's last value is put into rows that lack it.
    pub step_sync: bool,
    /// Which aggregations the summary holds; none set means the latest value.
    pub summary: MetricSummary,
}

/// All definitions of a run.
#[derive(Debug, Default)]
pub struct Definitions {
    metrics: Vec<MetricRecord>,
    /// Where each exact name and each glob stands.
    by_name: HashMap<(String, String), usize>,
    globs: Vec<usize>,
    axes: HashSet<String>,
}

impl Definitions {
    /// Adds a definition, or merges it into the earlier one of that name. Gives the metric's name as columns spell it;
    /// empty for a glob.
    pub fn add(&mut self, metric: &MetricRecord) -> String {
        let metric = &MetricRecord {
            name: canonical(&metric.name),
            step_metric: canonical(&metric.step_metric),
            ..metric.clone()
        };
        if !metric.step_metric.is_empty() {
            self.axes.insert(metric.step_metric.clone());
        }
        let name = metric.name.clone();
        let key = (name.clone(), metric.glob_name.clone());
        let earlier = self
            .by_name
            .get(&key)
            .and_then(|index| self.metrics.get_mut(*index));
        let Some(earlier) = earlier else {
            if !metric.glob_name.is_empty() {
                self.globs.push(self.metrics.len());
            }
            self.by_name.insert(key, self.metrics.len());
            self.metrics.push(metric.clone());
            return name;
        };
        merge(earlier, metric);
        name
    }

    /// The rule for a metric whose escaped, dotted name is given. The exact definition wins over globs,
    /// of several globs the longest (the official core picks one at random).
    pub fn rule(&self, name: &str) -> Rule {
        let exact = self.exact(name);
        let glob = || {
            let fits = |metric: &&MetricRecord| {
                let prefix = metric.glob_name.strip_suffix('*');
                !name.starts_with('_') && prefix.is_some_and(|prefix| name.starts_with(prefix))
            };
            let globs = self
                .globs
                .iter()
                .filter_map(|index| self.metrics.get(*index));
            globs
                .filter(fits)
                .max_by_key(|metric| metric.glob_name.len())
        };
        let Some(metric) = exact.or_else(glob) else {
            return Rule::default();
        };
        let step_metric = Some(metric.step_metric.clone())
            .filter(|step_metric| !step_metric.is_empty() && step_metric != name);
        Rule {
            step_sync: step_metric.is_some() && metric.options.is_some_and(|o| o.step_sync),
            step_metric,
            summary: metric.summary.unwrap_or_default(),
        }
    }

    fn exact(&self, name: &str) -> Option<&MetricRecord> {
        let index = self.by_name.get(&(name.to_owned(), String::new()))?;
        self.metrics.get(*index)
    }

    /// Whether there is a definition of exactly this (escaped) name.
    pub fn is_defined(&self, name: &str) -> bool {
        self.exact(name).is_some()
    }

    /// Whether some metric is or was plotted against this one.
    pub fn is_axis(&self, name: &str) -> bool {
        self.axes.contains(name)
    }
}

/// Merges a later definition of a metric into the earlier one: flags add up, a named step metric or goal replaces,
/// `none` follows the newest; with `_control.overwrite` the new one replaces the old.
pub fn merge(earlier: &mut MetricRecord, later: &MetricRecord) {
    if later.control.is_some_and(|control| control.overwrite) {
        earlier.clone_from(later);
        return;
    }
    if !later.step_metric.is_empty() {
        earlier.step_metric.clone_from(&later.step_metric);
    }
    if later.goal != 0 {
        earlier.goal = later.goal;
    }
    if let Some(new) = later.options {
        let old = earlier.options.get_or_insert_default();
        old.step_sync |= new.step_sync;
        old.hidden |= new.hidden;
        old.defined |= new.defined;
    }
    if let Some(new) = later.summary {
        let old = earlier.summary.get_or_insert_default();
        old.min |= new.min;
        old.max |= new.max;
        old.mean |= new.mean;
        old.best |= new.best;
        old.last |= new.last;
        old.copy |= new.copy;
        old.first |= new.first;
        old.none = new.none;
    }
}

/// A name as columns spell it, however its backslashes are written.
fn canonical(name: &str) -> String {
    if name.is_empty() {
        return String::new();
    }
    name_of(&path_of(name))
}

/// Makes a definition from a name (a `*` is allowed at the end) and a comma list of summary words.
///
/// Accepted words: `min max mean last first none copy best`. Errors name the word or the name.
pub fn define(name: &str, summary: &str) -> Result<MetricRecord, String> {
    if name.is_empty() {
        return Err("a metric name must not be empty".to_owned());
    }
    if name.find('*').is_some_and(|at| at + 1 < name.len()) {
        return Err(format!(
            "metric name {name:?}: `*` can stand only at the end"
        ));
    }
    let mut words = MetricSummary::default();
    for word in summary
        .split(',')
        .map(str::trim)
        .filter(|word| !word.is_empty())
    {
        match word {
            "min" => words.min = true,
            "max" => words.max = true,
            "mean" => words.mean = true,
            "last" => words.last = true,
            "first" => words.first = true,
            "none" => words.none = true,
            "copy" => words.copy = true,
            "best" => words.best = true,
            _ => {
                return Err(format!(
                    "summary word {word:?}: expected min, max, mean, last, first, none or copy"
                ));
            }
        }
    }
    let (exact, glob) = if name.ends_with('*') {
        (String::new(), name.to_owned())
    } else {
        (name.to_owned(), String::new())
    };
    Ok(MetricRecord {
        name: exact,
        glob_name: glob,
        options: Some(MetricOptions {
            defined: true,
            ..MetricOptions::default()
        }),
        summary: (words != MetricSummary::default()).then_some(words),
        ..MetricRecord::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::MetricControl;

    #[test]
    fn repeated_definitions_merge() {
        let mut definitions = Definitions::default();
        definitions.add(&define("loss", "min").unwrap());
        let mut second = define("loss", "max,none").unwrap();
        second.step_metric = "epoch".into();
        definitions.add(&second);
        let rule = definitions.rule("loss");
        assert!(rule.summary.min && rule.summary.max && rule.summary.none);
        assert_eq!(rule.step_metric.as_deref(), Some("epoch"));
        let mut third = define("loss", "last").unwrap();
        third.control = Some(MetricControl { overwrite: true });
        definitions.add(&third);
        assert_eq!(definitions.rule("loss").step_metric, None);
        assert!(!definitions.rule("loss").summary.min);
    }

    #[test]
    fn exact_wins_over_the_longest_glob() {
        let mut definitions = Definitions::default();
        for (name, summary) in [("*", "first"), ("val/*", "min"), ("val/acc", "max")] {
            definitions.add(&define(name, summary).unwrap());
        }
        assert!(definitions.rule("val/acc").summary.max);
        assert!(definitions.rule("val/loss").summary.min);
        assert!(definitions.rule("other").summary.first);
        assert_eq!(definitions.rule("_private"), Rule::default());
    }

    #[test]
    fn bad_definitions_name_the_reason() {
        assert_eq!(
            define("a*b", "").unwrap_err(),
            "metric name \"a*b\": `*` can stand only at the end"
        );
        assert!(define("a", "median").unwrap_err().contains("\"median\""));
        assert!(define("", "").is_err());
    }
}
