//! The roots of queries.

use serde_json::json;

use super::artifacts::Artifact;
use super::collections::Collection;
use super::plain::{Plain, connection, id, number};
use super::user::Entity;
use super::{Answer, Arguments, Context, Fault, Object, Resolved, project, some};
use crate::server::meta::{artifacts, collections, users};

/// What this server can do besides the basics; official clients ask by these names.
const FEATURES: &[&str] = &[
    "STRUCTURED_CONSOLE_LOGS",
    "FILESTREAM_GZIP",
    "USE_ARTIFACT_WITH_ENTITY_AND_PROJECT_INFORMATION",
    "ARTIFACT_MEMBERSHIP_IN_LINK_ARTIFACT_RESPONSE",
    "TOTAL_COUNT_IN_FILE_CONNECTION",
    "MARK_RUN_FILES_UPLOADED",
    "ARTIFACT_COLLECTIONS_FILTERING_SORTING",
];

/// The newest official client that was tried with this server; an older one is never refused.
const NEWEST_CLIENT: &str = "0.31.0";

/// The root of queries.
pub(super) struct Query;

impl Object for Query {
    fn kind(&self) -> &'static str {
        "Query"
    }

    fn field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved {
        let server = context.server;
        some(match name {
            "viewer" => Answer::object(context.user.clone()),
            "serverInfo" => server_info(),
            "project" | "model" => {
                let names = (entity(context, arguments), arguments.text("name"));
                let (entity, Some(project)) = names else {
                    return Err(Fault::invalid("argument \"name\" is missing"));
                };
                Answer::maybe(project::find(context, &entity, project)?)
            }
            "models" | "projects" => {
                project::list(context, arguments.text("entityName"), arguments)?
            }
            "entity" => Answer::object(Entity(
                arguments
                    .text("name")
                    .unwrap_or(&context.user.name)
                    .to_owned(),
            )),
            "artifact" => {
                let number = number("Artifact", arguments.required("id")?)?;
                let found = server.meta.read(|db| artifacts::by_id(db, number));
                Answer::maybe(found?.map(Artifact))
            }
            "artifactCollection" => {
                let number = number("Collection", arguments.required("id")?)?;
                let found = server.meta.read(|db| collections::by_id(db, number));
                Answer::maybe(found?.map(Collection))
            }
            "clientIDMapping" => {
                let client_id = arguments.required("clientID")?;
                let found = server
                    .meta
                    .read(|db| artifacts::by_client_id(db, client_id));
                found?.map_or(Answer::NULL, |artifact| {
                    Plain::answer(
                        "ClientIDMapping",
                        vec![("serverID", id("Artifact", artifact.id).into())],
                    )
                })
            }
            "users" => {
                let found = server.meta.read(users::all)?;
                let wanted = arguments.text("query").unwrap_or_default();
                let fitting = found.into_iter().filter(|user| user.name.contains(wanted));
                connection(arguments, fitting.map(Answer::object).collect())
            }
            "organization" => Answer::NULL,
            "__schema" | "__type" => {
                return Err(Fault::invalid("this server has no introspection"));
            }
            _ => return Ok(None),
        })
    }
}

/// The entity that is meant: the user's own unless one is named.
pub(super) fn entity(context: &Context<'_>, arguments: &Arguments) -> String {
    let named = ["entityName", "entity"]
        .into_iter()
        .find_map(|name| arguments.text(name));
    named
        .filter(|name| !name.is_empty())
        .unwrap_or(&context.user.name)
        .to_owned()
}

fn server_info() -> Answer {
    let features = FEATURES.iter().map(|name| {
        Plain::answer(
            "Feature",
            vec![("name", (*name).into()), ("isEnabled", true.into())],
        )
    });
    let version = json!({"min_cli_version": "0.13.0", "max_cli_version": NEWEST_CLIENT});
    let local = Plain::answer(
        "LatestLocalVersionInfo",
        vec![
            ("outOfDate", false.into()),
            ("latestVersionString", env!("CARGO_PKG_VERSION").into()),
            (
                "versionOnThisInstanceString",
                env!("CARGO_PKG_VERSION").into(),
            ),
        ],
    );
    Plain::answer(
        "ServerInfo",
        vec![
            ("features", Answer::List(features.collect())),
            ("cliVersionInfo", version.into()),
            ("latestLocalVersionInfo", local),
            ("exposesExplicitRestrictionOfStorage", false.into()),
        ],
    )
}
