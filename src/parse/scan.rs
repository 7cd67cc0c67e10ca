//! Searches in short texts: the general ones of the standard library prepare themselves for long texts first, which
//! costs more than the search of a line.

/// Where two bytes stand behind each other for the first time.
pub fn find_two(text: &str, two: [u8; 2]) -> Option<usize> {
    let bytes = text.as_bytes();
    memchr::memchr_iter(two[0], bytes).find(|at| bytes.get(at + 1) == Some(&two[1]))
}

/// Whether two bytes stand behind each other.
pub fn has_two(text: &str, two: [u8; 2]) -> bool {
    find_two(text, two).is_some()
}

/// Splits a text at two bytes that stand behind each other for the first time. Both must be ASCII.
pub fn split_two(text: &str, two: [u8; 2]) -> Option<(&str, &str)> {
    let at = find_two(text, two)?;
    Some((&text[..at], &text[at + 2..]))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn two_bytes() {
        assert_eq!(find_two("a: b: c", *b": "), Some(1));
        assert_eq!(find_two("a:b:", *b": "), None);
        assert_eq!(split_two("ü: x", *b": "), Some(("ü", "x")));
        assert!(has_two("   ", *b"  "));
    }
}
