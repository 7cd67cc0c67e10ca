//! A record as the bytes that its sender encoded.
//!
//! The log stores these bytes, never a re-encoding, so fields and record kinds that this build has never
//! heard of survive.

use prost::Message as _;

use super::schema::Record;

/// An encoded [`Record`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RawRecord {
    bytes: Vec<u8>,
}

impl RawRecord {
    /// Takes bytes as they came; they are not looked at.
    pub fn from_bytes(bytes: Vec<u8>) -> Self {
        Self { bytes }
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
