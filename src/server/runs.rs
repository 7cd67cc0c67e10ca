//! Runs as requests name them, and what happens to a run as a whole.

use std::collections::BTreeMap;

use rusqlite::Connection;

use super::meta::projects::{self, Project};
use super::meta::runs::{self, Change, Run};
use super::meta::{artifacts, files};
use super::points::Stream;
use super::{Failure, Server, held};
use crate::wire::json::Value;

/// A run as addresses name it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RunPath {
    pub(crate) entity: String,
    pub(crate) project: String,
    pub(crate) run: String,
}

impl RunPath {
    pub(crate) fn new(entity: &str, project: &str, run: &str) -> Self {
        Self {
            entity: entity.to_owned(),
            project: project.to_owned(),
            run: run.to_owned(),
        }
    }
}

impl Server {
    /// The run of a path.
    pub(crate) fn run(&self, path: &RunPath) -> Result<Run, Failure> {
        self.meta.read(|db| {
            let project = project(db, &path.entity, &path.project)?;
            runs::find(db, project.id, &path.run)?.ok_or_else(|| {
                Failure::NotFound(format!("run {}/{}/{}", path.entity, path.project, path.run))
            })
        })
    }

    /// The names by which a run is reached.
    pub(crate) fn path_of(&self, run: &Run) -> Result<RunPath, Failure> {
        let project = self.meta.read(|db| projects::by_id(db, run.project))?;
        Ok(RunPath {
            entity: project.entity,
            project: project.name,
            run: run.name.clone(),
        })
    }

    /// Changes what is said about a run, and tells browsers.
    pub(crate) fn change_run(&self, run: &Run, change: &Change<'_>) -> Result<(), Failure> {
        self.meta.write(|db| runs::change(db, run.id, change))?;
        let path = self.path_of(run)?;
        self.changed(&path.entity, &path.project, &path.run, "run");
        Ok(())
    }

    /// How many lines of a stream have come.
    pub(crate) fn lines(&self, run: i64, stream: Stream) -> Result<u64, Failure> {
        let series = self.points.series(run, stream)?;
        Ok(held(&series).lines())
    }

    /// Brings the points of a run that has ended into their final form, where that is worth it.
    pub(crate) fn finish_points(&self, run: i64) {
        for stream in Stream::ALL {
            // What fails here is done later, or stays as it is: nothing is lost by it.
            if let Ok(series) = self.points.series(run, stream) {
                let _ = held(&series).finish();
            }
        }
    }

    /// Puts the rows of `parent` up to a step at the beginning of a new run.
    pub(crate) fn branch(&self, parent: i64, run: i64, step: i64) -> Result<(), Failure> {
        let source = self.points.series(parent, Stream::History)?;
        let target = self.points.series(run, Stream::History)?;
        let mut rows: Vec<String> = Vec::new();
        held(&source).rows(..=step, usize::MAX, |_, row| rows.push(row.to_owned()))?;
        let rows: Vec<&str> = rows.iter().map(String::as_str).collect();
        held(&target).append(0, 0, &rows)?;
        Ok(())
    }

    /// Takes a run back to a step: later rows, its system metrics and its console are gone.
    pub(crate) fn rewind(&self, run: i64, step: i64) -> Result<(), Failure> {
        let history = self.points.series(run, Stream::History)?;
        held(&history).truncate_after(step)?;
        for stream in [Stream::Events, Stream::Console] {
            let series = self.points.series(run, stream)?;
            held(&series).clear()?;
        }
        Ok(())
    }

    /// Deletes a run with its points and files, and if it is wished what artifacts it has logged.
    pub(crate) fn delete_run(&self, run: &Run, with_artifacts: bool) -> Result<(), Failure> {
        let path = self.path_of(run)?;
        let digests = self.meta.write(|db| {
            let mut digests: Vec<String> = files::all(db, run.id)?
                .into_iter()
                .map(|file| file.md5)
                .collect();
            if with_artifacts {
                for artifact in artifacts::logged_by(db, run.id)? {
                    digests.extend(
                        artifacts::entries(db, artifact.id)?
                            .into_iter()
                            .filter_map(|entry| entry.md5),
                    );
                    digests.extend(
                        artifacts::manifests(db, artifact.id)?
                            .into_iter()
                            .filter_map(|manifest| manifest.md5),
                    );
                    artifacts::delete(db, artifact.id, super::now())?;
                }
            }
            runs::delete(db, run.id)?;
            Ok::<_, Failure>(digests)
        })?;
        self.points.remove(run.id)?;
        self.sweep_blobs(&digests)?;
        self.changed(&path.entity, &path.project, &path.run, "run");
        Ok(())
    }
}

/// The project of these names.
pub(crate) fn project(db: &Connection, entity: &str, name: &str) -> Result<Project, Failure> {
    projects::find(db, entity, name)?
        .ok_or_else(|| Failure::NotFound(format!("project {entity}/{name}")))
}

/// A config without the wrapping of its values, as users know it; what W&B keeps for itself is left out.
pub(crate) fn plain_config(config: &str) -> Value {
    let Ok(Value::Map(members)) = Value::parse(config) else {
        return Value::Map(Vec::new());
    };
    let plain = members
        .into_iter()
        .filter(|(name, _)| name != "_wandb")
        .map(|(name, entry)| {
            let value = match entry.get("value") {
                Some(value) => value.clone(),
                None => entry,
            };
            (name, value)
        });
    Value::Map(plain.collect())
}

/// What W&B keeps in a config for itself.
pub(crate) fn internal_config(config: &str) -> Option<Value> {
    let config = Value::parse(config).ok()?;
    config.get("_wandb")?.get("value").cloned()
}

/// For each metric the one that is its step, where `define_metric` has said so. In the config these are the fields of
/// a message by their numbers: `m = [{"1": name, "5": index of the step metric, from 1}]`.
pub(crate) fn step_metrics(config: &str) -> BTreeMap<String, String> {
    let metrics = internal_config(config).and_then(|internal| internal.get("m").cloned());
    let Some(Value::List(metrics)) = metrics else {
        return BTreeMap::new();
    };
    let name = |metric: &Value| metric.get("1").and_then(Value::as_str).map(str::to_owned);
    let steps = metrics.iter().filter_map(|metric| {
        let step = metric.get("5")?.as_f64()? as usize;
        Some((name(metric)?, name(metrics.get(step.checked_sub(1)?)?)?))
    });
    steps.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn step_metrics_are_read_from_the_config() {
        let config =
            r#"{"_wandb":{"value":{"m":[{"1":"epoch","6":[3]},{"1":"val/acc","5":1,"6":[1]}]}}}"#;
        let steps: Vec<_> = step_metrics(config).into_iter().collect();
        assert_eq!(steps, [("val/acc".to_owned(), "epoch".to_owned())]);
        assert!(step_metrics("{}").is_empty());
    }

    #[test]
    fn configs_are_shown_without_their_wrapping() {
        let config = r#"{"lr":{"value":0.1},"_wandb":{"value":{"t":{}}},"old":{"desc":null,"value":{"a":1}},"bare":5}"#;
        assert_eq!(
            plain_config(config).to_json(),
            r#"{"lr":0.1,"old":{"a":1},"bare":5}"#
        );
        assert_eq!(plain_config("[").to_json(), "{}");
    }
}
