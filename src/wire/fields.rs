//! Named JSON values of one row, in one piece of memory.
//!
//! Rows are the hot path: a value is kept as the JSON text in which it came and copied from there into the record,
//! without being taken apart. Objects are taken apart into their leaves. The name of a leaf is its path, joined by
//! dots, with the dots (and backslashes) inside of components escaped, as `define_metric` spells it.

use std::borrow::Cow;

use super::json::{JsonError, Reader, Value};

/// Longest name in bytes of a metric, a config or a summary value.
pub const MAX_NAME: usize = 1000;

/// Names and values in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields {
    text: String,
    /// Ends in `text` of each name and of the value behind it.
    ends: Vec<(usize, usize)>,
    /// Further encoded fields of an item, by index: what its sender says about the value in a way unknown here.
    extras: Vec<(usize, Vec<u8>)>,
}

/// One value of [`Fields`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field<'a> {
    pub name: &'a str,
    /// JSON text of anything but an object with members.
    pub json: &'a str,
    /// Encoded protobuf fields that go into the item unchanged.
    pub extra: &'a [u8],
}

/// Why an object cannot be taken as fields.
#[derive(Debug, PartialEq, thiserror::Error)]
pub enum FieldError {
    #[error(transparent)]
    Json(#[from] JsonError),
    #[error("a name is empty")]
    Empty,
    #[error("a name has {0} bytes; at most {MAX_NAME} are possible")]
    Long(usize),
}

impl Fields {
    /// Fields with room for this many bytes of names and values, and for this many of them.
    pub fn with_capacity(bytes: usize, values: usize) -> Self {
        Self {
            text: String::with_capacity(bytes),
            ends: Vec::with_capacity(values),
            extras: Vec::new(),
        }
    }

    /// Fields from values that are in memory.
    pub fn from_values(values: &[(String, Value)]) -> Self {
        let mut fields = Self::default();
        for (key, value) in values {
            fields.push_value(&escaped(key), value);
        }
        fields
    }

    /// Reads the object that comes next.
    pub fn read(reader: &mut Reader<'_>) -> Result<Self, FieldError> {
        // Grows less often: a usual row has some hundred bytes.
        let mut fields = Self::with_capacity(512, 32);
        reader.object(|reader, key| {
            if key.is_empty() {
                return Err(FieldError::Empty);
            }
            if key.len() > MAX_NAME {
                return Err(FieldError::Long(key.len()));
            }
            let name = escaped(&key);
            if let Some(json) = reader.scalar_text()? {
                fields.push(&name, json);
            } else {
                let value = reader.value(1)?;
                check_names(&value)?;
                fields.push_value(&name, &value);
            }
            Ok(())
        })?;
        Ok(fields)
    }

    /// Adds a value by its (escaped) name; `json` is JSON text of no object.
    pub fn push(&mut self, name: &str, json: &str) {
        self.text.push_str(name);
        let name_end = self.text.len();
        self.text.push_str(json);
        self.ends.push((name_end, self.text.len()));
    }

    /// Adds a value, or the leaves of an object; an empty object adds nothing.
    pub fn push_value(&mut self, name: &str, value: &Value) {
        if let Value::Map(members) = value {
            for (key, value) in members {
                self.push_value(&format!("{name}.{}", escaped(key)), value);
            }
            return;
        }
        self.text.push_str(name);
        let name_end = self.text.len();
        value.write(&mut self.text);
        self.ends.push((name_end, self.text.len()));
    }

    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = Field<'_>> {
        let mut start = 0;
        let mut extras = self.extras.iter().peekable();
        self.ends.iter().enumerate().map(move |(i, (name, value))| {
            let field = Field {
                name: &self.text[start..*name],
                json: &self.text[*name..*value],
                extra: extras
                    .next_if(|(index, _)| *index == i)
                    .map_or(&[], |(_, extra)| extra),
            };
            start = *value;
            field
        })
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }

    /// About how many bytes of memory this holds.
    pub fn size(&self) -> usize {
        self.text.len() + self.ends.len() * size_of::<(usize, usize)>()
    }
}

/// Fields of a row whose text is checked when it is complete, and not value by value.
#[derive(Debug, Default)]
pub struct Unchecked {
    text: Vec<u8>,
    ends: Vec<(usize, usize)>,
    extras: Vec<(usize, Vec<u8>)>,
}

impl Unchecked {
    /// See [`Fields::with_capacity`].
    pub fn with_capacity(bytes: usize, values: usize) -> Self {
        Self {
            text: Vec::with_capacity(bytes),
            ends: Vec::with_capacity(values),
            extras: Vec::new(),
        }
    }

    /// See [`Fields::push`].
    pub fn push(&mut self, name: &[u8], json: &[u8]) {
        self.text.extend_from_slice(name);
        let name_end = self.text.len();
        self.text.extend_from_slice(json);
        self.ends.push((name_end, self.text.len()));
    }

    /// Adds encoded protobuf fields to the value that was pushed last.
    pub fn extend_last(&mut self, extra: Vec<u8>) {
        if let Some(last) = self.ends.len().checked_sub(1) {
            self.extras.push((last, extra));
        }
    }

    /// The fields; nothing if a name or a value is no UTF-8.
    pub fn finish(self) -> Option<Fields> {
        let text = String::from_utf8(self.text).ok()?;
        let whole = |end: usize| text.is_char_boundary(end);
        // What is no text by itself must not become text together with its neighbour.
        let whole = self
            .ends
            .iter()
            .all(|(name, value)| whole(*name) && whole(*value));
        whole.then_some(Fields {
            text,
            ends: self.ends,
            extras: self.extras,
        })
    }
}

