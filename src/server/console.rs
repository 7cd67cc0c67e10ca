//! Lines of the console, by their numbers.

use std::ops::Range;

use serde::Serialize;

use super::Failure;
use super::points::Series;
use crate::wire::json::Value;

/// A line, with the names that pages have for its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Line {
    #[serde(rename = "n")]
    pub(crate) number: u64,
    pub(crate) text: String,
    /// `error` if it came from stderr.
    pub(crate) level: Option<String>,
    /// UTC, as the client sent it.
    pub(crate) time: Option<String>,
    /// The process, where several write to one run.
    pub(crate) label: Option<String>,
}

impl Line {
    /// Reads a line as it is stored.
    pub(crate) fn of(number: u64, row: &str) -> Self {
        let row = Value::parse(row).unwrap_or(Value::Null);
        let text = |name: &str| Some(row.get(name)?.as_str()?.to_owned());
        Self {
            number,
            text: text("content").unwrap_or_default(),
            level: text("level"),
            time: text("ts"),
            label: text("label"),
        }
    }
}

/// How many lines there are.
pub(crate) fn count(console: &mut Series) -> Result<u64, Failure> {
    Ok(console.count()?.max(console.lines()))
}

/// Hands out lines by their numbers. Where several writers have numbered theirs alike, all lines are numbered anew, in
/// the order of the numbers that they had.
pub(crate) fn lines(
    console: &mut Series,
    wanted: Range<u64>,
    mut take: impl FnMut(Line),
) -> Result<(), Failure> {
    if console.count()? <= console.lines() {
        let Ok(start) = i64::try_from(wanted.start) else {
            return Ok(());
        };
        let keys = start..i64::try_from(wanted.end).unwrap_or(i64::MAX);
        console.rows(keys, usize::MAX, |number, row| {
            take(Line::of(number as u64, row));
        })?;
        return Ok(());
    }
    let mut number = 0;
    console.rows(.., wanted.end as usize, |_, row| {
        if wanted.contains(&number) {
            take(Line::of(number, row));
        }
        number += 1;
    })?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::server::points::{Key, Options};

    #[test]
    fn lines_of_several_writers_are_all_there() {
        let directory = tempfile::tempdir().unwrap();
        let mut console = Series::open(directory.path(), Key::Line, Options::default()).unwrap();
        console
            .append(0, 1, &[r#"{"content":"a"}"#, r#"{"content":"b"}"#])
            .unwrap();
        let all = |console: &mut Series| {
            let mut found = Vec::new();
            lines(console, 0..10, |line| found.push(line)).unwrap();
            let shown = found
                .iter()
                .map(|line| format!("{}{}", line.number, line.text));
            shown.collect::<Vec<_>>()
        };
        assert_eq!(all(&mut console), ["0a", "1b"]);
        console.append(0, 2, &[r#"{"content":"c"}"#]).unwrap();
        assert_eq!(count(&mut console).unwrap(), 3);
        assert_eq!(all(&mut console), ["0a", "1c", "2b"]);
        let mut last = Vec::new();
        lines(&mut console, 2..3, |line| last.push(line.number)).unwrap();
        assert_eq!(last, [2]);
    }
}
