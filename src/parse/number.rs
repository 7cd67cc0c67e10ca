//! Numbers in text: where they are, and what only looks like one (dates, versions, shapes, durations).

use crate::wire::json::Value;

/// A number in a line, with what belongs to it.
#[derive(Debug, Clone, PartialEq)]
pub struct Token {
    pub start: usize,
    /// Behind the number and all that was taken with it: `%`, `/total`, `(average)`, a unit.
    pub end: usize,
    pub kind: Kind,
}

/// What a number is.
#[derive(Debug, Clone, PartialEq)]
pub enum Kind {
    Plain(Value),
    /// `3/10`: a position.
    Part(i64),
    /// With a unit of time, rate or memory, or part of something else.
    Other,
}

/// Whether a word behind a number makes it a duration, a rate or a size.
fn is_unit(word: &str) -> bool {
    match word {
        "s" | "ms" | "us" | "ns" | "min" | "mins" | "h" | "sec" | "secs" | "seconds"
        | "minutes" | "hours" | "days" | "KB" | "MB" | "GB" | "TB" | "KiB" | "MiB" | "GiB"
        | "K" | "M" | "G" | "B" | "Hz" | "MHz" | "W" | "C" => true,
        _ => memchr::memchr(b'/', word.as_bytes()).is_some_and(|at| {
            let behind = &word[at + 1..];
            behind.starts_with('s') || word.ends_with("/it")
        }),
    }
}

/// The next number at or behind `from`.
pub fn next(line: &str, mut from: usize) -> Option<Token> {
    let bytes = line.as_bytes();
    while from < bytes.len() {
        let offset = bytes[from..]
            .iter()
            .position(|b| b.is_ascii_digit() || matches!(b, b'n' | b'N' | b'i' | b'I' | b'.'))?;
        let mut start = from + offset;
        let digit = bytes[start].is_ascii_digit() || bytes[start] == b'.';
        if start > 0 && matches!(bytes[start - 1], b'+' | b'-') {
            start -= 1;
        }
        let length = length(&line[start..]);
        if length == 0 {
            from = word_end(bytes, from + offset + 1, digit);
            continue;
        }
        let word = !digit
            && bytes
                .get(start + length)
                .is_some_and(|b| b.is_ascii_alphanumeric() || *b == b'_');
        if word || !begins(line, start) {
            from = word_end(bytes, start + length, true);
            continue;
        }
        return Some(token(line, start, start + length));
    }
    None
}

/// Skips the rest of a word that is no number.
fn word_end(bytes: &[u8], from: usize, digits: bool) -> usize {
    let more = |b: &u8| {
        b.is_ascii_alphanumeric()
            || *b == b'_'
            || (digits && matches!(b, b'.' | b':' | b'-' | b'/'))
    };
    from + bytes[from.min(bytes.len())..]
        .iter()
        .take_while(|b| more(b))
        .count()
}

/// Whether a number can begin here: not inside a word, a path, a version or a date.
fn begins(line: &str, start: usize) -> bool {
    !line[..start].chars().next_back().is_some_and(|c| {
        c.is_alphanumeric()
            || matches!(c, '_' | '-' | '.' | '/' | '@' | '#' | '+' | '<' | '~' | '$')
    })
}

fn token(line: &str, start: usize, mut end: usize) -> Token {
    let mut text = &line[start..end];
    if let Some(short) = text.strip_suffix('.') {
        text = short;
    }
    let Some(value) = parse(text) else {
        return other(line, start, end);
    };
    let rest = &line[end..];
    let mut kind = Kind::Plain(value);
    if let Some((total, length)) = total_behind(rest)
        && let Kind::Plain(Value::Int(part)) = kind
    {
        let _ = total;
        end += length;
        kind = Kind::Part(part);
    } else if rest.starts_with('%') {
        end += 1;
    } else if let Some(std) = rest.strip_prefix('+') {
        // A mean and its deviation: 0.554+0.014.
        let length = length(std);
        if length == 0 {
            return other(line, start, end);
        }
        end += 1 + length;
    }
    let rest = &line[end..];
    let mut chars = rest.chars();
    match (chars.next(), chars.next()) {
        // The end of a sentence; a counter in front of a message: `Epoch 3: …`.
        (Some('.' | ':'), None | Some(' ')) | (Some(':'), Some('\t')) => {}
        (Some(c), _) if c.is_alphanumeric() || "/:-.×_+<>~".contains(c) => {
            return other(line, start, end);
        }
        _ => {}
    }
    // An average or a percentage in parentheses.
    let blanks = rest.len() - rest.trim_start_matches(' ').len();
    if let Some(inner) = rest[blanks..].strip_prefix('(')
        && let Some(close) = inner.find(')')
    {
        let content = inner[..close].trim();
        let percent = content.strip_suffix('%').and_then(parse);
        if let (Kind::Part(_), Some(percent)) = (&kind, &percent) {
            kind = Kind::Plain(percent.clone());
            end += blanks + close + 2;
        } else if percent.is_some() || parse(content).is_some() || content.ends_with('z') {
            end += blanks + close + 2;
        }
    }
    let word = line[end..].trim_start_matches(' ');
    let blanks = line[end..].len() - word.len();
    let word_length = word
        .find([' ', ',', ';', '|', '\t', ')', ']'])
        .unwrap_or(word.len());
    let word = &word[..word_length];
    if blanks > 0 && is_unit(word) {
        return Token {
            start,
            end: end + blanks + word_length,
            kind: Kind::Other,
        };
    }
    Token { start, end, kind }
}

