//! Mutations of artifacts: making them, what is said about them, aliases, links and uses.

use rusqlite::Connection;
use serde_json::json;

use super::artifacts::{Artifact, Membership};
use super::plain::{Plain, done, id, number};
use super::project::split_name;
use super::query::entity;
use super::run_edits::checked_name;
use super::{Answer, Arguments, Context, Fault, Resolved, some};
use crate::server::meta::artifacts::New;
use crate::server::meta::{artifacts as stored, collections, projects, runs};
use crate::server::now;

pub(super) fn of_id(context: &Context<'_>, id: &str) -> Result<stored::Artifact, Fault> {
    let number = number("Artifact", id)?;
    let found = context.server.meta.read(|db| stored::by_id(db, number))?;
    found.ok_or_else(|| Fault::not_found("artifact"))
}

fn given(context: &Context<'_>, arguments: &Arguments) -> Result<stored::Artifact, Fault> {
    match (arguments.text("artifactID"), arguments.text("clientID")) {
        (None, Some(client_id)) => {
            let found = context
                .server
                .meta
                .read(|db| stored::by_client_id(db, client_id));
            found?.ok_or_else(|| Fault::not_found("artifact"))
        }
        (id, _) => of_id(context, id.unwrap_or_default()),
    }
}

pub(super) fn artifact_payload(context: &Context<'_>, id: i64) -> Resolved {
    let found = context.server.meta.read(|db| stored::by_id(db, id))?;
    some(Plain::answer(
        "Payload",
        vec![("artifact", Answer::maybe(found.map(Artifact)))],
    ))
}

/// `createArtifact`.
pub(super) fn create(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let entity = entity(context, arguments);
    let project = checked_name("project", arguments.required("projectName")?)?;
    let kind = arguments.required("artifactTypeName")?;
    let names = arguments
        .texts("artifactCollectionNames")
        .unwrap_or_default();
    let name = arguments
        .text("artifactCollectionName")
        .or(names.first().map(String::as_str));
    let name =
        name.ok_or_else(|| Fault::invalid("argument \"artifactCollectionName\" is missing"))?;
    let aliases: Vec<&str> = arguments
        .list("aliases")
        .iter()
        .filter_map(|alias| alias["alias"].as_str())
        .collect();
    let tags: Vec<&str> = arguments
        .list("tags")
        .iter()
        .filter_map(|tag| tag["tagName"].as_str())
        .collect();
    let digest = arguments.text("digest").unwrap_or_default();
    if let Some(region) = arguments
        .text("storageRegion")
        .filter(|region| !region.is_empty())
    {
        return Err(Fault::invalid(format!(
            "storage region {region:?} is not available: this server has one place for all"
        )));
    }
    let distributed = arguments.text("distributedID");
    let id = context.server.meta.write(|db| {
        let (project, _) = projects::ensure(db, checked_name("entity", &entity)?, project, now())?;
        let collection = collections::ensure(db, project.id, kind, name, false, now())?;
        if collection.kind != kind {
            return Err(Fault::invalid(format!(
                "artifact {name} is of type {}, not {kind}: its versions have one type",
                collection.kind
            )));
        }
        if collection.portfolio {
            return Err(Fault::invalid(format!(
                "{name} is a portfolio: artifacts can only be linked to it"
            )));
        }
        let run = match arguments.text("runName") {
            Some(run) => runs::find(db, project.id, run)?.map(|run| run.id),
            None => None,
        };
        if arguments.flag("enableDigestDeduplication")
            && let Some(same) = stored::with_digest(db, collection.id, digest)?
        {
            for alias in &aliases {
                collections::set_alias(db, collection.id, alias, same.id)?;
            }
            if let Some(run) = run {
                stored::add_output(db, run, same.id)?;
            }
            return Ok(same.id);
        }
        if let Some(distributed) = distributed
            && let Some(open) = stored::distributed(db, collection.id, distributed)?
        {
            return Ok(open.id);
        }
        let new = New {
            collection: collection.id,
            digest,
            description: arguments.text("description"),
            metadata: arguments.text("metadata"),
            tags: &json!(tags).to_string(),
            aliases: &json!(aliases).to_string(),
            run,
            user: context.user.id,
            client_id: arguments.text("clientID"),
            sequence_client_id: arguments.text("sequenceClientID"),
            distributed_id: distributed,
            history_step: arguments.integer("historyStep"),
            ttl: arguments.integer("ttlDurationSeconds"),
            now: now(),
        };
        Ok(stored::create(db, &new)?)
    })?;
    artifact_payload(context, id)
}

/// `updateArtifact`: what is said about an artifact.
pub(super) fn update(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let artifact = of_id(context, arguments.required("artifactID")?)?;
    let names = |name: &str| -> Vec<String> {
        let tags = arguments
            .list(name)
            .iter()
            .filter_map(|tag| tag["tagName"].as_str());
        tags.map(str::to_owned).collect()
    };
    let (add, remove) = (names("tagsToAdd"), names("tagsToDelete"));
    let mut tags: Vec<String> = serde_json::from_str(&artifact.tags).unwrap_or_default();
    tags.retain(|tag| !remove.contains(tag) && !add.contains(tag));
    tags.extend(add);
    let ttl = arguments
        .integer("ttlDurationSeconds")
        .map(|ttl| (ttl >= 0).then_some(ttl));
    context.server.meta.write(|db| {
        let tags = json!(tags).to_string();
        let text = |name| arguments.text(name);
        stored::change(
            db,
            artifact.id,
            text("description"),
            text("metadata"),
            Some(&tags),
            ttl,
            now(),
        )?;
        for alias in arguments.list("aliases") {
            if let Some(alias) = alias["alias"].as_str() {
                collections::set_alias(db, artifact.collection, alias, artifact.id)?;
            }
        }
        Ok::<_, rusqlite::Error>(())
    })?;
    artifact_payload(context, artifact.id)
}

