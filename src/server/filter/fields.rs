//! A few values out of JSON texts that are not parsed.
//!
//! ```text
//! config   {"lr":{"value":0.1},"model":{"value":{"depth":5}},"_wandb":{"value":{…}}}
//! summary  {"acc":0.9,"nested":{"a":1},"val.loss":NaN}
//! ```
//!
//! One pass over each text compares the keys and jumps over every value that nobody asked for; no tree is built. A dot
//! in a path is part of a key or stands between an object and its member: `val.loss` finds both `{"val.loss":1}` and
//! `{"val":{"loss":1}}`. If a path is found more than once, the last one counts, as for duplicate keys. What is skipped
//! is not checked; at a fault the pass ends, and what was found in front of it counts.

use std::borrow::Cow;

use super::name::Path;
use super::scan::Scan;
use crate::wire::json::{MAX_DEPTH, Value};

/// The text of one JSON value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Raw<'t>(&'t str);

/// A JSON value that can be compared, or the text of one that cannot.
#[derive(Debug, Clone, PartialEq)]
pub enum Scalar<'t> {
    Null,
    Bool(bool),
    Number(f64),
    Text(Cow<'t, str>),
    /// A list.
    List(Raw<'t>),
    /// An object, or what is no JSON.
    Other,
}

impl<'t> Raw<'t> {
    /// The value as it stands in the text. `NaN`, `Infinity` and `-Infinity` are bare tokens.
    pub fn json(self) -> &'t str {
        self.0
    }

    /// Decodes the value; a list or an object stays text.
    pub fn scalar(self) -> Scalar<'t> {
        let bytes = self.0.as_bytes();
        match bytes.first() {
            Some(b'"') => match self.0[1..].strip_suffix('"') {
                Some(text) if !text.contains('\\') => Scalar::Text(Cow::Borrowed(text)),
                _ => match Value::parse(self.0) {
                    Ok(Value::Text(text)) => Scalar::Text(Cow::Owned(text)),
                    _ => Scalar::Other,
                },
            },
            Some(b'[') => Scalar::List(self),
            Some(b'{') | None => Scalar::Other,
            Some(b't') if self.0 == "true" => Scalar::Bool(true),
            Some(b'f') if self.0 == "false" => Scalar::Bool(false),
            Some(b'n') if self.0 == "null" => Scalar::Null,
            // `parse` knows the bare tokens as well, and more that is no JSON and does no harm.
            Some(_) => self.0.parse().map_or(Scalar::Other, Scalar::Number),
        }
    }

    /// The members of a list that can be compared.
    pub(super) fn items(self) -> Vec<Scalar<'static>> {
        let Ok(Value::List(items)) = Value::parse(self.0) else {
            return Vec::new();
        };
        let scalar = |item| match item {
            Value::Null => Scalar::Null,
            Value::Bool(on) => Scalar::Bool(on),
            Value::Int(i) => Scalar::Number(i as f64),
            Value::Float(f) => Scalar::Number(f),
            Value::Text(text) => Scalar::Text(Cow::Owned(text)),
            Value::List(_) | Value::Map(_) => Scalar::Other,
        };
        items.into_iter().map(scalar).collect()
    }
}

/// Finds the values of some paths in both texts of a run.
#[derive(Debug, Clone)]
pub struct Picks {
    config: Picker,
    summary: Picker,
    /// For each path of the two pickers, its index among all.
    config_places: Vec<usize>,
    summary_places: Vec<usize>,
    count: usize,
}

impl Picks {
    /// For these paths, in this order; one may stand here more than once.
    pub fn new<'p>(paths: impl IntoIterator<Item = &'p Path>) -> Self {
        let (mut config, mut summary) = (Vec::new(), Vec::new());
        let (mut config_places, mut summary_places) = (Vec::new(), Vec::new());
        let mut count = 0;
        for path in paths {
            let (paths, places, key) = match path {
                Path::Config(key) => (&mut config, &mut config_places, key),
                Path::Summary(key) => (&mut summary, &mut summary_places, key),
            };
            paths.push(key.clone());
            places.push(count);
            count += 1;
        }
        Self {
            config: Picker::of_config(config),
            summary: Picker::new(summary),
            config_places,
            summary_places,
            count,
        }
    }

    /// Replaces `values` by one value for each path. A text is not looked at if no path is in it.
    pub fn pick<'t>(&self, config: &'t str, summary: &'t str, values: &mut Vec<Option<Raw<'t>>>) {
        values.clear();
        values.resize(self.count, None);
        self.config.pick(config, |index, value| {
            values[self.config_places[index]] = Some(value);
        });
        self.summary.pick(summary, |index, value| {
            values[self.summary_places[index]] = Some(value);
        });
    }
}

