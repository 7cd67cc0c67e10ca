//! Compares what the server has of runs with their logs.

use std::path::Path;
use std::sync::Arc;

use super::run::report::shown;
use crate::api::{Api, Stop};
use crate::output::Ui;
use crate::store::runs::LocalRun;
use crate::upload::edits::Edits;
use crate::upload::register::Target;
use crate::upload::verify::{Difference, verify};

/// Verifies runs and says what was found; true if there was no difference.
pub fn exec(
    runs: &[(LocalRun, Option<Target>)],
    edits: &Edits,
    api: &Arc<Api>,
    stop: &Stop,
    ui: &Ui,
    cwd: &Path,
) -> bool {
    let mut same = true;
    for (run, target) in runs {
        let path = shown(&run.dir, cwd);
        match verify(&run.log, target.as_ref(), edits, api, stop) {
            Ok(found) if found.differences.is_empty() => ui.info(&format!(
                "[{}] Verified {path}: {} row(s), summary, config and {} file(s) are on the server",
                run.id, found.rows, found.files
            )),
            Ok(found) => {
                same = false;
                for Difference(text) in found.differences {
                    ui.error(&format!("[{}] {path}: {text}", run.id));
                }
            }
            Err(error) => {
                same = false;
                ui.error(&format!("[{}] {path} cannot be verified: {error}", run.id));
            }
        }
    }
    same
}
