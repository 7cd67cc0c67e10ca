//! A sweep's config, as the official client sends it to the server: YAML.
//!
//! ```yaml
//! method: bayes                      # or grid, random
//! metric: {name: loss, goal: minimize, target: 0.1, impute: worst}
//! run_cap: 50
//! early_terminate: {type: hyperband, min_iter: 3, eta: 3}     # or max_iter and s; strict
//! parameters:
//!   lr: {distribution: log_uniform_values, min: 1e-5, max: 0.1}
//!   batch: {values: [16, 32], probabilities: [0.2, 0.8]}
//!   seed: {value: 1}
//!   model: {parameters: {depth: {min: 1, max: 5}}}
//! ```
//!
//! Without a `distribution` a parameter's other keys tell it: `value`, `values`, `mu` and `sigma` (normal), `min` and `max`
//! (integers: `int_uniform`, else `uniform`). `log_uniform` and its kin take exponents of e, `log_uniform_values` the
//! limits themselves. What is not understood and does no harm is a warning. Parameters are sorted by name, so that the
//! same config is searched in the same order, however it was written.
//! Limits: [`MAX_LENGTH`] bytes, [`MAX_PARAMETERS`], nested [`MAX_DEPTH`] deep.

use super::distribution::Distribution;
use super::parameter::gather;
use super::{SweepError, grid, yaml};
use crate::wire::json::Value;

/// Longest config, in bytes.
pub const MAX_LENGTH: usize = 1 << 20;
/// Most parameters, and how deep they may be nested.
pub const MAX_PARAMETERS: usize = 1000;
pub const MAX_DEPTH: usize = 20;

/// A sweep.
#[derive(Debug, Clone, PartialEq)]
pub struct SweepConfig {
    pub method: Method,
    pub metric: Option<Metric>,
    /// Sorted by name.
    pub parameters: Vec<Parameter>,
    pub run_cap: Option<u64>,
    pub early_terminate: Option<Hyperband>,
    pub program: Option<String>,
    pub name: Option<String>,
    /// What was not understood, in sentences.
    pub warnings: Vec<String>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Method {
    Grid,
    Random,
    Bayes,
}

#[derive(Debug, Clone, PartialEq)]
pub struct Metric {
    pub name: String,
    pub goal: Goal,
    /// The sweep ends when a run is as good as this.
    pub target: Option<f64>,
    /// A run that failed counts as the worst one, not by its own metric.
    pub impute_worst: bool,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Goal {
    Minimize,
    Maximize,
}

/// A parameter, or a member of one.
#[derive(Debug, Clone, PartialEq)]
pub struct Parameter {
    /// Its name, behind those of the parameters it is nested in.
    pub path: Vec<String>,
    pub distribution: Distribution,
}

/// When runs that lag behind are stopped.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Hyperband {
    pub from: Band,
    /// Of each band's runs one part in this many goes on.
    pub eta: f64,
    /// A run must be good at the band itself; its best value up to now does not count.
    pub strict: bool,
}

/// Where the bands are, in numbers of logged values.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Band {
    /// The first one; the others follow.
    First(f64),
    /// The end, and how many there are in front of it.
    Last(f64, u32),
}

