//! Sweeps: searches over parameters whose runs the agents of the official client carry out.

use serde_json::{Value, json};

use super::plain::{Plain, connection, id, number, optional, time};
use super::project::Project;
use super::query::entity;
use super::run::Run;
use super::run_edits::{checked_name, new_sweep_name};
use super::{Answer, Arguments, Context, Fault, Object, Resolved, some};
use crate::server::meta::sweeps as stored;
use crate::server::meta::{projects, runs};
use crate::server::sweep::config::SweepConfig;
use crate::server::sweeps::{self, SILENCE};
use crate::server::{Failure, now};

/// A sweep.
#[derive(Clone)]
pub(super) struct Sweep(pub(super) stored::Sweep);

/// One of its agents.
#[derive(Clone)]
struct Agent(stored::Agent);

impl Sweep {
    fn runs(&self, context: &Context<'_>) -> Result<Vec<runs::Run>, Fault> {
        let found = context
            .server
            .meta
            .read(|db| runs::of_sweep(db, self.0.project, &self.0.name));
        Ok(found?)
    }

    fn agents(&self, context: &Context<'_>) -> Result<Vec<stored::Agent>, Fault> {
        let found = context.server.meta.read(|db| stored::agents(db, self.0.id));
        Ok(found?)
    }
}

impl Object for Sweep {
    fn kind(&self) -> &'static str {
        "Sweep"
    }

    fn field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved {
        let config = || SweepConfig::from_yaml(&self.0.config).ok();
        some(match name {
            "id" => id("Sweep", self.0.id).into(),
            "name" => Answer::from(self.0.name.as_str()),
            "displayName" => {
                let named = self.0.display_name.clone().or_else(|| config()?.name);
                optional(named.as_deref())
            }
            "description" => optional(self.0.description.as_deref()),
            "method" => {
                Answer::from(config().map_or("custom", |config| sweeps::method_name(&config)))
            }
            "state" => Answer::from(self.0.state.as_str()),
            "config" => Answer::from(self.0.config.as_str()),
            "createdAt" => time(self.0.created).into(),
            "updatedAt" | "heartbeatAt" => time(self.0.updated).into(),
            "bestLoss" => {
                let runs = self.runs(context)?;
                let best = config()
                    .and_then(|config| sweeps::best(&config, &runs).map(|(_, value)| value));
                best.map_or(Answer::NULL, Answer::from)
            }
            "runCount" => self.runs(context)?.len().into(),
            "runCountExpected" => {
                let expected =
                    config().and_then(|config| crate::server::sweep::expected_runs(&config));
                expected.map_or(Answer::NULL, Answer::from)
            }
            "earlyStopJobRunning" => false.into(),
            "controller" | "scheduler" => Answer::NULL,
            "runs" => {
                let runs = self.runs(context)?.into_iter();
                connection(
                    arguments,
                    runs.map(|run| Answer::object(Run(run))).collect(),
                )
            }
            "agents" => {
                let agents = self.agents(context)?.into_iter();
                connection(
                    arguments,
                    agents.map(|agent| Answer::object(Agent(agent))).collect(),
                )
            }
            "agent" => {
                let wanted = arguments.required("agentName")?;
                let agents = self.agents(context)?;
                Answer::maybe(
                    agents
                        .into_iter()
                        .find(|agent| agent.name == wanted)
                        .map(Agent),
                )
            }
            "project" => {
                let project = context
                    .server
                    .meta
                    .read(|db| projects::by_id(db, self.0.project));
                Answer::object(Project(project?))
            }
            _ => return Ok(None),
        })
    }
}

impl Object for Agent {
    fn kind(&self) -> &'static str {
        "Agent"
    }

    fn field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved {
        let alive = now() - self.0.heartbeat < SILENCE;
        let runs = || context.server.meta.read(|db| runs::of_agent(db, self.0.id));
        some(match name {
            "id" => id("Agent", self.0.id).into(),
            "name" => Answer::from(self.0.name.as_str()),
            "host" => Answer::from(self.0.host.as_str()),
            "state" => Answer::from(if alive { "RUNNING" } else { "DEAD" }),
            "totalRuns" => runs()?.len().into(),
            "createdAt" => time(self.0.created).into(),
            "heartbeatAt" => time(self.0.heartbeat).into(),
            "runs" => {
                let runs = runs()?.into_iter();
                connection(
                    arguments,
                    runs.map(|run| Answer::object(Run(run))).collect(),
                )
            }
            _ => return Ok(None),
        })
    }
}

