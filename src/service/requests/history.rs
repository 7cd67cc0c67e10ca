//! The history of a run, row by row, or as the files into which the server has packed it.
//!
//! Rows are asked for by their steps, from servers of any kind; what the official client reads out of the packed files is
//! the same. Source: `core/internal/runhistoryreader` of the official repository.

use std::collections::HashMap;
use std::path::PathBuf;
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};

use super::{Refused, Script};
use crate::api::graphql::Operation;
use crate::api::{Api, Caller};
use crate::wire::json::Value as RowValue;
use crate::wire::sdk::api::{
    DownloadBegun, DownloadInit, DownloadStatus, Downloaded, Given, HistoryGiven, HistoryRequest,
    HistoryResponse, HistoryRow, HistoryRows, HistoryWanted, INCOMPLETE_HISTORY, Nothing,
    RequestId, RowItem, Scan, ScanInit,
};

const PACKED: Operation = Operation::new(
    "RunParquetHistory",
    "query RunParquetHistory($entity: String!, $project: String!, $runName: String!, $liveKeys: [String!]!) { \
project(name: $project, entityName: $entity) { run(name: $runName) { \
parquetHistory(liveKeys: $liveKeys) { parquetUrls liveData } } } }",
);

const ROWS_WITH: Operation = Operation::new(
    "SampledHistoryPage",
    "query SampledHistoryPage($entity: String!, $project: String!, $run: String!, $spec: JSONString!) { \
project(name: $project, entityName: $entity) { run(name: $run) { sampledHistory(specs: [$spec]) } } }",
);

/// Scans and downloads that scripts have begun.
#[derive(Debug, Default)]
pub(super) struct Readers(Mutex<Begun>);

#[derive(Debug, Default)]
struct Begun {
    last: i32,
    scans: HashMap<i32, ScanInit>,
    downloads: HashMap<i32, Download>,
}

#[derive(Debug)]
struct Download {
    urls: Vec<String>,
    directory: PathBuf,
    /// What the names of the files begin with.
    prefix: String,
}

impl Readers {
    fn lock(&self) -> MutexGuard<'_, Begun> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(super) fn answer(
        &self,
        api: &Api,
        request: &HistoryRequest,
        script: Script,
        caller: Caller<'_>,
    ) -> Result<Given, Refused> {
        let given = match &request.wanted {
            Some(HistoryWanted::ScanInit(init)) => self.begin_scan(api, init, caller)?,
            Some(HistoryWanted::Scan(scan)) => self.scan(api, *scan, caller)?,
            Some(HistoryWanted::ScanCleanup(id)) => {
                self.lock().scans.remove(&id.request_id);
                HistoryGiven::ScanCleanup(Nothing {})
            }
            Some(HistoryWanted::DownloadInit(init)) => {
                let directory = script.path(&init.download_dir)?;
                self.begin_download(api, init, directory, caller)?
            }
            Some(HistoryWanted::Download(id)) => self.download(api, *id, caller)?,
            Some(HistoryWanted::DownloadStatus(_)) => {
                HistoryGiven::DownloadStatus(DownloadStatus {
                    operation_stats: Some(Nothing {}),
                })
            }
            None => return Err(Refused::new("unsupported history request")),
        };
        Ok(Given::History(HistoryResponse { given: Some(given) }))
    }

    fn begin_scan(
        &self,
        api: &Api,
        init: &ScanInit,
        caller: Caller<'_>,
    ) -> Result<HistoryGiven, Refused> {
        let stored = api.stored(&init.entity, &init.project, &init.run_id, caller)?;
        if stored.is_none() {
            return Err(no_history(&init.run_id));
        }
        let mut begun = self.lock();
        begun.last += 1;
        let request_id = begun.last;
        begun.scans.insert(request_id, init.clone());
        Ok(HistoryGiven::ScanInit(RequestId { request_id }))
    }

    fn scan(&self, api: &Api, scan: Scan, caller: Caller<'_>) -> Result<HistoryGiven, Refused> {
        let init = self.lock().scans.get(&scan.request_id).cloned();
        let init = init.ok_or_else(|| Refused::new("Run history scan not initialized."))?;
        let mut history_rows = if scan.max_step <= scan.min_step {
            Vec::new()
        } else if init.keys.is_empty() {
            let steps = (scan.min_step, scan.max_step);
            let rows = api.history(&init.entity, &init.project, &init.run_id, steps, caller)?;
            rows.iter()
                .map(|row| row_of(row))
                .collect::<Result<Vec<_>, _>>()?
        } else {
            rows_with(api, &init, scan, caller)?
        };
        history_rows.sort_by_key(step_of);
        Ok(HistoryGiven::Rows(HistoryRows { history_rows }))
    }

    fn begin_download(
        &self,
        api: &Api,
        init: &DownloadInit,
        directory: PathBuf,
        caller: Caller<'_>,
    ) -> Result<HistoryGiven, Refused> {
        let variables = json!({"entity": init.entity, "project": init.project, "runName": init.run_id,
            "liveKeys": ["_step"]});
        let data = api.graphql(&PACKED, variables, caller)?;
        let packed = &data["project"]["run"]["parquetHistory"];
        if !packed.is_object() {
            return Err(no_history(&init.run_id));
        }
        let contains_live_data = packed["liveData"]
            .as_array()
            .is_some_and(|rows| !rows.is_empty());
        if contains_live_data && init.require_complete_history {
            return Err(Refused {
                kind: Some(INCOMPLETE_HISTORY),
                ..Refused::new("Run contains data that has not been exported to parquet files yet.")
            });
        }
        std::fs::create_dir_all(&directory)
            .map_err(|error| Refused::new(format!("{}: {error}", directory.display())))?;
        let urls = packed["parquetUrls"].as_array();
        let download = Download {
            urls: urls.map_or_else(Vec::new, |urls| {
                let urls = urls.iter().filter_map(Value::as_str);
                urls.map(str::to_owned).collect()
            }),
            directory,
            prefix: format!("{}_{}_{}", init.entity, init.project, init.run_id).replace('/', "_"),
        };
        let mut begun = self.lock();
        begun.last += 1;
        let request_id = begun.last;
        begun.downloads.insert(request_id, download);
        Ok(HistoryGiven::DownloadInit(DownloadBegun {
            request_id,
            contains_live_data,
        }))
    }

    fn download(
        &self,
        api: &Api,
        id: RequestId,
        caller: Caller<'_>,
    ) -> Result<HistoryGiven, Refused> {
        let download = self.lock().downloads.remove(&id.request_id);
        let download = download.ok_or_else(|| Refused::new("Download operation not found."))?;
        let mut downloaded = Downloaded::default();
        for (number, url) in download.urls.iter().enumerate() {
            let name = format!("{}_{number}.runhistory.parquet", download.prefix);
            let path = download.directory.join(&name);
            let shown = path.to_string_lossy().into_owned();
            match api.download(&name, url, (&path, None), caller) {
                Ok(()) => downloaded.downloaded_files.push(shown),
                Err(error) => drop(downloaded.errors.insert(shown, error.to_string())),
            }
        }
        Ok(HistoryGiven::Download(downloaded))
    }
}