fn check_names(value: &Value) -> Result<(), FieldError> {
    if let Value::Map(members) = value {
        for (key, value) in members {
            if key.is_empty() {
                return Err(FieldError::Empty);
            }
            if key.len() > MAX_NAME {
                return Err(FieldError::Long(key.len()));
            }
            check_names(value)?;
        }
    }
    Ok(())
}

/// A component as names spell it: its dots and backslashes are escaped.
pub fn escaped(component: &str) -> Cow<'_, str> {
    if is_plain(component.as_bytes()) {
        Cow::Borrowed(component)
    } else {
        Cow::Owned(component.replace('\\', "\\\\").replace('.', "\\."))
    }
}

/// Whether nothing of a component needs to be escaped.
pub fn is_plain(component: &[u8]) -> bool {
    memchr::memchr2(b'.', b'\\', component).is_none()
}

/// The name of a path.
pub fn name_of<S: AsRef<str>>(path: &[S]) -> String {
    let mut name = String::new();
    for (i, component) in path.iter().enumerate() {
        if i > 0 {
            name.push('.');
        }
        name.push_str(&escaped(component.as_ref()));
    }
    name
}

/// The path of a name. A backslash escapes a dot or a backslash; any other stands for itself.
pub fn path_of(name: &str) -> Vec<String> {
    let mut path = vec![];
    let mut component = String::new();
    let mut chars = name.chars().peekable();
    while let Some(c) = chars.next() {
        match c {
            '\\' => component.push(chars.next_if(|c| matches!(c, '.' | '\\')).unwrap_or('\\')),
            '.' => path.push(std::mem::take(&mut component)),
            c => component.push(c),
        }
    }
    path.push(component);
    path
}

/// The number that a JSON text stands for; booleans and text are not numbers.
pub fn number(json: &str) -> Option<f64> {
    match json.as_bytes().first()? {
        b'0'..=b'9' | b'-' => match json {
            "-Infinity" => Some(f64::NEG_INFINITY),
            _ => json.parse().ok(),
        },
        b'N' => Some(f64::NAN),
        b'I' => Some(f64::INFINITY),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Vec<(String, String)>, String> {
        let fields = Fields::read(&mut Reader::new(text)).map_err(|error| error.to_string())?;
        Ok(fields
            .iter()
            .map(|field| (field.name.to_owned(), field.json.to_owned()))
            .collect())
    }

    #[test]
    fn scalars_keep_their_text_and_objects_are_taken_apart() {
        let text = r#"{"a": 1.50, "b" : {"c.d": [1, 2.0], "e": {}, "f": {"g": "x\ny"}}, "h": -Infinity, "i": null}"#;
        let expected = [
            ("a", "1.50"),
            (r"b.c\.d", "[1,2.0]"),
            ("b.f.g", r#""x\ny""#),
            ("h", "-Infinity"),
            ("i", "null"),
        ];
        let expected = expected.map(|(name, json)| (name.to_owned(), json.to_owned()));
        assert_eq!(read(text).unwrap(), expected);
    }

    #[test]
    fn errors_name_the_reason() {
        assert_eq!(
            read(r#"{"a": 1 2}"#).unwrap_err(),
            "expected ',' or '}' at byte 8"
        );
        assert_eq!(read(r#"{"": 1}"#).unwrap_err(), "a name is empty");
        assert_eq!(read(r#"{"a": {"": 1}}"#).unwrap_err(), "a name is empty");
        let long = format!(r#"{{"{}": 1}}"#, "x".repeat(1001));
        assert!(read(&long).unwrap_err().contains("1001 bytes"));
    }

    #[test]
    fn names_and_paths_say_the_same() {
        for path in [vec!["a"], vec!["a.b", "c"], vec![r"a\", ".b", ""]] {
            assert_eq!(path_of(&name_of(&path)), path);
        }
        assert_eq!(path_of(r"a\b.c"), [r"a\b", "c"]);
    }

    #[test]
    fn numbers_of_the_dialect() {
        assert_eq!(number("-1.5e3"), Some(-1500.0));
        assert!(number("NaN").is_some_and(f64::is_nan));
        assert_eq!(number("-Infinity"), Some(f64::NEG_INFINITY));
        assert_eq!(number("true"), None);
        assert_eq!(number("\"1\""), None);
    }

    #[test]
    fn extras_stay_with_their_value() {
        let mut fields = Unchecked::default();
        fields.push(b"a", b"1");
        fields.push(b"b", b"2");
        fields.extend_last(b"xy".to_vec());
        fields.push(b"c", b"3");
        let fields = fields.finish().unwrap();
        let extras: Vec<&[u8]> = fields.iter().map(|field| field.extra).collect();
        assert_eq!(extras, [b"".as_slice(), b"xy", b""]);
    }

    #[test]
    fn each_part_of_a_row_must_be_text_by_itself() {
        let finish = |parts: &[(&[u8], &[u8])]| {
            let mut fields = Unchecked::default();
            for (name, json) in parts {
                fields.push(name, json);
            }
            fields.finish()
        };
        assert!(finish(&[("ä".as_bytes(), "\"ö\"".as_bytes()), (b"b", b"1")]).is_some());
        assert_eq!(finish(&[(b"a", b"\xff")]), None);
        assert_eq!(finish(&[(b"a\xc3", b"\xa4")]), None);
        assert_eq!(finish(&[(b"a", b"1\xc3"), (b"\xa4", b"2")]), None);
    }
}
