//! What the user says about the search: own patterns, names to keep or to leave out, ranks.

use std::sync::Arc;

use regex::{Regex, RegexBuilder};

use super::number;
use super::words::{Meaning, meaning};
use crate::wire::json::Value;

/// Bound in bytes of a compiled pattern: a pattern that needs more is refused, not run.
const PATTERN_SIZE: usize = 1 << 20;

/// Whose lines count when several processes print.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ranks {
    /// This one's; lines that name no rank count as well.
    One(u32),
    /// Everybody's; metrics of ranks above 0 are called `rank<N>/…`.
    All,
}

impl Default for Ranks {
    fn default() -> Self {
        Self::One(0)
    }
}

impl std::str::FromStr for Ranks {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        if text == "all" {
            return Ok(Self::All);
        }
        text.parse()
            .map(Self::One)
            .map_err(|_| format!("rank {text:?}: expected a number or \"all\""))
    }
}

/// How a stream is searched. Cheap to copy.
#[derive(Debug, Clone, Default)]
pub struct Options {
    pub ranks: Ranks,
    rules: Arc<Rules>,
}

#[derive(Debug, Default)]
struct Rules {
    metrics: Vec<(String, Regex)>,
    patterns: Vec<Regex>,
    include: Vec<String>,
    ignore: Vec<String>,
}

/// Collects options; each part is checked when it is added.
#[derive(Debug, Default)]
pub struct Builder {
    rules: Rules,
    ranks: Option<Ranks>,
}

impl Builder {
    /// A metric by name: its value is what the pattern's first group matches, or the whole match.
    pub fn metric(&mut self, name: &str, pattern: &str) -> Result<(), String> {
        if name.is_empty() || name.len() > crate::wire::fields::MAX_NAME {
            return Err("the name of a metric must have 1 to 1000 bytes".to_owned());
        }
        self.rules
            .metrics
            .push((name.to_owned(), compile(pattern)?));
        Ok(())
    }

    /// Rows: each named group of the pattern is a metric, a step or an epoch.
    pub fn pattern(&mut self, pattern: &str) -> Result<(), String> {
        let regex = compile(pattern)?;
        if regex.capture_names().flatten().next().is_none() {
            return Err(format!(
                "pattern {pattern:?} has no named group, like (?P<loss>[0-9.]+)"
            ));
        }
        self.rules.patterns.push(regex);
        Ok(())
    }

    /// Only metrics whose names match one of the globs are kept.
    pub fn include(&mut self, glob: &str) {
        self.rules.include.push(glob.to_owned());
    }

    /// Metrics whose names match one of the globs are left out.
    pub fn ignore(&mut self, glob: &str) {
        self.rules.ignore.push(glob.to_owned());
    }

    /// Whose lines count.
    pub fn ranks(&mut self, ranks: Ranks) {
        self.ranks = Some(ranks);
    }

    /// The options.
    pub fn build(self) -> Options {
        Options {
            ranks: self.ranks.unwrap_or_default(),
            rules: Arc::new(self.rules),
        }
    }
}

/// What a pattern of the user's found in a line.
#[derive(Debug, Default, PartialEq)]
pub struct Captured {
    pub step: Option<i64>,
    pub epoch: Option<f64>,
    pub metrics: Vec<(String, Value)>,
}

impl Options {
    /// Whether the user has patterns of his own.
    pub fn has_patterns(&self) -> bool {
        !self.rules.patterns.is_empty() || !self.rules.metrics.is_empty()
    }

    /// The row that the first fitting pattern makes of a line.
    pub fn row(&self, line: &str) -> Option<Captured> {
        for pattern in &self.rules.patterns {
            let Some(groups) = pattern.captures(line) else {
                continue;
            };
            let mut captured = Captured::default();
            for name in pattern.capture_names().flatten() {
                let Some(value) = groups.name(name).and_then(|group| value(group.as_str())) else {
                    continue;
                };
                match (meaning(name), &value) {
                    (Meaning::Step(_), Value::Int(step)) => captured.step = Some(*step),
                    (Meaning::Epoch, _) => captured.epoch = value.as_f64(),
                    _ => captured.metrics.push((name.to_owned(), value)),
                }
            }
            return Some(captured);
        }
        None
    }

