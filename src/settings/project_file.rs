//! `.wandb-rs.toml`: how metrics are found in the output of this project's scripts.
//!
//! ```toml
//! [parse]
//! enabled = true
//! rank = 0                     # or "all"
//! include = ["*"]
//! ignore = ["lr", "debug/*"]
//! patterns = ['Epoch (?P<epoch>\d+).*f1=(?P<f1>\S+)']
//!
//! [parse.metrics]
//! val_loss = 'validation loss is (\S+)'
//! ```

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::{Path, PathBuf};

use serde::Deserialize;
use toml::Spanned;

use crate::parse::options::{Builder, Ranks};

/// The file's name.
pub const NAME: &str = ".wandb-rs.toml";

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct Content {
    #[serde(default)]
    parse: Parse,
}

#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
struct Parse {
    enabled: Option<bool>,
    rank: Option<Spanned<toml::Value>>,
    include: Vec<String>,
    ignore: Vec<String>,
    patterns: Vec<Spanned<String>>,
    metrics: BTreeMap<String, Spanned<String>>,
}

/// A mistake in the file, with its place.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{line}:{column}: {reason}")]
pub struct ProjectFileError {
    /// From 1.
    pub line: usize,
    /// In characters, from 1.
    pub column: usize,
    pub reason: String,
}

/// The file that holds in a directory: there, or in the nearest directory above it; a git repository's root is the last
/// one that is looked at.
pub fn find(directory: &Path) -> Option<PathBuf> {
    for directory in directory.ancestors() {
        let file = directory.join(NAME);
        if file.is_file() {
            return Some(file);
        }
        if directory.join(".git").exists() {
            return None;
        }
    }
    None
}

/// Adds the file's rules to `builder`; says whether output is to be searched at all.
pub fn read(text: &str, builder: &mut Builder) -> Result<bool, ProjectFileError> {
    let content: Content =
        toml::from_str(text).map_err(|error| fault(text, error.span(), error.message()))?;
    let rules = content.parse;
    if let Some(rank) = rules.rank {
        let ranks = match rank.get_ref() {
            toml::Value::Integer(n) => n.to_string().parse::<Ranks>(),
            toml::Value::String(text) => text.parse(),
            _ => Err("rank: expected a number or \"all\"".to_owned()),
        };
        builder.ranks(ranks.map_err(|reason| fault(text, Some(rank.span()), &reason))?);
    }
    for glob in &rules.include {
        builder.include(glob);
    }
    for glob in &rules.ignore {
        builder.ignore(glob);
    }
    for pattern in rules.patterns {
        builder
            .pattern(pattern.get_ref())
            .map_err(|reason| fault(text, Some(pattern.span()), &reason))?;
    }
    for (name, pattern) in rules.metrics {
        builder
            .metric(&name, pattern.get_ref())
            .map_err(|reason| fault(text, Some(pattern.span()), &reason))?;
    }
    Ok(rules.enabled.unwrap_or(true))
}

fn fault(text: &str, span: Option<Range<usize>>, reason: &str) -> ProjectFileError {
    let before = text
        .get(..span.map_or(0, |span| span.start))
        .unwrap_or_default();
    let line_start = before.rfind('\n').map_or(0, |at| at + 1);
    ProjectFileError {
        line: before.matches('\n').count() + 1,
        column: before[line_start..].chars().count() + 1,
        reason: reason.replace('\n', " "),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(text: &str) -> String {
        read(text, &mut Builder::default()).unwrap_err().to_string()
    }

    #[test]
    fn rules_are_read() {
        let mut builder = Builder::default();
        let text = "[parse]\nrank = \"all\"\nignore = [\"lr\"]\npatterns = ['f1=(?P<f1>\\S+)']\n[parse.metrics]\n\"val/loss\" = 'is (\\S+)'\n";
        assert!(read(text, &mut builder).unwrap());
        let options = builder.build();
        assert_eq!(options.ranks, Ranks::All);
        assert!(!options.wants("lr"));
        assert_eq!(options.metrics("it is 5")[0].0, "val/loss");
        assert!(!read("[parse]\nenabled = false", &mut Builder::default()).unwrap());
        assert!(read("", &mut Builder::default()).unwrap());
    }

    #[test]
    fn mistakes_are_told_with_their_place() {
        let text = error("[parse]\npatterns = [\n  'ok(?P<a>.)',\n  'x(',\n]\n");
        assert!(
            text.starts_with("4:3: pattern \"x(\": unclosed group"),
            "{text}"
        );
        let text = error("[parse]\nrnak = 1\n");
        assert!(text.starts_with("2:1: unknown field `rnak`"), "{text}");
        let text = error("[parse\n");
        assert!(text.starts_with("1:7: "), "{text}");
        let text = error("[parse]\nrank = \"some\"\n");
        assert_eq!(text, "2:8: rank \"some\": expected a number or \"all\"");
    }

    #[test]
    fn the_nearest_file_up_to_the_repository_holds() {
        let root = tempfile::tempdir().unwrap();
        let deep = root.path().join("repo/a/b");
        std::fs::create_dir_all(&deep).unwrap();
        std::fs::write(root.path().join(NAME), "").unwrap();
        assert_eq!(find(&deep), Some(root.path().join(NAME)));
        std::fs::create_dir(root.path().join("repo/.git")).unwrap();
        assert_eq!(find(&deep), None);
        std::fs::write(root.path().join("repo/a").join(NAME), "").unwrap();
        assert_eq!(find(&deep), Some(root.path().join("repo/a").join(NAME)));
    }
}