/// Finds the values of some paths in one text.
#[derive(Debug, Clone)]
pub struct Picker {
    paths: Vec<String>,
    /// Every member of the outermost object is wrapped: `{"value":…}`.
    wrapped: bool,
    /// The bits ([`mark_of`]) of all outermost keys that a path begins with: most other keys have another one.
    marks: [u64; 16],
}

/// What is left of a path behind the keys passed so far; `None` at its end.
type Rest<'p> = (usize, Option<&'p str>);

impl Picker {
    /// For paths in a plain object, such as a summary.
    pub fn new(paths: Vec<String>) -> Self {
        let mut marks = [0; 16];
        for path in &paths {
            let dots = path.match_indices('.').map(|(dot, _)| dot);
            for end in dots.chain([path.len()]) {
                let (word, bit) = mark_of(&path.as_bytes()[..end]);
                marks[word] |= bit;
            }
        }
        Self {
            paths,
            wrapped: false,
            marks,
        }
    }

    /// For paths in a config, whose values are wrapped.
    pub fn of_config(paths: Vec<String>) -> Self {
        Self {
            wrapped: true,
            ..Self::new(paths)
        }
    }

    /// Calls `found` with the index of a path and its value, for each value that is found.
    pub fn pick<'t>(&self, text: &'t str, mut found: impl FnMut(usize, Raw<'t>)) {
        if self.paths.is_empty() {
            return;
        }
        let paths = self.paths.iter().enumerate();
        let mut rests: Vec<Rest<'_>> = paths.map(|(i, path)| (i, Some(&**path))).collect();
        let mut scan = Scan::new(text);
        // At a fault in the text, what was found in front of it counts.
        let _ = self.object(&mut scan, &mut rests, 0, 0, &mut found);
    }

