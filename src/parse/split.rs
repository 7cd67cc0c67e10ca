//! Which part of the data a line is about: training, validation, test.

/// The standard name of a split word; `None` for any other word.
pub fn word(word: &str) -> Option<&'static str> {
    Some(
        match word
            .trim_matches(|c: char| !c.is_alphanumeric())
            .to_ascii_lowercase()
            .as_str()
        {
            "train" | "training" | "trn" | "train_inner" => "train",
            "val" | "valid" | "validation" | "validating" => "val",
            "eval" | "evaluation" | "evaluate" | "evaluating" => "eval",
            "test" | "testing" => "test",
            "dev" => "dev",
            _ => return None,
        },
    )
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
    // `Epoch(val) [1]`, `| epoch 001 | valid on 'valid' subset | …`.
    if first.eq_ignore_ascii_case("epoch") {
        return words.take(3).find_map(word);
    }
    None
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
        assert_eq!(within("val", "loss"), "val/loss");
        assert_eq!(within("val", "eval_loss"), "eval_loss");
    }
}
