//! Collections of artifacts, their types, and mutations of them.

use std::cmp::Ordering;

use serde_json::Value;

use super::artifacts::{Artifact, Membership};
use super::plain::{Plain, connection, done, id, number, page, range, time};
use super::project::Project;
use super::{Answer, Arguments, Context, Fault, Object, Resolved, some};
use crate::server::meta::{artifacts, collections, projects};
use crate::server::{Failure, now};

/// A collection.
#[derive(Clone)]
pub(super) struct Collection(pub(super) collections::Collection);

/// A type of artifacts within a project.
#[derive(Clone)]
pub(super) struct Kind {
    project: i64,
    pub(super) name: String,
    pub(super) created: f64,
}

impl Kind {
    pub(super) fn of(collection: &collections::Collection) -> Self {
        Self {
            project: collection.project,
            name: collection.kind.clone(),
            created: collection.created,
        }
    }
}

impl Object for Kind {
    fn kind(&self) -> &'static str {
        "ArtifactType"
    }

    fn field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved {
        some(match name {
            "id" => Answer::from(format!("ArtifactType:{}:{}", self.project, self.name)),
            "name" => Answer::from(self.name.as_str()),
            "description" => Answer::NULL,
            "createdAt" => time(self.created).into(),
            "artifactCollections" => list(context, self.project, Some(&self.name), arguments)?,
            "artifactCollection" => {
                let wanted = arguments.required("name")?;
                let found = context
                    .server
                    .meta
                    .read(|db| collections::find(db, self.project, wanted))?;
                let found = found.filter(|collection| collection.kind == self.name);
                Answer::maybe(found.map(Collection))
            }
            _ => return Ok(None),
        })
    }
}

/// The collections of a project: `artifactCollections(after, first, filters, order)`.
pub(super) fn list(
    context: &Context<'_>,
    project: i64,
    kind: Option<&str>,
    arguments: &Arguments,
) -> Result<Answer, Fault> {
    let mut found = context
        .server
        .meta
        .read(|db| collections::all(db, project, kind))?;
    if let Some(filters) = arguments.text("filters") {
        let filters: Value = serde_json::from_str(filters)
            .map_err(|error| Fault::invalid(format!("filters are not JSON: {error}")))?;
        found.retain(|collection| fits(collection, &filters));
    }
    order(&mut found, arguments.text("order").unwrap_or_default());
    Ok(connection(
        arguments,
        found
            .into_iter()
            .map(|one| Answer::object(Collection(one)))
            .collect(),
    ))
}

/// Whether a collection fits conditions such as `{"name": {"$regex": "a.*"}}`.
fn fits(collection: &collections::Collection, filters: &Value) -> bool {
    let Some(conditions) = filters.as_object() else {
        return true;
    };
    conditions
        .iter()
        .all(|(key, condition)| match key.as_str() {
            "$and" => condition
                .as_array()
                .is_none_or(|all| all.iter().all(|one| fits(collection, one))),
            "$or" => condition
                .as_array()
                .is_none_or(|any| any.iter().any(|one| fits(collection, one))),
            "name" => is(&collection.name, condition),
            "type" | "artifactType" => is(&collection.kind, condition),
            "tag" | "tags" => {
                let tags: Vec<String> = serde_json::from_str(&collection.tags).unwrap_or_default();
                tags.iter().any(|tag| is(tag, condition))
            }
            _ => true,
        })
}

fn is(text: &str, condition: &Value) -> bool {
    match condition {
        Value::String(wanted) => text == wanted,
        Value::Object(operators) => {
            operators
                .iter()
                .all(|(operator, value)| match operator.as_str() {
                    "$eq" => value.as_str() == Some(text),
                    "$ne" => value.as_str() != Some(text),
                    "$in" => value
                        .as_array()
                        .is_some_and(|list| list.iter().any(|one| one.as_str() == Some(text))),
                    "$nin" => value
                        .as_array()
                        .is_none_or(|list| list.iter().all(|one| one.as_str() != Some(text))),
                    "$contains" => value.as_str().is_some_and(|part| text.contains(part)),
                    "$regex" => value
                        .as_str()
                        .and_then(|pattern| regex::Regex::new(pattern).ok())
                        .is_some_and(|regex| regex.is_match(text)),
                    _ => true,
                })
        }
        _ => true,
    }
}

