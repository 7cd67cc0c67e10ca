//! Files of runs and artifacts, as clients see them.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use regex::Regex;
use serde_json::Value;

use super::plain::{Plain, id, number, page, range, time};
use super::{Answer, Arguments, Context, Fault, Resolved, run_edits, some};
use crate::server::links::{Access, Target};
use crate::server::meta::{artifacts, files, runs};
use crate::server::{Failure, now, storage};
use crate::wire::hex;

/// The files of a run: `files(names, after, first, pattern)`.
pub(super) fn of_run(
    context: &Context<'_>,
    run: &runs::Run,
    arguments: &Arguments,
) -> Result<Answer, Fault> {
    let found = context.server.meta.read(|db| files::all(db, run.id));
    let names: Vec<String> = arguments
        .texts("names")
        .unwrap_or_default()
        .iter()
        .map(|name| storage::normal_name(name))
        .collect();
    let pattern = arguments.text("pattern").unwrap_or_default();
    let like = like(pattern);
    let chosen: Vec<files::File> = found?
        .into_iter()
        .filter(|file| names.is_empty() || names.contains(&file.name))
        .filter(|file| {
            let fits = like.as_ref().is_some_and(|like| like.is_match(&file.name));
            pattern.is_empty() || fits
        })
        .collect();
    let total = chosen.len();
    let range = range(arguments, total, 50);
    let nodes: Vec<_> = chosen[range.clone()]
        .iter()
        .map(|file| (node(context, file), Vec::new()))
        .collect();
    Ok(page(range, total, nodes))
}

/// A pattern of SQL: `%` is anything, `_` any one letter. `None` if it is too long: nothing fits it.
fn like(pattern: &str) -> Option<Regex> {
    let expression: String = pattern
        .chars()
        .map(|letter| match letter {
            '%' => ".*".to_owned(),
            '_' => ".".to_owned(),
            other => regex::escape(&other.to_string()),
        })
        .collect();
    Regex::new(&format!("(?is)^{expression}$")).ok()
}

fn node(context: &Context<'_>, file: &files::File) -> Answer {
    let links = &context.server.links;
    let blob = Target::Blob {
        md5: file.md5.clone(),
        name: file.name.clone(),
    };
    let url = links.sign(context.base, Access::Download, &blob, now());
    Plain::answer(
        "File",
        vec![
            ("id", id("File", file.id).into()),
            ("name", file.name.as_str().into()),
            ("displayName", file.name.as_str().into()),
            ("url", url.as_str().into()),
            ("directUrl", url.as_str().into()),
            ("sizeBytes", file.size.into()),
            ("mimetype", storage::mime_type(&file.name).into()),
            ("updatedAt", time(file.updated).into()),
            ("md5", base64_of(&file.md5).into()),
            ("digest", base64_of(&file.md5).into()),
            ("storagePath", file.name.as_str().into()),
        ],
    )
}

/// A file of an artifact.
pub(super) fn entry(
    context: &Context<'_>,
    artifact: &artifacts::Artifact,
    entry: &artifacts::Entry,
) -> Answer {
    let url = match (&entry.reference, &entry.md5) {
        (Some(reference), _) => reference.clone(),
        (None, Some(md5)) => {
            let target = Target::Blob {
                md5: md5.clone(),
                name: entry.path.clone(),
            };
            context
                .server
                .links
                .sign(context.base, Access::Download, &target, now())
        }
        (None, None) => String::new(),
    };
    let md5 = entry
        .md5
        .as_deref()
        .map_or(Answer::NULL, |md5| base64_of(md5).into());
    Plain::answer(
        "File",
        vec![
            (
                "id",
                STANDARD
                    .encode(format!("Entry:{}:{}", artifact.id, entry.path))
                    .into(),
            ),
            ("name", entry.path.as_str().into()),
            ("displayName", entry.path.as_str().into()),
            ("url", url.as_str().into()),
            ("directUrl", url.as_str().into()),
            ("sizeBytes", entry.size.into()),
            (
                "storagePath",
                format!("wandb_artifacts/{}/{}", artifact.id, entry.path).into(),
            ),
            ("mimetype", storage::mime_type(&entry.path).into()),
            ("updatedAt", time(artifact.updated).into()),
            ("digest", entry.digest.as_str().into()),
            ("md5", md5),
        ],
    )
}

/// A digest as artifacts name it: base64 instead of hexadecimal.
pub(crate) fn base64_of(md5: &str) -> String {
    STANDARD.encode(hex::decode(md5).unwrap_or_default())
}

/// The opposite of [`base64_of`]; `None` if it is no digest.
pub(super) fn hex_of(digest: &str) -> Option<String> {
    let bytes = STANDARD
        .decode(digest)
        .ok()
        .filter(|bytes| bytes.len() == 16)?;
    Some(hex::encode(&bytes))
}

/// `createRunFiles`: where the files of a run go.
pub(super) fn create(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let run = run_edits::named(context, arguments)?;
    let names = arguments.texts("files").unwrap_or_default();
    let mut places = Vec::new();
    for given in &names {
        let name = storage::normal_name(given);
        if name.is_empty() {
            return Err(Fault::invalid(format!(
                "{given:?} is not the name of a file within a run"
            )));
        }
        let target = Target::RunFile { run: run.id, name };
        let url = context
            .server
            .links
            .sign(context.base, Access::Upload, &target, now());
        places.push(Plain::answer(
            "File",
            vec![
                ("name", given.as_str().into()),
                ("uploadUrl", url.into()),
                ("id", Answer::NULL),
            ],
        ));
    }
    some(Plain::answer(
        "CreateRunFilesPayload",
        vec![
            ("runID", super::run::storage_id(run.id).into()),
            ("uploadHeaders", Value::Array(Vec::new()).into()),
            ("files", Answer::List(places)),
        ],
    ))
}

/// `deleteFiles`.
pub(super) fn delete(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let ids = arguments.texts("files").unwrap_or_default();
    let ids: Result<Vec<i64>, Fault> = ids.iter().map(|id| number("File", id)).collect();
    let ids = ids?;
    let digests = context.server.meta.write(|db| {
        let mut digests = Vec::new();
        for id in &ids {
            let mut statement =
                db.prepare_cached("SELECT md5 FROM files WHERE id = ?1 AND md5 IS NOT NULL")?;
            let found = statement.query_map([id], |row| row.get::<_, String>(0))?;
            digests.extend(found.collect::<Result<Vec<_>, _>>()?);
        }
        files::delete(db, &ids)?;
        Ok::<_, Failure>(digests)
    })?;
    context.server.sweep_blobs(&digests)?;
    super::plain::done()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn patterns_are_those_of_sql() {
        let is_like = |text: &str, pattern: &str| like(pattern).unwrap().is_match(text);
        assert!(is_like("media/images/a.png", "media/%.png"));
        assert!(is_like("a.b", "_.b") && !is_like("axb", "_.b"));
        assert!(!is_like("x/media/a", "media/%"));
    }

    #[test]
    fn digests_have_two_forms() {
        let md5 = "5d41402abc4b2a76b9719d911017c592";
        assert_eq!(base64_of(md5), "XUFAKrxLKna5cZ2REBfFkg==");
        assert_eq!(hex_of("XUFAKrxLKna5cZ2REBfFkg==").as_deref(), Some(md5));
        assert_eq!(hex_of("https://example.com"), None);
    }
}