    /// The metrics that were asked for by name, as far as a line has them.
    pub fn metrics(&self, line: &str) -> Vec<(String, Value)> {
        let find = |(name, pattern): &(String, Regex)| {
            let groups = pattern.captures(line)?;
            let group = groups.get(1).or_else(|| groups.get(0))?;
            Some((name.clone(), value(group.as_str())?))
        };
        self.rules.metrics.iter().filter_map(find).collect()
    }

    /// Whether a metric of this name is wanted.
    pub fn wants(&self, name: &str) -> bool {
        let any = |globs: &[String]| globs.iter().any(|glob| matches(glob, name));
        let rules = &self.rules;
        (rules.include.is_empty() || any(&rules.include)) && !any(&rules.ignore)
    }
}

fn compile(pattern: &str) -> Result<Regex, String> {
    RegexBuilder::new(pattern)
        .size_limit(PATTERN_SIZE)
        .dfa_size_limit(PATTERN_SIZE)
        .build()
        .map_err(|error| match error {
            regex::Error::CompiledTooBig(_) => {
                format!("pattern {pattern:?} is too large: are there repetitions in repetitions?")
            }
            // The first lines of the text draw the pattern; the last one says what is wrong.
            other => {
                let text = other.to_string();
                let reason = text.lines().last().unwrap_or_default();
                format!(
                    "pattern {pattern:?}: {}",
                    reason.trim_start_matches("error: ")
                )
            }
        })
}

fn value(text: &str) -> Option<Value> {
    let text = text.trim().trim_end_matches('%');
    number::parse(text).or_else(|| number::parse(&text.replacen(',', ".", 1)))
}

/// Whether a name matches a glob: `*` stands for any text, `?` for one character. Linear in both.
fn matches(glob: &str, name: &str) -> bool {
    let (glob, name): (Vec<char>, Vec<char>) = (glob.chars().collect(), name.chars().collect());
    let (mut g, mut n) = (0, 0);
    // Where the last `*` stands, and how far it reaches.
    let mut star: Option<(usize, usize)> = None;
    while n < name.len() {
        match glob.get(g) {
            Some('*') => {
                star = Some((g, n));
                g += 1;
            }
            Some(c) if *c == '?' || *c == name[n] => {
                g += 1;
                n += 1;
            }
            _ => {
                let Some((at, reach)) = star else {
                    return false;
                };
                star = Some((at, reach + 1));
                (g, n) = (at + 1, reach + 1);
            }
        }
    }
    glob[g..].iter().all(|c| *c == '*')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn globs() {
        for (glob, name, expected) in [
            ("*", "", true),
            ("val/*", "val/loss", true),
            ("val/*", "vale", false),
            ("*loss", "train/loss", true),
            ("*a*b", "xaxbxab", true),
            ("l?ss", "loss", true),
            ("l?ss", "lss", false),
            ("", "x", false),
        ] {
            assert_eq!(matches(glob, name), expected, "{glob} {name}");
        }
    }

    #[test]
    fn patterns_make_rows_and_metrics() {
        let mut builder = Builder::default();
        builder
            .pattern(r"Epoch (?P<epoch>\d+).*f1=(?P<f1>\S+)")
            .unwrap();
        builder.metric("speed", r"(\d+) tok/s").unwrap();
        builder.ignore("lr");
        let options = builder.build();
        assert_eq!(
            options.row("Epoch 3: f1=98,5% x").unwrap(),
            Captured {
                step: None,
                epoch: Some(3.0),
                metrics: vec![("f1".into(), Value::Float(98.5))],
            }
        );
        assert_eq!(options.row("nothing"), None);
        assert_eq!(
            options.metrics("812 tok/s"),
            [("speed".into(), Value::Int(812))]
        );
        assert!(!options.wants("lr") && options.wants("lr2"));
    }

    #[test]
    fn bad_patterns_are_refused_with_the_reason() {
        let mut builder = Builder::default();
        let error = builder.pattern("loss=(").unwrap_err();
        assert!(error.contains("unclosed group"), "{error}");
        let error = builder.pattern("loss").unwrap_err();
        assert!(error.contains("no named group"), "{error}");
        let error = builder.metric("x", "((a{1000}){1000})").unwrap_err();
        assert!(error.contains("too large"), "{error}");
        assert!(builder.metric("", "a").is_err());
        assert_eq!("3".parse(), Ok(Ranks::One(3)));
        assert_eq!("all".parse(), Ok(Ranks::All));
        assert!("x".parse::<Ranks>().is_err());
    }
}
