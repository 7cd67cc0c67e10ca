//! The parameters that promise most, by what the past runs have shown.
//!
//! A Gaussian process (Matérn kernel, 5/2) is fitted to the runs that have ended: every parameter lies between 0 and 1
//! by its distribution, the metric has mean 0 and deviation 1. Length and noise are the likeliest of a few. Of many
//! random parameters, some of them near the best run's, those with the largest expected improvement are taken. A run that
//! is not at its end counts with what the process expects of it, so that several agents do not get the same; one that
//! failed counts as the worst. The first few runs are random.

use super::config::{Goal, SweepConfig};
use super::distribution::{normal_density, normal_position};
use super::random::{self, Generator};
use super::{Distribution, PastRun, PastState};
use crate::wire::json::Value;

/// Runs that must have a metric before the process is asked.
const FIRST: usize = 3;
/// Most runs that the process is fitted to, of those that ended and those that did not.
const MAX_ENDED: usize = 100;
const MAX_ACTIVE: usize = 50;
/// Parameters that are looked at, and those of them that are near the best run's.
const CANDIDATES: usize = 1000;
const NEAR: usize = 250;
/// Lengths over which the metric changes, for one parameter, and its noise, as parts of the metric's variance.
const LENGTHS: [f64; 5] = [0.1, 0.2, 0.4, 0.8, 1.6];
const NOISES: [f64; 3] = [1e-6, 1e-3, 1e-1];

/// Where parameters lie, each between 0 and 1; constants are left out.
type Point = Vec<f64>;
/// The parameters of a run that has ended, and its metric as if less were better.
type Ended = (Point, f64);

/// A value for each parameter.
pub(super) fn next(
    config: &SweepConfig,
    runs: &[PastRun],
    generator: &mut Generator,
) -> Vec<Value> {
    let (ended, active) = observations(config, runs);
    let measured = runs
        .iter()
        .filter(|run| run.metric.is_some_and(f64::is_finite));
    if measured.count() < FIRST || ended.len() < FIRST {
        return random::next(config, generator);
    }
    let unordered: Vec<bool> = searched(config).map(is_unordered).collect();
    let Some((process, best)) = Process::fit(&unordered, ended, &active) else {
        return random::next(config, generator);
    };
    let mut chosen = None;
    for index in 0..CANDIDATES {
        let mut dimension = 0;
        let values: Vec<Value> = config
            .parameters
            .iter()
            .map(|parameter| {
                let mut part = generator.part();
                if !matches!(parameter.distribution, Distribution::Constant(_)) {
                    // Half of the steps near the best run leave a parameter as it is.
                    if index < NEAR {
                        let step = (generator.part() - 0.5).max(0.0) * 0.4 * (part - 0.5);
                        part = (best[dimension] + step).clamp(0.0, 1.0 - f64::EPSILON);
                    }
                    dimension += 1;
                }
                parameter.distribution.quantile(part)
            })
            .collect();
        let Some(point) = point(config, |i| Some(&values[i])) else {
            continue;
        };
        let promise = process.expected_improvement(&point);
        if chosen.as_ref().is_none_or(|(most, _)| promise > *most) {
            chosen = Some((promise, values));
        }
    }
    chosen.map_or_else(|| random::next(config, generator), |(_, values)| values)
}

fn searched(config: &SweepConfig) -> impl Iterator<Item = &Distribution> {
    let all = config
        .parameters
        .iter()
        .map(|parameter| &parameter.distribution);
    all.filter(|distribution| !matches!(distribution, Distribution::Constant(_)))
}

/// Whether two values of the parameter are just different, neither being closer to a third.
fn is_unordered(distribution: &Distribution) -> bool {
    matches!(distribution, Distribution::Categorical { values, .. } if values.iter().any(|value| value.as_f64().is_none()))
}

/// Where parameters lie, if all of them are known.
fn point<'v>(config: &SweepConfig, value: impl Fn(usize) -> Option<&'v Value>) -> Option<Point> {
    let parameters = config.parameters.iter().enumerate();
    parameters
        .filter(|(_, parameter)| !matches!(parameter.distribution, Distribution::Constant(_)))
        .map(|(i, parameter)| parameter.distribution.position(value(i)?))
        .collect()
}

/// The runs that have ended, and those that have not.
fn observations(config: &SweepConfig, runs: &[PastRun]) -> (Vec<Ended>, Vec<Point>) {
    let metric = config.metric.as_ref();
    let sign = match metric.map(|metric| metric.goal) {
        Some(Goal::Maximize) => -1.0,
        _ => 1.0,
    };
    let cost = |run: &PastRun| run.metric.filter(|m| m.is_finite()).map(|m| sign * m);
    let over = |run: &&PastRun| run.state != PastState::Active;
    let worst = runs.iter().filter(over).filter_map(cost).reduce(f64::max);
    let impute_worst = metric.is_none_or(|metric| metric.impute_worst);
    let (mut ended, mut active) = (Vec::new(), Vec::new());
    for run in runs {
        let value = |i: usize| run.value(&config.parameters[i].path);
        let Some(point) = point(config, value) else {
            continue;
        };
        let own = cost(run).filter(|_| run.state == PastState::Finished || !impute_worst);
        match (run.state, own.or(worst)) {
            (PastState::Active, _) => active.push(point),
            (_, Some(cost)) => ended.push((point, cost)),
            (_, None) => {}
        }
    }
    // The newest tell most about where the search is, and the best about where to go.
    if ended.len() > MAX_ENDED {
        let newest = ended.split_off(ended.len() - MAX_ENDED / 2);
        ended.sort_by(|a, b| a.1.total_cmp(&b.1));
        ended.truncate(MAX_ENDED / 2);
        ended.extend(newest);
    }
    let surplus = active.len().saturating_sub(MAX_ACTIVE);
    active.drain(..surplus);
    (ended, active)
}