fn no_history(run: &str) -> Refused {
    Refused::new(format!("no history found for run {run}"))
}

/// Rows that have all of some keys, and of those only these.
fn rows_with(
    api: &Api,
    init: &ScanInit,
    scan: Scan,
    caller: Caller<'_>,
) -> Result<Vec<HistoryRow>, Refused> {
    let mut keys = init.keys.clone();
    if !keys.iter().any(|key| key == "_step") {
        keys.push("_step".to_owned());
    }
    // Here the last step is part of what is asked for.
    let spec = json!({"keys": keys, "minStep": scan.min_step, "maxStep": scan.max_step - 1,
        "samples": scan.max_step - scan.min_step});
    let variables = json!({"entity": init.entity, "project": init.project, "run": init.run_id,
        "spec": spec.to_string()});
    let data = api.graphql(&ROWS_WITH, variables, caller)?;
    let lists = data["project"]["run"]["sampledHistory"].as_array();
    let rows = lists.into_iter().flatten().filter_map(Value::as_array);
    rows.flatten().map(|row| row_of(&row.to_string())).collect()
}

/// A row out of its JSON. Steps are whole numbers, however the server writes them.
fn row_of(json: &str) -> Result<HistoryRow, Refused> {
    let row = RowValue::parse(json)
        .map_err(|error| Refused::new(format!("a row of the history is not JSON: {error}")))?;
    let RowValue::Map(members) = row else {
        return Err(Refused::new("a row of the history is not an object"));
    };
    let history_items = members.into_iter().map(|(key, value)| {
        let value = match (key.as_str(), value) {
            ("_step", RowValue::Float(step)) => RowValue::Int(step as i64),
            (_, value) => value,
        };
        RowItem {
            value_json: value.to_json(),
            key,
        }
    });
    Ok(HistoryRow {
        history_items: history_items.collect(),
    })
}

fn step_of(row: &HistoryRow) -> i64 {
    let step = row.history_items.iter().find(|item| item.key == "_step");
    step.and_then(|item| item.value_json.parse().ok())
        .unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_values_and_have_whole_steps() {
        let row = row_of(r#"{"loss": NaN, "_step": 3.0, "a": {"b": [1, "x"]}}"#).unwrap();
        let found: Vec<_> = row
            .history_items
            .iter()
            .map(|item| (item.key.as_str(), item.value_json.as_str()))
            .collect();
        assert_eq!(
            found,
            [("loss", "NaN"), ("_step", "3"), ("a", r#"{"b":[1,"x"]}"#)]
        );
        assert_eq!(step_of(&row), 3);
        assert!(row_of("[]").is_err());
        assert!(row_of("{").is_err());
    }
}
