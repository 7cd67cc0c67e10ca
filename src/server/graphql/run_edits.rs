//! Mutations of runs.

use serde_json::Value;

use super::plain::{Plain, done};
use super::project::Project;
use super::query::entity;
use super::run::{Run, number_of};
use super::{Answer, Arguments, Context, Fault, Resolved, some};
use crate::run::id::RunId;
use crate::server::meta::runs::{self, Change};
use crate::server::meta::{projects, sweeps};
use crate::server::points::Stream;
use crate::server::runs::RunPath;
use crate::server::{Failure, Server, now};
use crate::sys;
use crate::wire::json;

/// The project of runs that name none, as W&B calls it.
const UNCATEGORIZED: &str = "uncategorized";
/// What the state of a run can be.
const STATES: [&str; 8] = [
    "pending",
    "running",
    "finished",
    "failed",
    "crashed",
    "killed",
    "preempting",
    "preempted",
];
/// The longest name of an entity or a project.
const LONGEST: usize = 128;

/// The run that a mutation names by entity, project and run.
pub(super) fn named(context: &Context<'_>, arguments: &Arguments) -> Result<runs::Run, Fault> {
    let project = ["projectName", "project"]
        .into_iter()
        .find_map(|name| arguments.text(name));
    let run = ["runName", "run", "name"]
        .into_iter()
        .find_map(|name| arguments.text(name));
    let entity = entity(context, arguments);
    let project = project.unwrap_or(UNCATEGORIZED);
    let path = RunPath::new(&entity, project, run.unwrap_or_default());
    Ok(context.server.run(&path)?)
}

fn by_storage_id(server: &Server, id: &str) -> Result<runs::Run, Fault> {
    let number = number_of(id)?;
    let found = server.meta.read(|db| runs::by_id(db, number))?;
    found.ok_or_else(|| Fault::not_found("run"))
}

fn checked_json(name: &str, text: Option<&str>) -> Result<(), Fault> {
    match text.map(json::Value::parse) {
        Some(Ok(value)) if !value.is_object() => {
            Err(Fault::invalid(format!("{name} is not an object")))
        }
        Some(Err(error)) => Err(Fault::invalid(format!("{name} is not JSON: {error}"))),
        _ => Ok(()),
    }
}

/// A name of an entity or a project that can stand in an address.
pub(super) fn checked_name<'a>(what: &str, name: &'a str) -> Result<&'a str, Fault> {
    let forbidden = |letter: char| letter.is_control() || "/\\#?%:".contains(letter);
    if name.is_empty()
        || name.len() > LONGEST
        || name.trim() != name
        || name.starts_with('-')
        || name.contains(forbidden)
    {
        return Err(Fault::invalid(format!(
            "invalid {what} name {name:?}: it has at most {LONGEST} bytes, does not begin with '-', and holds none of / \\ # ? % :"
        )));
    }
    Ok(name)
}

/// `upsertBucket`: makes a run or changes one.
pub(super) fn upsert(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    checked_json("config", arguments.text("config"))?;
    checked_json("summaryMetrics", arguments.text("summaryMetrics"))?;
    let given = |name: &str| arguments.text(name).filter(|text| !text.is_empty());
    let branch = branch_point(arguments.text("config"));
    let (mut run, inserted) = match (given("name"), given("id")) {
        (None, Some(id)) => (by_storage_id(context.server, id)?, false),
        (name, _) => ensure(context, arguments, name, branch.as_ref())?,
    };
    let tags = arguments
        .texts("tags")
        .map(|tags| Value::from(tags).to_string());
    // Only the run itself names its id; it is then at work, whatever it was before. An edit leaves the state.
    let at_work =
        given("name").is_some() && !matches!(run.state.as_str(), "running" | "preempting");
    if let Some(state) = arguments.text("state") {
        checked_state(state)?;
    }
    let state = arguments.text("state").or(at_work.then_some("running"));
    let change = Change {
        display_name: given("displayName"),
        state,
        config: arguments.text("config"),
        summary: arguments.text("summaryMetrics"),
        description: arguments.text("description"),
        notes: arguments.text("notes"),
        tags: tags.as_deref(),
        group: arguments.text("groupName"),
        job_type: arguments.text("jobType"),
        sweep: arguments.text("sweep"),
        commit: arguments.text("commit"),
        repository: arguments.text("jobRepo").or(arguments.text("repo")),
        program: arguments.text("jobProgram").or(arguments.text("program")),
        host: arguments.text("host"),
        heartbeat: given("name").map(|_| now()),
        exit_code: (at_work && arguments.text("state").is_none()).then_some(None),
        stopped: at_work.then_some(false),
        preempting: at_work.then_some(false),
        ..Change::default()
    };
    context
        .server
        .meta
        .write(|db| runs::change(db, run.id, &change))?;
    if let Some((parent, step)) = branch {
        begin_as(context.server, &run, &parent, step)?;
    }
    run = context
        .server
        .meta
        .read(|db| runs::by_id(db, run.id))?
        .ok_or_else(|| Fault::not_found("run"))?;
    let path = context.server.path_of(&run)?;
    context
        .server
        .changed(&path.entity, &path.project, &path.run, "run");
    some(Plain::answer(
        "UpsertBucketPayload",
        vec![
            ("bucket", Answer::object(Run(run))),
            ("inserted", inserted.into()),
        ],
    ))
}

