//! Run ids and the other names that have rules.

/// Characters that a run id must not contain.
const FORBIDDEN: &str = ":;,#?/'";

/// A run id that the server and the file system accept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunId(String);

/// Why a text is not a run id.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IdError {
    #[error("run id must not be empty")]
    Empty,
    #[error("run id {0:?} must not begin or end with white space")]
    Space(String),
    #[error("run id {0:?} contains {1:?}; it must not contain any of {FORBIDDEN}")]
    Forbidden(String, char),
    #[error("run id {0:?} cannot be part of a directory name")]
    Path(String),
    #[error("run id of {0} bytes is too long for a directory name; at most 200 are possible")]
    Long(usize),
}

impl RunId {
    /// Checks an id that the user gave.
    pub fn parse(id: &str) -> Result<Self, IdError> {
        if id.is_empty() {
            return Err(IdError::Empty);
        }
        if id.trim() != id {
            return Err(IdError::Space(id.to_owned()));
        }
        if let Some(c) = id.chars().find(|c| FORBIDDEN.contains(*c)) {
            return Err(IdError::Forbidden(id.to_owned(), c));
        }
        if id.contains('\0') {
            return Err(IdError::Path(id.to_owned()));
        }
        // "offline-run-<15 characters>-<id>" and "run-<id>.wandb.syncstate" must stay within 255 bytes.
        if id.len() > 200 {
            return Err(IdError::Long(id.len()));
        }
        Ok(Self(id.to_owned()))
    }

    /// Eight characters of `a-z0-9`, as the SDK makes them, from random bytes.
    pub fn from_random(mut random: impl FnMut() -> u8) -> Self {
        const ALPHABET: &[u8; 36] = b"abcdefghijklmnopqrstuvwxyz0123456789";
        let mut id = String::with_capacity(8);
        while id.len() < 8 {
            let byte = random();
            // 252 is the largest multiple of 36 in a byte: above it some characters would be likelier.
            if byte < 252 {
                id.push(char::from(ALPHABET[usize::from(byte % 36)]));
            }
        }
        Self(id)
    }

    /// The id as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Checks a project name: at most 128 characters, none of `/ \ # ? % :`.
pub fn check_project(name: &str) -> Result<(), String> {
    if name.chars().count() > 128 {
        return Err("project name is longer than 128 characters".to_owned());
    }
    match name.chars().find(|c| "/\\#?%:".contains(*c)) {
        Some(c) => Err(format!(
            "project name {name:?} contains {c:?}; it must not contain any of / \\ # ? % :"
        )),
        None => Ok(()),
    }
}

/// Checks a tag: 1 to 64 characters.
pub fn check_tag(tag: &str) -> Result<(), String> {
    match tag.chars().count() {
        1..=64 => Ok(()),
        n => Err(format!(
            "tag {tag:?} has {n} characters; 1 to 64 are possible"
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_checked_and_errors_name_the_character() {
        for good in ["abc12345", "my run", "ünï", "a..b", "100%"] {
            assert!(RunId::parse(good).is_ok(), "{good}");
        }
        for (bad, message) in [
            ("", "run id must not be empty"),
            (" a", "run id \" a\" must not begin or end with white space"),
            (
                "a/b",
                "run id \"a/b\" contains '/'; it must not contain any of :;,#?/'",
            ),
            (
                "a\0b",
                "run id \"a\\0b\" cannot be part of a directory name",
            ),
        ] {
            assert_eq!(RunId::parse(bad).unwrap_err().to_string(), message);
        }
        assert_eq!(RunId::parse(&"x".repeat(300)), Err(IdError::Long(300)));
    }

    #[test]
    fn random_ids_use_every_character_equally() {
        let mut byte = 0u8;
        let id = RunId::from_random(|| {
            byte = byte.wrapping_add(251);
            byte
        });
        assert_eq!(id.as_str().len(), 8);
        assert!(RunId::parse(id.as_str()).is_ok());
    }

    #[test]
    fn projects_and_tags() {
        assert!(check_project("vision models").is_ok());
        assert!(check_project("a/b").unwrap_err().contains("'/'"));
        assert!(check_project(&"x".repeat(129)).is_err());
        assert!(check_tag("baseline").is_ok());
        assert!(check_tag("").is_err() && check_tag(&"x".repeat(65)).is_err());
    }
}
