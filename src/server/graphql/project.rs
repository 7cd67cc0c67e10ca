//! `project` and `model`: a project and what is in it.

use super::artifacts::Membership;
use super::collections::{Collection, Kind};
use super::plain::{Plain, connection, id, page, range, time};
use super::run::Run;
use super::sweeps::Sweep;
use super::user::Entity;
use super::{Answer, Arguments, Context, Fault, Object, Resolved, some};
use crate::server::meta::{collections, projects, runs, sweeps, users};
use crate::server::run_list::{self, Wanted};

/// A project.
#[derive(Clone)]
pub(super) struct Project(pub(super) projects::Project);

/// The project of these names; `None` if there is none.
pub(super) fn find(
    context: &Context<'_>,
    entity: &str,
    name: &str,
) -> Result<Option<Project>, Fault> {
    let found = context
        .server
        .meta
        .read(|db| projects::find(db, entity, name));
    Ok(found?.map(Project))
}

/// The projects of an entity, or of all.
pub(super) fn list(
    context: &Context<'_>,
    entity: Option<&str>,
    arguments: &Arguments,
) -> Result<Answer, Fault> {
    let found = context.server.meta.read(|db| projects::all(db, entity));
    let projects = found?.into_iter();
    Ok(connection(
        arguments,
        projects
            .map(|project| Answer::object(Project(project)))
            .collect(),
    ))
}

/// `name:alias`, where the alias may be missing.
pub(super) fn split_name(name: &str) -> (&str, &str) {
    name.split_once(':').unwrap_or((name, "latest"))
}

impl Project {
    fn run(&self, context: &Context<'_>, name: &str) -> Result<Option<Run>, Fault> {
        let found = context
            .server
            .meta
            .read(|db| runs::find(db, self.0.id, name));
        Ok(found?.map(Run))
    }

    fn runs(&self, context: &Context<'_>, arguments: &Arguments) -> Result<Answer, Fault> {
        let found = self.chosen(context, arguments)?;
        let total = found.len();
        let range = range(arguments, total, 50);
        let nodes: Result<Vec<_>, Fault> = context.server.meta.read(|db| {
            found[range.clone()]
                .iter()
                .filter_map(|id| runs::by_id(db, *id).transpose())
                .map(|run| Ok((Answer::object(Run(run?)), Vec::new())))
                .collect()
        });
        Ok(page(range, total, nodes?))
    }

    /// The numbers of the runs that fit `filters`, in `order`.
    fn chosen(&self, context: &Context<'_>, arguments: &Arguments) -> Result<Vec<i64>, Fault> {
        let wanted = Wanted::of_api(arguments.text("filters"), arguments.text("order"))?;
        let runs = run_list::all(context.server, self.0.id)?;
        Ok(wanted
            .choose(&runs)
            .into_iter()
            .map(|run| run.number)
            .collect())
    }

    fn collection(&self, context: &Context<'_>, name: &str) -> Result<Option<Collection>, Fault> {
        let found = context
            .server
            .meta
            .read(|db| collections::find(db, self.0.id, name));
        Ok(found?.map(Collection))
    }

    fn membership(&self, context: &Context<'_>, name: &str) -> Result<Option<Membership>, Fault> {
        let (name, alias) = split_name(name);
        match self.collection(context, name)? {
            Some(collection) => collection.member(context, alias),
            None => Ok(None),
        }
    }

    fn kinds(&self, context: &Context<'_>) -> Result<Vec<Kind>, Fault> {
        let found = context
            .server
            .meta
            .read(|db| collections::all(db, self.0.id, None));
        let mut kinds: Vec<Kind> = Vec::new();
        for collection in found? {
            match kinds.iter_mut().find(|kind| kind.name == collection.kind) {
                Some(kind) => kind.created = kind.created.min(collection.created),
                None => kinds.push(Kind::of(&collection)),
            }
        }
        kinds.sort_unstable_by(|one, other| one.name.cmp(&other.name));
        Ok(kinds)
    }
}

impl Object for Project {
    fn kind(&self) -> &'static str {
        "Project"
    }

    fn field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved {
        let server = context.server;
        some(match name {
            "id" => id("Project", self.0.id).into(),
            // The official client wants the number here in an id, too.
            "internalId" => id("ProjectInternalId", self.0.id).into(),
            "name" => Answer::from(self.0.name.as_str()),
            "entityName" => Answer::from(self.0.entity.as_str()),
            "entity" => Answer::object(Entity(self.0.entity.clone())),
            "createdAt" => time(self.0.created).into(),
            "description" => Answer::from(self.0.description.as_str()),
            "access" => Answer::from(self.0.access.as_str()),
            "views" => Answer::from("{}"),
            "isBenchmark" | "readOnly" => false.into(),
            "user" => {
                let user = server.meta.read(|db| users::by_name(db, &self.0.entity));
                Answer::maybe(user?)
            }
            "runCount" => self.chosen(context, arguments)?.len().into(),
            "runs" => self.runs(context, arguments)?,
            "run" | "bucket" => Answer::maybe(self.run(context, arguments.required("name")?)?),
            "artifact" => match self.membership(context, arguments.required("name")?)? {
                Some(membership) => Answer::maybe(membership.artifact(context)?),
                None => Answer::NULL,
            },
            "artifactCollectionMembership" => {
                Answer::maybe(self.membership(context, arguments.required("name")?)?)
            }
            "artifactCollection" => {
                Answer::maybe(self.collection(context, arguments.required("name")?)?)
            }
            "artifactCollections" => super::collections::list(context, self.0.id, None, arguments)?,
            "artifactType" => {
                let wanted = arguments.required("name")?;
                let kinds = self.kinds(context)?;
                Answer::maybe(kinds.into_iter().find(|kind| kind.name == wanted))
            }
            "artifactTypes" => {
                let kinds = self.kinds(context)?;
                connection(arguments, kinds.into_iter().map(Answer::object).collect())
            }
            "sweep" => {
                let wanted = ["sweepName", "name"]
                    .into_iter()
                    .find_map(|name| arguments.text(name));
                let found = server
                    .meta
                    .read(|db| sweeps::find(db, self.0.id, wanted.unwrap_or_default()));
                Answer::maybe(found?.map(Sweep))
            }
            "sweeps" => {
                let found = server.meta.read(|db| sweeps::all(db, self.0.id));
                let found = found?.into_iter();
                connection(
                    arguments,
                    found.map(|sweep| Answer::object(Sweep(sweep))).collect(),
                )
            }
            "totalSweeps" => {
                let found = server.meta.read(|db| sweeps::all(db, self.0.id));
                found?.len().into()
            }
            "allViews" => connection(arguments, Vec::new()),
            "runQueues" => Answer::List(Vec::new()),
            "runQueue" => Answer::NULL,
            "triggers" => Plain::answer("Triggers", Vec::new()),
            _ => return Ok(None),
        })
    }
}
