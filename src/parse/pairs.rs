//! Names and numbers in running text: `key=value`, `key: value`, `key value`, in lists with any delimiters.
//!
//! The numbers lead: for each one the text in front of it is searched for its name. A name without `=` or `:` must
//! be a metric's or a counter's, and stand alone between delimiters.

use super::number::{self, Kind, Token};
use super::words::{self, Meaning, meaning};
use super::{Found, Pair, split};
use crate::wire::json::Value;

/// Most pairs of one line, and most numbers in it that are looked at.
const MAX_PAIRS: usize = 200;
const MAX_NUMBERS: usize = 500;
/// What separates pairs.
const DELIMITERS: [char; 15] = [
    ',', ';', '|', '\t', '(', ')', '[', ']', '{', '}', '│', '┃', '，', '；', '、',
];
/// Words that lead to a name without being part of it.
const FILLERS: &[&str] = &[
    "with", "finished", "is", "was", "of", "the", "at", "and", "has", "best", "in", "=>", "->",
    ">", "*",
];

/// Words between a name and its value.
const COPULAS: &[&str] = &[" is", " was", " of"];
/// Words at the end of what could be a name: a number behind them is no value of that name.
const PREPOSITIONS: &[&str] = &[
    "reached",
    "improved",
    "decreased",
    "increased",
    "from",
    "to",
    "than",
    "by",
    "over",
    "under",
    "above",
    "below",
    "reaches",
    "until",
    "after",
    "for",
    "let",
];

/// Pairs of a line.
pub fn find(line: &str) -> Option<Found> {
    if is_code(line) {
        return None;
    }
    match number::decimal_points(line) {
        Some(line) => find_with_points(&line),
        None => find_with_points(line),
    }
}

/// Help texts (`--lr LR  …`), and statements of programs.
fn is_code(line: &str) -> bool {
    let text = line.trim();
    let flag = text.trim_start_matches('-');
    (flag.len() < text.len() && flag.starts_with(|c: char| c.is_ascii_alphabetic()))
        || (text.ends_with(';') && text.contains(" = "))
}

fn find_with_points(line: &str) -> Option<Found> {
    let mut found = Found::default();
    let mut from = 0;
    let mut other = 0;
    let mut prose = false;
    let mut bare = false;
    let mut namespace = None;
    let mut group = None;
    let mut first = true;
    let mut list: Option<(String, usize)> = None;
    let mut numbers = 0;
    while found.pairs.len() < MAX_PAIRS
        && numbers < MAX_NUMBERS
        && let Some(Token { start, end, kind }) = number::next(line, from)
    {
        numbers += 1;
        let gap = &line[from..start];
        let at_start = std::mem::take(&mut first);
        if let Some(word) = bracketed_split(gap) {
            namespace = Some(word);
        }
        from = end;
        // `test_x   12.11 (1.0)   13.5`: one of several numbers behind a word is no value of that name.
        if std::mem::take(&mut bare) && gap.trim().is_empty() {
            found.pairs.pop();
            other += 1;
        }
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
            found.best = gap
                .split(|c: char| !c.is_alphanumeric())
                .any(|word| word.eq_ignore_ascii_case("best"));
            prose = lead
                .split_whitespace()
                .filter(|word| !words::is_label(word))
                .count()
                >= 2
                && !(lead.ends_with(':') && split::of_line(lead).is_some())
                && !lead.ends_with(['|', '\t']);
        }
        other += usize::from(name.more_words);
        let sense = meaning(name.key);
        match kind {
            Kind::Part(part) => match sense {
                Meaning::Step(rank) => found.step(part, rank),
                Meaning::Epoch => found.epoch = found.epoch.or(Some(part as f64)),
                _ => found.batch = true,
            },
            Kind::Other => {
                // `iteration 100/100/100`: the first counts.
                found.batch |= sense == Meaning::Batch;
                if let Meaning::Step(rank) = sense
                    && let Some(count) = leading_part(&line[start..end])
                {
                    found.step(count, rank);
                }
            }
            Kind::Plain(_) if is_change(&line[end..]) => {
                // Told as a change: `0.412 -> 0.287`.
                other += 1;
            }
            Kind::Plain(value) => {
                // `make: *** [all] Error 1` counts errors.
                let counts = matches!(value, Value::Int(_))
                    && !found.counted()
                    && ["error", "err"].contains(&name.key.to_ascii_lowercase().as_str());
                if !name.explicit
                    && (prose
                        || name.more_words
                        || counts
                        || !(split::word(name.key).is_some()
                            || matches!(
                                sense,
                                Meaning::Metric
                                    | Meaning::Step(_)
                                    | Meaning::Epoch
                                    | Meaning::Batch
                            )))
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
                        let key = name.key;
                        if let Some(name) = group_in(gap, key) {
                            // `loss[loss=…, ctc_loss=…]` needs no name of its own.
                            group = (name != key).then_some(name);
                        } else if gap.contains(']') {
                            group = None;
                        }
                        let key = match name.within.or(namespace).or(group) {
                            Some(word) => split::within(word, name.key),
                            None => name.key.to_owned(),
                        };
                        if gap.trim_end().ends_with('[') && sense == Meaning::Unknown {
                            list = Some((key.clone(), 1));
                        }
                        if !found.pairs.iter().any(|pair| pair.key == key) {
                            bare = !name.explicit;
                            found.pairs.push(Pair { key, value });
                        }
                    }
                }
            }
        }
    }
    other += usize::from(has_letters(remark_removed(&line[from.min(line.len())..])));
    if !found.counted() && line.contains('{') {
        // `thresholds = {iou = 0.5, score = 0.05}`.
        return None;
    }
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
        ("第", Kind::Plain(value)) if behind.trim_start().starts_with('轮') => {
            found.epoch = value.as_f64();
        }
        _ => {}
    }
}

