//! Curves for charts: all points, or minimum, maximum and last of buckets of them.
//!
//! Buckets have equal numbers of points. They are made of the bins of segments' pyramids where these are finer than
//! the buckets, and of the points themselves elsewhere: in the tail, where tail and segment overlap, at the edges of
//! the range, and when a column is too irregular. No minimum or maximum is ever lost.

use super::gather::{Cache, add, axis_rows, binned, raw, tail_column};
use super::plan::{self, Keys, Part, Source, Wanted};
use super::pyramid::BIN_ROWS;
use super::reads::combine;
use super::series::Series;
use super::{Key, Result, segment};

/// What the axis of a chart shows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum X<'a> {
    /// The keys of the rows.
    Key,
    /// A column; rows without it are left out.
    Column(&'a str),
}

/// One line of a chart.
#[derive(Debug, Clone, PartialEq)]
pub struct Curve {
    pub metric: String,
    /// Points in the range.
    pub count: u64,
    /// Where each point, or the last one of each bucket, is; ascending.
    pub x: Vec<f64>,
    /// The value there; NaN and infinities occur.
    pub last: Vec<f64>,
    /// The least and the greatest value of each bucket (NaN if all are); `None` if each has one point.
    pub range: Option<(Vec<f64>, Vec<f64>)>,
}

/// Points and bins of points.
#[derive(Debug, Default)]
pub(super) struct Points {
    pub(super) items: Vec<Item>,
    pub(super) count: u64,
}

#[derive(Debug, Clone, Copy)]
pub(super) struct Item {
    pub(super) x: f64,
    pub(super) last: f64,
    pub(super) min: f64,
    pub(super) max: f64,
    pub(super) count: u32,
}

impl Points {
    pub(super) fn push(&mut self, item: Item) {
        self.count += u64::from(item.count);
        self.items.push(item);
    }

    pub(super) fn point(&mut self, x: f64, value: f64) {
        self.push(Item {
            x,
            last: value,
            min: value,
            max: value,
            count: 1,
        });
    }

    /// Whether bins hide detail that the chart could show.
    fn is_coarse(&self, points: usize) -> bool {
        self.items.len() < points && self.count > self.items.len() as u64
    }

    fn curve(mut self, metric: &str, points: usize) -> Curve {
        if !self.items.is_sorted_by(|a, b| a.x <= b.x) {
            self.items.sort_by(|a, b| a.x.total_cmp(&b.x));
        }
        let exact = self.items.len() <= points && self.count == self.items.len() as u64;
        let mut curve = Curve {
            metric: metric.to_owned(),
            count: self.count,
            x: Vec::new(),
            last: Vec::new(),
            range: None,
        };
        if exact {
            curve.x = self.items.iter().map(|item| item.x).collect();
            curve.last = self.items.iter().map(|item| item.last).collect();
            return curve;
        }
        let (mut min, mut max) = (Vec::<f64>::new(), Vec::<f64>::new());
        // The first point of bucket `n` is that with `n * count / points` before it.
        let (mut before, mut next) = (0_u64, 0_u64);
        for item in &self.items {
            if before < next
                && let (Some(low), Some(high)) = (min.last_mut(), max.last_mut())
                && let (Some(x), Some(last)) = (curve.x.last_mut(), curve.last.last_mut())
            {
                (*x, *last) = (item.x, item.last);
                // Of a number and NaN these give the number.
                (*low, *high) = (low.min(item.min), high.max(item.max));
            } else {
                let bucket =
                    u128::from(before) * points as u128 / u128::from(self.count.max(1)) + 1;
                next = (bucket * u128::from(self.count)).div_ceil(points as u128) as u64;
                curve.x.push(item.x);
                curve.last.push(item.last);
                min.push(item.min);
                max.push(item.max);
            }
            before += u64::from(item.count);
        }
        curve.range = Some((min, max));
        curve
    }
}

/// The range of the axis, ends included.
#[derive(Debug, Clone, Copy)]
pub(super) struct Span {
    pub(super) from: f64,
    pub(super) to: f64,
}

impl Span {
    pub(super) fn has(self, x: f64) -> bool {
        self.from <= x && x <= self.to
    }

    /// The keys in it.
    fn keys(self) -> Keys {
        if self.from.is_nan() || self.to.is_nan() {
            return 0..0;
        }
        // Casts saturate.
        let start = (self.from.ceil() as i128).max(plan::ALL.start);
        let end = (self.to.floor() as i128).min(plan::ALL.end - 1) + 1;
        start..end.max(start)
    }

    /// Which part of a stretch of the axis is in it, about.
    fn share(self, first: f64, last: f64) -> f64 {
        let (from, to) = (self.from.max(first), self.to.min(last));
        if last > first {
            ((to - from) / (last - first)).clamp(0.0, 1.0)
        } else {
            f64::from(u8::from(self.has(first)))
        }
    }
}

/// What a chart shows.
pub(super) struct Request<'a> {
    pub(super) x: X<'a>,
    pub(super) span: Span,
    pub(super) keys: Keys,
}

