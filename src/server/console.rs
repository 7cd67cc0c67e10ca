//! Lines of the console, by their numbers.

use std::ops::Range;

use super::Failure;
use super::points::Series;

/// How many lines there are.
pub(crate) fn count(console: &mut Series) -> Result<u64, Failure> {
    Ok(console.count()?.max(console.lines()))
}

/// Hands out lines by their numbers. Where several writers have numbered theirs alike, all lines are numbered anew, in
/// the order of the numbers that they had.
pub(crate) fn lines(
    console: &mut Series,
    wanted: Range<u64>,
    mut take: impl FnMut(u64, &str),
) -> Result<(), Failure> {
    if console.count()? <= console.lines() {
        let Ok(start) = i64::try_from(wanted.start) else {
            return Ok(());
        };
        let keys = start..i64::try_from(wanted.end).unwrap_or(i64::MAX);
        console.rows(keys, usize::MAX, |number, row| take(number as u64, row))?;
        return Ok(());
    }
    let mut number = 0;
    console.rows(.., wanted.end as usize, |_, row| {
        if wanted.contains(&number) {
            take(number, row);
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
            lines(console, 0..10, |number, row| {
                found.push((number, row.to_owned()));
            })
            .unwrap();
            found
                .iter()
                .map(|(number, row)| format!("{number}{}", &row[12..13]))
                .collect::<Vec<_>>()
        };
        assert_eq!(all(&mut console), ["0a", "1b"]);
        console.append(0, 2, &[r#"{"content":"c"}"#]).unwrap();
        assert_eq!(count(&mut console).unwrap(), 3);
        assert_eq!(all(&mut console), ["0a", "1c", "2b"]);
        let mut last = Vec::new();
        lines(&mut console, 2..3, |number, _| last.push(number)).unwrap();
        assert_eq!(last, [2]);
    }
}
