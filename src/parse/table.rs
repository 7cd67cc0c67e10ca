//! Tables: a line of column names, then lines of as many cells.
//!
//! A header has a counter among its names (`epoch`, `step`, `#` …) or two metrics' names; it may have two lines, whose
//! words are joined by column. It holds until a blank line, another header, or [`PATIENCE`] lines that do not fit.

use super::number;
use super::words::{Meaning, meaning};
use super::{Found, Pair, scan};

/// Lines in a row that may not fit.
const PATIENCE: u32 = 3;
const MAX_COLUMNS: usize = 200;
/// Labels of rows that are about everything.
const TOTALS: &[&str] = &["all", "total", "overall", "average", "mean", "avg"];

/// The present header.
#[derive(Debug, Default)]
pub struct Tables {
    names: Vec<String>,
    delimiter: Delimiter,
    misfits: u32,
    /// The line before, if it could be the upper line of a header.
    upper: String,
}

#[derive(Debug, Default, Clone, Copy, PartialEq)]
enum Delimiter {
    Tab,
    Comma,
    Bar,
    #[default]
    Blanks,
}

/// What a line was to the table.
#[derive(Debug, PartialEq)]
pub enum Step {
    Header,
    Row(Found),
    Outside,
}

impl Tables {
    /// Whether lines belong to a table at present, or may do so with the next one.
    pub fn is_open(&self) -> bool {
        !self.names.is_empty() || !self.upper.is_empty()
    }

    /// Takes one line; a blank one ends the table.
    pub fn line(&mut self, line: &str) -> Step {
        if line.trim().is_empty() {
            self.names.clear();
            return Step::Outside;
        }
        let upper = std::mem::take(&mut self.upper);
        let plain = is_words(line);
        if plain && let Some(names) = two_lines(&upper, line) {
            self.begin(names, Delimiter::Blanks);
            return Step::Header;
        }
        if plain {
            line.clone_into(&mut self.upper);
        }
        if let Some((names, delimiter)) = header(line) {
            self.begin(names, delimiter);
            return Step::Header;
        }
        if self.names.is_empty() {
            return Step::Outside;
        }
        if line
            .trim()
            .chars()
            .all(|c| "-= |+".contains(c) || ('\u{2500}'..='\u{257f}').contains(&c))
        {
            return Step::Header;
        }
        if let Some(found) = self.row(line) {
            self.misfits = 0;
            return Step::Row(found);
        }
        self.misfits += 1;
        if self.misfits >= PATIENCE {
            self.names.clear();
        }
        Step::Outside
    }

    fn begin(&mut self, names: Vec<String>, delimiter: Delimiter) {
        self.names = names;
        self.delimiter = delimiter;
        self.misfits = 0;
    }

    fn row(&self, line: &str) -> Option<Found> {
        let cells: Vec<&str> = match self.delimiter {
            Delimiter::Blanks => line
                .split([' ', '\t', '|', '│'])
                .filter(|cell| !cell.is_empty())
                .collect(),
            delimiter => split(without_label(line), delimiter),
        };
        if cells.len() != self.names.len() {
            return None;
        }
        let mut found = Found {
            report: true,
            ..Found::default()
        };
        let mut misses = 0;
        let mut labelled = false;
        // Tables with drawn columns may describe things in several of them.
        let allowed = if self.delimiter == Delimiter::Bar {
            self.names.len() as u32 / 2
        } else {
            1
        };
        for (name, cell) in self.names.iter().zip(cells) {
            let sense = column(name);
            if let Some((part, total)) = cell.split_once('/')
                && let (Ok(part), Ok(_)) = (part.parse::<i64>(), total.parse::<i64>())
            {
                match sense {
                    Meaning::Epoch => found.epoch = Some(part as f64),
                    Meaning::Step(rank) => found.step(part, rank),
                    _ => {}
                }
                continue;
            }
            let Some(value) = number::parse_local(cell.trim_end_matches('%')) else {
                labelled |= found.pairs.is_empty()
                    && cell.starts_with(char::is_alphabetic)
                    && !TOTALS.contains(&cell.to_ascii_lowercase().as_str());
                let duration = number::length(cell) > 0;
                misses += u32::from(!duration && cell != "-" && !cell.is_empty());
                continue;
            };
            match (sense, &value) {
                (Meaning::Epoch, value) => found.epoch = value.as_f64(),
                (Meaning::Step(rank), crate::wire::json::Value::Int(step)) => {
                    found.step(*step, rank);
                }
                _ => found.pairs.push(Pair {
                    key: name.clone(),
                    value,
                }),
            }
        }
        // A row for each class of the data is no report of its own.
        let per_class = labelled && !found.counted();
        (misses <= allowed && !per_class).then_some(found)
    }
}

