//! Names and numbers in running text: `key=value`, `key: value`, `key value`, in lists with any delimiters.
//!
//! The numbers lead: for each one the text in front of it is searched for its name. A name without `=` or `:` must
//! be a metric's or a counter's, and stand alone between delimiters.

use super::number::{self, Kind, Token};
use super::words::{self, Meaning, meaning};
use super::{Found, Pair, split};
use crate::wire::json::Value;

/// Most pairs of one line.
const MAX_PAIRS: usize = 200;
/// What separates pairs.
const DELIMITERS: [char; 12] = [',', ';', '|', '\t', '(', ')', '[', ']', '{', '}', '│', '┃'];
/// Words that lead to a name without being part of it.
const FILLERS: &[&str] = &[
    "with", "finished", "is", "was", "of", "the", "at", "and", "has", "best", "in", "=>", "->",
    ">", "*",
];

/// Pairs of a line.
pub fn find(line: &str) -> Option<Found> {
    match number::decimal_points(line) {
        Some(line) => find_with_points(&line),
        None => find_with_points(line),
    }
}

fn find_with_points(line: &str) -> Option<Found> {
    let mut found = Found::default();
    let mut from = 0;
    let mut other = 0;
    let mut prose = false;
    let mut namespace = None;
    let mut first = true;
    let mut list: Option<(String, usize)> = None;
    while found.pairs.len() < MAX_PAIRS
        && let Some(Token { start, end, kind }) = number::next(line, from)
    {
        let gap = &line[from..start];
        let at_start = std::mem::take(&mut first);
        if let Some(word) = bracketed_split(gap) {
            namespace = Some(word);
        }
        from = end;
        let Some(name) = name_in(gap) else {
            match (&kind, list.take()) {
                // Further members of a list.
                (Kind::Plain(value), Some((key, index))) if gap.trim() == "," => {
                    if index == 1 {
                        rename_first(&mut found.pairs, &key);
                    }
                    found.pairs.push(Pair {
                        key: format!("{key}/{index}"),
                        value: value.clone(),
                    });
                    list = Some((key, index + 1));
                }
                _ if at_start => leading(gap, &kind, &line[end..], &mut found),
                (Kind::Part(_), _) if found.counted() || gap.trim_end().ends_with('[') => {
                    found.batch = true;
                }
                _ => other += usize::from(has_letters(gap)),
            }
            continue;
        };
        list = None;
        if at_start {
            let lead = gap[..name.at].trim();
            prose = lead
                .split_whitespace()
                .filter(|word| !words::is_label(word))
                .count()
                >= 2;
        }
        other += usize::from(name.more_words);
        let sense = meaning(name.key);
        match kind {
            Kind::Part(part) => match sense {
                Meaning::Step(rank) => found.step(part, rank),
                Meaning::Epoch => found.epoch = found.epoch.or(Some(part as f64)),
                _ => found.batch = true,
            },
            Kind::Other => {}
            Kind::Plain(value) => {
                if !name.explicit
                    && (prose
                        || name.more_words
                        || !matches!(
                            sense,
                            Meaning::Metric | Meaning::Step(_) | Meaning::Epoch | Meaning::Batch
                        ))
                {
                    other += 1;
                    continue;
                }
                match (sense, &value) {
                    (Meaning::Step(rank), Value::Int(step)) => found.step(*step, rank),
                    (Meaning::Step(_) | Meaning::Never, _) => {}
                    (Meaning::Epoch, _) => found.epoch = found.epoch.or(value.as_f64()),
                    (Meaning::Batch, _) => found.batch = true,
                    _ => {
                        let key = match name.within.or(namespace) {
                            Some(word) => split::within(word, name.key),
                            None => name.key.to_owned(),
                        };
                        if gap.trim_end().ends_with('[') && sense == Meaning::Unknown {
                            list = Some((key.clone(), 1));
                        }
                        if !found.pairs.iter().any(|pair| pair.key == key) {
                            found.pairs.push(Pair { key, value });
                        }
                    }
                }
            }
        }
    }
    other += usize::from(has_letters(&line[from.min(line.len())..]));
    if texts(line) >= 3 && !found.counted() {
        // `task=detect, optimizer=auto, device=cpu, …`: an echo of settings.
        return None;
    }
    found.whole_line = other == 0;
    found.prose = prose;
    (!found.pairs.is_empty() || found.counted()).then_some(found)
}

