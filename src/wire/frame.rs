//! Frames on the connection between the official SDK and its service, the same in both directions.
//!
//! ```text
//! frame = 'W' (0x57), length (u32 LE), message of that length
//! ```
//!
//! Source: `wandb/sdk/lib/service/service_client.py`, `core/pkg/server/connection.go`. The official core takes frames of
//! up to 2 GiB; here the bound is [`MAX`], and memory grows with the bytes that are really there.

/// First byte of a frame. No JSON text begins with it, so one socket can serve both protocols.
pub const MAGIC: u8 = b'W';
/// Largest message in bytes.
pub const MAX: usize = 256 << 20;
const HEADER: usize = 5;

/// Why the bytes are no frames.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum FrameError {
    #[error("a frame begins with byte {0:#04x}")]
    Magic(u8),
    #[error("a frame has {0} bytes; at most {MAX} are possible")]
    Length(u32),
}

/// Takes frames out of a stream of bytes.
#[derive(Debug, Default)]
pub struct Frames {
    buffer: Vec<u8>,
    /// Bytes of the buffer that have been given out.
    used: usize,
}

impl Frames {
    /// Adds bytes as they came.
    pub fn extend(&mut self, bytes: &[u8]) {
        if self.used > 0 && self.used >= self.buffer.len() / 2 {
            self.buffer.drain(..self.used);
            self.used = 0;
            // One huge message must not be paid for ever.
            self.buffer.shrink_to(1 << 20);
        }
        self.buffer.extend_from_slice(bytes);
    }

    /// Whether nothing is kept of a message that has not come completely.
    pub fn is_empty(&self) -> bool {
        self.used == self.buffer.len()
    }

    /// The next complete message.
    pub fn take(&mut self) -> Result<Option<&[u8]>, FrameError> {
        let rest = &self.buffer[self.used..];
        let Some(header) = rest.get(..HEADER) else {
            return match rest.first() {
                Some(byte) if *byte != MAGIC => Err(FrameError::Magic(*byte)),
                _ => Ok(None),
            };
        };
        if header[0] != MAGIC {
            return Err(FrameError::Magic(header[0]));
        }
        let length = u32::from_le_bytes([header[1], header[2], header[3], header[4]]);
        if length as usize > MAX {
            return Err(FrameError::Length(length));
        }
        let end = HEADER + length as usize;
        if rest.len() < end {
            return Ok(None);
        }
        let start = self.used + HEADER;
        self.used += end;
        Ok(Some(&self.buffer[start..self.used]))
    }
}

/// The frame of a message.
pub fn encode(message: &[u8]) -> Vec<u8> {
    let mut frame = Vec::with_capacity(HEADER + message.len());
    frame.push(MAGIC);
    frame.extend_from_slice(&(message.len() as u32).to_le_bytes());
    frame.extend_from_slice(message);
    frame
}

/// Must not panic, or keep more than it was given, whatever the input.
#[doc(hidden)]
pub fn fuzz_frame(input: &[u8]) {
    let mut frames = Frames::default();
    let mut given = 0;
    let mut rows = super::sdk::Rows::default();
    for part in input.chunks(7) {
        frames.extend(part);
        while let Ok(Some(message)) = frames.take() {
            given += message.len();
            if let Ok(call) = super::sdk::decode(message, &mut rows)
                && let super::sdk::What::Log { values, .. } = call.what
            {
                assert_eq!(values.end, rows.fields.len());
                let row = rows.fields.part(values.clone());
                assert_eq!(row.iter().count(), values.len());
            }
        }
    }
    assert!(given <= input.len());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn frames_come_out_as_they_went_in_however_they_are_cut() {
        let messages: Vec<Vec<u8>> = (0..50usize).map(|i| vec![i as u8; i * 31]).collect();
        let bytes: Vec<u8> = messages
            .iter()
            .flat_map(|message| encode(message))
            .collect();
        for size in [1, 3, 100, bytes.len()] {
            let (mut frames, mut found) = (Frames::default(), Vec::new());
            for part in bytes.chunks(size) {
                frames.extend(part);
                while let Some(message) = frames.take().unwrap() {
                    found.push(message.to_vec());
                }
            }
            assert_eq!(found, messages, "pieces of {size}");
            assert!(frames.is_empty());
            frames.extend(b"W");
            assert!(!frames.is_empty() && frames.take() == Ok(None));
        }
    }

    #[test]
    fn what_is_no_frame_is_an_error_at_once() {
        let mut frames = Frames::default();
        frames.extend(b"{");
        assert_eq!(frames.take(), Err(FrameError::Magic(b'{')));
        let mut frames = Frames::default();
        frames.extend(&[b'W', 0xff, 0xff, 0xff, 0x7f]);
        assert_eq!(frames.take(), Err(FrameError::Length(0x7fff_ffff)));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_handled(bytes: Vec<u8>) {
            fuzz_frame(&bytes);
        }

        #[test]
        fn any_message_is_handled(message: Vec<u8>) {
            fuzz_frame(&encode(&message));
        }
    }
}
