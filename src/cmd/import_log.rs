//! `wandb-rs import-log`: runs from saved logs.

use std::fs::File;
use std::io::BufReader;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use chrono::{Datelike as _, Local, NaiveDateTime, TimeZone as _};

use super::run::report;
use super::{identity, sources};
use crate::cli::parse::ImportLogArgs;
use crate::error::Error;
use crate::import::{self, Calendar, Import};
use crate::output::Ui;
use crate::parse::Options;
use crate::recorder::run_log::Files;
use crate::run::config::Config;
use crate::run::{RunState, telemetry};
use crate::settings::Settings;
use crate::store::output_log::OutputLog;
use crate::store::{self, RunDir, derived};
use crate::sys;
use crate::wire::schema::{EnvironmentRecord, TelemetryFeature, Timestamp};

/// Carries the command out.
pub fn exec(args: &ImportLogArgs) -> Result<(), Error> {
    let cwd = sources::current_dir()?;
    let mut sources = sources::Sources::read(args.dir.as_deref(), &cwd)?;
    sources.identity(&args.identity);
    let (settings, notes) = sources.resolve().map_err(|error| error.code(1))?;
    let options = sources::rules(&args.rules, &cwd)?;
    let config = identity::config(None, &args.config_file, &args.config, &cwd)
        .map_err(|error| error.code(1))?;
    if args.files.len() > 1 && settings.run_id.is_some() {
        return Err(Error::new(
            "--id names one run, but there are several files",
        ));
    }
    let ui = super::loud_ui();
    for note in notes {
        ui.warning(&note);
    }
    for file in &args.files {
        let job = Job {
            file,
            settings: &settings,
            options: options.as_ref(),
            config: &config,
            exit_code: args.exit_code,
            cwd: &cwd,
        };
        let failed = |reason: String| Error::new(format!("{}: {reason}", file.display()));
        job.run(&ui).map_err(failed)?;
    }
    Ok(())
}

struct Job<'a> {
    file: &'a PathBuf,
    settings: &'a Settings,
    options: Option<&'a Options>,
    config: &'a Config,
    exit_code: u8,
    cwd: &'a Path,
}

impl Job<'_> {
    fn run(&self, ui: &Ui) -> Result<(), String> {
        let open = || File::open(self.file).map_err(|error| format!("cannot be read: {error}"));
        let file = open()?;
        let metadata = file.metadata().map_err(|error| error.to_string())?;
        if !metadata.is_file() {
            return Err("cannot be imported: not a regular file".to_owned());
        }
        let written = metadata.modified().unwrap_or(std::time::UNIX_EPOCH);
        let calendar = Calendar {
            year: chrono::DateTime::<Local>::from(written).year(),
            fallback: sys::unix_nanos(written),
            local,
        };
        let unreadable = |error: std::io::Error| format!("cannot be read: {error}");
        let begin = import::begin(BufReader::new(file), calendar).map_err(unreadable)?;
        let start = Timestamp::from_nanos(begin);
        let begun = Local
            .timestamp_opt(start.seconds, start.nanos.cast_unsigned())
            .earliest()
            .ok_or("its first time is outside of the calendar")?;
        let (dir, state) = self.prepare(begin, begun)?;
        let unwritable =
            |error: std::io::Error| format!("{} cannot be written: {error}", dir.path().display());
        let files = Files {
            log: Some(store::new_private_file(dir.log_path()).map_err(unwritable)?),
            output_log: Some(OutputLog::new(dir.file("output.log"))),
            debug: None,
        };
        let import = Import {
            state,
            files,
            options: self.options.cloned(),
            calendar,
            exit_code: self.exit_code.into(),
        };
        let warn = {
            let ui = ui.clone();
            Arc::new(move |warning| report::warn(&ui, &warning))
        };
        let (state, end) =
            import::run(BufReader::new(open()?), import, begin, warn).map_err(unreadable)?;
        for (name, error) in derived::write(&dir, &state, end) {
            ui.warning(&format!("files/{name} cannot be written: {error}"));
        }
        let _ = dir.link();
        let path = report::shown(dir.path(), self.cwd);
        ui.info(&format!(
            "{}: {} rows in {}",
            self.file.display(),
            state.rows(),
            ui.path(&path)
        ));
        ui.info("You can sync this run to the cloud by running:");
        ui.info(&ui.code(&format!("wandb-rs sync {}", report::quoted(&path))));
        report::pages(&path, ui);
        Ok(())
    }

    /// The run's directory, and the run as it begins.
    fn prepare(
        &self,
        begin: i128,
        begun: chrono::DateTime<Local>,
    ) -> Result<(RunDir, RunState), String> {
        let wandb_dir = store::wandb_dir(&self.settings.root_dir);
        let identity = identity::identify(self.settings, None, self.config, &wandb_dir, self.cwd);
        let stamp = begun.format("%Y%m%d_%H%M%S").to_string();
        let dir = RunDir::create(&self.settings.root_dir, &identity.id, &stamp, true)
            .map_err(|error| format!("{} cannot be written: {error}", wandb_dir.display()))?;
        let telemetry = telemetry(
            TelemetryFeature {
                offline: true,
                set_init_id: self.settings.run_id.is_some(),
                set_init_name: self.settings.run_name.is_some(),
                set_init_tags: !self.settings.run_tags.is_empty(),
                set_init_config: !self.config.members().is_empty(),
                ..TelemetryFeature::default()
            },
            String::new(),
        );
        let mut record = identity.record;
        record.start_time = Some(Timestamp::from_nanos(begin));
        // The log may come from another machine.
        record.host = self.settings.host.clone().unwrap_or_default();
        record.telemetry = Some(telemetry.clone());
        let mut state = RunState::new(record, telemetry);
        state.set_environment(EnvironmentRecord {
            started_at: Some(Timestamp::from_nanos(begin)),
            program: self.file.to_string_lossy().into_owned(),
            ..EnvironmentRecord::default()
        });
        Ok((dir, state))
    }
}

/// Nanoseconds since the Unix epoch of a time by this machine's clock; of two that are possible, the earlier one.
fn local(time: NaiveDateTime) -> Option<i128> {
    let time = Local.from_local_datetime(&time).earliest()?;
    Some(sys::unix_nanos(time.into()))
}
