//! What was printed, as encoded records have it.
//!
//! ```text
//! Record            = output_raw (13) | output_logger (27)
//! OutputRawRecord   = output_type (1): 0 stderr, 1 stdout; timestamp (2); line (3)
//! OutputLoggerRecord = line (1)
//! Timestamp         = seconds (1), nanos (2)
//! ```
//!
//! Source: `wandb/proto/wandb_internal.proto` of the official repository.

use super::proto::{Field, ProtoError, fields};
use super::records::{OUTPUT_LOGGER, OUTPUT_RAW};

/// What an `OutputRawRecord` says: text as it was printed, whole lines or not.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Output<'a> {
    /// The text came from stdout, not from stderr.
    pub stdout: bool,
    /// Microseconds since the Unix epoch.
    pub micros: i64,
    pub text: &'a str,
}

/// Something that was printed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Printed<'a> {
    Raw(Output<'a>),
    /// Whole lines, of no stream and no time; see [`logged_lines`].
    Logged(&'a str),
}

/// What this field of an encoded `Record` has printed, if anything.
pub fn printed(field: Field<'_>) -> Result<Option<Printed<'_>>, ProtoError> {
    let message = field.content.bytes();
    match field.number {
        OUTPUT_RAW => Ok(Some(Printed::Raw(output(message)?))),
        OUTPUT_LOGGER => {
            let mut text = "";
            for part in fields(message) {
                let part = part?;
                if part.number == 1 {
                    text = part.content.text()?;
                }
            }
            Ok(Some(Printed::Logged(text)))
        }
        _ => Ok(None),
    }
}

/// What an encoded `OutputRawRecord` says.
pub fn output(record: &[u8]) -> Result<Output<'_>, ProtoError> {
    let mut output = Output::default();
    for field in fields(record) {
        let field = field?;
        match field.number {
            1 => output.stdout = field.content.number() == 1,
            2 => {
                let (seconds, nanos) = timestamp(field.content.bytes())?;
                output.micros = seconds
                    .saturating_mul(1_000_000)
                    .saturating_add(nanos / 1000);
            }
            3 => output.text = field.content.text()?,
            _ => {}
        }
    }
    Ok(output)
}

/// Seconds and nanoseconds of an encoded `Timestamp`.
pub fn timestamp(message: &[u8]) -> Result<(i64, i64), ProtoError> {
    let (mut seconds, mut nanos) = (0, 0);
    for part in fields(message) {
        let part = part?;
        match part.number {
            1 => seconds = part.content.number(),
            2 => nanos = part.content.number(),
            _ => {}
        }
    }
    Ok((seconds, nanos))
}

/// The lines of an `OutputLoggerRecord`.
pub fn logged_lines(text: &str) -> impl Iterator<Item = &str> {
    text.strip_suffix('\n').unwrap_or(text).split('\n')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::{
        Empty, Kind, OutputLoggerRecord, OutputRawRecord, Record, Timestamp,
    };
    use prost::Message as _;

    fn read(bytes: &[u8]) -> Result<Vec<Printed<'_>>, ProtoError> {
        let printed = fields(bytes).map(|field| printed(field?));
        printed.filter_map(Result::transpose).collect()
    }

    #[test]
    fn what_was_printed_is_read_as_it_was_written() {
        let raw = OutputRawRecord {
            output_type: 1,
            timestamp: Some(Timestamp {
                seconds: 7,
                nanos: 1_999,
            }),
            line: "a\nb".into(),
        };
        let logged = OutputLoggerRecord {
            line: "c\nd\n".into(),
        };
        let encoded = |kind| {
            let record = Record {
                kind: Some(kind),
                ..Record::default()
            };
            record.encode_to_vec()
        };
        let raw = encoded(Kind::OutputRaw(raw));
        let output = Output {
            stdout: true,
            micros: 7_000_001,
            text: "a\nb",
        };
        assert_eq!(read(&raw), Ok(vec![Printed::Raw(output)]));
        assert!(read(&raw[..raw.len() - 1]).is_err());
        let logged = encoded(Kind::OutputLogger(logged));
        assert_eq!(read(&logged), Ok(vec![Printed::Logged("c\nd\n")]));
        assert!(logged_lines("c\nd\n").eq(["c", "d"]));
        assert_eq!(
            read(&encoded(Kind::Preempting(Empty::default()))),
            Ok(vec![])
        );
    }
}