/// `upsertSweep`: makes a sweep, or changes its config or its state.
pub(super) fn upsert(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let config = arguments.text("config");
    let mut warnings = Vec::new();
    if let Some(config) = config {
        let read =
            SweepConfig::from_yaml(config).map_err(|error| Fault::invalid(error.to_string()))?;
        warnings = read.warnings;
    }
    let state = arguments.text("state");
    if state.is_some_and(|state| !sweeps::STATES.contains(&state)) {
        return Err(Fault::invalid(format!(
            "{:?} is not a state of a sweep",
            state.unwrap_or_default()
        )));
    }
    let entity = entity(context, arguments);
    let sweep = context.server.meta.write(|db| {
        let id = if let Some(id) = arguments.text("id") {
            number("Sweep", id)?
        } else {
            let config = config.ok_or_else(|| Fault::invalid("argument \"config\" is missing"))?;
            let project = arguments
                .text("projectName")
                .filter(|name| !name.is_empty());
            let project = checked_name("project", project.unwrap_or("uncategorized"))?;
            let (project, _) =
                projects::ensure(db, checked_name("entity", &entity)?, project, now())?;
            let name = new_sweep_name(db, project.id)?;
            stored::create(db, project.id, &name, config, context.user.id, now())?
        };
        stored::change(
            db,
            id,
            config,
            state,
            arguments.text("displayName"),
            arguments.text("description"),
            now(),
        )?;
        stored::by_id(db, id)?.ok_or_else(|| Fault::not_found("sweep"))
    })?;
    some(Plain::answer(
        "UpsertSweepPayload",
        vec![
            ("sweep", Answer::object(Sweep(sweep))),
            ("configValidationWarnings", warnings.into()),
        ],
    ))
}

/// `createAgent`: an agent begins to work on a sweep.
pub(super) fn create_agent(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let entity = entity(context, arguments);
    let project = arguments.text("projectName").unwrap_or("uncategorized");
    let host = arguments.required("host")?;
    let name = arguments.required("sweep")?;
    let agent = context.server.meta.write(|db| {
        let project = crate::server::runs::project(db, &entity, project)?;
        let sweep = stored::find(db, project.id, name)?
            .ok_or_else(|| Failure::NotFound(format!("sweep {entity}/{}/{name}", project.name)))?;
        if sweep.state == "PENDING" {
            stored::change(db, sweep.id, None, Some("RUNNING"), None, None, now())?;
        }
        let agent_name = new_sweep_name(db, project.id)?;
        let id = stored::create_agent(db, sweep.id, &agent_name, host, now())?;
        stored::agent_by_id(db, id)?.ok_or_else(|| Failure::NotFound("agent".to_owned()))
    })?;
    some(Plain::answer(
        "Payload",
        vec![("agent", Answer::object(Agent(agent)))],
    ))
}

/// `agentHeartbeat`: an agent tells which runs it has, and hears what to do.
pub(super) fn heartbeat(context: &Context<'_>, arguments: &Arguments) -> Resolved {
    let number = number("Agent", arguments.required("id")?)?;
    let running: Value = arguments
        .text("runState")
        .and_then(|text| serde_json::from_str(text).ok())
        .unwrap_or_else(|| json!({}));
    let at_work: Vec<String> = running
        .as_object()
        .into_iter()
        .flatten()
        .filter(|(_, running)| running.as_bool() != Some(false))
        .map(|(name, _)| name.clone())
        .collect();
    let (agent, commands) = sweeps::heartbeat(context.server, number, &at_work, context.user.id)?;
    some(Plain::answer(
        "Payload",
        vec![
            ("agent", Answer::object(Agent(agent))),
            ("commands", Value::from(commands).to_string().into()),
        ],
    ))
}