    /// An object in which the paths from `frame` on go on.
    fn object<'t, 'p>(
        &'p self,
        scan: &mut Scan<'t>,
        rests: &mut Vec<Rest<'p>>,
        frame: usize,
        depth: usize,
        found: &mut impl FnMut(usize, Raw<'t>),
    ) -> Option<()> {
        let end = rests.len();
        scan.members(|scan, key| {
            if depth == 0 && !key.is_escaped() {
                let (word, bit) = mark_of(key.bytes());
                if self.marks[word] & bit == 0 {
                    return scan.skip();
                }
            }
            let key = key.text();
            for i in frame..end {
                let (index, Some(path)) = rests[i] else {
                    continue;
                };
                if let Some(rest) = path.strip_prefix(&*key) {
                    if rest.is_empty() {
                        rests.push((index, None));
                    } else if let Some(rest) = rest.strip_prefix('.') {
                        rests.push((index, Some(rest)));
                    }
                }
            }
            if rests.len() == end {
                return scan.skip();
            }
            let ok = if self.wrapped && depth == 0 && scan.peek() == Some(b'{') {
                scan.members(|scan, key| match &*key.text() {
                    "value" => self.value(scan, rests, end, depth + 1, found),
                    _ => scan.skip(),
                })
            } else if self.wrapped && depth == 0 {
                scan.skip()
            } else {
                self.value(scan, rests, end, depth + 1, found)
            };
            rests.truncate(end);
            ok
        })
    }

    /// A value at which the paths from `frame` on end or go on.
    fn value<'t, 'p>(
        &'p self,
        scan: &mut Scan<'t>,
        rests: &mut Vec<Rest<'p>>,
        frame: usize,
        depth: usize,
        found: &mut impl FnMut(usize, Raw<'t>),
    ) -> Option<()> {
        let start = scan.at();
        let deeper = rests[frame..].iter().any(|(_, rest)| rest.is_some());
        if deeper && depth < MAX_DEPTH && scan.peek() == Some(b'{') {
            self.object(scan, rests, frame, depth, found)?;
        } else {
            scan.skip()?;
        }
        let raw = Raw(scan.since(start)?);
        for (index, rest) in &rests[frame..] {
            if rest.is_none() {
                found(*index, raw);
            }
        }
        Some(())
    }
}

/// One of 1024 bits for a key, from its length and its last byte: the first ones are often the same.
fn mark_of(key: &[u8]) -> (usize, u64) {
    let last = key.last().copied().unwrap_or_default();
    let bit = usize::from(last) ^ (key.len() << 5);
    (bit / 64 % 16, 1 << (bit % 64))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pick(picker: &Picker, text: &str) -> Vec<String> {
        let mut values = vec!["-".to_owned(); picker.paths.len()];
        picker.pick(text, |i, raw| values[i] = raw.json().to_owned());
        values
    }

    fn paths(paths: &[&str]) -> Vec<String> {
        paths.iter().map(|path| (*path).to_owned()).collect()
    }

    #[test]
    fn values_are_found_by_key_and_by_nesting() {
        let picker = Picker::new(paths(&[
            "acc", "n.a", "n", "val.loss", "n.c.d", "", "é\"", "acc",
        ]));
        let text = r#" { "x" : [1,{"acc":2},"]}"] , "acc":0.9, "n":{"a":1,"b":"\"}","c":{"d":NaN}},
            "val.loss":-Infinity, "val":{"lo":1}, "":"e", "\u00e9\"":"q\\" }"#;
        assert_eq!(
            pick(&picker, text),
            [
                "0.9",
                "1",
                r#"{"a":1,"b":"\"}","c":{"d":NaN}}"#,
                "-Infinity",
                "NaN",
                "\"e\"",
                r#""q\\""#,
                "0.9"
            ]
        );
    }

    #[test]
    fn config_values_are_unwrapped() {
        let picker = Picker::of_config(paths(&["lr", "m.depth", "a.b", "m", "bare", "lr.value"]));
        let text = r#"{"lr":{"desc":null,"value":0.1},"m":{"value":{"depth":5}},"a.b":{"value":"x"},"bare":3}"#;
        assert_eq!(
            pick(&picker, text),
            ["0.1", "5", "\"x\"", r#"{"depth":5}"#, "-", "-"]
        );
    }

    #[test]
    fn the_last_of_several_values_counts() {
        let picker = Picker::new(paths(&["a.b"]));
        assert_eq!(pick(&picker, r#"{"a.b":1,"a":{"b":2}}"#), ["2"]);
        assert_eq!(pick(&picker, r#"{"a":{"b":2,"b":3},"a.b":1}"#), ["1"]);
    }

    #[test]
    fn what_stands_in_front_of_a_fault_counts() {
        let picker = Picker::new(paths(&["a", "b"]));
        for text in [
            r#"{"a":1,"b"#,
            r#"{"a":1,,"b":2}"#,
            r#"{"a":1 "b":2}"#,
            r#"{"a":1,"b":"#,
        ] {
            assert_eq!(pick(&picker, text), ["1", "-"], "{text}");
        }
        for text in ["", "[]", "null", "{", "{}", r#"{"a"}"#] {
            assert_eq!(pick(&picker, text), ["-", "-"], "{text}");
        }
    }

    #[test]
    fn scalars_are_told_apart() {
        let scalar = |text: &'static str| Raw(text).scalar();
        assert_eq!(scalar("true"), Scalar::Bool(true));
        assert_eq!(scalar("null"), Scalar::Null);
        assert_eq!(scalar("-1.5e3"), Scalar::Number(-1500.0));
        assert_eq!(scalar("-Infinity"), Scalar::Number(f64::NEG_INFINITY));
        assert!(matches!(scalar("NaN"), Scalar::Number(f) if f.is_nan()));
        assert_eq!(scalar(r#""a""#), Scalar::Text("a".into()));
        assert_eq!(scalar(r#""\u00e9""#), Scalar::Text("é".into()));
        assert_eq!(scalar("[1]"), Scalar::List(Raw("[1]")));
        for other in ["{}", "tru", "\"", r#""\x""#, "", "é"] {
            assert_eq!(scalar(other), Scalar::Other, "{other}");
        }
    }

    #[test]
    fn depth_is_limited() {
        let path = vec!["a"; 5000].join(".");
        let text = "{\"a\":".repeat(5000);
        assert_eq!(pick(&Picker::new(vec![path]), &text), ["-"]);
    }

    proptest::proptest! {
        #[test]
        fn picking_agrees_with_parsing(text in r#"\{("(a|b|a\.b|c)":(\{("(a|b|c)":(1|"x"|\{\}),){0,2}"c":\[[0-9]?\]\}|[0-9]|"\\""),){0,4}"z":0\}"#) {
            let tree = Value::parse(&text).unwrap();
            let picker = Picker::new(paths(&["a", "c.c", "b"]));
            let found = pick(&picker, &text);
            let show = |value: Option<&Value>| value.map_or("-".into(), Value::to_json);
            proptest::prop_assert_eq!(&found[0], &show(tree.get("a")));
            proptest::prop_assert_eq!(&found[2], &show(tree.get("b")));
        }

        #[test]
        fn any_text_is_handled(text in r#"[\[\]{}:,"\\ 0-9ab.é]{0,60}"#) {
            let picker = Picker::of_config(paths(&["a", "a.b", "b"]));
            picker.pick(&text, |_, raw| { raw.scalar(); raw.items(); });
            picker.pick(&format!("{{\"a\":{text}}}"), |_, raw| { raw.scalar(); });
        }
    }
}
