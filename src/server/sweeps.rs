//! Sweeps at work: what agents are told to do.
//!
//! An agent reports every five seconds which runs it has. If it has none and the sweep goes on, it gets the next one;
//! runs that are worse than others by the sweep's rule are stopped. The search itself is in [`sweep`](super::sweep).

use rusqlite::Connection;
use serde_json::{Value, json};

use super::held;
use super::meta::runs::{self, Change, Run};
use super::meta::sweeps::{self, Agent, Sweep};
use super::points::Stream;
use super::sweep::config::{Goal, Method, SweepConfig};
use super::sweep::hyperband::Brackets;
use super::sweep::{Next, PastRun, PastState, next, seed};
use super::{Failure, Server, now};
use crate::run::id::RunId;
use crate::run::name;
use crate::sys;
use crate::wire::json::Value as Wire;

/// The states that a sweep can have.
pub(crate) const STATES: [&str; 5] = ["PENDING", "RUNNING", "PAUSED", "FINISHED", "CANCELED"];
/// How often a run is looked for while others take theirs.
const ATTEMPTS: usize = 10;
/// An agent that was not heard of for so many seconds is gone.
pub(crate) const SILENCE: f64 = 60.0;

/// What the agent is told to do, as the official client reads it.
pub(crate) fn heartbeat(
    server: &Server,
    agent: i64,
    at_work: &[String],
    user: i64,
) -> Result<(Agent, Vec<Value>), Failure> {
    let found = server.meta.read(|db| {
        let agent = sweeps::agent_by_id(db, agent)?;
        let sweep = match &agent {
            Some(agent) => sweeps::by_id(db, agent.sweep)?,
            None => None,
        };
        Ok::<_, Failure>(agent.zip(sweep))
    })?;
    let (agent, sweep) = found.ok_or_else(|| Failure::NotFound("sweep".to_owned()))?;
    let losing = if sweep.state == "RUNNING" && !at_work.is_empty() {
        losing(server, &sweep, at_work)?
    } else {
        Vec::new()
    };
    for _ in 0..ATTEMPTS {
        // The search may take a while: it is done before the database is held.
        let plan = if sweep.state == "RUNNING" && at_work.is_empty() {
            Some(Plan::of(server, &sweep)?)
        } else {
            None
        };
        let commands = server.meta.write(|db| {
            sweeps::touch_agent(db, agent.id, now())?;
            let state = sweeps::by_id(db, sweep.id)?.map(|sweep| sweep.state);
            match (state.as_deref(), &plan) {
                (Some("CANCELED"), _) => Ok(Some(
                    stops(at_work).chain([json!({"type": "exit"})]).collect(),
                )),
                (Some("FINISHED"), _) if at_work.is_empty() => {
                    Ok(Some(vec![json!({"type": "exit"})]))
                }
                (Some("RUNNING"), Some(plan)) => plan.carry_out(db, &sweep, &agent, user),
                _ => Ok::<_, Failure>(Some(stops(&losing).collect())),
            }
        })?;
        if let Some(commands) = commands {
            return Ok((agent, commands));
        }
    }
    // Others were faster each time; the agent asks again soon.
    Ok((agent, Vec::new()))
}

fn stops(names: &[String]) -> impl Iterator<Item = Value> {
    names
        .iter()
        .map(|name| json!({"type": "stop", "run_id": name}))
}

/// What a sweep's next run is to be.
struct Plan {
    config: SweepConfig,
    /// How many runs it was made from.
    runs: usize,
    next: Next,
}

impl Plan {
    fn of(server: &Server, sweep: &Sweep) -> Result<Self, Failure> {
        let config = SweepConfig::from_yaml(&sweep.config)
            .map_err(|error| Failure::Invalid(error.to_string()))?;
        let given_out = server
            .meta
            .read(|db| runs::of_sweep(db, sweep.project, &sweep.name))?;
        let past: Vec<PastRun> = given_out.iter().map(|run| past(&config, run)).collect();
        Ok(Self {
            next: next(&config, &past, seed(&sweep.name, past.len())),
            runs: past.len(),
            config,
        })
    }

