//! A JSON text that is replaced all the time.

/// Bytes of a text that lies within its owner: any number does that a float has.
const SHORT: usize = 30;

/// A text that takes no memory elsewhere if it is short.
#[derive(Debug)]
pub(super) enum Latest {
    Short { length: u8, bytes: [u8; SHORT] },
    Long(Vec<u8>),
}

impl Default for Latest {
    fn default() -> Self {
        Self::Short {
            length: 0,
            bytes: [0; SHORT],
        }
    }
}

impl Latest {
    /// Replaces the text; its bytes must be one.
    pub(super) fn set(&mut self, text: &[u8]) {
        match self {
            Self::Short { length, bytes } if text.len() <= SHORT => {
                bytes[..text.len()].copy_from_slice(text);
                *length = text.len() as u8;
            }
            // It will be long again.
            Self::Long(long) => text.clone_into(long),
            Self::Short { .. } => *self = Self::Long(text.to_owned()),
        }
    }

    pub(super) fn as_str(&self) -> &str {
        let bytes = match self {
            Self::Short { length, bytes } => &bytes[..usize::from(*length)],
            Self::Long(text) => text,
        };
        // Looked at seldom, and replaced often: it is checked here.
        std::str::from_utf8(bytes).unwrap_or_default()
    }

    pub(super) fn is_empty(&self) -> bool {
        match self {
            Self::Short { length, .. } => *length == 0,
            Self::Long(text) => text.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_text_is_what_is_there_however_long() {
        let mut latest = Latest::default();
        assert!(latest.is_empty() && size_of::<Latest>() == 32);
        let long = "\"ü\"".repeat(20);
        let edge = "x".repeat(SHORT);
        let over = "x".repeat(SHORT + 1);
        for text in [
            "0.1",
            &edge,
            "-1.2345678901234567e-100",
            &over,
            "1",
            &long,
            "",
            "2",
        ] {
            latest.set(text.as_bytes());
            assert_eq!(latest.as_str(), text);
            assert_eq!(latest.is_empty(), text.is_empty());
        }
    }
}
