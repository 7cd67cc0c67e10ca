//! Which part of the data a line is about: training, validation, test.

/// Longest split word in bytes.
const LONGEST: usize = 11;

/// The standard name of a split word; `None` for any other word.
pub fn word(word: &str) -> Option<&'static str> {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric());
    // Asked for every name of every line: nearly all are told by their first letter or length.
    if !matches!(
        word.as_bytes().first(),
        Some(b't' | b'T' | b'v' | b'V' | b'e' | b'E' | b'd' | b'D')
    ) || word.len() > LONGEST
    {
        return None;
    }
    let mut lower = [0; LONGEST];
    let lower = &mut lower[..word.len()];
    lower.copy_from_slice(word.as_bytes());
    lower.make_ascii_lowercase();
    Some(match &*lower {
        b"train" | b"training" | b"trn" | b"train_inner" => "train",
        b"val" | b"valid" | b"validation" | b"validating" | b"validate" => "val",
        b"eval" | b"evaluation" | b"evaluate" | b"evaluating" => "eval",
        b"test" | b"testing" => "test",
        b"dev" => "dev",
        _ => return None,
    })
}

/// The split that a line or its logger names in front of its values.
pub fn of_line(line: &str) -> Option<&'static str> {
    let mut words = line
        .split(|c: char| !(c.is_alphanumeric() || c == '_'))
        .filter(|word| !word.is_empty());
    let first = words.next()?;
    if let Some(split) = word(first) {
        return Some(split);
    }
    // TensorFlow's estimators name the evaluation only this way.
    if line.starts_with("Saving dict for global step") {
        return Some("eval");
    }
    // `Epoch(val) [1]`, `| epoch 001 | valid on 'valid' subset | …`.
    if first.eq_ignore_ascii_case("epoch") {
        return words.take(3).find_map(word);
    }
    None
}

/// The split that a line announces for the lines below it: `Eval begin...`, `***** Evaluating *****`, `Validation:`.
pub fn announced(line: &str) -> Option<&'static str> {
    let (start, end) = (line.trim_start(), line.trim_end());
    let marks = ['*', '=', '#'];
    let framed = start.starts_with(marks) && end.ends_with(marks);
    let bare = line.trim_matches(|c: char| !c.is_alphanumeric());
    let mut words = bare
        .split(|c: char| !c.is_alphanumeric())
        .filter(|word| !word.is_empty());
    if framed {
        return words.take(5).find_map(word);
    }
    let first = words.next()?;
    // Nouns head what follows; `evaluate:` only says what is done.
    let decorated = end.ends_with([':', '.']) && !first.eq_ignore_ascii_case("evaluate");
    let running = [
        "running",
        "run",
        "start",
        "starting",
        "begin",
        "beginning",
        "performing",
    ];
    if running.contains(&first.to_ascii_lowercase().as_str()) {
        return words.take(2).find_map(word);
    }
    let split = word(first)?;
    let ends = words.clone().any(|word| {
        let word = word.to_ascii_lowercase();
        [
            "done",
            "finished",
            "complete",
            "completed",
            "took",
            "saved",
            "elapsed",
            "set",
            "data",
        ]
        .contains(&word.as_str())
    });
    let begins = first.to_ascii_lowercase().ends_with("ing")
        || words.clone().any(|word| word.eq_ignore_ascii_case("begin"));
    (!ends && (begins || decorated)).then_some(split)
}

/// The split that a logger is about: `trainer.validation`.
pub fn of_logger(logger: &str) -> Option<&'static str> {
    word(logger.rsplit(['.', ':']).next().unwrap_or(logger)).or_else(|| word(logger))
}

/// Whether a name says itself which split it is about.
pub fn is_named(key: &str) -> bool {
    key.split(|c: char| !c.is_alphanumeric())
        .any(|part| word(part).is_some())
        || ["train", "valid", "val", "test", "eval"]
            .iter()
            .any(|split| key.to_ascii_lowercase().starts_with(split))
}

/// A name within a split; names that have one, and training, stay as they are.
pub fn within(split: &str, key: &str) -> String {
    if is_named(key) {
        key.to_owned()
    } else {
        format!("{split}/{key}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_say_what_they_are_about() {
        for (line, split) in [
            ("Validation: loss=1.0", Some("val")),
            ("Test set: Average loss: 2.3", Some("test")),
            (
                "epoch 001 | valid on 'valid' subset | loss 7.9",
                Some("val"),
            ),
            ("Epoch(val) [1][5/20] loss: 1", Some("val")),
            ("loss on test data", None),
            ("Epoch 1, train loss 3", Some("train")),
        ] {
            assert_eq!(of_line(line), split, "{line}");
        }
        for (line, split) in [
            ("Eval begin...", Some("eval")),
            ("***** Evaluating perplexity, Epoch 0/2 *****", Some("eval")),
            ("***** Running Evaluation *****", Some("eval")),
            ("Validation:", Some("val")),
            ("** Reported on validation data. **", Some("val")),
            ("evaluate:", None),
            ("Evaluation finished in 3 s", None),
            ("Train set: 100 images.", None),
            ("saving checkpoint", None),
        ] {
            assert_eq!(announced(line), split, "{line}");
        }
        assert_eq!(of_logger("trainer.validation"), Some("val"));
        assert_eq!(within("val", "loss"), "val/loss");
        assert_eq!(within("val", "eval_loss"), "eval_loss");
    }
}