/// A number at the start of a line, without a name: `[12]`, `12:`, `[3/10]`, `3/10`.
fn leading(gap: &str, kind: &Kind, behind: &str, found: &mut Found) {
    let gap = gap.trim();
    match (gap, kind) {
        ("[", Kind::Plain(Value::Int(step))) if behind.starts_with(']') => found.step(*step, 200),
        ("", Kind::Plain(Value::Int(step)))
            if behind.starts_with(":\t") || behind.starts_with(": ") =>
        {
            found.step(*step, 201);
        }
        ("[", Kind::Part(part)) => found.step(*part, 202),
        ("", Kind::Part(_)) => found.batch = true,
        _ => {}
    }
}

fn rename_first(pairs: &mut [Pair], key: &str) {
    if let Some(pair) = pairs.iter_mut().rev().find(|pair| pair.key == key) {
        pair.key = format!("{key}/0");
    }
}

/// `[train]` or `[valid]` in front of its values.
fn bracketed_split(gap: &str) -> Option<&'static str> {
    let open = gap.rfind('[')?;
    let close = gap[open..].find(']')?;
    split::word(&gap[open + 1..open + close])
}

struct Name<'a> {
    key: &'a str,
    /// Where it begins in the gap.
    at: usize,
    explicit: bool,
    /// There are other words in front of it, up to the number before.
    more_words: bool,
    /// The split that stands at the value.
    within: Option<&'static str>,
}

/// The name at the end of the text in front of a number.
fn name_in(gap: &str) -> Option<Name<'_>> {
    let mut text = gap.trim_end();
    // A value in brackets, or wrapped: [61.], tensor(0.5), np.float64(1.0), (test=0.9).
    if let Some(inner) = text.strip_suffix(['[', '(']) {
        let bare = inner
            .trim_end_matches(|c: char| c.is_alphanumeric() || c == '_' || c == '.')
            .trim_end();
        if bare.ends_with(['=', ':']) {
            text = bare;
        } else if inner.trim_end().ends_with(['=', ':']) {
            text = inner.trim_end();
        } else if text.ends_with('[')
            && inner.trim_end_matches([' ', ':', '[', ']']).len() < inner.len()
        {
            text = inner.trim_end_matches([' ', '[', ']']);
        } else if text.ends_with('[') && meaning(inner.trim()) != Meaning::Unknown {
            text = inner.trim_end();
        } else {
            return None;
        }
    }
    let (text, separator) = match text.strip_suffix(['=', ':']) {
        Some(short) => (short, text.chars().next_back()),
        None => (text, None),
    };
    if text.ends_with(['=', '!', '<', '>', ':']) {
        return None;
    }
    let spaced = text.ends_with(' ');
    let text = text.trim_end().trim_end_matches(['\'', '"']);
    let mut cut = text.rfind(DELIMITERS).map_or(0, |at| {
        let length = text[at..].chars().next().map_or(1, char::len_utf8);
        // A unit in parentheses belongs to the name in front of it: `time (ms): 5`.
        if text.ends_with(')') && at + 1 == text.len() {
            text.rfind('(')
                .map_or(at + length, |open| cut_before(text, open))
        } else {
            at + length
        }
    });
    for delimiter in ["  ", " - ", "...", "; ", ": "] {
        if let Some(at) = text.rfind(delimiter) {
            cut = cut.max(at + delimiter.len());
        }
    }
    let mut at = cut + text[cut..].len() - text[cut..].trim_start().len();
    if separator == Some('=') && !spaced {
        at = at.max(text.rfind(char::is_whitespace).map_or(0, |space| space + 1));
    }
    // At most three words, five in front of a colon; leading fillers are none of them.
    let mut more_words = has_letters(&text[..cut]) && !text[..cut].trim_end().ends_with(DELIMITERS);
    loop {
        let key = &text[at..];
        let Some((word, rest)) = key.split_once(char::is_whitespace) else {
            break;
        };
        let filler = FILLERS.contains(&word.to_ascii_lowercase().as_str())
            || !word.chars().any(char::is_alphabetic);
        if filler || key.split_whitespace().count() > if separator == Some(':') { 5 } else { 3 } {
            more_words |= !filler;
            at += key.len() - rest.trim_start().len();
        } else {
            break;
        }
    }
    let key = text[at..].trim_matches(['\'', '"', '.', '*', '-', '>']);
    let first = key.chars().next()?;
    let good = first.is_alphabetic()
        && key.len() <= 80
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || "_@.%/'- #()+".contains(c))
        && !key.contains("//");
    // `--flag 3` is a command line, `?a=3` an address, `a/b.c:3` a place in a file.
    let before = text[..at].chars().next_back();
    // `acc: (test=0.9)`: the name stands outside, inside stands the split.
    if let Some(within) = split::word(key)
        && let Some(outer) = text[..at].trim_end().strip_suffix('(')
        && outer.trim_end().ends_with(':')
    {
        return name_in(outer).map(|name| Name {
            within: Some(within),
            ..name
        });
    }
    let flag = text[at..].starts_with("--") || matches!(before, Some('-' | '/' | '?' | '&' | '$'));
    (good && !flag).then_some(Name {
        key,
        at,
        explicit: separator.is_some(),
        more_words,
        within: None,
    })
}