/// Whether an arrow follows: the number is told as the beginning of a change.
fn is_change(behind: &str) -> bool {
    let behind = behind.trim_start();
    behind.starts_with(['-', '=', '→'])
        && ["->", "=>", "→"]
            .iter()
            .any(|arrow| behind.starts_with(arrow))
}

/// The first of `100/100/100`.
fn leading_part(text: &str) -> Option<i64> {
    let parts: Vec<i64> = text
        .trim_end_matches([',', ';'])
        .split('/')
        .map(|part| part.parse().ok())
        .collect::<Option<_>>()?;
    (parts.len() > 1).then(|| parts[0])
}

/// Text behind the last number, without a remark in parentheses.
fn remark_removed(text: &str) -> &str {
    let text = text.trim_start_matches([')', ' ']);
    match text
        .trim()
        .strip_prefix('(')
        .and_then(|text| text.strip_suffix(')'))
    {
        Some(remark) if !remark.contains(' ') => "",
        _ => text,
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
    let (text, separator) = match text.strip_suffix(['=', ':', '：']) {
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
            opening(text).map_or(at + length, |open| cut_before(text, open))
        } else {
            at + length
        }
    });
    cut = cut.max(word_delimiter(text.as_bytes(), cut));
    let mut at = cut + text[cut..].len() - text[cut..].trim_start().len();
    if separator == Some('=') && !spaced {
        // In a list the name may have two words: `, char train=97.9`.
        let listed =
            cut > 0 && text[..cut].ends_with(',') && text[at..].split_whitespace().count() == 2;
        if !listed {
            // Blanks may be longer than a byte.
            at = at.max(text.trim_end_matches(|c: char| !c.is_whitespace()).len());
        }
    }
    // At most three words, five in front of a colon; leading fillers are none of them.
    // A label may stand in front: `EPOCH 1 done: loss 0.5`.
    let lead = text[..cut].trim_end();
    let labelled = lead.ends_with([':', '.']) && lead.split_whitespace().count() <= 2;
    let mut more_words = has_letters(lead) && !lead.ends_with(DELIMITERS) && !labelled;
    loop {
        let key = &text[at..];
        let Some((word, rest)) = key.split_once(char::is_whitespace) else {
            break;
        };
        let filler = FILLERS
            .iter()
            .any(|filler| filler.eq_ignore_ascii_case(word))
            || !word.chars().any(char::is_alphabetic);
        if filler || key.split_whitespace().count() > if separator == Some(':') { 6 } else { 3 } {
            more_words |= !filler;
            at += key.len() - rest.trim_start().len();
        } else {
            break;
        }
    }
    let key = text[at..].trim_matches(['\'', '"', '.', '*', '-', '>']);
    // `test accuracy is 0.97`, `a loss of 0.5`.
    let key = COPULAS
        .iter()
        .find_map(|copula| key.strip_suffix(copula))
        .unwrap_or(key);
    let first = key.chars().next()?;
    let last = key.rsplit(char::is_whitespace).next().unwrap_or(key);
    if key.len() > last.len()
        && PREPOSITIONS
            .iter()
            .any(|preposition| preposition.eq_ignore_ascii_case(last))
    {
        return None;
    }
    let good = first.is_alphabetic()
        && key.len() <= 80
        && key
            .chars()
            .all(|c| c.is_alphanumeric() || "_@.%/'- #()+".contains(c))
        && !super::scan::has_two(key, *b"//");
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

