//! What a run has told over time, as the official clients ask for it.

use serde_json::{Map, Value, json};

use super::plain::{Plain, page, strict};
use super::{Answer, Arguments, Fault};
use crate::server::Server;
use crate::server::console::{self as lines, Line};
use crate::server::held;
use crate::server::points::Stream;
use crate::wire::json;

/// Rows that are answered unless a number is asked for.
const SAMPLES: i64 = 500;
/// The most rows of one answer.
const MOST: i64 = 100_000;

fn samples(given: Option<i64>) -> usize {
    given.unwrap_or(SAMPLES).clamp(1, MOST) as usize
}

/// The last row as the tail of a file: JSON of a list with one text.
pub(super) fn tail(server: &Server, run: i64, stream: Stream) -> Result<String, Fault> {
    let series = server.points.series(run, stream)?;
    let mut series = held(&series);
    let mut rows = Vec::new();
    if let Some(last) = series.last_key() {
        let found = series.rows(last..=last, usize::MAX, |_, row| {
            rows = vec![row.to_owned()];
        });
        found?;
    }
    Ok(Value::from(rows).to_string())
}

/// `historyKeys`: what is logged, with how many values of which type and the last one.
pub(super) fn keys(server: &Server, run: i64) -> Result<Value, Fault> {
    let series = server.points.series(run, Stream::History)?;
    let mut series = held(&series);
    let mut keys = Map::new();
    for key in series.keys()? {
        let counts: Vec<Value> = key
            .type_counts
            .iter()
            .map(|(kind, count)| json!({"type": kind, "count": count}))
            .collect();
        let last = key.last.and_then(|last| json::Value::parse(&last).ok());
        let last = last.map_or(Value::Null, |value| strict(&value));
        keys.insert(
            key.name,
            json!({"typeCounts": counts, "monotonic": key.monotonic, "previousValue": last}),
        );
    }
    Ok(json!({"sets": [], "keys": keys, "lastStep": series.last_key().unwrap_or(0)}))
}

/// `history(minStep, maxStep, samples)` and `events(samples)`: rows as JSON texts, `maxStep` not among them.
pub(super) fn rows(
    server: &Server,
    run: i64,
    stream: Stream,
    arguments: &Arguments,
) -> Result<Vec<String>, Fault> {
    let series = server.points.series(run, stream)?;
    let mut series = held(&series);
    let mut rows = Vec::new();
    let wanted = samples(arguments.integer("samples"));
    let from = arguments.integer("minStep");
    let found = if let Some(from) = from {
        // A page: all rows of these steps, not a choice of them.
        let end = arguments.integer("maxStep").unwrap_or(i64::MAX);
        series.rows(from..end, wanted, |_, row| rows.push(row.to_owned()))
    } else {
        series.sampled(None, .., wanted, |_, row| rows.push(row.to_owned()))
    };
    found?;
    Ok(rows)
}

/// `sampledHistory(specs)`: for each of `{"keys", "minStep"?, "maxStep"?, "samples"?}` the rows that hold all keys.
pub(super) fn sampled(
    server: &Server,
    run: i64,
    arguments: &Arguments,
) -> Result<Vec<Value>, Fault> {
    let specs = arguments.texts("specs").unwrap_or_default();
    let series = server.points.series(run, Stream::History)?;
    let mut series = held(&series);
    let mut answers = Vec::new();
    for spec in specs {
        let spec: Value = serde_json::from_str(&spec)
            .map_err(|error| Fault::invalid(format!("a spec is not JSON: {error}")))?;
        let keys: Vec<&str> = spec["keys"]
            .as_array()
            .map(|keys| keys.iter().filter_map(Value::as_str).collect())
            .unwrap_or_default();
        let mut rows = Vec::new();
        let from = spec["minStep"].as_i64().unwrap_or(i64::MIN);
        let to = spec["maxStep"].as_i64().unwrap_or(i64::MAX);
        let found = series.sampled(
            (!keys.is_empty()).then_some(keys.as_slice()),
            from..=to,
            samples(spec["samples"].as_i64()),
            |_, row| rows.push(chosen(row, &keys)),
        );
        found?;
        answers.push(Value::from(rows));
    }
    Ok(answers)
}

/// The wanted members of a row, as strict JSON; names with dots may be paths.
fn chosen(row: &str, keys: &[&str]) -> Value {
    let Ok(row) = json::Value::parse(row) else {
        return Value::Null;
    };
    if keys.is_empty() {
        return strict(&row);
    }
    let mut members = Map::new();
    for key in keys {
        if let Some(value) = at(&row, key) {
            members.insert((*key).to_owned(), strict(value));
        }
    }
    Value::Object(members)
}

fn at<'a>(value: &'a json::Value, key: &str) -> Option<&'a json::Value> {
    if let Some(found) = value.get(key) {
        return Some(found);
    }
    key.match_indices('.')
        .find_map(|(dot, _)| at(value.get(&key[..dot])?, &key[dot + 1..]))
}

/// There are no Parquet files to fetch: clients page through `history` instead.
pub(super) fn parquet() -> Answer {
    Plain::answer(
        "ParquetHistory",
        vec![
            ("parquetUrls", Answer::List(Vec::new())),
            ("liveData", Answer::List(Vec::new())),
        ],
    )
}

/// `logLines(first, after, last)`: lines of the console.
pub(super) fn console(server: &Server, run: i64, arguments: &Arguments) -> Result<Answer, Fault> {
    let series = server.points.series(run, Stream::Console)?;
    let mut series = held(&series);
    let total = lines::count(&mut series)? as usize;
    let range = match arguments.integer("last") {
        Some(last) => total.saturating_sub(samples(Some(last)))..total,
        None => super::plain::range(arguments, total, 1000),
    };
    let mut nodes = Vec::new();
    let wanted = range.start as u64..range.end as u64;
    lines::lines(&mut series, wanted, |line| {
        nodes.push((self::line(line), Vec::new()));
    })?;
    Ok(page(range, total, nodes))
}

fn line(line: Line) -> Answer {
    let optional = |text: Option<String>| text.map_or(Answer::NULL, Answer::from);
    Plain::answer(
        "LogLine",
        vec![
            ("number", line.number.into()),
            ("line", line.text.into()),
            ("level", optional(line.level)),
            ("label", optional(line.label)),
            ("timestamp", optional(line.time)),
        ],
    )
}
