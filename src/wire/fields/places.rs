//! Where values stand in a text, and what goes with them.

use std::ops::Range;

/// Values that are kept room for, at most, once they are gone: one huge row must not be paid for ever.
pub(super) const ROOM: usize = (1 << 20) / size_of::<Place>();

/// Where one value stands in the text.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Place {
    /// End of the name.
    pub(super) name: usize,
    /// End of the value, which is behind the name.
    pub(super) json: usize,
    pub(super) number: Option<f64>,
}

/// The places of values that follow each other.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Places {
    all: Vec<Place>,
    /// Further encoded fields of an item, by index: what its sender says about the value in a way unknown here.
    extras: Vec<(usize, Vec<u8>)>,
}

impl Places {
    pub(super) fn with_capacity(values: usize) -> Self {
        Self {
            all: Vec::with_capacity(values),
            extras: Vec::new(),
        }
    }

    pub(super) fn push(&mut self, place: Place) {
        self.all.push(place);
    }

    pub(super) fn extend_last(&mut self, extra: Vec<u8>) {
        if let Some(last) = self.all.len().checked_sub(1) {
            self.extras.push((last, extra));
        }
    }

    /// Adds some places of others, whose text stands now at `offset`.
    pub(super) fn append(&mut self, others: &Self, values: Range<usize>, offset: usize) {
        let Range { start, end } = values;
        let (from, before) = (others.start(start), self.all.len());
        let moved = |end: usize| end - from + offset;
        let places = others.all[start..end].iter().map(|place| Place {
            name: moved(place.name),
            json: moved(place.json),
            number: place.number,
        });
        self.all.extend(places);
        let first = others.extras.partition_point(|(index, _)| *index < start);
        let extras = others.extras[first..].iter();
        let extras = extras.take_while(|(index, _)| *index < end);
        self.extras
            .extend(extras.map(|(index, extra)| (index - start + before, extra.clone())));
    }

    /// Takes the last places out, so that this many are left.
    pub(super) fn truncate(&mut self, values: usize) {
        self.all.truncate(values);
        let left = self.extras.partition_point(|(index, _)| *index < values);
        self.extras.truncate(left);
    }

    /// Takes all places out and keeps the memory, unless it is very much.
    pub(super) fn clear(&mut self) {
        self.all.clear();
        self.all.shrink_to(ROOM);
        self.extras.clear();
    }

    pub(super) fn len(&self) -> usize {
        self.all.len()
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &Place> {
        self.all.iter()
    }

    /// The place at an index that is less than the length.
    pub(super) fn at(&self, index: usize) -> Place {
        self.all[index]
    }

    /// Where the value at an index begins in the text, or where the values end.
    pub(super) fn start(&self, index: usize) -> usize {
        index
            .checked_sub(1)
            .map_or(0, |before| self.all[before].json)
    }

    /// The further fields of the value at an index.
    pub(super) fn extra(&self, index: usize) -> &[u8] {
        // Hardly any row has some.
        if self.extras.is_empty() {
            return &[];
        }
        match self.extras.binary_search_by_key(&index, |(at, _)| *at) {
            Ok(found) => &self.extras[found].1,
            Err(_) => &[],
        }
    }
}
