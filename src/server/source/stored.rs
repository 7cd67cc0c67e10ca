//! The pages over the server's store.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tokio::sync::broadcast;

use super::columns::Columns;
use super::{Edit, LARGEST_METADATA, LOOKED_AT, RunDetail, Source};
use crate::server::held;
use crate::server::meta::{artifacts, collections, files, projects, runs, sweeps, users};
use crate::server::points::{Series, Stream};
use crate::server::run_list::{self, Listed};
use crate::server::runs::{RunPath, project};
use crate::server::sweep::config::{Goal, SweepConfig};
use crate::server::{Change, Failure, Server, now, storage, sweeps as search};

impl Server {
    fn member(
        &self,
        entity: &str,
        name: &str,
        collection: &str,
        alias: &str,
    ) -> Result<artifacts::Artifact, Failure> {
        let missing = || Failure::NotFound(format!("artifact {collection}:{alias}"));
        self.meta.read(|db| {
            let project = project(db, entity, name)?;
            let collection = collections::find(db, project.id, collection)?.ok_or_else(missing)?;
            let member = collections::member(db, collection.id, alias)?.ok_or_else(missing)?;
            artifacts::by_id(db, member.artifact)?.ok_or_else(missing)
        })
    }

    fn shown_artifacts(&self, found: Vec<artifacts::Artifact>) -> Result<Vec<Value>, Failure> {
        self.meta.read(|db| {
            let mut shown = Vec::new();
            for artifact in found {
                let Some(collection) = collections::by_id(db, artifact.collection)? else {
                    continue;
                };
                let places = collections::places(db, artifact.id)?;
                let own = places
                    .iter()
                    .find(|place| place.collection == collection.id);
                let aliases = collections::aliases(db, artifact.id)?;
                let aliases: Vec<&str> = aliases
                    .iter()
                    .filter(|alias| alias.collection == collection.id)
                    .map(|alias| alias.name.as_str())
                    .collect();
                shown.push(json!({
                    "collection": collection.name,
                    "version": own.map(|place| format!("v{}", place.version)),
                    "type": collection.kind,
                    "size": artifact.size,
                    "aliases": aliases,
                }));
            }
            Ok(shown)
        })
    }
}

impl Source for Server {
    fn is_read_only(&self) -> bool {
        false
    }

    fn directory(&self) -> Option<String> {
        None
    }

    fn projects(&self) -> Result<Value, Failure> {
        self.meta.read(|db| {
            let mut shown = Vec::new();
            for project in projects::all(db, None)? {
                let (count, running, last) = runs::activity(db, project.id, now())?;
                shown.push(json!({
                    "entity": project.entity,
                    "name": project.name,
                    "description": project.description,
                    "runs": count,
                    "running": running,
                    "created": project.created,
                    "updated": last.unwrap_or(project.created),
                }));
            }
            Ok(shown.into())
        })
    }

    fn runs(&self, entity: &str, name: &str) -> Result<Vec<Listed>, Failure> {
        let project = self.meta.read(|db| project(db, entity, name))?;
        run_list::all(self, project.id)
    }

    fn columns(&self, entity: &str, name: &str) -> Result<Value, Failure> {
        let mut runs = Source::runs(self, entity, name)?;
        runs.sort_by(|one, other| other.created.total_cmp(&one.created));
        let mut columns = Columns::default();
        for run in runs.iter().take(LOOKED_AT) {
            columns.add_run(run);
            let history = self.points.series(run.number, Stream::History)?;
            columns.add_keys(&held(&history).keys()?);
            let events = self.points.series(run.number, Stream::Events)?;
            columns.add_system(&held(&events).keys()?);
        }
        Ok(columns.shown())
    }

