//! The whole course of one metric in bounded memory, for sparklines.

/// Points (or buckets of points) that are kept exactly; when full, neighbours are merged.
const CAPACITY: usize = 128;

/// What is kept of a stretch of the series.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bucket {
    pub first: f64,
    pub min: f64,
    pub max: f64,
    pub last: f64,
}

/// A series that keeps first, last and extremes of every stretch, deterministically.
#[derive(Debug, Clone, Default)]
pub struct Series {
    /// Those that are full.
    buckets: Vec<Bucket>,
    /// Values in a full one.
    per_bucket: u64,
    /// The one that is being filled; there is none before the first value. It lies here and not behind the others, so that
    /// a value changes nothing that is elsewhere in memory: a row may have thousands.
    open: Option<Bucket>,
    in_open: u64,
    count: u64,
}

impl Series {
    /// Adds the next value; NaN and infinities are kept as gaps.
    pub fn push(&mut self, value: f64) {
        self.count += 1;
        self.per_bucket = self.per_bucket.max(1);
        match &mut self.open {
            Some(bucket) if self.in_open < self.per_bucket => {
                bucket.add(value);
                self.in_open += 1;
            }
            open => {
                let full = open.replace(Bucket {
                    first: value,
                    min: value,
                    max: value,
                    last: value,
                });
                self.in_open = 1;
                self.buckets.extend(full);
                if self.buckets.len() == CAPACITY {
                    // All are full (CAPACITY is even).
                    self.halve();
                }
            }
        }
    }

    fn halve(&mut self) {
        let half = self.buckets.len() / 2;
        for i in 0..half {
            self.buckets[i] = merge(self.buckets[2 * i], self.buckets[2 * i + 1]);
        }
        self.buckets.truncate(half);
        self.per_bucket *= 2;
    }

    /// Number of values pushed.
    pub fn count(&self) -> u64 {
        self.count
    }

    /// The series as at most `width` values: the first and the last value stand at the ends, the smallest and
    /// the largest finite value stand where they were, the rest is sampled evenly.
    pub fn sample(&self, width: usize) -> Vec<f64> {
        let buckets: Vec<Bucket> = self.buckets.iter().copied().chain(self.open).collect();
        if self.per_bucket <= 1 && buckets.len() <= width {
            return buckets.iter().map(|bucket| bucket.last).collect();
        }
        let width = width.min(buckets.len()).max(1);
        if width == 1 {
            return buckets
                .last()
                .map(|bucket| bucket.last)
                .into_iter()
                .collect();
        }
        // The official formula over the whole series.
        let index = |column: usize| column * (buckets.len() - 1) / (width - 1);
        let mut values: Vec<f64> = (0..width)
            .map(|column| buckets[index(column)].last)
            .collect();
        values[0] = buckets[0].first;
        let extreme = |pick: fn(&Bucket) -> f64, better: fn(f64, f64) -> bool| {
            let mut best: Option<(usize, f64)> = None;
            for (i, bucket) in buckets.iter().enumerate() {
                let value = pick(bucket);
                if value.is_finite() && best.is_none_or(|(_, found)| better(value, found)) {
                    best = Some((i, value));
                }
            }
            best
        };
        let extremes = [
            extreme(|bucket| bucket.min, |a, b| a < b),
            extreme(|bucket| bucket.max, |a, b| a > b),
        ];
        // Columns that must stay: the ends, and where an extreme is shown already.
        let mut kept = vec![0, width - 1];
        let shown =
            |values: &[f64], value: f64| values.iter().position(|v| v.to_bits() == value.to_bits());
        let missing: Vec<(usize, f64)> = extremes
            .into_iter()
            .flatten()
            .filter(|(_, value)| match shown(&values, *value) {
                Some(column) => {
                    kept.push(column);
                    false
                }
                None => true,
            })
            .collect();
        for (bucket, value) in missing {
            let wanted = (0..width)
                .rev()
                .find(|column| index(*column) <= bucket)
                .unwrap_or(0);
            let free = (0..width).filter(|column| !kept.contains(column));
            if let Some(column) = free.min_by_key(|column| column.abs_diff(wanted)) {
                values[column] = value;
                kept.push(column);
            }
        }
        values
    }
}

impl Bucket {
    /// Takes the next value in.
    fn add(&mut self, value: f64) {
        self.last = value;
        self.stretch(value, value);
    }

    /// An extreme that is not finite gives way to any that is.
    fn stretch(&mut self, min: f64, max: f64) {
        if min.is_finite() && !(self.min.is_finite() && self.min <= min) {
            self.min = min;
        }
        if max.is_finite() && !(self.max.is_finite() && self.max >= max) {
            self.max = max;
        }
    }
}

fn merge(mut a: Bucket, b: Bucket) -> Bucket {
    a.stretch(b.min, b.max);
    a.last = b.last;
    a
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn series(values: impl IntoIterator<Item = f64>) -> Series {
        let mut series = Series::default();
        values.into_iter().for_each(|value| series.push(value));
        series
    }

    #[test]
    fn short_series_are_kept_as_they_are() {
        let values: Vec<f64> = (0..40).map(f64::from).collect();
        assert_eq!(series(values.clone()).sample(40), values);
        assert_eq!(series([]).sample(40), Vec::<f64>::new());
        assert_eq!(series([1.0, 2.0]).sample(1), [2.0]);
    }

    #[test]
    fn a_single_spike_survives_a_million_points() {
        let values = (0..1_000_000).map(|i| match i {
            123_457 => 50.0,
            700_001 => -50.0,
            999_999 => 7.0,
            0 => 3.0,
            _ => 1.0,
        });
        let sample = series(values).sample(40);
        assert_eq!((sample[0], sample[39]), (3.0, 7.0));
        let count = |values: &[f64], wanted: f64| {
            values
                .iter()
                .filter(|v| v.to_bits() == wanted.to_bits())
                .count()
        };
        assert_eq!(count(&sample, 50.0), 1);
        assert_eq!(count(&sample, -50.0), 1);
        assert_eq!(count(&sample[4..6], 50.0), 1, "{sample:?}");
    }

    proptest! {
        #[test]
        fn ends_and_extremes_are_always_there(
            values in prop::collection::vec(prop_oneof![20 => -1e6..1e6f64, 1 => Just(f64::NAN)], 1..5000),
            width in 5..60usize,
        ) {
            let sample = series(values.clone()).sample(width);
            prop_assert!(sample.len() <= width);
            let same = |a: f64, b: f64| a.to_bits() == b.to_bits();
            prop_assert!(same(sample[0], values[0]));
            prop_assert!(same(*sample.last().unwrap(), *values.last().unwrap()));
            let finite = |v: &&f64| v.is_finite();
            if let Some(max) = values.iter().filter(finite).copied().reduce(f64::max) {
                prop_assert!(sample.contains(&max));
                let min = values.iter().filter(finite).copied().reduce(f64::min).unwrap();
                prop_assert!(sample.contains(&min));
            }
        }
    }
}
