//! `viewer`, `users`, `entity`: who there is.

use serde_json::json;

use super::plain::{Plain, connection, id};
use super::{Answer, Arguments, Context, Object, Resolved, some};
use crate::server::meta::users::{self, User};

impl Object for User {
    fn kind(&self) -> &'static str {
        "User"
    }

    fn field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved {
        some(match name {
            "id" => id("User", self.id).into(),
            "name" | "username" | "entity" => Answer::from(self.name.as_str()),
            // There is no mail here; the official client wants a text.
            "email" => Answer::from(format!("{}@localhost", self.name)),
            "admin" => self.admin.into(),
            "pending" => false.into(),
            "flags" => Answer::from("{}"),
            "deletedAt" | "photoUrl" | "apiKey" | "defaultEntity" => Answer::NULL,
            "accountType" => Answer::from("USER"),
            "organizations" => Answer::List(Vec::new()),
            // As on the service: the user's own entity is one of those that runs can go to.
            "teams" => {
                let own = Plain::answer("Entity", vec![("name", self.name.as_str().into())]);
                connection(arguments, vec![own])
            }
            "apiKeys" => {
                let hints = context.server.meta.read(|db| users::key_hints(db, self.id));
                let hints = hints?;
                let keys = hints.iter().enumerate().map(|(at, hint)| {
                    Plain::answer(
                        "ApiKey",
                        vec![
                            ("id", id("ApiKey", at as i64).into()),
                            ("name", hint.as_str().into()),
                            ("description", Answer::NULL),
                        ],
                    )
                });
                connection(arguments, keys.collect())
            }
            _ => return Ok(None),
        })
    }
}

/// An entity: the name before a project.
pub(super) struct Entity(pub(super) String);

impl Object for Entity {
    fn kind(&self) -> &'static str {
        "Entity"
    }

    fn field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved {
        let user = || context.server.meta.read(|db| users::by_name(db, &self.0));
        some(match name {
            "id" => Answer::from(format!("Entity:{}", self.0)),
            "name" => Answer::from(self.0.as_str()),
            "available"
            | "readOnly"
            | "readOnlyAdmin"
            | "privateOnly"
            | "isPaid"
            | "codeSavingEnabled"
            | "xxhashDigestsEnabled" => false.into(),
            "isTeam" => user()?.is_none().into(),
            "entityType" => Answer::from(if user()?.is_some() { "user" } else { "team" }),
            "storageBytes" => 0.into(),
            "defaultAccess" => Answer::from("PRIVATE"),
            "photoUrl" | "organization" | "limits" => Answer::NULL,
            "settings" => Answer::from(json!({})),
            "user" => Answer::maybe(user()?),
            "members" => Answer::List(user()?.map(Answer::object).into_iter().collect()),
            "projects" => super::project::list(context, Some(&self.0), arguments)?,
            _ => return Ok(None),
        })
    }
}