/// Something that begins like a number: it is taken whole and is none.
fn other(line: &str, start: usize, end: usize) -> Token {
    let bytes = line.as_bytes();
    let stops = |at: usize| match bytes[at] {
        b' ' | b';' | b'|' | b'\t' | b')' | b']' => true,
        // The fraction of a second may stand behind a comma.
        b',' => !bytes.get(at + 1).is_some_and(u8::is_ascii_digit),
        _ => false,
    };
    let stop = (end..bytes.len())
        .find(|at| stops(*at))
        .unwrap_or(bytes.len());
    Token {
        start,
        end: stop,
        kind: Kind::Other,
    }
}

/// `/10` or ` / 10` behind a number.
fn total_behind(rest: &str) -> Option<(i64, usize)> {
    let inner = rest.trim_start_matches(' ');
    let inner = inner.strip_prefix('/')?.trim_start_matches(' ');
    let digits = inner.bytes().take_while(u8::is_ascii_digit).count();
    let total = inner[..digits].parse().ok()?;
    let behind = inner[digits..].chars().next();
    let ends = behind.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '/' | '.' | '-')));
    ends.then_some((total, rest.len() - inner.len() + digits))
}

/// Length in bytes of the number at the start of a text; 0 if there is none.
pub fn length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let mut at = usize::from(matches!(bytes.first(), Some(b'+' | b'-')));
    let letter = bytes.get(at).is_some_and(u8::is_ascii_alphabetic);
    for word in ["infinity", "inf", "nan"] {
        if letter
            && bytes.len() >= at + word.len()
            && bytes[at..at + word.len()].eq_ignore_ascii_case(word.as_bytes())
        {
            return at + word.len();
        }
    }
    let digits = |at: usize| {
        bytes[at.min(bytes.len())..]
            .iter()
            .take_while(|b| b.is_ascii_digit())
            .count()
    };
    let whole = digits(at);
    at += whole;
    while bytes.get(at) == Some(&b',') && whole > 0 && whole <= 3 && digits(at + 1) == 3 {
        at += 4;
    }
    if bytes.get(at) == Some(&b'.') {
        let fraction = digits(at + 1);
        if whole == 0 && fraction == 0 {
            return 0;
        }
        // A dot that ends a sentence is no decimal point, but `83.]` has one.
        if fraction > 0 || matches!(bytes.get(at + 1), Some(b']' | b')')) {
            at += 1 + fraction;
        }
    } else if whole == 0 {
        return 0;
    }
    if matches!(bytes.get(at), Some(b'e' | b'E' | b'D')) {
        let sign = usize::from(matches!(bytes.get(at + 1), Some(b'+' | b'-')));
        let exponent = digits(at + 1 + sign);
        if exponent > 0 {
            at += 1 + sign + exponent;
        }
    }
    at
}

/// Reads a whole text as a number.
pub fn parse(text: &str) -> Option<Value> {
    if text.is_empty() || length(text) != text.len() {
        return None;
    }
    let read = |text: &str| match text.parse() {
        Ok(i) => Some(Value::Int(i)),
        Err(_) => text.parse().ok().map(Value::Float),
    };
    if text.bytes().any(|b| matches!(b, b',' | b'D')) {
        // Fortran writes exponents with a D.
        return read(&text.replace(',', "").replace('D', "e"));
    }
    read(text)
}

/// Reads a whole text as a number, also with a decimal comma.
pub fn parse_local(text: &str) -> Option<Value> {
    parse(text).or_else(|| parse(&decimal_points(text)?))
}