fn order(found: &mut [collections::Collection], order: &str) {
    let (down, key) = match order.strip_prefix('-') {
        Some(key) => (true, key),
        None => (false, order.trim_start_matches('+')),
    };
    let compare: fn(&collections::Collection, &collections::Collection) -> Ordering = match key {
        "name" => |one, other| one.name.cmp(&other.name),
        "createdAt" | "created_at" => |one, other| one.created.total_cmp(&other.created),
        "updatedAt" | "updated_at" => |one, other| one.updated.total_cmp(&other.updated),
        _ => return,
    };
    found.sort_by(compare);
    if down {
        found.reverse();
    }
}

/// Tags as clients see them.
pub(super) fn tags(tags: &str) -> Vec<Answer> {
    let tags: Vec<String> = serde_json::from_str(tags).unwrap_or_default();
    tags.into_iter()
        .map(|tag| {
            Plain::answer(
                "Tag",
                vec![("id", format!("Tag:{tag}").into()), ("name", tag.into())],
            )
        })
        .collect()
}

impl Collection {
    /// The member that an alias or a version names.
    pub(super) fn member(
        &self,
        context: &Context<'_>,
        alias: &str,
    ) -> Result<Option<Membership>, Fault> {
        let found = context
            .server
            .meta
            .read(|db| collections::member(db, self.0.id, alias));
        Ok(found?.map(Membership))
    }

    fn members(&self, context: &Context<'_>) -> Result<Vec<collections::Membership>, Fault> {
        let found = context
            .server
            .meta
            .read(|db| collections::members(db, self.0.id));
        Ok(found?)
    }

    fn artifacts(&self, context: &Context<'_>, arguments: &Arguments) -> Result<Answer, Fault> {
        let mut members = self.members(context)?;
        let oldest_first = |order: &str| {
            matches!(
                order.trim_start_matches('+'),
                "createdAt" | "created_at" | "versionIndex" | "version_index"
            )
        };
        if arguments.text("order").is_some_and(oldest_first) {
            members.reverse();
        }
        let total = members.len();
        let range = range(arguments, total, 50);
        let mut nodes = Vec::new();
        for member in &members[range.clone()] {
            let artifact = Membership(*member).artifact(context)?;
            let version = format!("v{}", member.version);
            nodes.push((Answer::maybe(artifact), vec![("version", version.into())]));
        }
        Ok(page(range, total, nodes))
    }
}

impl Object for Collection {
    fn kind(&self) -> &'static str {
        if self.0.portfolio {
            "ArtifactPortfolio"
        } else {
            "ArtifactSequence"
        }
    }

    fn is(&self, name: &str) -> bool {
        name == self.kind() || name == "ArtifactCollection" || name == "ArtifactCollectionInterface"
    }

    fn field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved {
        let server = context.server;
        some(match name {
            "id" => id("Collection", self.0.id).into(),
            "name" => Answer::from(self.0.name.as_str()),
            "description" => self
                .0
                .description
                .as_deref()
                .map_or(Answer::NULL, Answer::from),
            "createdAt" => time(self.0.created).into(),
            "updatedAt" => time(self.0.updated).into(),
            "state" => Answer::from("READY"),
            "digestAlgorithm" => Answer::from("MANIFEST_MD5"),
            "project" => {
                let project = server.meta.read(|db| projects::by_id(db, self.0.project));
                Answer::object(Project(project?))
            }
            "defaultArtifactType" => Answer::object(Kind::of(&self.0)),
            "tags" => connection(arguments, tags(&self.0.tags)),
            "aliases" => {
                let found = server
                    .meta
                    .read(|db| collections::all_aliases(db, self.0.id));
                let found = found?;
                connection(
                    arguments,
                    found.into_iter().map(super::artifacts::alias).collect(),
                )
            }
            "artifacts" => self.artifacts(context, arguments)?,
            "artifactMemberships" => {
                let members = self.members(context)?.into_iter();
                connection(
                    arguments,
                    members.map(|one| Answer::object(Membership(one))).collect(),
                )
            }
            "artifactMembership" => {
                let alias = ["aliasName", "alias"]
                    .into_iter()
                    .find_map(|name| arguments.text(name));
                Answer::maybe(self.member(context, alias.unwrap_or("latest"))?)
            }
            "latestArtifact" => {
                let found = server.meta.read(|db| artifacts::latest(db, self.0.id));
                Answer::maybe(found?.map(Artifact))
            }
            _ => return Ok(None),
        })
    }
}