/// What a column's name means; here `E` and `#` count too.
fn column(name: &str) -> Meaning {
    match name {
        "E" => Meaning::Epoch,
        "#" | "N" => Meaning::Step(100),
        _ => meaning(name),
    }
}

fn split(line: &str, delimiter: Delimiter) -> Vec<&str> {
    match delimiter {
        Delimiter::Tab => line.split('\t').map(str::trim).collect(),
        Delimiter::Comma => line.split(',').map(str::trim).collect(),
        Delimiter::Bar => line
            .trim()
            .trim_matches(['|', '│'])
            .split(['|', '│'])
            .map(str::trim)
            .collect(),
        Delimiter::Blanks => line
            .trim()
            .split("  ")
            .flat_map(|cell| {
                // `mAP@.5 mAP@.5:.95` are two.
                let blank = if cell.contains("@.") { ' ' } else { '\0' };
                cell.split(blank)
            })
            .map(str::trim)
            .filter(|cell| !cell.is_empty())
            .collect(),
    }
}

/// `copypaste: AP,AP50` without its label.
fn without_label(line: &str) -> &str {
    scan::split_two(line, *b": ").map_or(line, |(_, rest)| rest)
}

/// Whether a line consists of words far from each other, as the lines of a header do.
pub fn is_words(line: &str) -> bool {
    line.len() <= 4096
        && scan::has_two(line, *b"  ")
        && line
            .bytes()
            .all(|b| b.is_ascii_alphabetic() || b" _-/%()#@[]|".contains(&b))
        && words(line).count() >= 2
}

/// Words with the columns in which they stand.
fn words(line: &str) -> impl Iterator<Item = (usize, usize, &str)> {
    line.split_whitespace().map(move |word| {
        let start = word.as_ptr() as usize - line.as_ptr() as usize;
        (start, start + word.len(), word)
    })
}

/// The names of a header of two lines: each upper word goes to the lower word that stands nearest.
fn two_lines(upper: &str, lower: &str) -> Option<Vec<String>> {
    if upper.is_empty() {
        return None;
    }
    if let Some(names) = grouped(upper, lower) {
        return Some(names);
    }
    let (upper, lower): (Vec<_>, Vec<_>) = (words(upper).collect(), words(lower).collect());
    // The line with more words has one for each column.
    let (columns, above, swapped) = if upper.len() > lower.len() {
        (upper, lower, true)
    } else {
        (lower, upper, false)
    };
    if columns.len() > MAX_COLUMNS {
        return None;
    }
    let mut names: Vec<String> = columns
        .iter()
        .map(|(_, _, word)| (*word).to_owned())
        .collect();
    let mut taken = vec![false; columns.len()];
    for (start, end, word) in &above {
        // Columns are flush left or flush right.
        let distance = |(s, e, _): &(usize, usize, &str)| s.abs_diff(*start).min(e.abs_diff(*end));
        let nearest = (0..columns.len()).min_by_key(|column| distance(&columns[*column]))?;
        if std::mem::replace(&mut taken[nearest], true) {
            return None;
        }
        let column = columns[nearest].2;
        names[nearest] = match swapped {
            // A unit is no part of the name.
            true if word.starts_with(['[', '(']) => column.to_owned(),
            true => format!("{column} {word}"),
            false => format!("{word} {column}"),
        };
    }
    let metrics = names
        .iter()
        .filter(|name| meaning(name) == Meaning::Metric)
        .count();
    let counts = names
        .iter()
        .any(|name| matches!(column(name), Meaning::Epoch | Meaning::Step(_)));
    // A line that is a header by itself may stand below a title; otherwise every column must have both words.
    let enough = if above.len() == columns.len() {
        metrics >= 1 && columns.len() >= 3
    } else {
        metrics >= 2 && counts && above.len() >= 2
    };
    enough.then_some(names)
}

/// The names of a header whose upper line names groups of columns between bars:
/// `|    train    |` above `|  loss   acc  |`.
fn grouped(upper: &str, lower: &str) -> Option<Vec<String>> {
    let parts = |line: &str| -> Vec<String> {
        line.split(['|', '│'])
            .map(|part| part.trim().to_owned())
            .collect()
    };
    let (groups, columns) = (parts(upper), parts(lower));
    if groups.len() < 3 || groups.len() > columns.len() {
        return None;
    }
    let mut names = Vec::new();
    for (i, column) in columns.iter().enumerate() {
        for word in column.split_whitespace() {
            names.push(match groups.get(i) {
                Some(group) if !group.is_empty() => format!("{group} {word}"),
                _ => word.to_owned(),
            });
        }
    }
    let metrics = names
        .iter()
        .filter(|name| meaning(name) == Meaning::Metric)
        .count();
    (metrics >= 2).then_some(names)
}