/// `deleteArtifact`: an artifact with aliases is only deleted if these may go, too.
pub(super) fn delete(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let artifact = of_id(context, arguments.required("artifactID")?)?;
    let digests = context.server.meta.write(|db| {
        let aliases = collections::aliases(db, artifact.id)?;
        if !aliases.is_empty() && !arguments.flag("deleteAliases") {
            return Err(Fault::new(
                409,
                "cannot delete an artifact that has aliases; delete these first, or with it (delete_aliases=True)",
            ));
        }
        let entries = stored::entries(db, artifact.id)?.into_iter().filter_map(|entry| entry.md5);
        let mut digests: Vec<String> = entries.collect();
        digests.extend(stored::manifests(db, artifact.id)?.into_iter().filter_map(|one| one.md5));
        stored::delete(db, artifact.id, now())?;
        // The newest version that is left is the latest one now.
        if let Some(newest) = collections::members(db, artifact.collection)?.first() {
            collections::set_alias(db, artifact.collection, "latest", newest.artifact)?;
        }
        Ok(digests)
    })?;
    context.server.sweep_blobs(&digests)?;
    let answer = Plain::answer("Artifact", vec![("id", id("Artifact", artifact.id).into())]);
    some(Plain::answer("Payload", vec![("artifact", answer)]))
}

/// `useArtifact`: a run uses an artifact.
pub(super) fn use_artifact(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let artifact = of_id(context, arguments.required("artifactID")?)?;
    let run = super::run_edits::named(context, arguments)?;
    context
        .server
        .meta
        .write(|db| stored::add_use(db, run.id, artifact.id, arguments.text("usedAs")))?;
    artifact_payload(context, artifact.id)
}

/// `linkArtifact`: an artifact becomes a member of a portfolio, too.
pub(super) fn link(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let artifact = given(context, arguments)?;
    let entity = entity(context, arguments);
    let project = checked_name("project", arguments.required("projectName")?)?;
    let name = arguments.required("artifactPortfolioName")?;
    let member = context.server.meta.write(|db| {
        let (project, _) = projects::ensure(db, checked_name("entity", &entity)?, project, now())?;
        let own = collections::by_id(db, artifact.collection)?;
        let kind = own.map(|own| own.kind).unwrap_or_default();
        let portfolio = collections::ensure(db, project.id, &kind, name, true, now())?;
        if !portfolio.portfolio {
            return Err(Fault::invalid(format!(
                "{name} is an artifact of this project: link to another name"
            )));
        }
        let member = collections::add_member(db, portfolio.id, artifact.id, now())?;
        let aliases = arguments
            .list("aliases")
            .iter()
            .filter_map(|alias| alias["alias"].as_str());
        for alias in aliases.chain(["latest"]) {
            collections::set_alias(db, portfolio.id, alias, artifact.id)?;
        }
        Ok(member)
    })?;
    some(Plain::answer(
        "LinkArtifactPayload",
        vec![
            ("versionIndex", member.version.into()),
            ("artifactMembership", Answer::object(Membership(member))),
        ],
    ))
}

/// `unlinkArtifact`.
pub(super) fn unlink(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let artifact = given(context, arguments)?;
    let portfolio = number("Collection", arguments.required("artifactPortfolioID")?)?;
    context
        .server
        .meta
        .write(|db| collections::remove_member(db, portfolio, artifact.id))?;
    done()
}

/// Each alias of a mutation with the collection in which it is meant.
fn aliases(context: &Context<'_>, arguments: &Arguments) -> Result<Vec<(i64, String)>, Fault> {
    let mut found = Vec::new();
    for alias in arguments.list("aliases") {
        let text = |name: &str| alias[name].as_str().unwrap_or_default();
        let (name, _) = split_name(text("artifactCollectionName"));
        let collection = context
            .server
            .meta
            .read(|db| collections::find_in(db, text("entityName"), text("projectName"), name))?;
        let collection = collection.ok_or_else(|| Fault::not_found("artifact collection"))?;
        found.push((collection.id, text("alias").to_owned()));
    }
    Ok(found)
}

/// `addAliases`.
pub(super) fn add_aliases(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    change_aliases(context, arguments, collections::set_alias)
}

/// `deleteAliases`.
pub(super) fn delete_aliases(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    change_aliases(context, arguments, collections::remove_alias)
}

fn change_aliases(
    context: &Context<'_>,
    arguments: &Arguments,
    change: fn(&Connection, i64, &str, i64) -> rusqlite::Result<()>,
) -> Resolved {
    let artifact = of_id(context, arguments.required("artifactID")?)?;
    let aliases = aliases(context, arguments)?;
    context.server.meta.write(|db| {
        aliases
            .iter()
            .try_for_each(|(collection, alias)| change(db, *collection, alias, artifact.id))
    })?;
    done()
}
