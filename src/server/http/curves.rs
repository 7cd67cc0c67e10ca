//! Curves of many runs at once, as the pages draw them.
//!
//! Each core works on runs of its own and writes its part of the answer; numbers go from the columns into the text
//! without anything in between.

use std::num::NonZero;
use std::thread;

use serde::{Deserialize, Serialize, Serializer};

use crate::server::points::{Curve, Stream, X};
use crate::server::runs::RunPath;
use crate::server::source::Source;
use crate::server::{Failure, held};

/// The most points of one curve.
const MOST_POINTS: usize = 200_000;
/// The most points of one answer: about 200 MB of text.
const MOST_IN_ALL: usize = 4_000_000;
/// The most threads for one request.
const MOST_THREADS: usize = 8;

/// Which curves are wanted.
#[derive(Debug, Deserialize)]
pub(super) struct SeriesQuery {
    #[serde(default)]
    stream: String,
    pub(super) runs: Vec<String>,
    pub(super) metrics: Vec<String>,
    #[serde(default)]
    x: String,
    from: Option<f64>,
    to: Option<f64>,
    points: Option<usize>,
}

/// One curve; what is no number is null, and bounds are there only if points were put together.
#[derive(Serialize)]
struct Shown<'a> {
    run: &'a str,
    metric: &'a str,
    count: u64,
    x: Numbers<'a>,
    last: Numbers<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    min: Option<Numbers<'a>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    max: Option<Numbers<'a>>,
}

/// A column. Of points that were put together seven digits are enough, which halves the text; others are told as they
/// were logged.
enum Numbers<'a> {
    Exact(&'a [f64]),
    Coarse(&'a [f64]),
}

impl Serialize for Numbers<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Exact(numbers) => numbers.serialize(serializer),
            Self::Coarse(numbers) => {
                serializer.collect_seq(numbers.iter().map(|number| Coarse(*number)))
            }
        }
    }
}

struct Coarse(f64);

impl Serialize for Coarse {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let short = self.0 as f32;
        if short.is_finite() && (short.is_normal() || self.0 == 0.0) {
            serializer.serialize_f32(short)
        } else {
            serializer.serialize_f64(self.0)
        }
    }
}

/// `{"series": […]}`.
pub(super) fn answer(
    source: &dyn Source,
    entity: &str,
    project: &str,
    query: &SeriesQuery,
) -> Result<Vec<u8>, Failure> {
    let threads = thread::available_parallelism()
        .map_or(1, NonZero::get)
        .min(MOST_THREADS);
    let share = query.runs.len().div_ceil(threads).max(1);
    let parts: Vec<Result<Vec<u8>, Failure>> = thread::scope(|scope| {
        let workers: Vec<_> = query
            .runs
            .chunks(share)
            .map(|runs| scope.spawn(move || part(source, entity, project, query, runs)))
            .collect();
        let results = workers.into_iter().map(|worker| match worker.join() {
            Ok(result) => result,
            Err(panic) => std::panic::resume_unwind(panic),
        });
        results.collect()
    });
    let mut body = br#"{"series":["#.to_vec();
    for part in parts {
        let part = part?;
        if !part.is_empty() && !body.ends_with(b"[") {
            body.push(b',');
        }
        body.extend_from_slice(&part);
    }
    body.extend_from_slice(b"]}");
    Ok(body)
}

/// The curves of some of the runs, with commas between them.
fn part(
    source: &dyn Source,
    entity: &str,
    project: &str,
    query: &SeriesQuery,
    runs: &[String],
) -> Result<Vec<u8>, Failure> {
    let stream = match query.stream.as_str() {
        "events" => Stream::Events,
        _ => Stream::History,
    };
    let x = match query.x.as_str() {
        "" | "_step" => X::Key,
        column => X::Column(column),
    };
    let metrics: Vec<&str> = query.metrics.iter().map(String::as_str).collect();
    let curves = (query.runs.len() * metrics.len()).max(1);
    let points = query.points.unwrap_or(1000).clamp(1, MOST_POINTS);
    let points = points.min((MOST_IN_ALL / curves).max(50));
    let mut text = Vec::new();
    for run in runs {
        let path = RunPath::new(entity, project, run);
        // A run that was deleted meanwhile is no reason to show none of the others.
        let series = match source.series(&path, stream) {
            Err(Failure::NotFound(_)) => continue,
            other => other?,
        };
        let found = held(&series).chart(&metrics, x, query.from, query.to, points)?;
        for curve in found.iter().filter(|curve| curve.count > 0) {
            if !text.is_empty() {
                text.push(b',');
            }
            write(run, curve, &mut text)?;
        }
    }
    Ok(text)
}

fn numbers(column: &[f64], coarse: bool) -> Numbers<'_> {
    if coarse {
        Numbers::Coarse(column)
    } else {
        Numbers::Exact(column)
    }
}

fn write(run: &str, curve: &Curve, text: &mut Vec<u8>) -> Result<(), Failure> {
    let range = curve.range.as_ref();
    let shown = Shown {
        run,
        metric: &curve.metric,
        count: curve.count,
        x: Numbers::Exact(&curve.x),
        last: numbers(&curve.last, range.is_some()),
        min: range.map(|(min, _)| numbers(min, true)),
        max: range.map(|(_, max)| numbers(max, true)),
    };
    serde_json::to_writer(text, &shown).map_err(|error| Failure::Io(error.into()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_number_is_null_and_bounds_are_there_if_points_were_put_together() {
        let mut curve = Curve {
            metric: "a\"b".to_owned(),
            count: 2,
            x: vec![0.0, 1.0],
            last: vec![f64::NAN, 0.5],
            range: None,
        };
        let mut text = Vec::new();
        write("r", &curve, &mut text).unwrap();
        let exact = r#"{"run":"r","metric":"a\"b","count":2,"x":[0.0,1.0],"last":[null,0.5]}"#;
        assert_eq!(String::from_utf8(text).unwrap(), exact);
        curve.last[0] = 1e300;
        curve.range = Some((vec![0.693_147_182_464_599_6, 0.0], vec![1.0, f64::INFINITY]));
        let mut text = Vec::new();
        write("r", &curve, &mut text).unwrap();
        let told = String::from_utf8(text).unwrap();
        let end = r#""last":[1e+300,0.5],"min":[0.6931472,0.0],"max":[1.0,null]}"#;
        assert!(told.ends_with(end), "{told}");
    }
}
