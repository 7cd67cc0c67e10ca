//! Named JSON values of one row or of many, in one piece of memory.
//!
//! Rows are the hot path: a value is kept as the JSON text in which it came and copied from there into the record,
//! without being taken apart. Objects are taken apart into their leaves. The name of a leaf is its path, joined by
//! dots, with the dots (and backslashes) inside of components escaped, as `define_metric` spells it.

use std::borrow::Cow;
use std::ops::Range;

use super::json::{JsonError, Reader, Value, plain_number};

mod places;
mod unchecked;

pub use unchecked::Unchecked;

use places::{Place, Places};

/// Longest name in bytes of a metric, a config or a summary value.
pub const MAX_NAME: usize = 1000;

/// Bytes of text that are kept room for, at most, once they are gone.
const ROOM: usize = 1 << 20;

/// Names and values in the order in which they came.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fields {
    text: String,
    places: Places,
}

/// One value of [`Fields`].
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field<'a> {
    pub name: &'a str,
    /// JSON text of anything but an object with members.
    pub json: &'a str,
    /// What the value is as a number, if it is one ([`number`]).
    pub number: Option<f64>,
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
            places: Places::with_capacity(values),
        }
    }

    /// None, and room for what these hold, unless it is very much.
    #[must_use]
    pub fn with_equal_room(&self) -> Self {
        Self::with_capacity(self.text.len().min(ROOM), self.len().min(places::ROOM))
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
            if let Some((json, number)) = reader.scalar()? {
                fields.push_parsed(&name, json, number);
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
        self.push_parsed(name, json, number(json));
    }

    /// As [`Fields::push`], where what the value is as a number is known.
    pub fn push_parsed(&mut self, name: &str, json: &str, number: Option<f64>) {
        self.text.push_str(name);
        let name = self.text.len();
        self.text.push_str(json);
        let json = self.text.len();
        self.places.push(Place { name, json, number });
    }

    /// Adds encoded protobuf fields to the value that was pushed last.
    pub fn extend_last(&mut self, extra: Vec<u8>) {
        self.places.extend_last(extra);
    }

    /// Adds a value, or the leaves of an object; an empty object adds nothing.
    pub fn push_value(&mut self, name: &str, value: &Value) {
        if let Value::Map(members) = value {
            for (key, value) in members {
                self.push_value(&format!("{name}.{}", escaped(key)), value);
            }
        } else {
            self.push(name, &value.to_json());
        }
    }

    /// All values.
    pub fn all(&self) -> Part<'_> {
        self.part(0..self.len())
    }

    /// The values from one index up to another, none of which is more than [`Fields::len`].
    pub fn part(&self, values: Range<usize>) -> Part<'_> {
        Part {
            fields: self,
            values,
        }
    }

    /// Adds the values of others.
    pub fn append(&mut self, part: &Part<'_>) {
        let (fields, values) = (part.fields, part.values.clone());
        let text = fields.places.start(values.start)..fields.places.start(values.end);
        self.append_places(&fields.text[text], &fields.places, values);
    }

    /// Adds values that stand in this text, and says where they are.
    fn append_places(&mut self, text: &str, others: &Places, values: Range<usize>) -> Range<usize> {
        let (offset, before) = (self.text.len(), self.len());
        self.text.push_str(text);
        self.places.append(others, values, offset);
        before..self.len()
    }

    /// Takes the last values out, so that this many are left.
    pub fn truncate(&mut self, values: usize) {
        if values < self.len() {
            self.places.truncate(values);
            self.text.truncate(self.places.start(values));
        }
    }

    /// Takes all values out and keeps the memory, unless it is very much.
    pub fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(ROOM);
        self.places.clear();
    }

    /// The value at an index that is less than [`Fields::len`].
    pub fn at(&self, index: usize) -> Field<'_> {
        let place = self.places.at(index);
        Field {
            name: self.name(index),
            json: &self.text[place.name..place.json],
            number: place.number,
            extra: self.extra(index),
        }
    }

    /// Name and JSON text of the value at an index that is less than [`Fields::len`], as bytes: where they are copied only.
    pub fn bytes(&self, index: usize) -> (&[u8], &[u8]) {
        let (start, place) = (self.places.start(index), self.places.at(index));
        let text = self.text.as_bytes();
        (&text[start..place.name], &text[place.name..place.json])
    }

    /// [`Field::number`] of the value at an index that is less than [`Fields::len`].
    pub fn number(&self, index: usize) -> Option<f64> {
        self.places.at(index).number
    }

    /// The name of the value at an index that is less than [`Fields::len`].
    pub fn name(&self, index: usize) -> &str {
        &self.text[self.places.start(index)..self.places.at(index).name]
    }

    /// [`Field::extra`] of the value at an index.
    pub fn extra(&self, index: usize) -> &[u8] {
        self.places.extra(index)
    }

    /// The values in order.
    pub fn iter(&self) -> impl Iterator<Item = Field<'_>> {
        (0..self.len()).map(|index| self.at(index))
    }

    /// How many values there are.
    pub fn len(&self) -> usize {
        self.places.len()
    }

    /// Whether there is no value.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes of memory this holds.
    pub fn size(&self) -> usize {
        self.text.len() + self.len() * size_of::<Place>()
    }
}

/// Some of the values of [`Fields`] that follow each other: a row.
#[derive(Debug, Clone)]
pub struct Part<'a> {
    fields: &'a Fields,
    values: Range<usize>,
}

impl<'a> Part<'a> {
    /// The values in order.
    pub fn iter(&self) -> impl DoubleEndedIterator<Item = Field<'a>> {
        let fields = self.fields;
        self.values.clone().map(|index| fields.at(index))
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
    // Names are short: a search that is made for long texts takes longer.
    !component.iter().any(|byte| matches!(byte, b'.' | b'\\'))
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
    match json {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => plain_number(json.as_bytes()),
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
}