impl SweepConfig {
    /// Reads a config.
    pub fn from_yaml(text: &str) -> Result<Self, SweepError> {
        if text.len() > MAX_LENGTH {
            return Err(SweepError::TooLarge);
        }
        let root = yaml::parse(text).map_err(SweepError::Yaml)?;
        let Value::Map(members) = &root else {
            return Err(SweepError::NoMapping);
        };
        let mut warnings = Vec::new();
        let known = "method metric metrics parameters run_cap early_terminate program name description command project entity controller apiVersion kind job image_uri scheduler";
        unknown("", members, known, &mut warnings);
        let text = |key| root.get(key).and_then(Value::as_str).map(str::to_owned);
        let method = match root.get("method").map(|method| (method, method.as_str())) {
            Some((_, Some("grid"))) => Method::Grid,
            Some((_, Some("random"))) => Method::Random,
            Some((_, Some("bayes"))) => Method::Bayes,
            Some((_, Some(other))) => return Err(SweepError::Method(other.to_owned())),
            Some((other, None)) => return Err(SweepError::Method(other.kind().to_owned())),
            None => return Err(SweepError::Method("nothing".to_owned())),
        };
        let mut parameters = Vec::new();
        match root.get("parameters") {
            Some(Value::Map(members)) => {
                gather(members, &mut Vec::new(), &mut parameters, &mut warnings)?;
            }
            _ => return Err(SweepError::NoParameters),
        }
        if parameters.is_empty() {
            return Err(SweepError::NoParameters);
        }
        let metric = root
            .get("metric")
            .and_then(|metric| read_metric(metric, &mut warnings));
        if method == Method::Bayes && metric.is_none() {
            return Err(SweepError::NoMetric);
        }
        let run_cap = root.get("run_cap").and_then(number);
        if root.get("run_cap").is_some() && run_cap.is_none_or(|cap| cap < 1.0) {
            warnings.push("run_cap: expected a number of at least 1".to_owned());
        }
        let early_terminate = root
            .get("early_terminate")
            .filter(|rule| **rule != Value::Null);
        let early_terminate = early_terminate.and_then(|rule| hyperband(rule, &mut warnings));
        if early_terminate.is_some() && metric.is_none() {
            warnings.push("early_terminate: needs a metric, no run will be stopped".to_owned());
        }
        let config = Self {
            method,
            metric,
            parameters,
            run_cap: run_cap.filter(|cap| *cap >= 1.0).map(|cap| cap as u64),
            early_terminate,
            program: text("program"),
            name: text("name"),
            warnings,
        };
        if method == Method::Grid {
            grid::check(&config)?;
        }
        Ok(config)
    }
}

/// Adds a warning for each key that is not among the known ones.
pub(super) fn unknown(
    at: &str,
    members: &[(String, Value)],
    known: &str,
    warnings: &mut Vec<String>,
) {
    for (key, _) in members {
        if !known.split(' ').any(|known| known == key) {
            let dot = if at.is_empty() { "" } else { "." };
            warnings.push(format!("{at}{dot}{key}: not understood"));
        }
    }
}

/// A finite number. Python's YAML takes `1e-3` for text, so a text that reads as a number is one.
pub(super) fn number(value: &Value) -> Option<f64> {
    let number = match value {
        Value::Text(text) => text.trim().parse().ok(),
        other => other.as_f64(),
    };
    number.filter(|number| number.is_finite())
}

fn read_metric(metric: &Value, warnings: &mut Vec<String>) -> Option<Metric> {
    let Value::Map(members) = metric else {
        warnings.push("metric: expected a mapping".to_owned());
        return None;
    };
    unknown("metric", members, "name goal target impute", warnings);
    let Some(name) = metric.get("name").and_then(Value::as_str) else {
        warnings.push("metric: has no name".to_owned());
        return None;
    };
    let mut word = |key: &str, known: &[&str]| {
        let word = metric
            .get(key)
            .map(|word| word.as_str().unwrap_or_default());
        let index = known.iter().position(|known| word == Some(*known));
        if word.is_some() && index.is_none() {
            warnings.push(format!("metric.{key}: expected {}", known.join(" or ")));
        }
        index.unwrap_or(0)
    };
    let goal = match word("goal", &["minimize", "maximize"]) {
        0 => Goal::Minimize,
        _ => Goal::Maximize,
    };
    let impute_worst = word("impute", &["worst", "best", "latest"]) == 0;
    Some(Metric {
        name: name.to_owned(),
        goal,
        target: metric.get("target").and_then(number),
        impute_worst,
    })
}