impl Series {
    /// Curves of columns over an axis, each of at most `points` points, or `points` buckets of them.
    ///
    /// The curve of a column whose values are sparse, over another column, may show a bucket's last point up to 64 rows
    /// off its place when it is made of bins.
    pub fn chart(
        &mut self,
        metrics: &[&str],
        x: X<'_>,
        from: Option<f64>,
        to: Option<f64>,
        points: usize,
    ) -> Result<Vec<Curve>> {
        let points = points.max(1);
        let span = Span {
            from: from.unwrap_or(f64::NEG_INFINITY),
            to: to.unwrap_or(f64::INFINITY),
        };
        // The key is no column.
        let x = match x {
            X::Column(name) if self.key == Key::Step && name == segment::key_name(self.key) => {
                X::Key
            }
            x => x,
        };
        let keys = match x {
            X::Key => span.keys(),
            X::Column(_) => plan::ALL,
        };
        let request = Request { x, span, keys };
        let parts = self.parts(&request.keys)?;
        let mut level = self.level(&parts, &request, points)?;
        let mut curves: Vec<Option<Curve>> = metrics.iter().map(|_| None).collect();
        loop {
            let left: Vec<usize> = (0..metrics.len())
                .filter(|at| curves[*at].is_none())
                .collect();
            let names: Vec<&str> = left.iter().map(|at| metrics[*at]).collect();
            for (at, found) in left
                .iter()
                .zip(self.points(&parts, &request, &names, level)?)
            {
                if level.is_none() || !found.is_coarse(points) {
                    curves[*at] = Some(found.curve(metrics[*at], points));
                }
            }
            if curves.iter().all(Option::is_some) {
                return Ok(curves.into_iter().flatten().collect());
            }
            level = level.and_then(|level| level.checked_sub(1));
        }
    }

    /// The coarsest bins that are finer than half a bucket.
    fn level(
        &mut self,
        parts: &[Part],
        request: &Request<'_>,
        points: usize,
    ) -> Result<Option<usize>> {
        let mut rows = 0.0;
        for part in parts {
            rows += match part {
                Part::Tail(rows) => rows.len() as f64,
                Part::Both(segment, tail) => (segment.rows + tail.len()) as f64,
                Part::Segment(segment) => {
                    let share = match request.x {
                        X::Key => request
                            .span
                            .share(segment.first as f64, segment.last as f64),
                        X::Column(name) => {
                            let reader = self.reader(segment)?;
                            let stats = reader
                                .pyramid
                                .as_ref()
                                .map(|pyramid| &pyramid.stats.columns);
                            match (reader.named(name).as_slice(), stats) {
                                ([ident], Some(stats)) => stats.get(ident).map_or(1.0, |stat| {
                                    request.span.share(stat.first, stat.latest)
                                }),
                                _ => 1.0,
                            }
                        }
                    };
                    segment.rows as f64 * share
                }
            };
        }
        let bucket = rows / points as f64;
        Ok((0..BIN_ROWS.len())
            .rev()
            .find(|level| bucket >= 2.0 * BIN_ROWS[*level] as f64))
    }

    fn points(
        &mut self,
        parts: &[Part],
        request: &Request<'_>,
        metrics: &[&str],
        level: Option<usize>,
    ) -> Result<Vec<Points>> {
        let mut all: Vec<Points> = metrics.iter().map(|_| Points::default()).collect();
        let mut names = metrics.to_vec();
        if let X::Column(name) = request.x {
            names.push(name);
        }
        let wanted = Wanted {
            names: Some(&names),
            rest: false,
        };
        for part in parts {
            if let (Some(level), Part::Segment(segment)) = (level, part) {
                let reader = self.reader(segment)?;
                let mut cache = Cache::default();
                for (metric, points) in metrics.iter().zip(&mut all) {
                    let (items, count) = (points.items.len(), points.count);
                    let binned = binned(&reader, request, metric, level, points, &mut cache);
                    if !matches!(binned, Ok(true)) {
                        // Without a pyramid, or with a damaged one, the points themselves.
                        points.items.truncate(items);
                        points.count = count;
                        let rows = axis_rows(&reader, request, reader.rows(&request.keys)?);
                        raw(&reader, &rows, request, metric, points, &mut cache)?;
                    }
                }
                continue;
            }
            match self.source(part, &request.keys, wanted)? {
                Source::Segment(reader, rows) => {
                    let rows = axis_rows(&reader, request, rows);
                    let mut cache = Cache::default();
                    for (metric, points) in metrics.iter().zip(&mut all) {
                        raw(&reader, &rows, request, metric, points, &mut cache)?;
                    }
                }
                Source::Tail(rows) => {
                    let tail = &self.tail;
                    let axis = match request.x {
                        X::Key => None,
                        X::Column(name) => Some(tail_column(tail, name, &rows)),
                    };
                    for (metric, points) in metrics.iter().zip(&mut all) {
                        if let [column] = tail.named(metric).as_slice() {
                            let part = column.within(&rows);
                            let (numbers, values) =
                                (&column.rows[part.clone()], &column.values[part]);
                            add(numbers, values, &tail.keys, axis.as_ref(), request, points);
                        } else {
                            let (numbers, values) = tail_column(tail, metric, &rows);
                            add(
                                &numbers,
                                &values,
                                &tail.keys,
                                axis.as_ref(),
                                request,
                                points,
                            );
                        }
                    }
                }
                Source::Merged(table) => {
                    let axis = match request.x {
                        X::Key => None,
                        X::Column(name) => Some(combine(&table.named(name))),
                    };
                    for (metric, points) in metrics.iter().zip(&mut all) {
                        let (numbers, values) = combine(&table.named(metric));
                        add(
                            &numbers,
                            &values,
                            &table.keys,
                            axis.as_ref(),
                            request,
                            points,
                        );
                    }
                }
            }
        }
        Ok(all)
    }
}