    /// Makes the run and tells the agent to carry it out; ends the sweep if there is none. `None` if another agent has got
    /// a run meanwhile.
    fn carry_out(
        &self,
        db: &Connection,
        sweep: &Sweep,
        agent: &Agent,
        user: i64,
    ) -> Result<Option<Vec<Value>>, Failure> {
        if runs::of_sweep(db, sweep.project, &sweep.name)?.len() != self.runs {
            return Ok(None);
        }
        let Next::Run(parameters) = &self.next else {
            sweeps::change(db, sweep.id, None, Some("FINISHED"), None, None, now())?;
            return Ok(Some(vec![json!({"type": "exit"})]));
        };
        let id = loop {
            let id = RunId::from_random(|| sys::random::<1>()[0])
                .as_str()
                .to_owned();
            if runs::find(db, sweep.project, &id)?.is_none() {
                break id;
            }
        };
        let display_name = name::generate(sys::random::<2>(), self.runs as u64 + 1);
        let run = runs::create(db, sweep.project, &id, &display_name, user, now())?;
        let change = Change {
            state: Some("pending"),
            config: Some(parameters),
            sweep: Some(&sweep.name),
            ..Change::default()
        };
        runs::change(db, run, &change)?;
        runs::set_agent(db, run, agent.id)?;
        let arguments: Value = serde_json::from_str(parameters).unwrap_or_default();
        Ok(Some(vec![json!({
            "type": "run",
            "run_id": id,
            "program": self.config.program,
            "args": arguments,
            "logs": [],
        })]))
    }
}

fn past(config: &SweepConfig, run: &Run) -> PastRun {
    PastRun {
        parameters: Wire::parse(&run.config).unwrap_or(Wire::Null),
        metric: metric_of(config, &run.summary),
        state: PastState::of(run.state_at(now())),
    }
}

/// The value of the sweep's metric in a summary; that of the best step, if the run keeps it.
fn metric_of(config: &SweepConfig, summary: &str) -> Option<f64> {
    let metric = config.metric.as_ref()?;
    let summary = Wire::parse(summary).ok()?;
    let value = match summary.get(&metric.name) {
        Some(value) => value,
        None => metric
            .name
            .split('.')
            .try_fold(&summary, |value, name| value.get(name))?,
    };
    let best = match metric.goal {
        Goal::Minimize => value.get("min"),
        Goal::Maximize => value.get("max"),
    };
    best.unwrap_or(value)
        .as_f64()
        .filter(|value| value.is_finite())
}

/// The best run so far and its value.
pub(crate) fn best<'r>(config: &SweepConfig, runs: &'r [Run]) -> Option<(&'r Run, f64)> {
    let goal = config.metric.as_ref()?.goal;
    let values = runs
        .iter()
        .filter_map(|run| Some((run, metric_of(config, &run.summary)?)));
    match goal {
        Goal::Minimize => values.min_by(|one, other| one.1.total_cmp(&other.1)),
        Goal::Maximize => values.max_by(|one, other| one.1.total_cmp(&other.1)),
    }
}

/// How the search is called.
pub(crate) fn method_name(config: &SweepConfig) -> &'static str {
    match config.method {
        Method::Grid => "grid",
        Method::Random => "random",
        Method::Bayes => "bayes",
    }
}

/// Those of the runs at work that are to be stopped early.
fn losing(server: &Server, sweep: &Sweep, at_work: &[String]) -> Result<Vec<String>, Failure> {
    let Ok(config) = SweepConfig::from_yaml(&sweep.config) else {
        return Ok(Vec::new());
    };
    let (Some(rule), Some(metric)) = (&config.early_terminate, &config.metric) else {
        return Ok(Vec::new());
    };
    let runs = server
        .meta
        .read(|db| runs::of_sweep(db, sweep.project, &sweep.name))?;
    let mut histories = Vec::new();
    for run in &runs {
        let series = server.points.series(run.id, Stream::History)?;
        let values = held(&series).values(&[&metric.name], ..)?;
        let history: Vec<f64> = values
            .columns
            .into_iter()
            .flatten()
            .flatten()
            .filter(|value| !value.is_nan())
            .collect();
        histories.push(history);
    }
    let brackets = Brackets::new(rule, metric.goal, histories.iter().map(Vec::as_slice));
    let losing = runs
        .iter()
        .zip(&histories)
        .filter(|(run, history)| at_work.contains(&run.name) && brackets.should_stop(history));
    Ok(losing.map(|(run, _)| run.name.clone()).collect())
}