/// How many `name=text` pairs a line has.
fn texts(line: &str) -> usize {
    let bytes = line.as_bytes();
    memchr::memchr_iter(b'=', bytes)
        .filter(|at| {
            let named = *at > 0 && (bytes[at - 1].is_ascii_alphanumeric() || bytes[at - 1] == b'_');
            let value = &line[at + 1..];
            named
                && value.starts_with(|c: char| c.is_alphabetic() || "'\"/[{".contains(c))
                && number::length(value) == 0
        })
        .count()
}

fn cut_before(text: &str, open: usize) -> usize {
    text[..open].rfind(DELIMITERS).map_or(0, |at| {
        at + text[at..].chars().next().map_or(1, char::len_utf8)
    })
}

/// Whether text between pairs is more than delimiters.
fn has_letters(text: &str) -> bool {
    text.chars().any(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn show(line: &str) -> String {
        let Some(found) = find(line) else {
            return "-".into();
        };
        let pairs: Vec<_> = found
            .pairs
            .iter()
            .map(|p| format!("{}={}", p.key, p.value.to_json()))
            .collect();
        format!(
            "{}{}{}{}",
            found
                .step_value()
                .map_or(String::new(), |s| format!("step {s} ")),
            found.epoch.map_or(String::new(), |e| format!("epoch {e} ")),
            if found.batch { "batch " } else { "" },
            pairs.join(" ")
        )
    }

    #[test]
    fn names_are_found_in_front_of_their_numbers() {
        for (line, pairs) in [
            ("a=1, b=2", "a=1 b=2"),
            (
                "Epoch: [0][ 1/10]\tTime  0.200 ( 0.200)\tLoss 6.88 (6.88)\tAcc@1   0.00 (  0.00)",
                "epoch 0 batch Loss=6.88 Acc@1=0.0",
            ),
            (
                "[5]\ttraining's binary_logloss: 0.412206\tvalid_1's auc: 0.84",
                "step 5 training's binary_logloss=0.412206 valid_1's auc=0.84",
            ),
            (
                "[0]\ttrain-logloss:0.55419+0.01431\ttest-logloss:0.63",
                "step 0 train-logloss=0.55419 test-logloss=0.63",
            ),
            (
                "step    1/18865 | loss 10.84 (+nanz)| norm 14.2300 (+nanz)| lr 8.57e-07 | 1842.96 ms",
                "step 1 loss=10.84 norm=14.23",
            ),
            (
                "iter 250: loss 1.5000, time 43.06ms, mfu 3.00%",
                "step 250 loss=1.5",
            ),
            (
                "16/16 - 8s - 470ms/step - accuracy: 0.4746 - val_loss: 0.78",
                "batch accuracy=0.4746 val_loss=0.78",
            ),
            (
                "Trial 0 finished with values: [0.54, 4.0] and x",
                "step 0 values/0=0.54 values/1=4.0",
            ),
            (
                "[CV 1/3] END ......C=0.1; acc: (test=0.955) auc: (test=0.988) total time=   0.1s",
                "batch C=0.1 test/acc=0.955 test/auc=0.988",
            ),
            (
                "Epoche 3: Verlust: 0,1234 Genauigkeit: 0,91",
                "epoch 3 Verlust=0.1234 Genauigkeit=0.91",
            ),
            ("[train] loss=1 [valid] loss=2", "train/loss=1 val/loss=2"),
            ("Iteration 0, inertia 1691.53.", "step 0 inertia=1691.53"),
            (" * Acc@1 0.000 Acc@5 1.562", "Acc@1=0.0 Acc@5=1.562"),
            ("loss=tensor(0.5, device='cuda:0')", "loss=0.5"),
        ] {
            assert_eq!(show(line), pairs, "{line}");
        }
    }
}
