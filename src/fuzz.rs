//! Everything that takes bytes from outside, each as a function of bytes: it must neither panic nor hang, whatever they
//! are, and uses memory in proportion to them.
//!
//! `fuzz/` runs them under libFuzzer, `cargo test` over the committed inputs in `fuzz/corpus`.

use crate::{api, parse, server, settings, term, upload, wire};

/// A function under test.
pub type Target = fn(&[u8]);

/// All of them, by name.
pub const TARGETS: &[(&str, Target)] = &[
    ("answer", api::graphql::fuzz_answer),
    ("document", server::graphql::fuzz_document),
    ("filter", server::filter::text::fuzz_filter),
    ("fold", upload::fold::fuzz_fold),
    ("frame", wire::frame::fuzz_frame),
    ("ingest", server::ingest::fuzz_ingest),
    ("ini", ini),
    ("json", wire::json::fuzz_json),
    ("jsonl", wire::jsonl::fuzz_jsonl),
    ("log", wire::log::fuzz_log),
    ("mongo", server::filter::mongo::fuzz_filter),
    ("netrc", netrc),
    ("project-file", project_file),
    ("rewrite", wire::graphql::rewrite::fuzz_rewrite),
    ("row", wire::row::fuzz_row),
    ("sdk", sdk),
    ("stdout", parse::fuzz_parse),
    ("terminal", term::fuzz_term),
    ("yaml", yaml),
];

/// Gives bytes to the target of this name.
///
/// # Panics
/// If there is no such target.
pub fn run(name: &str, input: &[u8]) {
    let found = TARGETS.iter().find(|(known, _)| *known == name);
    let (_, target) = found.unwrap_or_else(|| panic!("no target {name}"));
    target(input);
}

fn with_text(input: &[u8], take: impl FnOnce(&str)) {
    if let Ok(text) = std::str::from_utf8(input) {
        take(text);
    }
}

fn ini(input: &[u8]) {
    with_text(input, |text| {
        if settings::ini::parse(text).is_ok() {
            // What can be read can be changed, and read again.
            let changed = settings::ini::with(text, "entity", Some("me")).unwrap_or_default();
            assert!(settings::ini::parse(&changed).is_ok(), "{changed:?}");
        }
    });
}

fn netrc(input: &[u8]) {
    with_text(input, |text| {
        let readable = settings::netrc::parse(text).is_ok();
        let changed = settings::netrc::with_key(text, "host:80", &"k".repeat(40));
        if readable {
            let entries = settings::netrc::parse(&changed);
            let found = entries
                .as_deref()
                .is_ok_and(|entries| settings::netrc::find(entries, "host:80").is_some());
            assert!(found, "{changed:?}");
        }
        let _ = settings::netrc::without(text, "host:80");
    });
}

fn project_file(input: &[u8]) {
    with_text(input, |text| {
        let _ = settings::project_file::read(text, &mut parse::options::Builder::default());
    });
}

fn sdk(input: &[u8]) {
    let _ = wire::sdk::decode(input, &mut wire::sdk::Rows::default());
    let _ = wire::sdk::id_of(input);
}

fn yaml(input: &[u8]) {
    with_text(input, |text| {
        let _ = settings::config_file::parse(text);
    });
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;
    use std::path::Path;

    use super::*;

    #[test]
    fn the_committed_inputs_do_no_harm() {
        let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/corpus");
        let mut seen = BTreeSet::new();
        for (name, target) in TARGETS {
            for entry in std::fs::read_dir(corpus.join(name)).into_iter().flatten() {
                let path = entry.unwrap().path();
                target(&std::fs::read(&path).unwrap());
                seen.insert(*name);
            }
        }
        let all: BTreeSet<_> = TARGETS.iter().map(|(name, _)| *name).collect();
        assert_eq!(seen, all, "each target has inputs");
    }

    #[test]
    fn each_target_has_a_program() {
        let programs = Path::new(env!("CARGO_MANIFEST_DIR")).join("fuzz/fuzz_targets");
        for (name, _) in TARGETS {
            let text = std::fs::read_to_string(programs.join(format!("{name}.rs"))).unwrap();
            assert!(text.contains(&format!("\"{name}\"")), "{name}");
        }
    }
}
