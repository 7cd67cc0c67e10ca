//! The names of all messages and fields that can stand in a log, for who shows records as text.
//!
//! [`super::schema`] has the messages that the program works with, as types; this table (`messages.txt`) has all of
//! them, so that nothing that the official client writes is hidden for not being needed here.

use std::collections::HashMap;

/// The table, one `message` or `enum` a paragraph.
const TABLE: &str = include_str!("messages.txt");

/// What a field holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Holds {
    /// Transport that says nothing about the run: `_info` and `control`.
    Hidden,
    /// A number that JSON can hold.
    Int,
    /// A 64-bit number: text in JSON.
    Long,
    ULong,
    Bool,
    Double,
    Text,
    Time,
    /// Index of a message.
    Message(usize),
    /// Index of an enumeration.
    Enum(usize),
}

/// How often a field stands in a message.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Shape {
    One,
    List,
    /// A list of keyed values: an object in JSON. The value is field 16, and names may be nested.
    Items,
    /// As `Items`, but with the value in field 2.
    Pairs,
    /// A map entry a time.
    Map,
}

/// A field of a message.
#[derive(Debug)]
pub struct Field {
    pub name: String,
    pub holds: Holds,
    pub shape: Shape,
    /// Shown also if it has the value that the wire leaves out.
    pub always: bool,
}

/// A message: its fields by number.
#[derive(Debug, Default)]
pub struct Message {
    fields: Vec<Field>,
    /// Place in `fields` by field number.
    places: Vec<Option<u8>>,
}

impl Message {
    /// The field with this number, and its place among all fields.
    pub fn field(&self, number: u32) -> Option<(usize, &Field)> {
        let place = usize::from((*self.places.get(number as usize)?)?);
        Some((place, &self.fields[place]))
    }

    /// All fields; a place is an index in them.
    pub fn fields(&self) -> &[Field] {
        &self.fields
    }
}

/// All messages.
#[derive(Debug)]
pub struct Names {
    messages: Vec<Message>,
    enums: Vec<Vec<(i64, &'static str)>>,
    record: usize,
}

impl Default for Names {
    fn default() -> Self {
        Self::new()
    }
}

impl Names {
    /// Reads the table.
    pub fn new() -> Self {
        let paragraphs = paragraphs();
        let (mut messages, mut enums) = (HashMap::new(), HashMap::new());
        for (kind, name, _) in &paragraphs {
            let names = if *kind == "enum" {
                &mut enums
            } else {
                &mut messages
            };
            let index = names.len();
            names.insert(*name, index);
        }
        let mut names = Self {
            messages: Vec::new(),
            enums: Vec::new(),
            record: messages.get("Record").copied().unwrap_or_default(),
        };
        for (kind, _, members) in paragraphs {
            if kind == "enum" {
                let value = |member: &'static str| {
                    let (number, name) = member.split_once(':')?;
                    Some((number.parse().ok()?, name))
                };
                names
                    .enums
                    .push(members.into_iter().filter_map(value).collect());
                continue;
            }
            let mut message = Message::default();
            for member in members {
                let Some((number, field)) = field(member, &messages, &enums) else {
                    continue;
                };
                if message.places.len() <= number {
                    message.places.resize(number + 1, None);
                }
                message.places[number] = u8::try_from(message.fields.len()).ok();
                message.fields.push(field);
            }
            names.messages.push(message);
        }
        names
    }

    /// The message that a log consists of.
    pub fn record(&self) -> &Message {
        &self.messages[self.record]
    }

    /// A message by its index.
    pub fn message(&self, index: usize) -> &Message {
        &self.messages[index]
    }

    /// The name of an enumeration's value.
    pub fn value(&self, index: usize, number: i64) -> Option<&'static str> {
        let found = self.enums[index].iter().find(|(value, _)| *value == number);
        found.map(|(_, name)| *name)
    }
}

/// Kind, name and members of each paragraph; a line that begins with a blank continues the one before.
fn paragraphs() -> Vec<(&'static str, &'static str, Vec<&'static str>)> {
    let mut paragraphs: Vec<(&str, &str, Vec<&str>)> = Vec::new();
    for line in TABLE.lines().filter(|line| !line.starts_with('#')) {
        let mut words = line.split_ascii_whitespace();
        if !line.starts_with(' ')
            && let (Some(kind), Some(name)) = (words.next(), words.next())
        {
            paragraphs.push((kind, name, Vec::new()));
        }
        if let Some((_, _, members)) = paragraphs.last_mut() {
            members.extend(words);
        }
    }
    paragraphs
}

fn field(
    member: &str,
    messages: &HashMap<&str, usize>,
    enums: &HashMap<&str, usize>,
) -> Option<(usize, Field)> {
    let mut parts = member.splitn(3, ':');
    let (number, name, kind) = (parts.next()?, parts.next()?, parts.next()?);
    let word = kind.trim_end_matches(['*', '@', '=', '%', '!']);
    let holds = match word {
        "-" => Holds::Hidden,
        "int" => Holds::Int,
        "long" => Holds::Long,
        "ulong" => Holds::ULong,
        "bool" => Holds::Bool,
        "double" => Holds::Double,
        "text" => Holds::Text,
        "time" => Holds::Time,
        _ => match (messages.get(word), enums.get(word)) {
            (Some(index), _) => Holds::Message(*index),
            (None, Some(index)) => Holds::Enum(*index),
            (None, None) => return None,
        },
    };
    let shape = match kind[word.len()..].chars().next() {
        Some('*') => Shape::List,
        Some('@') => Shape::Items,
        Some('=') => Shape::Pairs,
        Some('%') => Shape::Map,
        _ => Shape::One,
    };
    let field = Field {
        name: name.to_owned(),
        holds,
        shape,
        always: kind.ends_with('!'),
    };
    Some((number.parse().ok()?, field))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::{Empty, Kind, Record};
    use prost::Message as _;

    #[test]
    fn every_line_of_the_table_is_understood() {
        let names = Names::new();
        let mut paragraphs = paragraphs().into_iter();
        for message in &names.messages {
            let (_, name, members) = paragraphs.find(|(kind, ..)| *kind == "message").unwrap();
            // The typed integers of history are read by the one who shows rows.
            let apart = usize::from(name == "HistoryItem");
            assert_eq!(message.fields.len() + apart, members.len(), "{name}");
        }
        assert!(names.enums.iter().all(|values| values[0].0 == 0));
        let (_, exit) = names.record().field(18).unwrap();
        assert_eq!((exit.name.as_str(), exit.shape), ("exit", Shape::One));
    }

    #[test]
    fn record_kinds_have_the_names_of_the_schema() {
        let names = Names::new();
        let kind = Kind::Preempting(Empty {});
        let record = Record {
            num: 0,
            kind: Some(kind.clone()),
        };
        let number =
            u32::from(record.encode_to_vec()[0] >> 3) | u32::from(record.encode_to_vec()[1]) << 4;
        assert_eq!(names.record().field(number).unwrap().1.name, kind.name());
    }
}
