//! The files of a run that are derived from its log at the end: `config.yaml` and `wandb-summary.json`.

use std::io;

use super::{RunDir, write_atomic, yaml};
use crate::run::{Now, RunState};

/// Writes them; gives the names of those that cannot be written, and why.
pub fn write(dir: &RunDir, state: &RunState, now: Now) -> Vec<(&'static str, io::Error)> {
    let config = yaml::config_yaml(state.config().members());
    let summary = state.summary(now).to_json();
    [("config.yaml", config), ("wandb-summary.json", summary)]
        .into_iter()
        .filter_map(|(name, text)| {
            let error = write_atomic(&dir.file(name), text.as_bytes()).err()?;
            Some((name, error))
        })
        .collect()
}