/// The run of this name, which is made if it is not there.
fn ensure(
    context: &Context<'_>,
    arguments: &Arguments,
    name: Option<&str>,
    branch: Option<&(String, i64)>,
) -> Result<(runs::Run, bool), Fault> {
    let entity = entity(context, arguments);
    let entity = checked_name("entity", &entity)?;
    let project = ["modelName", "project"]
        .into_iter()
        .find_map(|name| arguments.text(name));
    let project = checked_name(
        "project",
        project
            .filter(|name| !name.is_empty())
            .unwrap_or(UNCATEGORIZED),
    )?;
    let made;
    let name = if let Some(name) = name {
        RunId::parse(name).map_err(|error| Fault::invalid(error.to_string()))?;
        name
    } else {
        made = RunId::from_random(|| sys::random::<1>()[0]);
        made.as_str()
    };
    let result = context.server.meta.write(|db| {
        let (project, _) = projects::ensure(db, entity, project, now())?;
        if let Some(run) = runs::find(db, project.id, name)? {
            return Ok::<_, Failure>((run, false));
        }
        if let Some((parent, _)) = branch.filter(|(parent, _)| parent != name)
            && runs::find(db, project.id, parent)?.is_none()
        {
            return Err(Failure::NotFound(format!(
                "run {parent}, which this one is forked from, was"
            )));
        }
        let (count, ..) = runs::activity(db, project.id, now())?;
        let display_name = crate::run::name::generate(sys::random::<2>(), count as u64 + 1);
        let id = runs::create(db, project.id, name, &display_name, context.user.id, now())?;
        let run = runs::by_id(db, id)?.ok_or_else(|| Failure::NotFound("run".to_owned()))?;
        Ok((run, true))
    });
    Ok(result?)
}

/// The run and the step that a config says a run branches from.
fn branch_point(config: Option<&str>) -> Option<(String, i64)> {
    let config = json::Value::parse(config?).ok()?;
    let internal = config.get("_wandb")?.get("value")?;
    let point = internal.get("branch_point")?;
    let step = point.get("step")?.as_f64()?;
    Some((point.get("run_id")?.as_str()?.to_owned(), step as i64))
}

/// A run that branches from another one begins with that one's rows. It has none of its own yet; if the server was killed
/// before it had them, they come with the client's next attempt.
fn begin_as(server: &Server, run: &runs::Run, parent: &str, step: i64) -> Result<(), Fault> {
    if parent == run.name || server.lines(run.id, Stream::History)? > 0 {
        return Ok(());
    }
    let found = server.meta.read(|db| runs::find(db, run.project, parent))?;
    if let Some(parent) = found {
        server.branch(parent.id, run.id, step)?;
    }
    Ok(())
}

/// `rewindRun`: takes a run back to a step.
pub(super) fn rewind(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let metric = arguments.text("metricName").unwrap_or("_step");
    if metric != "_step" {
        return Err(Fault::invalid(format!(
            "a run can be rewound by _step only, not by {metric}"
        )));
    }
    let step = arguments
        .get("metricValue")
        .as_f64()
        .ok_or_else(|| Fault::invalid("argument \"metricValue\" is missing"))?;
    let project = arguments.text("projectName").unwrap_or(UNCATEGORIZED);
    let entity = entity(context, arguments);
    let path = RunPath::new(&entity, project, arguments.required("runName")?);
    let found = context.server.run(&path);
    let rewound = match found {
        Ok(run) => {
            context.server.rewind(run.id, step as i64)?;
            Answer::object(Run(run))
        }
        Err(Failure::NotFound(_)) => Answer::NULL,
        Err(error) => return Err(error.into()),
    };
    some(Plain::answer(
        "RewindRunPayload",
        vec![("rewoundRun", rewound)],
    ))
}

