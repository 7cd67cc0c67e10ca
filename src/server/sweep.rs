//! Which parameters a sweep's next run gets, and which of its runs are stopped early.
//!
//! Everything here is a pure function of the sweep's config, its runs, and a seed: the server keeps no state of a search,
//! and after a restart it goes on where it was. The seed comes from the sweep's ID and the number of its runs ([`seed`]),
//! so the same sweep with the same results is searched in the same way.
//!
//! What the agent gets ([`Next::Run`]) has a `value` around each outermost parameter, and so have the runs' configs:
//! ```json
//! {"lr": {"value": 0.1}, "model": {"value": {"depth": 5}}}
//! ```
//! The agent turns the members into flags in their order, which is that of their names.
//! Grid, random search and hyperband follow the `sweeps` package of W&B; the Gaussian process is like it in kind.

mod bayes;
pub mod config;
pub mod distribution;
mod grid;
pub mod hyperband;
mod parameter;
mod random;
mod yaml;

use config::{Goal, Method, SweepConfig};
use distribution::Distribution;
use random::Generator;

use crate::wire::json::Value;

/// Why a sweep cannot be searched.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SweepError {
    #[error("the sweep's config is no YAML: {0}")]
    Yaml(String),
    #[error("the sweep's config is no mapping")]
    NoMapping,
    #[error("the sweep's config is too large")]
    TooLarge,
    #[error("method: expected grid, random or bayes, found {0}")]
    Method(String),
    #[error("parameters: there are none")]
    NoParameters,
    #[error("metric: bayes needs one with a name")]
    NoMetric,
    #[error("{name}: {reason}")]
    Parameter { name: String, reason: String },
}

/// A run that the sweep has given out.
#[derive(Debug, Clone, PartialEq)]
pub struct PastRun {
    /// What the agent got, or the run's config, which holds it; other members do no harm.
    pub parameters: Value,
    /// The best value of the sweep's metric.
    pub metric: Option<f64>,
    pub state: PastState,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PastState {
    Finished,
    /// Failed, crashed or killed.
    Failed,
    /// Not at its end.
    Active,
}

/// What an agent that asks for work is to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Next {
    /// Start a run with these parameters: a JSON object.
    Run(String),
    /// The sweep is at its end.
    Done,
}

impl PastState {
    /// From a run's state as the server keeps it.
    pub fn of(state: &str) -> Self {
        match state {
            "finished" => Self::Finished,
            "failed" | "crashed" | "killed" => Self::Failed,
            _ => Self::Active,
        }
    }
}

impl PastRun {
    /// The value of a parameter.
    fn value(&self, path: &[String]) -> Option<&Value> {
        let (first, rest) = path.split_first()?;
        let value = self.parameters.get(first)?.get("value")?;
        rest.iter().try_fold(value, |value, name| value.get(name))
    }
}

/// The seed for the next run of a sweep that has so many runs.
pub fn seed(sweep: &str, runs: usize) -> u64 {
    // FNV-1a; the generator spreads what is close together.
    let hash = sweep
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
            (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3)
        });
    Generator::new(hash ^ (runs as u64).rotate_left(32)).next()
}

/// What comes next; `runs` are all that the sweep has given out.
pub fn next(config: &SweepConfig, runs: &[PastRun], seed: u64) -> Next {
    let capped = config.run_cap.is_some_and(|cap| runs.len() as u64 >= cap);
    if capped || runs.iter().any(|run| reaches_target(config, run)) {
        return Next::Done;
    }
    let mut generator = Generator::new(seed);
    let values = match config.method {
        Method::Grid => match grid::next(config, runs) {
            Some(values) => values,
            None => return Next::Done,
        },
        Method::Random => random::next(config, &mut generator),
        Method::Bayes => bayes::next(config, runs, &mut generator),
    };
    let mut parameters = Value::Map(Vec::new());
    for (parameter, value) in config.parameters.iter().zip(values) {
        let mut path: Vec<&str> = parameter.path.iter().map(String::as_str).collect();
        path.insert(1, "value");
        parameters.put(&path, value);
    }
    Next::Run(parameters.to_json())
}

fn reaches_target(config: &SweepConfig, run: &PastRun) -> bool {
    let Some(metric) = &config.metric else {
        return false;
    };
    match (metric.target, run.metric, metric.goal) {
        (Some(target), Some(value), Goal::Minimize) => value <= target,
        (Some(target), Some(value), Goal::Maximize) => value >= target,
        _ => false,
    }
}

/// How many runs the sweep will have, if there is an end to it.
pub fn expected_runs(config: &SweepConfig) -> Option<u64> {
    let grid = (config.method == Method::Grid)
        .then(|| grid::size(config))
        .flatten();
    let grid = grid.and_then(|size| u64::try_from(size).ok());
    match (grid, config.run_cap) {
        (Some(grid), Some(cap)) => Some(grid.min(cap)),
        (grid, cap) => grid.or(cap),
    }
}

#[cfg(test)]
mod tests;