const ID_NAMES: [&str; 4] = [
    "artifactSequenceID",
    "artifactPortfolioID",
    "artifactCollectionID",
    "id",
];

fn named(context: &Context<'_>, arguments: &Arguments) -> Result<collections::Collection, Fault> {
    let given = ID_NAMES.into_iter().find_map(|name| arguments.text(name));
    let found = if let Some(id) = given {
        let number = number("Collection", id)?;
        context
            .server
            .meta
            .read(|db| collections::by_id(db, number))
    } else {
        let entity = super::query::entity(context, arguments);
        let project = arguments.required("projectName")?;
        let name = arguments.required("artifactCollectionName")?;
        context
            .server
            .meta
            .read(|db| collections::find_in(db, &entity, project, name))
    };
    found?.ok_or_else(|| Fault::not_found("artifact collection"))
}

fn payload(collection: collections::Collection, state: Option<&'static str>) -> Resolved {
    let answer = match state {
        None => Answer::object(Collection(collection)),
        Some(state) => Plain::answer("ArtifactSequence", vec![("state", state.into())]),
    };
    some(Plain::answer(
        "Payload",
        vec![("artifactCollection", answer)],
    ))
}

/// `deleteArtifactSequence` and `deleteArtifactPortfolio`.
pub(super) fn delete(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let collection = named(context, arguments)?;
    let digests = context.server.meta.write(|db| {
        let mut digests = Vec::new();
        if !collection.portfolio {
            for member in collections::members(db, collection.id)? {
                digests.extend(
                    artifacts::entries(db, member.artifact)?
                        .into_iter()
                        .filter_map(|entry| entry.md5),
                );
            }
        }
        collections::delete(db, collection.id)?;
        Ok::<_, Failure>(digests)
    })?;
    context.server.sweep_blobs(&digests)?;
    payload(collection, Some("DELETED"))
}

/// `updateArtifactSequence`, `updateArtifactPortfolio` and `moveArtifactSequence` (to another type).
pub(super) fn update(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let collection = named(context, arguments)?;
    let kind = ["destinationArtifactTypeName", "artifactTypeName"]
        .into_iter()
        .find_map(|name| arguments.text(name));
    let changed = context.server.meta.write(|db| {
        collections::change(
            db,
            collection.id,
            arguments.text("name"),
            arguments.text("description"),
            None,
            kind,
            now(),
        )?;
        collections::by_id(db, collection.id)
    });
    let changed = changed?;
    payload(changed.unwrap_or(collection), None)
}

fn tag_names(arguments: &Arguments) -> Vec<String> {
    let names = arguments
        .list("tags")
        .iter()
        .filter_map(|tag| tag["tagName"].as_str());
    names.map(str::to_owned).collect()
}

fn retag(
    context: &Context<'_>,
    arguments: &Arguments,
    change: impl Fn(&mut Vec<String>),
) -> Result<String, Fault> {
    let collection = named(context, arguments)?;
    let mut tags: Vec<String> = serde_json::from_str(&collection.tags).unwrap_or_default();
    change(&mut tags);
    let text = Value::from(tags).to_string();
    context
        .server
        .meta
        .write(|db| collections::change(db, collection.id, None, None, Some(&text), None, now()))?;
    Ok(text)
}

/// `createArtifactCollectionTagAssignments`.
pub(super) fn add_tags(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let names = tag_names(arguments);
    let text = retag(context, arguments, |tags| {
        for name in &names {
            if !tags.contains(name) {
                tags.push(name.clone());
            }
        }
    })?;
    some(Plain::answer(
        "Payload",
        vec![("tags", Answer::List(tags(&text)))],
    ))
}

/// `deleteArtifactCollectionTagAssignments`.
pub(super) fn delete_tags(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let names = tag_names(arguments);
    retag(context, arguments, |tags| {
        tags.retain(|tag| !names.contains(tag));
    })?;
    done()
}