/// `deleteRun`.
pub(super) fn delete(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let number = number_of(arguments.required("id")?)?;
    let found = context.server.meta.read(|db| runs::by_id(db, number))?;
    // One that is gone was deleted by an earlier request, whose answer was lost.
    if let Some(run) = found {
        context
            .server
            .delete_run(&run, arguments.flag("deleteArtifacts"))?;
    }
    done()
}

/// `stopRun`: the run is asked to end.
pub(super) fn stop(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let run = by_storage_id(context.server, arguments.required("id")?)?;
    let change = Change {
        stopped: Some(true),
        ..Change::default()
    };
    context
        .server
        .meta
        .write(|db| runs::change(db, run.id, &change))?;
    done()
}

fn checked_state(state: &str) -> Result<(), Fault> {
    if STATES.contains(&state) {
        return Ok(());
    }
    Err(Fault::invalid(format!("{state:?} is not a state of a run")))
}

/// `updateRunState`.
pub(super) fn update_state(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let run = by_storage_id(context.server, arguments.required("id")?)?;
    let state = arguments.required("state")?.to_ascii_lowercase();
    checked_state(&state)?;
    let change = Change {
        state: Some(&state),
        heartbeat: Some(now()),
        ..Change::default()
    };
    context.server.change_run(&run, &change)?;
    done()
}

/// `notifyScriptableRunAlert`: kept with the run; nothing is sent anywhere.
pub(super) fn alert(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let run = named(context, arguments)?;
    let text = |name: &str| arguments.text(name).unwrap_or_default();
    context.server.meta.write(|db| {
        runs::add_alert(
            db,
            run.id,
            text("title"),
            text("text"),
            text("severity"),
            now(),
        )
    })?;
    done()
}

/// `upsertModel`: makes a project or changes what is said about it.
pub(super) fn upsert_project(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let entity = entity(context, arguments);
    let entity = checked_name("entity", &entity)?;
    let name = checked_name("project", arguments.required("name")?)?;
    let result = context.server.meta.write(|db| {
        let (project, inserted) = projects::ensure(db, entity, name, now())?;
        projects::describe(
            db,
            project.id,
            arguments.text("description"),
            arguments.text("access"),
        )?;
        Ok::<_, Failure>((projects::by_id(db, project.id)?, inserted))
    });
    let (project, inserted) = result?;
    let project = Answer::object(Project(project));
    some(Plain::answer(
        "UpsertModelPayload",
        vec![
            ("project", project.clone()),
            ("model", project),
            ("inserted", inserted.into()),
        ],
    ))
}

/// `deleteModel`: deletes a project with all that is in it.
pub(super) fn delete_project(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let number = super::plain::number("Project", arguments.required("id")?)?;
    let server = context.server;
    let (ids, digests) = server.meta.write(|db| {
        let ids = projects::run_ids(db, number)?;
        let digests = projects::digests(db, number)?;
        projects::delete(db, number)?;
        Ok::<_, rusqlite::Error>((ids, digests))
    })?;
    for id in ids {
        server.points.remove(id)?;
    }
    server.sweep_blobs(&digests)?;
    done()
}

/// A name for a new sweep, which no other one of the project has.
pub(super) fn new_sweep_name(
    db: &rusqlite::Connection,
    project: i64,
) -> Result<String, rusqlite::Error> {
    loop {
        let name = RunId::from_random(|| sys::random::<1>()[0])
            .as_str()
            .to_owned();
        if sweeps::find(db, project, &name)?.is_none() {
            return Ok(name);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_that_cannot_stand_in_an_address_are_refused() {
        for good in ["awesome-project", "my project", "größe", "a.b_c"] {
            assert!(checked_name("project", good).is_ok(), "{good}");
        }
        for bad in ["", " a", "a/b", "a#b", "-", "-x", "a\nb", &"x".repeat(200)] {
            assert!(checked_name("project", bad).is_err(), "{bad:?}");
        }
    }

    #[test]
    fn configs_must_be_objects() {
        assert!(checked_json("config", Some(r#"{"a":{"value":NaN}}"#)).is_ok());
        assert!(checked_json("config", None).is_ok());
        assert!(checked_json("config", Some("[]")).is_err());
        assert!(checked_json("config", Some("{")).is_err());
    }
}
