//! Every combination once: the last parameter changes fastest.
//!
//! What was given out is known by the parameters of the past runs alone, so nothing is lost with a restart. Combinations
//! are numbers in a mixed base and are never listed; a run that fits no combination counts for none.

use std::collections::HashSet;

use super::config::SweepConfig;
use super::distribution::{Distribution, Shape, Step, same};
use super::{PastRun, SweepError};
use crate::wire::json::Value;

/// The values of one parameter.
enum Axis<'c> {
    Constant(&'c Value),
    Values(Vec<&'c Value>),
    /// So many integers from the first one on.
    Integers(i64, u64),
    /// So many steps from the first value on.
    Steps(f64, Step, u64),
}

impl<'c> Axis<'c> {
    fn new(distribution: &'c Distribution) -> Option<Self> {
        match distribution {
            Distribution::Constant(value) => Some(Self::Constant(value)),
            Distribution::Categorical {
                values,
                probabilities: None,
            } => {
                let mut distinct: Vec<&Value> = Vec::new();
                for value in values {
                    if !distinct.iter().any(|known| same(known, value)) {
                        distinct.push(value);
                    }
                }
                Some(Self::Values(distinct))
            }
            Distribution::IntUniform { min, max } => {
                Some(Self::Integers(*min, max.abs_diff(*min).saturating_add(1)))
            }
            // The end is no value, as in the official search.
            Distribution::Real {
                shape: Shape::Uniform { min, max },
                step: Some(step),
            } => Some(Self::Steps(
                *min,
                *step,
                ((max - min) / step.size).ceil() as u64,
            )),
            _ => None,
        }
    }

    fn count(&self) -> u64 {
        match self {
            Self::Constant(_) => 1,
            Self::Values(values) => values.len() as u64,
            Self::Integers(_, count) | Self::Steps(_, _, count) => *count,
        }
    }

    fn value(&self, index: u64) -> Value {
        match self {
            Self::Constant(value) => (*value).clone(),
            Self::Values(values) => values
                .get(usize::try_from(index).unwrap_or(usize::MAX))
                .map_or(Value::Null, |value| (*value).clone()),
            Self::Integers(first, _) => Value::Int(first.saturating_add_unsigned(index)),
            Self::Steps(first, step, _) => step.value(first + index as f64 * step.size),
        }
    }

    /// Which of the values this is. A constant is not looked at: the script may have changed it.
    fn index(&self, value: Option<&Value>) -> Option<u64> {
        let index = match self {
            Self::Constant(_) => return Some(0),
            Self::Values(values) => {
                let value = value?;
                values.iter().position(|known| same(known, value))? as u64
            }
            Self::Integers(first, _) => match value? {
                Value::Int(i) if i >= first => i.abs_diff(*first),
                _ => return None,
            },
            Self::Steps(first, step, _) => ((value?.as_f64()? - first) / step.size).round() as u64,
        };
        (index < self.count() && value.is_some_and(|value| same(&self.value(index), value)))
            .then_some(index)
    }
}

fn axes(config: &SweepConfig) -> Result<Vec<Axis<'_>>, SweepError> {
    let axis = |parameter: &'_ super::config::Parameter| parameter.path.join(".");
    let axes = config.parameters.iter().map(|parameter| {
        Axis::new(&parameter.distribution).ok_or_else(|| SweepError::Parameter {
            name: axis(parameter),
            reason: "a grid needs `values`, integers or steps".to_owned(),
        })
    });
    axes.collect()
}

/// Whether the config can be searched as a grid.
pub(super) fn check(config: &SweepConfig) -> Result<(), SweepError> {
    axes(config).map(|_| ())
}

/// How many combinations there are, if they can be counted.
pub(super) fn size(config: &SweepConfig) -> Option<u128> {
    let counts = axes(config).ok()?;
    let mut counts = counts.iter().map(|axis| u128::from(axis.count()));
    counts.try_fold(1_u128, u128::checked_mul)
}

/// The first combination that no run has had.
pub(super) fn next(config: &SweepConfig, runs: &[PastRun]) -> Option<Vec<Value>> {
    let axes = axes(config).ok()?;
    // More combinations than this are never used up.
    let count = size(config).unwrap_or(u128::MAX);
    let given: HashSet<u128> = runs
        .iter()
        .filter_map(|run| {
            let pairs = axes.iter().zip(&config.parameters);
            let mut number = 0_u128;
            for (axis, parameter) in pairs {
                let index = axis.index(run.value(&parameter.path))?;
                let base = u128::from(axis.count());
                number = number.checked_mul(base)?.checked_add(u128::from(index))?;
            }
            Some(number)
        })
        .collect();
    // One of the first so many numbers is free: there are more of them than runs.
    let mut number = (0..count).find(|number| !given.contains(number))?;
    let mut values: Vec<Value> = axes
        .iter()
        .rev()
        .map(|axis| {
            let base = u128::from(axis.count());
            let index = number % base;
            number /= base;
            axis.value(index as u64)
        })
        .collect();
    values.reverse();
    Some(values)
}
