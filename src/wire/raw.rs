//! A record as the bytes that its sender encoded.
//!
//! The log stores these bytes, never a re-encoding, so fields and record kinds that this build has never
//! heard of survive.

use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::schema::Record;

/// An encoded [`Record`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    bytes: Vec<u8>,
}

impl RawRecord {
    /// Encodes a record made by this program.
    pub fn encode(record: &Record) -> Self {
        Self {
            bytes: record.encode_to_vec(),
        }
    }

    /// Takes bytes as they came; they are not looked at.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes }
    }

    /// Sets `num` by appending it: readers keep the last value of a scalar field.
    #[must_use]
    pub fn numbered(mut self, num: i64) -> Self {
        encode_key(1, WireType::Varint, &mut self.bytes);
        encode_varint(num.cast_unsigned(), &mut self.bytes);
        self
    }

    /// The encoded message.
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Decodes the fields that this build knows.
    pub fn decode(&self) -> Result<Record, prost::DecodeError> {
        Record::decode(self.bytes.as_slice())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::{Kind, RunExitRecord};

    #[test]
    fn numbering_keeps_unknown_fields_and_the_last_number_wins() {
        let mut bytes = Record {
            num: 7,
            kind: Some(Kind::Exit(RunExitRecord {
                exit_code: 3,
                runtime: 0,
            })),
        }
        .encode_to_vec();
        let unknown = [0xca, 0x3e, 0x02, b'h', b'i'];
        bytes.extend_from_slice(&unknown);
        let raw = RawRecord::from_bytes(bytes).numbered(300);
        assert_eq!(raw.decode().unwrap().num, 300);
        assert!(raw.bytes().windows(5).any(|window| window == unknown));
    }
}
