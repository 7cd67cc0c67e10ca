//! `run` and `bucket`: what is known of a run.

use serde_json::{Value, json};

use super::artifacts::Artifact;
use super::plain::{connection, id, number, optional, time};
use super::project::Project;
use super::{Answer, Arguments, Context, Fault, Object, Resolved, files, history, some};
use crate::server::meta::{artifacts, projects, runs, users};
use crate::server::now;
use crate::server::points::Stream;
use crate::wire::json as w_json;

/// A run.
#[derive(Clone)]
pub(super) struct Run(pub(super) runs::Run);

/// The storage id of a run, as clients send it back.
pub(super) fn storage_id(run: i64) -> String {
    id("Run", run)
}

/// The number in a storage id.
pub(super) fn number_of(storage_id: &str) -> Result<i64, Fault> {
    number("Run", storage_id).map_err(|_| Fault::not_found("run"))
}

impl Run {
    fn at_work(&self) -> bool {
        matches!(self.0.state_at(now()), "running" | "preempting")
    }

    /// What W&B keeps in the config for itself, as far as `keys` ask for it.
    fn internal_config(&self, arguments: &Arguments) -> String {
        let config = w_json::Value::parse(&self.0.config).ok();
        let internal = config
            .as_ref()
            .and_then(|config| config.get("_wandb")?.get("value"));
        let keys = arguments.texts("keys").unwrap_or_default();
        let members = keys.into_iter().filter_map(|key| {
            let value = internal?.get(&key)?.clone();
            Some((key, value))
        });
        w_json::Value::Map(members.collect()).to_json()
    }

    fn artifacts(
        &self,
        context: &Context<'_>,
        arguments: &Arguments,
        list: impl FnOnce(&rusqlite::Connection, i64) -> rusqlite::Result<Vec<artifacts::Artifact>>,
    ) -> Result<Answer, Fault> {
        let found = context.server.meta.read(|db| list(db, self.0.id));
        let found = found?.into_iter();
        Ok(connection(
            arguments,
            found
                .map(|artifact| Answer::object(Artifact(artifact)))
                .collect(),
        ))
    }

    fn history_field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved {
        let server = context.server;
        let run = self.0.id;
        some(match name {
            "historyLineCount" => server.lines(run, Stream::History)?.into(),
            "eventsLineCount" => server.lines(run, Stream::Events)?.into(),
            "logLineCount" => server.lines(run, Stream::Console)?.into(),
            "historyTail" => history::tail(server, run, Stream::History)?.into(),
            "eventsTail" => history::tail(server, run, Stream::Events)?.into(),
            "historyKeys" => history::keys(server, run)?.into(),
            "history" => history::rows(server, run, Stream::History, arguments)?.into(),
            "events" => history::rows(server, run, Stream::Events, arguments)?.into(),
            "sampledHistory" => history::sampled(server, run, arguments)?.into(),
            "parquetHistory" => history::parquet(),
            "logLines" => history::console(server, run, arguments)?,
            _ => return Ok(None),
        })
    }
}

impl Object for Run {
    fn kind(&self) -> &'static str {
        "Run"
    }

    fn field(&self, context: &Context<'_>, name: &str, arguments: &Arguments) -> Resolved {
        let run = &self.0;
        let server = context.server;
        some(match name {
            "id" => storage_id(run.id).into(),
            "internalId" => id("RunInternalId", run.id).into(),
            "projectId" => run.project.into(),
            "name" => Answer::from(run.name.as_str()),
            "displayName" => Answer::from(run.display_name.as_str()),
            "state" => Answer::from(run.state_at(now())),
            "config" => Answer::from(run.config.as_str()),
            "summaryMetrics" => Answer::from(run.summary.as_str()),
            "systemMetrics" => Answer::from(run.system.as_str()),
            "wandbConfig" => self.internal_config(arguments).into(),
            "description" => optional(run.description.as_deref()),
            "notes" => Answer::from(run.notes.as_str()),
            "tags" => run.tag_list().into(),
            "group" | "groupName" => optional(Some(&run.group)),
            "jobType" => optional(Some(&run.job_type)),
            "sweepName" => optional(Some(&run.sweep)),
            "commit" => optional(run.commit.as_deref()),
            "repo" | "github" => optional(run.repository.as_deref()),
            "host" => optional(run.host.as_deref()),
            "program" => optional(run.program.as_deref()),
            "createdAt" => time(run.created).into(),
            "heartbeatAt" | "updatedAt" => time(run.heartbeat).into(),
            "computeSeconds" => ((run.heartbeat - run.created) as i64).into(),
            "exitcode" => run.exit_code.into(),
            "stopped" | "shouldStop" => run.stopped.into(),
            "failed" => matches!(run.state_at(now()), "failed" | "crashed" | "killed").into(),
            "running" => self.at_work().into(),
            "readOnly" => false.into(),
            "user" => {
                let user = server.meta.read(|db| users::by_id(db, run.user));
                Answer::object(user?)
            }
            "project" => {
                let project = server.meta.read(|db| projects::by_id(db, run.project));
                Answer::object(Project(project?))
            }
            "entity" => {
                let project = server.meta.read(|db| projects::by_id(db, run.project));
                Answer::object(super::user::Entity(project?.entity))
            }
            "runInfo" => self.run_info(),
            "fileCount" => {
                let count = server
                    .meta
                    .read(|db| crate::server::meta::files::count(db, run.id));
                count?.into()
            }
            "files" => files::of_run(context, run, arguments)?,
            "outputArtifacts" => self.artifacts(context, arguments, artifacts::logged_by)?,
            "inputArtifacts" => self.artifacts(context, arguments, artifacts::used_by)?,
            other => return self.history_field(context, other, arguments),
        })
    }
}

impl Run {
    fn run_info(&self) -> Answer {
        let info: Value = json!({"program": self.0.program, "host": self.0.host});
        info.into()
    }
}