    fn run(&self, path: &RunPath) -> Result<RunDetail, Failure> {
        let run = Server::run(self, path)?;
        let exit_code = run.exit_code;
        let (user, file_count, metadata) = self.meta.read(|db| {
            let user = users::by_id(db, run.user)?.name;
            let metadata = files::find(db, run.id, "wandb-metadata.json")?;
            Ok::<_, Failure>((user, files::count(db, run.id)?, metadata))
        })?;
        let metadata = metadata
            .filter(|file| file.size as u64 <= LARGEST_METADATA)
            .and_then(|file| self.blobs.read(&file.md5).ok())
            .and_then(|bytes| serde_json::from_slice(&bytes).ok());
        Ok(RunDetail {
            listed: Listed::of(run, user, now()),
            metadata: metadata.unwrap_or_else(|| json!({})),
            exit_code,
            file_count,
        })
    }

    fn series(&self, path: &RunPath, stream: Stream) -> Result<Arc<Mutex<Series>>, Failure> {
        let run = Server::run(self, path)?;
        Ok(self.points.series(run.id, stream)?)
    }

    fn files(&self, path: &RunPath) -> Result<Value, Failure> {
        let run = Server::run(self, path)?;
        let files = self.meta.read(|db| files::all(db, run.id))?;
        let shown = files.iter().map(|file| {
            json!({
                "name": file.name,
                "size": file.size,
                "updated": file.updated,
                "mimetype": storage::mime_type(&file.name),
            })
        });
        Ok(shown.collect())
    }

    fn file(&self, path: &RunPath, name: &str) -> Result<PathBuf, Failure> {
        let run = Server::run(self, path)?;
        let file = self.meta.read(|db| files::find(db, run.id, name))?;
        let file = file.ok_or_else(|| Failure::NotFound(format!("file {name}")))?;
        self.content(&file.md5)
    }

    fn run_artifacts(&self, path: &RunPath) -> Result<Value, Failure> {
        let run = Server::run(self, path)?;
        let (logged, used) = self.meta.read(|db| {
            Ok::<_, Failure>((
                artifacts::logged_by(db, run.id)?,
                artifacts::used_by(db, run.id)?,
            ))
        })?;
        Ok(json!({"logged": self.shown_artifacts(logged)?, "used": self.shown_artifacts(used)?}))
    }

    fn artifacts(&self, entity: &str, name: &str) -> Result<Value, Failure> {
        self.meta.read(|db| {
            let project = project(db, entity, name)?;
            let mut types: BTreeMap<String, Vec<Value>> = BTreeMap::new();
            for collection in collections::all(db, project.id, None)? {
                let members = collections::members(db, collection.id)?;
                let latest = artifacts::latest(db, collection.id)?;
                types.entry(collection.kind).or_default().push(json!({
                    "name": collection.name,
                    "versions": members.len(),
                    "latest": members.first().map(|member| format!("v{}", member.version)),
                    "size": latest.map_or(0, |artifact| artifact.size),
                    "updated": collection.updated,
                }));
            }
            let types: Vec<Value> = types
                .into_iter()
                .map(|(kind, collections)| json!({"type": kind, "collections": collections}))
                .collect();
            Ok(json!({"types": types}))
        })
    }

    fn artifact_versions(
        &self,
        entity: &str,
        name: &str,
        collection: &str,
    ) -> Result<Value, Failure> {
        self.meta.read(|db| {
            let project = project(db, entity, name)?;
            let found = collections::find(db, project.id, collection)?
                .ok_or_else(|| Failure::NotFound(format!("artifact {collection}")))?;
            let mut versions = Vec::new();
            for member in collections::members(db, found.id)? {
                let Some(artifact) = artifacts::by_id(db, member.artifact)? else {
                    continue;
                };
                let aliases = collections::aliases(db, artifact.id)?;
                let aliases: Vec<&str> = aliases
                    .iter()
                    .filter(|alias| alias.collection == found.id)
                    .map(|alias| alias.name.as_str())
                    .collect();
                let run = match artifact.run {
                    Some(run) => runs::by_id(db, run)?.map(|run| run.name),
                    None => None,
                };
                let metadata = artifact
                    .metadata
                    .as_deref()
                    .and_then(|text| serde_json::from_str::<Value>(text).ok());
                versions.push(json!({
                    "version": format!("v{}", member.version),
                    "aliases": aliases,
                    "size": artifact.size,
                    "files": artifact.file_count,
                    "created": artifact.created,
                    "run": run,
                    "digest": artifact.digest,
                    "description": artifact.description,
                    "metadata": metadata,
                }));
            }
            Ok(json!({"type": found.kind, "description": found.description, "versions": versions}))
        })
    }