/// The line with decimal points, if it is written with decimal commas: no number in it has a point, no list is
/// separated by `, `, and at least one comma cannot be anything else.
pub fn decimal_points(line: &str) -> Option<String> {
    let bytes = line.as_bytes();
    let digit = |at: usize| bytes.get(at).is_some_and(u8::is_ascii_digit);
    let commas: Vec<usize> = memchr::memchr_iter(b',', bytes)
        .filter(|at| *at > 0 && digit(at - 1) && digit(at + 1))
        .collect();
    if commas.is_empty() || super::scan::has_two(line, *b", ") {
        return None;
    }
    if memchr::memchr_iter(b'.', bytes).any(|at| at > 0 && digit(at - 1) && digit(at + 1)) {
        return None;
    }
    let mut sure = false;
    for comma in &commas {
        let start = (0..*comma).rev().take_while(|at| digit(*at)).last()?;
        let end = (comma + 1..bytes.len())
            .find(|at| !digit(*at))
            .unwrap_or(bytes.len());
        // `1,2,3` and `12:30:05,123` are no numbers.
        let before = start.checked_sub(1).map(|at| bytes[at]);
        if bytes.get(end) == Some(&b',') || matches!(before, Some(b',' | b':' | b'/' | b'.')) {
            return None;
        }
        sure |= &bytes[start..*comma] == b"0" || end - comma != 4;
    }
    sure.then(|| {
        let mut text = line.to_owned();
        for comma in commas {
            text.replace_range(comma..=comma, ".");
        }
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn whole_texts() {
        for (text, json) in [
            ("1", "1"),
            ("-1.5e-3", "-0.0015"),
            ("1,234.5", "1234.5"),
            (".5", "0.5"),
            ("nan", "NaN"),
            ("-inf", "-Infinity"),
            ("Infinity", "Infinity"),
            ("4.73121D+00", "4.73121"),
            ("12345678901234567890", "1.2345678901234567e19"),
        ] {
            assert_eq!(
                parse(text).map(|v| v.to_json()).as_deref(),
                Some(json),
                "{text}"
            );
        }
        for text in ["", "-", ".", "1e", "0x10", "1.2.3", "12:30", "abc"] {
            assert_eq!(parse(text), None, "{text}");
        }
    }

    #[test]
    fn decimal_commas_are_told_from_lists_and_groups() {
        for (line, points) in [
            ("loss: 0,123; acc: 0,9", Some("loss: 0.123; acc: 0.9")),
            ("a 12,5 b 1,234", Some("a 12.5 b 1.234")),
            ("tokens 1,234", None),
            ("a=0,5, b=1", None),
            ("loss 0.5 ids 0,1", None),
            ("[1,2,3]", None),
            ("12:30:05,12 x", None),
            ("a, b", None),
        ] {
            assert_eq!(decimal_points(line).as_deref(), points, "{line}");
        }
        assert_eq!(parse_local("0,5"), Some(Value::Float(0.5)));
    }

    fn scan(line: &str) -> String {
        let (mut from, mut out) = (0, Vec::new());
        while let Some(token) = next(line, from) {
            assert!(token.end > from && token.start < token.end);
            from = token.end;
            out.push(match token.kind {
                Kind::Plain(value) => value.to_json(),
                Kind::Part(part) => format!("{part}/"),
                Kind::Other => "-".to_owned(),
            });
        }
        out.join(" ")
    }

    #[test]
    fn numbers_in_lines() {
        for (line, found) in [
            ("loss=0.5, acc 98.7%", "0.5 98.7"),
            ("Epoch: [0][ 1/10]\tLoss 6.8e+00 (6.9e+00)", "0 1/ 6.8"),
            ("Accuracy: 23/200 (12%)", "12"),
            ("time 43.06ms, 1.23 s/it, ETA 0:04:59", "- - -"),
            ("2026-11-23 12:25:36,405 v1.2.3 10.12.0.7:29400", "- - -"),
            ("model-00001-of-00003 Acc@1 f1 0x10 3x32", "- -"),
            ("x: 0.554+0.014 done. 3.", "0.554 3"),
            ("epoch 001:    100 / 1891 loss=12", "1 100/ 12"),
            ("nan and information is not inferred", "NaN"),
            ("loss 10.84 (+nanz)| 237 MiB", "10.84 -"),
        ] {
            assert_eq!(scan(line), found, "{line}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_text_is_scanned_to_its_end(text in "[-+0-9.,/:%()a-zé \t]{0,60}") {
            scan(&text);
        }
    }
}
