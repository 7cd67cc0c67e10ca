//! What is shown of logs that grow, follow each other, are replaced and too many.

use std::fs;
use std::path::Path;

use super::*;
use crate::server::held;
use crate::wire::log::{FILE_HEADER, Framer};
use crate::wire::records::Records;
use crate::wire::schema::{
    HistoryItem, HistoryRecord, Kind, OutputRawRecord, RunExitRecord, RunRecord, Timestamp,
};

/// A log that grows.
struct Writer {
    path: PathBuf,
    framer: Framer,
    bytes: Vec<u8>,
}

impl Writer {
    fn new(wandb: &Path, dir: &str, id: &str, start: i64) -> Self {
        let dir = wandb.join(dir);
        fs::create_dir_all(&dir).unwrap();
        let mut writer = Self {
            path: dir.join(format!("run-{id}.wandb")),
            framer: Framer::new(),
            bytes: FILE_HEADER.to_vec(),
        };
        writer.write(Kind::Run(Box::new(RunRecord {
            run_id: id.into(),
            start_time: Some(Timestamp {
                seconds: start,
                nanos: 0,
            }),
            ..RunRecord::default()
        })));
        writer
    }

    fn write(&mut self, kind: Kind) {
        let mut records = Records::default();
        records.push(kind);
        for record in records.iter() {
            self.framer.frame(record, &mut self.bytes);
        }
        fs::write(&self.path, &self.bytes).unwrap();
    }

    fn row(&mut self, loss: f64) {
        self.write(Kind::History(HistoryRecord {
            item: vec![HistoryItem {
                key: "loss".into(),
                value_json: loss.to_string(),
                ..HistoryItem::default()
            }],
            step: None,
        }));
    }

    fn print(&mut self, text: &str) {
        self.write(Kind::OutputRaw(OutputRawRecord {
            line: text.into(),
            ..OutputRawRecord::default()
        }));
    }
}

fn path(run: &str) -> RunPath {
    RunPath {
        entity: "local".to_owned(),
        project: "uncategorized".to_owned(),
        run: run.to_owned(),
    }
}

fn open(wandb: &Path, budget: usize) -> LocalRuns {
    let changes = broadcast::channel(CHANGES).0;
    LocalRuns {
        shown_as: String::new(),
        index: Index::new(Place::Directory(wandb.to_owned()), changes.clone()),
        kept: Kept::new(budget),
        changes,
    }
}

fn rows(runs: &LocalRuns, run: &str, stream: Stream) -> Vec<String> {
    let series = runs.series(&path(run), stream).unwrap();
    let mut rows = Vec::new();
    held(&series)
        .rows(.., usize::MAX, |_, row| rows.push(row.to_owned()))
        .unwrap();
    rows
}

#[test]
fn what_is_added_to_a_log_is_there_at_the_next_question() {
    let wandb = tempfile::tempdir().unwrap();
    let mut log = Writer::new(wandb.path(), "run-a", "a", 100);
    let runs = open(wandb.path(), BUDGET);
    assert!(rows(&runs, "a", Stream::History).is_empty());
    log.row(1.0);
    log.print("10%\r20%");
    assert_eq!(
        rows(&runs, "a", Stream::History),
        [r#"{"_step":0,"loss":1}"#]
    );
    assert!(rows(&runs, "a", Stream::Console)[0].contains("20%"));
    log.print("\r30%\nnext\n");
    log.row(2.0);
    let console = rows(&runs, "a", Stream::Console);
    assert!(
        console.len() == 2 && console[0].contains("30%"),
        "{console:?}"
    );
    log.write(Kind::Exit(RunExitRecord {
        exit_code: 2,
        runtime: 3,
    }));
    assert_eq!(rows(&runs, "a", Stream::History).len(), 2);
    assert_eq!(runs.run(&path("a")).unwrap().exit_code, Some(2));
    // What comes behind the end is read all the same.
    log.row(3.0);
    assert_eq!(rows(&runs, "a", Stream::History).len(), 3);
}

#[test]
fn a_log_that_was_replaced_is_read_anew() {
    let wandb = tempfile::tempdir().unwrap();
    let mut log = Writer::new(wandb.path(), "run-a", "a", 100);
    for loss in 0..10 {
        log.row(f64::from(loss));
    }
    let runs = open(wandb.path(), BUDGET);
    assert_eq!(rows(&runs, "a", Stream::History).len(), 10);
    let mut shorter = Writer::new(wandb.path(), "run-a", "a", 100);
    shorter.row(7.0);
    assert_eq!(
        rows(&runs, "a", Stream::History),
        [r#"{"_step":0,"loss":7}"#]
    );
}

#[test]
fn parts_of_a_run_follow_each_other_and_other_runs_are_apart() {
    let wandb = tempfile::tempdir().unwrap();
    Writer::new(wandb.path(), "run-2", "a", 200).row(2.0);
    Writer::new(wandb.path(), "run-1", "a", 100).row(1.0);
    Writer::new(wandb.path(), "run-3", "b", 50).row(3.0);
    let runs = open(wandb.path(), BUDGET);
    assert_eq!(
        rows(&runs, "a", Stream::History),
        [r#"{"_step":0,"loss":1}"#, r#"{"_step":1,"loss":2}"#]
    );
    assert_eq!(rows(&runs, "b", Stream::History).len(), 1);
    assert_eq!(runs.count(), 2);
    assert_eq!(
        runs.newest_page().as_deref(),
        Some("/local/uncategorized/runs/a")
    );
}

#[test]
fn of_more_rows_than_memory_allows_those_used_last_are_kept() {
    let wandb = tempfile::tempdir().unwrap();
    for id in ["a", "b", "c"] {
        Writer::new(wandb.path(), &format!("run-{id}"), id, 100).row(1.0);
    }
    let runs = open(wandb.path(), 150 << 10);
    for id in ["a", "b", "a", "c", "a"] {
        assert_eq!(rows(&runs, id, Stream::History).len(), 1);
    }
    assert_eq!(runs.kept.count(), 2);
}