fn hyperband(rule: &Value, warnings: &mut Vec<String>) -> Option<Hyperband> {
    let mut fault = |text: &str| {
        warnings.push(format!("early_terminate: {text}, no run will be stopped"));
        None
    };
    let Value::Map(members) = rule else {
        return fault("expected a mapping");
    };
    if rule.get("type").and_then(Value::as_str) != Some("hyperband") {
        return fault("the only known type is hyperband");
    }
    let get = |key| rule.get(key).and_then(number);
    let eta = get("eta").unwrap_or(3.0);
    if eta <= 1.0 {
        return fault("eta must be more than 1");
    }
    let from = match (get("max_iter"), get("s"), get("min_iter")) {
        (Some(last), Some(count), _) if last >= eta && count >= 1.0 => {
            Band::Last(last, count as u32)
        }
        (_, _, Some(first)) if first >= 1.0 => Band::First(first),
        _ => return fault("needs min_iter, or max_iter and s, such that there is a band"),
    };
    unknown(
        "early_terminate",
        members,
        "type max_iter min_iter s eta strict",
        warnings,
    );
    let strict = rule.get("strict") == Some(&Value::Bool(true));
    Some(Hyperband { from, eta, strict })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::sweep::distribution::Shape;

    #[test]
    fn a_whole_config_is_read() {
        let text = "
method: bayes
metric: {name: val/loss, goal: maximize, target: 0.9, impute: latest}
run_cap: 50
program: train.py
early_terminate: {type: hyperband, max_iter: 27, s: 2, eta: 3, strict: true}
parameters:
  seed: {value: 1}
  model: {parameters: {depth: {min: 1, max: 5}, act: {values: [relu, gelu]}}}
  lr: {distribution: log_uniform_values, min: 1e-5, max: '0.1'}
";
        let config = SweepConfig::from_yaml(text).unwrap();
        assert_eq!(config.warnings, Vec::<String>::new());
        let names: Vec<_> = config.parameters.iter().map(|p| p.path.join(".")).collect();
        assert_eq!(names, ["lr", "model.act", "model.depth", "seed"]);
        let (min, max) = (1e-5_f64.ln(), 0.1_f64.ln());
        let shape = Shape::LogUniform { min, max };
        assert_eq!(
            config.parameters[0].distribution,
            Distribution::Real { shape, step: None }
        );
        assert_eq!(config.run_cap, Some(50));
        let metric = config.metric.unwrap();
        assert_eq!(
            (metric.goal, metric.target, metric.impute_worst),
            (Goal::Maximize, Some(0.9), false)
        );
        let bands = Hyperband {
            from: Band::Last(27.0, 2),
            eta: 3.0,
            strict: true,
        };
        assert_eq!(config.early_terminate, Some(bands));
    }

    #[test]
    fn what_cannot_be_searched_is_an_error() {
        for (text, error) in [
            ("[]", SweepError::NoMapping),
            ("method: grid", SweepError::NoParameters),
            ("method: grid\nparameters: {}", SweepError::NoParameters),
            (
                "parameters: {a: {value: 1}}",
                SweepError::Method("nothing".into()),
            ),
            ("method: custom", SweepError::Method("custom".into())),
            (
                "method: bayes\nparameters: {a: {min: 0, max: 1}}",
                SweepError::NoMetric,
            ),
        ] {
            assert_eq!(SweepConfig::from_yaml(text), Err(error), "{text}");
        }
        let deep = format!(
            "method: grid\nparameters: {}1{}",
            "{a: {parameters: ".repeat(30),
            "}}".repeat(30)
        );
        assert!(SweepConfig::from_yaml(&deep).is_err());
    }

    #[test]
    fn what_is_not_understood_is_a_warning() {
        let text = "
method: random
colour: red
run_cap: none
metric: {name: loss, goal: up, unit: m}
early_terminate: {type: median}
parameters: {a: 3, b: {value: 1, unit: m}, c: {parameters: {d: {value: 1}}, e: 1}}
";
        let config = SweepConfig::from_yaml(text).unwrap();
        assert_eq!(
            config.warnings,
            [
                "colour: not understood",
                "a: expected a mapping, taken as `value`",
                "b.unit: not understood",
                "c.e: not understood",
                "metric.unit: not understood",
                "metric.goal: expected minimize or maximize",
                "run_cap: expected a number of at least 1",
                "early_terminate: the only known type is hyperband, no run will be stopped",
            ]
        );
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_handled(text in r"(method|parameters|metric|a|b|min|max|q|values|distribution|[:{}\[\], 0-9\n-]|: |  ){0,40}") {
            let _ = SweepConfig::from_yaml(&text);
            let _ = SweepConfig::from_yaml(&format!("method: random\nparameters: {text}"));
        }
    }
}
