//! A row that is being decoded.

use std::ops::Range;

use super::Fields;
use super::places::{Place, Places};

/// Values of a row whose text is checked when it is complete, and not value by value.
#[derive(Debug, Default)]
pub struct Unchecked {
    text: Vec<u8>,
    places: Places,
}

impl Unchecked {
    /// See [`Fields::push_parsed`].
    pub fn push(&mut self, name: &[u8], json: &[u8], number: Option<f64>) {
        self.text.extend_from_slice(name);
        let name = self.text.len();
        self.text.extend_from_slice(json);
        let json = self.text.len();
        self.places.push(Place { name, json, number });
    }

    /// Adds encoded protobuf fields to the value that was pushed last.
    pub fn extend_last(&mut self, extra: Vec<u8>) {
        self.places.extend_last(extra);
    }

    /// Moves the values behind those that are checked and says where they are; they are thrown away, and it is `None`, if a
    /// name or a value is no UTF-8.
    pub fn move_to(&mut self, fields: &mut Fields) -> Option<Range<usize>> {
        let text = std::str::from_utf8(&self.text).ok();
        // What is no text by itself must not become text together with its neighbour.
        let text = text.filter(|text| {
            let whole = |end: usize| text.is_char_boundary(end);
            let mut places = self.places.iter();
            text.is_ascii() || places.all(|place| whole(place.name) && whole(place.json))
        });
        let moved = text.map(|text| fields.append_places(text, &self.places, 0..self.places.len()));
        self.clear();
        moved
    }

    /// See [`Fields::clear`].
    pub fn clear(&mut self) {
        self.text.clear();
        self.text.shrink_to(super::ROOM);
        self.places.clear();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_lie_behind_each_other_with_what_belongs_to_them() {
        let mut row = Unchecked::default();
        row.push(b"a", b"1", Some(1.0));
        row.push(b"b", b"2", Some(2.0));
        row.extend_last(b"xy".to_vec());
        row.push(b"c", b"3", None);
        let mut rows = Fields::default();
        rows.push("before", "0");
        rows.extend_last(b"z".to_vec());
        assert_eq!(row.move_to(&mut rows), Some(1..4));
        assert_eq!(row.move_to(&mut rows), Some(4..4));
        let mut fields = Fields::default();
        fields.push("first", "0");
        fields.append(&rows.part(2..4));
        fields.append(&rows.part(1..3));
        let found: Vec<_> = fields
            .iter()
            .map(|field| (field.name, field.extra))
            .collect();
        let (none, some): (&[u8], &[u8]) = (b"", b"xy");
        assert_eq!(
            found,
            [
                ("first", none),
                ("b", some),
                ("c", none),
                ("a", none),
                ("b", some)
            ]
        );
        assert_eq!((fields.name(2), fields.at(1).number), ("c", Some(2.0)));
        rows.truncate(2);
        assert_eq!(
            rows.iter().map(|field| field.extra).collect::<Vec<_>>(),
            [&b"z"[..], b""]
        );
        row.push(b"d", b"4", None);
        assert_eq!(row.move_to(&mut rows), Some(2..3));
        assert_eq!(
            (rows.at(2).name, rows.at(2).json, rows.extra(2)),
            ("d", "4", none)
        );
    }

    #[test]
    fn each_part_of_a_row_must_be_text_by_itself() {
        let moved = |parts: &[(&[u8], &[u8])]| {
            let (mut row, mut fields) = (Unchecked::default(), Fields::default());
            for (name, json) in parts {
                row.push(name, json, None);
            }
            let moved = row.move_to(&mut fields);
            assert_eq!(moved.unwrap_or_default(), 0..fields.len());
            assert!(row.text.is_empty() && row.places.len() == 0);
            fields.len()
        };
        let good = ("ä".as_bytes(), "\"ö\"".as_bytes());
        assert_eq!(moved(&[good, (b"b", b"1")]), 2);
        assert_eq!(moved(&[(b"a", b"\xff")]), 0);
        assert_eq!(moved(&[(b"a\xc3", b"\xa4")]), 0);
        assert_eq!(moved(&[(b"a", b"1\xc3"), (b"\xa4", b"2")]), 0);
    }
}
