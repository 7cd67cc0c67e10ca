//! Early stop: at each of some numbers of logged values, the bands, only the best part of the runs goes on.
//!
//! With `min_iter` the bands are `min_iter`, `min_iter`·eta, `min_iter`·eta², …; with `max_iter` and `s` they are
//! `max_iter`/eta, `max_iter`/eta², … (`s` of them). A band's threshold is the value below which the best of `eta` parts
//! of all runs are that have come so far. A running run is judged at the last band it has passed: by its best value up to
//! now, or, if the config says `strict`, by its value at the band.

use super::config::{Band, Goal, Hyperband};

/// Most bands; with an `eta` near 1 there would be no end.
const MAX_BANDS: u32 = 100;

/// The bands of a sweep and what a run must reach at them.
#[derive(Debug, Clone, PartialEq)]
pub struct Brackets {
    /// The number of a value, from 1, and the worst one that goes on there, as if less were better.
    bands: Vec<(usize, f64)>,
    strict: bool,
    goal: Goal,
}

impl Brackets {
    /// From the metric's values of every run of the sweep, whatever its state.
    pub fn new<'h>(
        rule: &Hyperband,
        goal: Goal,
        histories: impl IntoIterator<Item = &'h [f64]>,
    ) -> Self {
        let histories: Vec<Vec<f64>> = histories
            .into_iter()
            .map(|history| costs(goal, history))
            .collect();
        let bands = bands(rule).into_iter().filter_map(|band| {
            let reached = histories.iter().filter_map(|history| history.get(band - 1));
            let mut costs: Vec<f64> = reached.copied().collect();
            costs.sort_unstable_by(f64::total_cmp);
            let index = (costs.len() as f64 / rule.eta) as usize;
            costs.get(index).map(|threshold| (band, *threshold))
        });
        Self {
            bands: bands.collect(),
            strict: rule.strict,
            goal,
        }
    }

    /// Whether a running run with these values is to be stopped.
    pub fn should_stop(&self, history: &[f64]) -> bool {
        let costs = costs(self.goal, history);
        let passed = self
            .bands
            .iter()
            .rev()
            .find(|(band, _)| *band <= costs.len());
        passed.is_some_and(|&(band, threshold)| {
            let cost = if self.strict {
                costs[band - 1]
            } else {
                costs.iter().copied().fold(f64::INFINITY, f64::min)
            };
            cost > threshold
        })
    }
}

/// The values that are numbers, as if less were better.
fn costs(goal: Goal, history: &[f64]) -> Vec<f64> {
    let sign = match goal {
        Goal::Minimize => 1.0,
        Goal::Maximize => -1.0,
    };
    let finite = history.iter().filter(|value| value.is_finite());
    finite.map(|value| sign * value).collect()
}

/// At which values runs are judged, in order, each at least 1.
fn bands(rule: &Hyperband) -> Vec<usize> {
    let (mut band, factor, count) = match rule.from {
        Band::First(first) => (first, rule.eta, MAX_BANDS),
        Band::Last(last, count) => (last / rule.eta, 1.0 / rule.eta, count.min(MAX_BANDS)),
    };
    let mut bands = Vec::new();
    for _ in 0..count {
        if !(1.0..1e15).contains(&band) {
            break;
        }
        bands.push(band as usize);
        band *= factor;
    }
    bands.sort_unstable();
    bands.dedup();
    bands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn should_stop<'h>(
        rule: &Hyperband,
        goal: Goal,
        history: &[f64],
        all: impl IntoIterator<Item = &'h [f64]>,
    ) -> bool {
        Brackets::new(rule, goal, all).should_stop(history)
    }

    fn rule(from: Band, eta: f64) -> Hyperband {
        let strict = false;
        Hyperband { from, eta, strict }
    }

    #[test]
    fn bands_are_where_the_official_search_has_them() {
        assert_eq!(bands(&rule(Band::Last(27.0, 2), 3.0)), [3, 9]);
        assert_eq!(bands(&rule(Band::Last(5.0, 2), 2.0)), [1, 2]);
        assert_eq!(bands(&rule(Band::Last(9.0, 9), 3.0)), [1, 3]);
        assert_eq!(bands(&rule(Band::First(3.0), 3.0))[..4], [3, 9, 27, 81]);
        assert!(bands(&rule(Band::First(1.0), 1.01)).len() <= MAX_BANDS as usize);
    }

    /// The example of the official package.
    #[test]
    fn the_runs_that_lag_behind_are_stopped() {
        let all: [&[f64]; 5] = [
            &[10.0, 9.0],
            &[10.0, 10.0],
            &[10.0, 8.0, 8.0],
            &[10.0, 7.0, 7.0],
            &[10.0, 6.0, 6.0],
        ];
        let brackets = Brackets::new(&rule(Band::Last(5.0, 2), 2.0), Goal::Minimize, all);
        let stopped = all.map(|history| brackets.should_stop(history));
        assert_eq!(stopped, [true, true, false, false, false]);
        let negative = all.map(|history| history.iter().map(|value| -value).collect::<Vec<_>>());
        let rule = rule(Band::Last(5.0, 2), 2.0);
        let histories = || negative.iter().map(Vec::as_slice);
        let stopped =
            histories().map(|history| should_stop(&rule, Goal::Maximize, history, histories()));
        assert!(stopped.eq([true, true, false, false, false]));
    }

    #[test]
    fn a_strict_rule_looks_at_the_band_alone() {
        let all: [&[f64]; 2] = [&[1.0, 5.0, f64::NAN, 1.0], &[4.0, 4.0]];
        let from = Band::Last(4.0, 1);
        let strict = Hyperband {
            from,
            eta: 2.0,
            strict: true,
        };
        let lax = Hyperband {
            strict: false,
            ..strict
        };
        // The worse of the two still goes on: half of two runs is one run, and the threshold lies behind it.
        assert!(!should_stop(&strict, Goal::Minimize, all[0], all));
        let all = [all[0], all[1], all[1]];
        assert!(should_stop(&strict, Goal::Minimize, all[0], all));
        assert!(!should_stop(&lax, Goal::Minimize, all[0], all));
    }

    #[test]
    fn nothing_is_stopped_in_front_of_the_first_band() {
        let all: [&[f64]; 3] = [&[9.0, 9.0], &[1.0, 1.0, 1.0], &[]];
        let rule = rule(Band::First(3.0), 3.0);
        assert!(!should_stop(&rule, Goal::Minimize, all[0], all));
        assert!(!should_stop(&rule, Goal::Minimize, all[2], all));
    }
}