fn header(line: &str) -> Option<(Vec<String>, Delimiter)> {
    if line.len() > 4096 {
        return None;
    }
    let choices = [
        (Delimiter::Tab, line.contains('\t')),
        (Delimiter::Bar, line.contains('|') || line.contains('│')),
        (Delimiter::Comma, line.contains(',')),
        (Delimiter::Blanks, scan::has_two(line, *b"  ")),
    ];
    for (delimiter, _) in choices.into_iter().filter(|(_, fits)| *fits) {
        let text = if delimiter == Delimiter::Comma {
            without_label(line)
        } else {
            line
        };
        // No name of a column has one of these, but for `mAP@.5:.95`: most lines end here.
        if memchr::memchr3(b'=', b':', b'.', text.as_bytes()).is_some()
            && !scan::has_two(text, *b"@.")
        {
            continue;
        }
        let cells = split(text, delimiter);
        if cells.len() < 2 || cells.len() > MAX_COLUMNS {
            continue;
        }
        let named = |cell: &&str| {
            let letters = cell.chars().any(char::is_alphabetic) || *cell == "#";
            letters
                && cell.len() <= 40
                && cell
                    .split_once("@.")
                    .map_or(*cell, |(name, _)| name)
                    .bytes()
                    .all(|b| !b"=:.".contains(&b))
                && number::parse(cell).is_none()
                && cell.split(' ').count() <= 3
        };
        if !cells.iter().all(named) {
            continue;
        }
        let counts = cells
            .iter()
            .any(|cell| matches!(column(cell), Meaning::Epoch | Meaning::Step(_)));
        let metrics = cells
            .iter()
            .filter(|cell| meaning(cell) == Meaning::Metric)
            .count();
        if metrics >= 2 || (counts && (metrics >= 1 || cells.len() >= 3)) {
            return Some((
                cells
                    .into_iter()
                    .map(|cell| cell.trim_matches([')', ':']).to_owned())
                    .collect(),
                delimiter,
            ));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rows(text: &str) -> Vec<String> {
        let mut tables = Tables::default();
        text.lines()
            .filter_map(|line| match tables.line(line) {
                Step::Row(found) => {
                    let pairs: Vec<_> = found
                        .pairs
                        .iter()
                        .map(|p| format!("{}={}", p.key, p.value.to_json()))
                        .collect();
                    Some(format!(
                        "{:?} {:?} {}",
                        found.step_value(),
                        found.epoch,
                        pairs.join(" ")
                    ))
                }
                _ => None,
            })
            .collect()
    }

    #[test]
    fn headers_and_their_rows() {
        assert_eq!(
            rows("step,epoch,loss,acc\n0,0,2.5,0.1\n100,1,1.25,0.2\ndone"),
            [
                "Some(0) Some(0.0) loss=2.5 acc=0.1",
                "Some(100) Some(1.0) loss=1.25 acc=0.2"
            ]
        );
        assert_eq!(
            rows(
                "E    #       LOSS TEXTCAT  SCORE \n---  ------  ------------  ------\n  0       8          0.25    1.00"
            ),
            ["Some(8) Some(0.0) LOSS TEXTCAT=0.25 SCORE=1.0"]
        );
        assert_eq!(
            rows(
                "      Iter       Train Loss      OOB Improve   Remaining Time \n         1           1.2187           0.1478            0.08s"
            ),
            ["Some(1) None Train Loss=1.2187 OOB Improve=0.1478"]
        );
        assert_eq!(
            rows("epoch\tval_loss\n0\t1.3\n\n1\t1.2"),
            ["None Some(0.0) val_loss=1.3"]
        );
        assert_eq!(rows("name  size  date\nfile  12  x"), Vec::<String>::new());
        assert_eq!(
            rows(
                "average  since         example        example\nloss     last          counter         weight\n0.693147 0.5            1            1.0"
            ),
            ["None None average loss=0.693147 since last=0.5 example counter=1 example weight=1.0"]
        );
        assert_eq!(
            rows(
                "        train   train   val\nepoch   loss    acc     loss\n    1   0.5     0,9     0.75"
            ),
            ["None Some(1.0) train loss=0.5 train acc=0.9 val loss=0.75"]
        );
        assert_eq!(
            rows("x: AP,AP50\nx: 27.4,45.9"),
            ["None None AP=27.4 AP50=45.9"]
        );
    }
}
