//! Display names for runs that were given none: adjective, noun, number, like `jolly-haze-4`.

/// Words that go with any of [`NOUNS`]; short, kind and easy to tell apart.
const ADJECTIVES: &[&str] = &[
    "able", "airy", "amber", "ample", "apt", "azure", "bold", "brave", "breezy", "bright", "brisk",
    "calm", "candid", "clear", "clever", "cosmic", "cozy", "crimson", "crisp", "curious", "dapper",
    "daring", "deep", "deft", "dewy", "eager", "early", "earnest", "fair", "fancy", "fleet",
    "fluent", "fond", "fresh", "gentle", "gilded", "glad", "golden", "good", "grand", "happy",
    "hardy", "hearty", "honest", "humble", "ivory", "jolly", "keen", "kind", "light", "lilac",
    "lively", "lofty", "loyal", "lucid", "lucky", "lunar", "mellow", "merry", "mild", "mint",
    "misty", "modest", "neat", "nimble", "noble", "patient", "pearly", "placid", "plucky",
    "polite", "proud", "quick", "quiet", "rapid", "rare", "ready", "robust", "rosy", "royal",
    "rustic", "serene", "sharp", "silent", "silver", "smart", "snowy", "solar", "solid", "spry",
    "steady", "still", "sturdy", "sunny", "swift", "tidy", "true", "vivid", "warm", "wise",
    "witty", "zesty",
];

const NOUNS: &[&str] = &[
    "acorn", "arbor", "aurora", "bay", "beacon", "birch", "bloom", "brook", "canyon", "cedar",
    "cliff", "cloud", "clover", "comet", "coral", "cove", "crane", "creek", "dawn", "delta", "dew",
    "dune", "dusk", "eagle", "ember", "falcon", "fern", "field", "fire", "fjord", "flower", "fog",
    "forest", "frost", "galaxy", "garden", "glacier", "glade", "grove", "gull", "harbor", "haze",
    "heron", "hill", "island", "ivy", "jungle", "lagoon", "lake", "leaf", "lily", "lotus", "maple",
    "marsh", "meadow", "mesa", "moon", "moss", "night", "oak", "oasis", "ocean", "orbit",
    "orchard", "otter", "owl", "palm", "peak", "pebble", "pine", "plain", "planet", "pond",
    "prairie", "rain", "reef", "ridge", "river", "robin", "sea", "sky", "snow", "spring", "star",
    "stone", "storm", "stream", "summit", "sun", "surf", "thunder", "tide", "tree", "tulip",
    "valley", "voyage", "water", "wave", "willow", "wind", "wood", "wren",
];

/// Makes a name from two random numbers; `number` tells the project's runs apart.
pub fn generate(random: [u8; 2], number: u64) -> String {
    let adjective = ADJECTIVES[usize::from(random[0]) % ADJECTIVES.len()];
    let noun = NOUNS[usize::from(random[1]) % NOUNS.len()];
    format!("{adjective}-{noun}-{number}")
}

/// The number at the end of a name that [`generate`] may have made.
pub fn number_of(name: &str) -> Option<u64> {
    let (words, number) = name.rsplit_once('-')?;
    let (adjective, noun) = words.split_once('-')?;
    if ADJECTIVES.contains(&adjective) && NOUNS.contains(&noun) {
        number.parse().ok().filter(|number| *number < 1 << 32)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_carry_their_number() {
        let name = generate([46, 41], 4);
        assert_eq!(name, "jolly-haze-4");
        assert_eq!(number_of(&name), Some(4));
        assert_eq!(number_of("my-run-4"), None);
        assert_eq!(number_of("baseline"), None);
    }

    #[test]
    fn words_are_sorted_and_single() {
        for words in [ADJECTIVES, NOUNS] {
            assert!(words.is_sorted() && words.windows(2).all(|pair| pair[0] != pair[1]));
            assert!(
                words
                    .iter()
                    .all(|word| word.bytes().all(|b| b.is_ascii_lowercase()))
            );
        }
    }
}