/// A Gaussian process that has seen some points.
struct Process<'u> {
    unordered: &'u [bool],
    points: Vec<Point>,
    length: f64,
    /// The lower triangle whose square is the points' covariance, row by row.
    factor: Vec<Vec<f64>>,
    /// What the covariance must be multiplied with to give the costs.
    weights: Vec<f64>,
    /// The least cost.
    least: f64,
}

impl<'u> Process<'u> {
    /// The likeliest process, and the best point.
    fn fit(unordered: &'u [bool], ended: Vec<Ended>, active: &[Point]) -> Option<(Self, Point)> {
        let count = ended.len() as f64;
        let mean = ended.iter().map(|(_, cost)| cost / count).sum::<f64>();
        let variance = ended.iter().map(|(_, cost)| (cost - mean).powi(2) / count);
        let deviation = variance.sum::<f64>().sqrt() + 1e-12;
        let best = ended.iter().min_by(|a, b| a.1.total_cmp(&b.1))?.0.clone();
        let (points, costs): (Vec<_>, Vec<_>) = ended
            .into_iter()
            .map(|(point, cost)| (point, (cost - mean) / deviation))
            .unzip();
        let scale = (unordered.len() as f64).sqrt();
        let mut likeliest: Option<(f64, f64, Self)> = None;
        for (length, noise) in LENGTHS
            .iter()
            .flat_map(|l| NOISES.map(|noise| (l * scale, noise)))
        {
            let process = Self::new(unordered, points.clone(), &costs, length, noise);
            let Some((likelihood, process)) = process else {
                continue;
            };
            // NaN is never more.
            if likeliest
                .as_ref()
                .map_or(likelihood.is_finite(), |(most, ..)| likelihood > *most)
            {
                likeliest = Some((likelihood, noise, process));
            }
        }
        let (_, noise, process) = likeliest?;
        if active.is_empty() {
            return Some((process, best));
        }
        let (mut points, mut all) = (points, costs);
        for point in active {
            all.push(process.expect(point).0);
            points.push(point.clone());
        }
        let (_, process) = Self::new(unordered, points, &all, process.length, noise)?;
        Some((process, best))
    }

    /// The process for points and costs, and the logarithm of how likely they are.
    fn new(
        unordered: &'u [bool],
        points: Vec<Point>,
        costs: &[f64],
        length: f64,
        noise: f64,
    ) -> Option<(f64, Self)> {
        let mut process = Self {
            unordered,
            points,
            length,
            factor: Vec::new(),
            weights: Vec::new(),
            least: costs.iter().copied().fold(f64::INFINITY, f64::min),
        };
        for (i, point) in process.points.iter().enumerate() {
            let mut row = Vec::with_capacity(i + 1);
            for (j, other) in process.points[..i].iter().enumerate() {
                let done = dot(&row, &process.factor[j]);
                row.push((process.covariance(point, other) - done) / process.factor[j][j]);
            }
            let rest = 1.0 + noise - dot(&row, &row);
            if rest.is_nan() || rest <= 0.0 {
                return None;
            }
            row.push(rest.sqrt());
            process.factor.push(row);
        }
        let mut weights = process.solve_lower(costs);
        let fit = dot(&weights, &weights);
        for i in (0..weights.len()).rev() {
            let below = i + 1..weights.len();
            let done: f64 = below.map(|k| process.factor[k][i] * weights[k]).sum();
            weights[i] = (weights[i] - done) / process.factor[i][i];
        }
        process.weights = weights;
        let diagonal = process.factor.iter().filter_map(|row| row.last());
        let likelihood = -fit / 2.0 - diagonal.map(|x| x.ln()).sum::<f64>();
        Some((likelihood, process))
    }

    /// What the factor must be multiplied with to give these numbers.
    fn solve_lower(&self, numbers: &[f64]) -> Vec<f64> {
        let mut solution = Vec::with_capacity(numbers.len());
        for (row, number) in self.factor.iter().zip(numbers) {
            let done = dot(&solution, row);
            solution.push((number - done) / row[row.len() - 1]);
        }
        solution
    }

    fn covariance(&self, a: &[f64], b: &[f64]) -> f64 {
        let pairs = a.iter().zip(b).zip(self.unordered);
        let square = pairs.map(|((a, b), unordered)| match unordered {
            true if a.total_cmp(b).is_eq() => 0.0,
            // Two different ones are as far apart as a third of the way.
            true => 0.1,
            false => (a - b).powi(2),
        });
        let s = (5.0 * square.sum::<f64>()).sqrt() / self.length;
        (1.0 + s + s * s / 3.0) * (-s).exp()
    }

    /// The cost that is expected at a point, and its deviation.
    fn expect(&self, point: &[f64]) -> (f64, f64) {
        let points = self.points.iter();
        let covariances: Vec<f64> = points.map(|other| self.covariance(point, other)).collect();
        let known = self.solve_lower(&covariances);
        let variance = 1.0 - dot(&known, &known);
        (dot(&covariances, &self.weights), variance.max(1e-12).sqrt())
    }

    fn expected_improvement(&self, point: &[f64]) -> f64 {
        let (mean, deviation) = self.expect(point);
        let gain = self.least - mean;
        let z = gain / deviation;
        gain * normal_position(z) + deviation * normal_density(z)
    }
}

/// The sum of products, up to the end of the shorter one.
fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
