//! Codecs for bytes that come from outside: the `.wandb` log, its records, JSON, the socket's lines.
//!
//! Every codec here is pure (no files, clocks or environment), bounded (memory is limited by the bytes
//! really present, never by a length field) and total (any input gives a value or an error, never a panic).

pub mod amend;
pub mod console;
pub mod fields;
pub mod frame;
pub mod graphql;
pub mod hex;
pub mod json;
pub mod jsonl;
pub mod keys;
pub mod log;
pub mod names;
pub mod proto;
pub mod raw;
pub mod records;
pub mod row;
pub mod schema;
pub mod sdk;
pub mod show;
pub mod yaml;