    fn artifact_files(
        &self,
        entity: &str,
        name: &str,
        collection: &str,
        version: &str,
    ) -> Result<Value, Failure> {
        let artifact = self.member(entity, name, collection, version)?;
        let entries = self.meta.read(|db| artifacts::entries(db, artifact.id))?;
        let shown = entries.iter().map(|entry| {
            json!({"path": entry.path, "size": entry.size, "digest": entry.digest, "ref": entry.reference})
        });
        Ok(shown.collect())
    }

    fn artifact_file(
        &self,
        entity: &str,
        name: &str,
        collection: &str,
        version: &str,
        file: &str,
    ) -> Result<PathBuf, Failure> {
        let artifact = self.member(entity, name, collection, version)?;
        let entries = self.meta.read(|db| artifacts::entries(db, artifact.id))?;
        let entry = entries.into_iter().find(|entry| entry.path == file);
        let md5 = entry.and_then(|entry| entry.md5);
        self.content(&md5.ok_or_else(|| Failure::NotFound(format!("file {file}")))?)
    }

    fn sweep(&self, entity: &str, name: &str, sweep: &str) -> Result<Value, Failure> {
        let (sweep, runs) = self.meta.read(|db| {
            let project = project(db, entity, name)?;
            let found = sweeps::find(db, project.id, sweep)?
                .ok_or_else(|| Failure::NotFound(format!("sweep {sweep}")))?;
            let runs = runs::of_sweep(db, project.id, &found.name)?;
            Ok::<_, Failure>((found, runs))
        })?;
        let config = SweepConfig::from_yaml(&sweep.config).ok();
        let metric = config
            .as_ref()
            .and_then(|config| config.metric.as_ref())
            .map(|metric| {
                let goal = match metric.goal {
                    Goal::Minimize => "minimize",
                    Goal::Maximize => "maximize",
                };
                json!({"name": metric.name, "goal": goal})
            });
        let parameters: Vec<String> = config
            .iter()
            .flat_map(|config| &config.parameters)
            .map(|parameter| parameter.path.join("."))
            .collect();
        let best = config
            .as_ref()
            .and_then(|config| search::best(config, &runs));
        let ids: Vec<&str> = runs.iter().map(|run| run.name.as_str()).collect();
        let shown_name = sweep
            .display_name
            .clone()
            .or_else(|| config.as_ref()?.name.clone());
        Ok(json!({
            "id": sweep.name,
            "name": shown_name.as_ref().unwrap_or(&sweep.name),
            "method": config.as_ref().map(search::method_name),
            "state": sweep.state,
            "config": sweep.config,
            "metric": metric,
            "parameters": parameters,
            "runs": ids,
            "best": best.map(|(run, _)| run.name.as_str()),
        }))
    }

    fn edit(&self, path: &RunPath, edit: &Edit) -> Result<(), Failure> {
        let run = Server::run(self, path)?;
        let tags = edit.tags.as_ref().map(|tags| json!(tags).to_string());
        let change = runs::Change {
            display_name: edit.name.as_deref(),
            notes: edit.notes.as_deref(),
            tags: tags.as_deref(),
            ..runs::Change::default()
        };
        self.change_run(&run, &change)
    }

    fn delete(&self, path: &RunPath) -> Result<(), Failure> {
        let run = Server::run(self, path)?;
        self.delete_run(&run, false)
    }

    fn changes(&self) -> broadcast::Receiver<Change> {
        self.changes.subscribe()
    }
}
