//! Artifacts and their places in collections.

use serde_json::Value;

use super::collections::{Collection, Kind, tags};
use super::plain::{Plain, connection, id, optional, page, range, time};
use super::run::Run;
use super::{Answer, Arguments, Context, Fault, Object, Resolved, files, some};
use crate::server::links::{Access, Target};
use crate::server::meta::{artifacts, collections, runs, users};
use crate::server::now;

/// An artifact: one version of a sequence.
#[derive(Clone)]
pub(super) struct Artifact(pub(super) artifacts::Artifact);

/// An artifact's place in a collection.
#[derive(Clone, Copy)]
pub(super) struct Membership(pub(super) collections::Membership);

/// An alias, with the collection in which it names something.
struct Alias(collections::Alias);

pub(super) fn alias(alias: collections::Alias) -> Answer {
    Answer::object(Alias(alias))
}

fn collection(context: &Context<'_>, id: i64) -> Result<Collection, Fault> {
    let found = context.server.meta.read(|db| collections::by_id(db, id));
    found?
        .map(Collection)
        .ok_or_else(|| Fault::not_found("artifact collection"))
}

impl Object for Alias {
    fn kind(&self) -> &'static str {
        "ArtifactAlias"
    }

    fn field(&self, context: &Context<'_>, name: &str, _: &Arguments) -> Resolved {
        some(match name {
            "id" => id("ArtifactAlias", self.0.id).into(),
            "alias" => Answer::from(self.0.name.as_str()),
            "artifactCollection" => Answer::object(collection(context, self.0.collection)?),
            "artifactCollectionName" => {
                Answer::from(collection(context, self.0.collection)?.0.name)
            }
            _ => return Ok(None),
        })
    }
}

impl Membership {
    pub(super) fn artifact(self, context: &Context<'_>) -> Result<Option<Artifact>, Fault> {
        let found = context
            .server
            .meta
            .read(|db| artifacts::by_id(db, self.0.artifact));
        Ok(found?.map(Artifact))
    }
}

impl Object for Membership {
    fn kind(&self) -> &'static str {
        "ArtifactCollectionMembership"
    }

    fn field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved {
        some(match name {
            "id" => id("Membership", self.0.id).into(),
            "versionIndex" => self.0.version.into(),
            "createdAt" => time(self.0.created).into(),
            "artifactCollection" => Answer::object(collection(context, self.0.collection)?),
            "artifact" => Answer::maybe(self.artifact(context)?),
            "aliases" => {
                let found = context
                    .server
                    .meta
                    .read(|db| collections::aliases(db, self.0.artifact));
                let here = found?.into_iter();
                let here = here.filter(|alias| alias.collection == self.0.collection);
                Answer::List(here.map(alias).collect())
            }
            "files" => match self.artifact(context)? {
                Some(artifact) => artifact.files(context, arguments)?,
                None => Answer::NULL,
            },
            _ => return Ok(None),
        })
    }
}

impl Artifact {
    fn files(&self, context: &Context<'_>, arguments: &Arguments) -> Result<Answer, Fault> {
        let mut entries = context
            .server
            .meta
            .read(|db| artifacts::entries(db, self.0.id))?;
        let names = arguments.texts("names").unwrap_or_default();
        if !names.is_empty() {
            entries.retain(|entry| names.contains(&entry.path));
        }
        let total = entries.len();
        let range = range(arguments, total, 50);
        let nodes: Vec<_> = entries[range.clone()]
            .iter()
            .map(|entry| (files::entry(context, &self.0, entry), Vec::new()))
            .collect();
        Ok(page(range, total, nodes))
    }

    /// The files that a client names by their digests, in its order.
    fn files_by_entries(&self, context: &Context<'_>, arguments: &Arguments) -> Answer {
        let wanted = arguments.list("entries");
        let nodes: Vec<_> = wanted
            .iter()
            .map(|given| {
                let text = |name: &str| given[name].as_str().unwrap_or_default().to_owned();
                let digest = text("digest");
                let entry = artifacts::Entry {
                    path: text("name"),
                    md5: files::hex_of(&digest),
                    digest,
                    size: 0,
                    reference: None,
                };
                (files::entry(context, &self.0, &entry), Vec::new())
            })
            .collect();
        page(0..nodes.len(), wanted.len(), nodes)
    }

    fn manifest(&self, context: &Context<'_>) -> Result<Answer, Fault> {
        let found = context
            .server
            .meta
            .read(|db| artifacts::manifests(db, self.0.id));
        let found = found?;
        Ok(found.last().map_or(Answer::NULL, |manifest| {
            self::manifest(context, manifest, None)
        }))
    }

