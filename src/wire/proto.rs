//! A walk over the fields of an encoded protobuf message, without copying or allocating.
//!
//! For messages that come from outside at a high rate: what is not needed is stepped over, and nested messages are
//! given as the bytes that they are.

/// Why a message cannot be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ProtoError {
    #[error("cut off")]
    Cut,
    #[error("a number has more than ten bytes")]
    Varint,
    #[error("wire type {0} is unknown")]
    WireType(u8),
    #[error("text is not UTF-8")]
    Text,
}

/// The content of a field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Content<'a> {
    Varint(u64),
    Fixed64(u64),
    Fixed32(u32),
    /// Bytes, text or a nested message.
    Bytes(&'a [u8]),
}

impl<'a> Content<'a> {
    /// The bytes of a field that has some; empty for any other.
    pub fn bytes(self) -> &'a [u8] {
        match self {
            Self::Bytes(bytes) => bytes,
            _ => &[],
        }
    }

    /// The text of a field.
    pub fn text(self) -> Result<&'a str, ProtoError> {
        text(self.bytes())
    }

    /// The number of a varint field; 0 for any other.
    pub fn number(self) -> i64 {
        match self {
            Self::Varint(number) => number.cast_signed(),
            _ => 0,
        }
    }
}

/// The fields of a message in order.
#[derive(Debug, Clone)]
pub struct Fields<'a> {
    rest: &'a [u8],
}

/// One field.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Field<'a> {
    pub number: u32,
    pub content: Content<'a>,
    /// The field as it is encoded, with its key.
    pub encoded: &'a [u8],
}

/// The text that bytes of a field are.
pub fn text(bytes: &[u8]) -> Result<&str, ProtoError> {
    std::str::from_utf8(bytes).map_err(|_| ProtoError::Text)
}

/// The fields of an encoded message.
pub fn fields(message: &[u8]) -> Fields<'_> {
    Fields { rest: message }
}

#[inline]
fn varint(rest: &mut &[u8]) -> Result<u64, ProtoError> {
    // Most keys and lengths have one byte, and nearly all others two.
    match **rest {
        [byte, ref tail @ ..] if byte < 0x80 => {
            *rest = tail;
            Ok(u64::from(byte))
        }
        [low, high, ref tail @ ..] if high < 0x80 => {
            *rest = tail;
            Ok(u64::from(low & 0x7f) | u64::from(high) << 7)
        }
        _ => long_varint(rest),
    }
}

fn long_varint(rest: &mut &[u8]) -> Result<u64, ProtoError> {
    let mut value = 0u64;
    for i in 0..10 {
        let (byte, tail) = rest.split_first().ok_or(ProtoError::Cut)?;
        *rest = tail;
        value |= u64::from(byte & 0x7f) << (7 * i);
        if byte & 0x80 == 0 {
            return Ok(value);
        }
    }
    Err(ProtoError::Varint)
}

#[inline]
fn take<'a>(rest: &mut &'a [u8], length: usize) -> Result<&'a [u8], ProtoError> {
    let (head, tail) = rest.split_at_checked(length).ok_or(ProtoError::Cut)?;
    *rest = tail;
    Ok(head)
}

impl<'a> Fields<'a> {
    // A row has some fields for each of its values.
    #[expect(clippy::inline_always)]
    #[inline(always)]
    fn read(&mut self) -> Result<Field<'a>, ProtoError> {
        let start = self.rest;
        let key = varint(&mut self.rest)?;
        let content = match (key & 7) as u8 {
            2 => {
                let length = varint(&mut self.rest)?;
                let length = usize::try_from(length).map_err(|_| ProtoError::Cut)?;
                Content::Bytes(take(&mut self.rest, length)?)
            }
            0 => Content::Varint(varint(&mut self.rest)?),
            1 => {
                let bytes = take(&mut self.rest, 8)?;
                Content::Fixed64(u64::from_le_bytes(bytes.try_into().unwrap_or_default()))
            }
            5 => {
                let bytes = take(&mut self.rest, 4)?;
                Content::Fixed32(u32::from_le_bytes(bytes.try_into().unwrap_or_default()))
            }
            other => return Err(ProtoError::WireType(other)),
        };
        Ok(Field {
            number: (key >> 3) as u32,
            content,
            encoded: &start[..start.len() - self.rest.len()],
        })
    }
}

impl<'a> Iterator for Fields<'a> {
    type Item = Result<Field<'a>, ProtoError>;

    #[inline]
    fn next(&mut self) -> Option<Self::Item> {
        if self.rest.is_empty() {
            return None;
        }
        let field = self.read();
        if field.is_err() {
            // Nothing behind an error can be trusted.
            self.rest = &[];
        }
        Some(field)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_of_every_kind() {
        let message = [
            0x08, 0x96, 0x01, // 1: varint 150
            0x12, 0x02, b'h', b'i', // 2: "hi"
            0x19, 1, 0, 0, 0, 0, 0, 0, 0, // 3: fixed64
            0x25, 2, 0, 0, 0, // 4: fixed32
        ];
        let found: Vec<_> = fields(&message)
            .map(|field| {
                let field = field.unwrap();
                (field.number, field.content, field.encoded.len())
            })
            .collect();
        assert_eq!(
            found,
            [
                (1, Content::Varint(150), 3),
                (2, Content::Bytes(b"hi"), 4),
                (3, Content::Fixed64(1), 9),
                (4, Content::Fixed32(2), 5),
            ]
        );
    }

    #[test]
    fn broken_messages_end_with_an_error() {
        for (message, error) in [
            (&[0x08][..], ProtoError::Cut),
            (&[0x12, 0x05, b'x'], ProtoError::Cut),
            (&[0x0b], ProtoError::WireType(3)),
            (&[0xff; 11], ProtoError::Varint),
        ] {
            assert_eq!(fields(message).last(), Some(Err(error)), "{message:?}");
        }
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_walked(bytes: Vec<u8>) {
            let length: usize = fields(&bytes).flatten().map(|field| field.encoded.len()).sum();
            assert!(length <= bytes.len());
        }
    }
}
