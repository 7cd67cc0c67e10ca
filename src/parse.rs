//! Finds metrics in what a program prints.
//!
//! [`Parser`] takes the text of one stream in pieces of any size and gives [`Row`]s. The path of a line:
//! [`lines`] puts it together (rewritten lines count in their last state, escape sequences are removed), the
//! recognisers in [`RULES`] are tried in order and the first that knows the layout gives pairs, and [`row`]
//! decides what of them is a metric. Precision comes before recall: a port number among the charts annoys
//! everyone, a missed format can be logged over the socket. Linear in the input, bounded in memory.

use crate::wire::json::Value;

pub mod json;
pub mod lines;
pub mod pairs;
pub mod row;
pub mod words;

use lines::Lines;

/// What a line says: metrics and the counters they belong to.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Row {
    /// Global step, if the line names one.
    pub step: Option<i64>,
    /// Epoch; may be fractional.
    pub epoch: Option<f64>,
    /// Names and numbers in the order of the line.
    pub metrics: Vec<(String, Value)>,
    /// Name of the recogniser.
    pub rule: &'static str,
}

/// A key and its number, before it is known whether it is a metric.
#[derive(Debug, Clone, PartialEq)]
pub struct Pair {
    pub key: String,
    pub value: Value,
}

/// All pairs of a line.
#[derive(Debug, Clone, PartialEq, Default)]
pub struct Found {
    pub pairs: Vec<Pair>,
    /// The line holds pairs and nothing else: then it needs less evidence.
    pub whole_line: bool,
    /// Objects of this layout are also used for settings: a counter alone is no evidence.
    pub may_be_settings: bool,
}

/// One layout of lines.
pub struct Rule {
    pub name: &'static str,
    /// Gives the pairs of a line of this layout, nothing for other lines.
    pub find: fn(&str) -> Option<Found>,
}

/// The recognisers in the order in which they are tried.
pub const RULES: &[Rule] = &[
    Rule {
        name: "json",
        find: json::find,
    },
    Rule {
        name: "pairs",
        find: pairs::find,
    },
];

/// The parser of one stream.
#[derive(Debug, Default)]
pub struct Parser {
    lines: Lines,
}

impl Parser {
    /// Takes the next text and appends the rows it completes.
    pub fn feed(&mut self, text: &str, rows: &mut Vec<Row>) {
        self.lines.feed(text, |line| rows.extend(parse_line(line)));
    }

    /// The text so far does not go on: what follows begins a new line. Used when input had to be skipped.
    pub fn skip(&mut self) {
        self.lines.abandon();
    }

    /// The end of the stream: an unfinished line counts.
    pub fn finish(&mut self, rows: &mut Vec<Row>) {
        self.lines.finish(|line| rows.extend(parse_line(line)));
    }
}

/// The row of one complete line.
pub fn parse_line(line: &str) -> Option<Row> {
    if line.starts_with("wandb: ") {
        return None;
    }
    RULES.iter().find_map(|rule| {
        let found = (rule.find)(line)?;
        Some(row::assemble(found, rule.name))
    })?
}