    fn creator(&self, context: &Context<'_>) -> Result<Answer, Fault> {
        let server = context.server;
        let run = match self.0.run {
            Some(run) => server.meta.read(|db| runs::by_id(db, run))?,
            None => None,
        };
        Ok(if let Some(run) = run {
            Answer::object(Run(run))
        } else {
            let user = server.meta.read(|db| users::by_id(db, self.0.user));
            Answer::object(user?)
        })
    }

    fn users(&self, context: &Context<'_>, arguments: &Arguments) -> Result<Answer, Fault> {
        let runs: rusqlite::Result<Vec<_>> = context.server.meta.read(|db| {
            let ids = artifacts::users_of(db, self.0.id)?;
            ids.into_iter()
                .filter_map(|id| runs::by_id(db, id).transpose())
                .collect()
        });
        let runs = runs?.into_iter();
        Ok(connection(
            arguments,
            runs.map(|run| Answer::object(Run(run))).collect(),
        ))
    }

    fn version(&self, context: &Context<'_>) -> Result<Option<i64>, Fault> {
        let places = context
            .server
            .meta
            .read(|db| collections::places(db, self.0.id));
        let own = places?
            .into_iter()
            .find(|place| place.collection == self.0.collection);
        Ok(own.map(|place| place.version))
    }
}

/// A manifest; with the address to which its content goes if that is asked for.
pub(super) fn manifest(
    context: &Context<'_>,
    manifest: &artifacts::Manifest,
    upload_url: Option<String>,
) -> Answer {
    let links = &context.server.links;
    let url = manifest.md5.as_ref().map(|md5| {
        let target = Target::Blob {
            md5: md5.clone(),
            name: "wandb_manifest.json".to_owned(),
        };
        links.sign(context.base, Access::Download, &target, now())
    });
    let file = Plain::answer(
        "File",
        vec![
            ("id", id("ManifestFile", manifest.id).into()),
            ("name", "wandb_manifest.json".into()),
            ("displayName", "wandb_manifest.json".into()),
            ("directUrl", url.map_or(Answer::NULL, Answer::from)),
            ("uploadUrl", upload_url.map_or(Answer::NULL, Answer::from)),
            ("uploadHeaders", Value::Array(Vec::new()).into()),
            ("sizeBytes", manifest.size.into()),
        ],
    );
    Plain::answer(
        "ArtifactManifest",
        vec![("id", id("Manifest", manifest.id).into()), ("file", file)],
    )
}

impl Object for Artifact {
    fn kind(&self) -> &'static str {
        "Artifact"
    }

    fn field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved {
        let artifact = &self.0;
        let server = context.server;
        some(match name {
            "id" => id("Artifact", artifact.id).into(),
            "state" => Answer::from(artifact.state.as_str()),
            "digest" => Answer::from(artifact.digest.as_str()),
            "digestAlgorithm" => Answer::from("MANIFEST_MD5"),
            "description" => artifact
                .description
                .as_deref()
                .map_or(Answer::NULL, Answer::from),
            "metadata" => artifact
                .metadata
                .as_deref()
                .map_or(Answer::NULL, Answer::from),
            "tags" => Answer::List(tags(&artifact.tags)),
            "historyStep" => artifact.history_step.into(),
            "ttlDurationSeconds" => artifact.ttl.unwrap_or(-1).into(),
            "ttlIsInherited" => artifact.ttl.is_none().into(),
            "commitHash" => optional(artifact.commit_hash.as_deref()),
            "size" => artifact.size.into(),
            "fileCount" => artifact.file_count.into(),
            "createdAt" => time(artifact.created).into(),
            "updatedAt" => time(artifact.updated).into(),
            "versionIndex" => self.version(context)?.into(),
            "artifactSequence" => Answer::object(collection(context, artifact.collection)?),
            "artifactType" => {
                Answer::object(Kind::of(&collection(context, artifact.collection)?.0))
            }
            "aliases" => {
                let found = server.meta.read(|db| collections::aliases(db, artifact.id));
                Answer::List(found?.into_iter().map(alias).collect())
            }
            "artifactMemberships" => {
                let places = server.meta.read(|db| collections::places(db, artifact.id));
                let places = places?.into_iter();
                connection(
                    arguments,
                    places.map(|one| Answer::object(Membership(one))).collect(),
                )
            }
            "currentManifest" => self.manifest(context)?,
            "files" => self.files(context, arguments)?,
            "filesByManifestEntries" => self.files_by_entries(context, arguments),
            "createdBy" => self.creator(context)?,
            "usedBy" => self.users(context, arguments)?,
            "usedCount" => {
                let users = server.meta.read(|db| artifacts::users_of(db, artifact.id));
                users?.len().into()
            }
            _ => return Ok(None),
        })
    }
}
