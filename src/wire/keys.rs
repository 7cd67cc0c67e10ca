//! Which keys a row or a summary sets, as one number.
//!
//! Rows of a run mostly set the same keys again and again. Who wants to know the last values only can put a record aside
//! until one with other keys comes, and need not take it apart if one with the same keys does.

use super::proto::{ProtoError, fields};

/// Records that were put aside: one of each key, in the order of their effect.
#[derive(Debug)]
pub struct Aside<K> {
    held: Vec<(K, Vec<u8>)>,
    most: usize,
}

/// What became of a record that was to be put aside.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Put {
    /// It is there instead of an earlier one.
    Replaced,
    Added,
    /// There is no room for another key: it was not taken.
    Full,
}

impl<K: PartialEq> Aside<K> {
    /// Room for records of so many keys.
    pub fn new(most: usize) -> Self {
        Self {
            held: Vec::new(),
            most,
        }
    }

    /// Puts a record aside; it takes the place of an earlier one of its key, and that one's memory.
    pub fn put(&mut self, key: K, record: &[u8]) -> Put {
        let (put, mut memory) = match self.held.iter().position(|(other, _)| *other == key) {
            Some(place) => (Put::Replaced, self.held.remove(place).1),
            None if self.held.len() >= self.most => return Put::Full,
            None => (Put::Added, Vec::new()),
        };
        memory.clear();
        memory.extend_from_slice(record);
        self.held.push((key, memory));
        put
    }

    /// How many records there are.
    pub fn count(&self) -> usize {
        self.held.len()
    }

    /// Gives out what was put aside, in order.
    pub fn take(&mut self) -> impl Iterator<Item = Vec<u8>> + use<K> {
        std::mem::take(&mut self.held)
            .into_iter()
            .map(|(_, record)| record)
    }
}

/// A hash of the keys that an encoded `HistoryRecord` sets.
pub fn row_keys(record: &[u8]) -> Result<u64, ProtoError> {
    Ok(keys(record)?.0)
}

/// A hash of the keys that an encoded `SummaryRecord` sets; `None` if it also takes some away.
pub fn summary_keys(record: &[u8]) -> Result<Option<u64>, ProtoError> {
    let (keys, removes) = keys(record)?;
    Ok((!removes).then_some(keys))
}

/// A hash of the keys of all items, and whether there is a null or another field: that of a summary takes keys away.
fn keys(record: &[u8]) -> Result<(u64, bool), ProtoError> {
    let mut hasher = Keys(0xcbf2_9ce4_8422_2325);
    let mut removes = false;
    for field in fields(record) {
        let field = field?;
        match field.number {
            1 => {
                for part in fields(field.content.bytes()) {
                    let part = part?;
                    match part.number {
                        1 | 2 => {
                            hasher.add(part.content.bytes());
                        }
                        16 if part.content.bytes() == b"null" => removes = true,
                        _ => {}
                    }
                }
                hasher.add(b"");
            }
            2 => removes = true,
            _ => {}
        }
    }
    Ok((hasher.0, removes))
}

/// A quick hash of keys in a row. Two sets that collide would have to stand in the same log.
struct Keys(u64);

impl Keys {
    fn add(&mut self, key: &[u8]) {
        let mut chunks = key.chunks_exact(8);
        for chunk in &mut chunks {
            let word = chunk.try_into().map_or(0, u64::from_le_bytes);
            self.mix(word);
        }
        let mut last = [0; 8];
        let rest = chunks.remainder();
        last[..rest.len()].copy_from_slice(rest);
        self.mix(u64::from_le_bytes(last) ^ ((key.len() as u64) << 56));
    }

    fn mix(&mut self, word: u64) {
        self.0 = (self.0.rotate_left(5) ^ word).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::{KeyedItem, SummaryRecord};
    use prost::Message as _;

    fn of(update: &[(&str, &str)], remove: usize) -> Option<u64> {
        let item = |path: &str, json: &str| KeyedItem {
            nested_key: path.split('/').map(str::to_owned).collect(),
            value_json: json.to_owned(),
            ..KeyedItem::default()
        };
        let record = SummaryRecord {
            update: update.iter().map(|(path, json)| item(path, json)).collect(),
            remove: vec![item("a", ""); remove],
        };
        summary_keys(&record.encode_to_vec()).unwrap()
    }

    #[test]
    fn of_each_key_the_latest_record_is_held() {
        let mut aside = Aside::new(2);
        let puts = [(1, "a"), (2, "b"), (1, "c"), (3, "d")];
        let puts = puts.map(|(key, record)| aside.put(key, record.as_bytes()));
        assert_eq!(puts, [Put::Added, Put::Added, Put::Replaced, Put::Full]);
        assert!(aside.take().eq([b"b", b"c"]));
        assert_eq!(aside.take().count(), 0);
    }

    #[test]
    fn keys_count_and_values_do_not() {
        let one = of(&[("a", "1"), ("b/c", "2")], 0);
        assert_eq!(one, of(&[("a", "\"x\""), ("b/c", "[]")], 0));
        for other in [
            of(&[("a", "1")], 0),
            of(&[("b/c", "2"), ("a", "1")], 0),
            of(&[("a", "1"), ("b", "1"), ("c", "2")], 0),
            of(&[("a/b/c", "1")], 0),
        ] {
            assert_ne!(one, other);
        }
        assert_eq!(of(&[("a", "null")], 0), None);
        assert_eq!(of(&[("a", "1")], 1), None);
    }
}