/// Where the parenthesis opens that the text ends with.
fn opening(text: &str) -> Option<usize> {
    let mut depth = 0;
    text.char_indices().rev().find_map(|(at, c)| {
        match c {
            ')' => depth += 1,
            '(' => depth -= 1,
            _ => {}
        }
        (c == '(' && depth == 0).then_some(at)
    })
}

/// The name in front of the bracket that opens directly in front of a key: `tot_loss[loss=`.
fn group_in<'a>(gap: &'a str, key: &str) -> Option<&'a str> {
    let open = gap.rfind('[')?;
    let behind = gap[open + 1..].trim_start();
    let name = gap[..open]
        .rsplit(|c: char| !(c.is_alphanumeric() || c == '_'))
        .next()?;
    let named = name.starts_with(char::is_alphabetic) && meaning(name) == Meaning::Metric;
    (named && behind.starts_with(key)).then_some(name)
}

/// Where the text behind the last delimiter of several characters begins: two blanks, ` - `, `...`, `; `, `: `, and the
/// end of a sentence (not of `Avg. loss`). `from` is where the search may end.
fn word_delimiter(bytes: &[u8], from: usize) -> usize {
    (from..bytes.len())
        .rev()
        .find_map(|at| {
            let (here, next) = (bytes[at], bytes.get(at + 1).copied());
            let before = |n: usize| at.checked_sub(n).map(|at| bytes[at]);
            match (here, next) {
                (b' ' | b';' | b':', Some(b' ')) => Some(at + 2),
                (b'-', Some(b' ')) if before(1) == Some(b' ') => Some(at + 2),
                (b'.', _) if before(1) == Some(b'.') && before(2) == Some(b'.') => Some(at + 1),
                (b'.', Some(b' ')) => {
                    let letters = bytes[..at]
                        .iter()
                        .rev()
                        .take_while(|b| b.is_ascii_alphabetic());
                    (letters.count() > 3).then_some(at + 2)
                }
                _ => None,
            }
        })
        .unwrap_or(0)
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
        find(line).map_or("-".into(), |found| found.show())
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
            (
                "Epoch 1, loss[loss=7.1, ctc_loss=6.7, over 3.00 frames. ], tot_loss[loss=8.6, ctc_loss=8.1]",
                "epoch 1 loss=7.1 ctc_loss=6.7 tot_loss/loss=8.6 tot_loss/ctc_loss=8.1",
            ),
            (
                "[3/25][50/1583]\tLoss_D: 0.12\tD(x): 0.9\tD(G(z)): 0.1 / 0.01",
                "step 3 batch Loss_D=0.12 D(x)=0.9 D(G(z))=0.1",
            ),
            (
                "At iteration 100/200/300, Mean rms=6.8%, char train=97.9%",
                "step 100 Mean rms=6.8 char train=97.9",
            ),
            (
                "epoch 3 done. avg train loss 0.7 avg val loss 0.72",
                "epoch 3 avg train loss=0.7 avg val loss=0.72",
            ),
            (
                "EPOCH 1 done: loss 0.8472 - lr: 0.1",
                "epoch 1 loss=0.8472 lr=0.1",
            ),
            ("epoch 3: val_loss improved from 0.5 to 0.4", "epoch 3 "),
            ("make: *** [Makefile:136: all] Error 2", "Makefile=136"),
            ("    let acc = 0.93;", "-"),
            ("  --acc ACC  stop at, e.g. acc=0.95", "-"),
            ("thresholds = { iou = 0.5, score = 0.05 }", "-"),
            ("Test accuracy is 0.97", "Test accuracy=0.97"),
            ("[train] loss=1 [valid] loss=2", "train/loss=1 val/loss=2"),
            ("Iteration 0, inertia 1691.53.", "step 0 inertia=1691.53"),
            (" * Acc@1 0.000 Acc@5 1.562", "Acc@1=0.0 Acc@5=1.562"),
            ("loss=tensor(0.5, device='cuda:0')", "loss=0.5"),
        ] {
            assert_eq!(show(line), pairs, "{line}");
        }
    }
}