/// Must not panic, whatever the input.
#[doc(hidden)]
pub fn fuzz_parse(input: &[u8]) {
    let mut parser = Parser::default();
    let mut rows = Vec::new();
    for part in input.chunks(11) {
        parser.feed(&String::from_utf8_lossy(part), &mut rows);
    }
    parser.finish(&mut rows);
    assert!(rows.iter().all(|row| !row.metrics.is_empty()));
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A row as `step=1 epoch=2 | a=0.5`.
    fn show(line: &str) -> String {
        let Some(row) = parse_line(line) else {
            return "-".to_owned();
        };
        let mut parts = Vec::new();
        parts.extend(row.step.map(|step| format!("step={step}")));
        parts.extend(row.epoch.map(|epoch| format!("epoch={epoch}")));
        parts.push("|".to_owned());
        parts.extend(
            row.metrics
                .iter()
                .map(|(key, value)| format!("{key}={}", value.to_json())),
        );
        parts.join(" ")
    }

    #[test]
    fn lines_and_their_rows() {
        for (line, row) in [
            (
                "epoch=3, accuracy=0.76, loss=0.26",
                "epoch=3 | accuracy=0.76 loss=0.26",
            ),
            (
                "Epoch 3: accuracy: 0.76 loss: 0.26",
                "epoch=3 | accuracy=0.76 loss=0.26",
            ),
            ("loss=0.5", "| loss=0.5"),
            (
                "step: 10/500 | loss: 2.5e-3 | lr: 1e-4",
                "step=10 | loss=0.0025 lr=0.0001",
            ),
            (
                "global_step=58, episodic_return=[83.]",
                "step=58 | episodic_return=83",
            ),
            (
                "{\"step\": 5, \"loss\": NaN, \"elapsed_s\": 2.5}",
                "step=5 | loss=NaN",
            ),
            (
                "{\"epoch\": 1, \"val\": {\"acc\": 0.5}}",
                "epoch=1 | val/acc=0.5",
            ),
            ("{\"loss\": 0.5, \"lr\": 1}", "| loss=0.5"),
            ("{'loss': 0.5, 'epoch': 0.42}", "epoch=0.42 | loss=0.5"),
            (
                "Step [20/100] train_loss = 1,234.5 acc = 98.7%",
                "step=20 | train_loss=1234.5 acc=98.7",
            ),
            ("epoch 1 val_loss=nan", "epoch=1 | val_loss=NaN"),
            (
                "2026-11-23 12:25:36,405 - train - INFO - epoch=1 loss=0.5",
                "epoch=1 | loss=0.5",
            ),
            ("iter 250: loss 1.5000, time 43.06ms", "-"),
            (
                "epoch=1, loss=0.5, time=12.5s, eta=0:10:02",
                "epoch=1 | loss=0.5",
            ),
            (
                "step=1 loss=0.5 lr=0.1 batch_size=32 seed=42",
                "step=1 | loss=0.5 lr=0.1",
            ),
            // Not metrics.
            ("listening on port=8080", "-"),
            ("Seed: 42", "-"),
            ("wandb: loss 0.1", "-"),
            ("wandb:  loss=0.1", "-"),
            ("python=3.10.12 torch=2.5.1", "-"),
            ("lr=0.1, batch_size=32, epochs=10", "-"),
            ("Namespace(lr=0.1, loss='mse', epochs=3)", "-"),
            (
                "12:30:45 the loss is high: see http://host:80/x?loss=3",
                "-",
            ),
            ("python train.py --loss=0.5", "-"),
            ("epoch=3-step=1200-loss=0.5.ckpt saved", "-"),
            ("precision=16", "-"),
            ("{\"lr\": 0.1, \"seed\": 3}", "-"),
            ("{\"epoch\": 10, \"lr\": 0.1}", "-"),
            ("total params: 1200000", "-"),
            ("", "-"),
        ] {
            assert_eq!(show(line), row, "{line}");
        }
    }

    #[test]
    fn rows_do_not_depend_on_the_pieces() {
        let text = "x\nepoch=1, loss=0.5\r\n\r10% loss=9\repoch=2, loss=0.25\nloss=7";
        let rows = |size: usize| {
            let (mut parser, mut rows) = (Parser::default(), Vec::new());
            for part in text.as_bytes().chunks(size) {
                parser.feed(std::str::from_utf8(part).unwrap(), &mut rows);
            }
            parser.finish(&mut rows);
            rows
        };
        assert_eq!(rows(1000).len(), 3);
        for size in 1..text.len() {
            assert_eq!(rows(size), rows(1000), "pieces of {size}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_handled(bytes: Vec<u8>) {
            fuzz_parse(&bytes);
        }

        #[test]
        fn likely_text_is_handled(text in "[a-z=:,{}'\"\\[\\]() 0-9.eE+%\\-\r\n\u{1b}]{0,80}") {
            fuzz_parse(text.as_bytes());
        }
    }
}
