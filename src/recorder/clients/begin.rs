//! The beginning of a client's run: its log comes into being, or it takes over that of the wrapper.

use std::sync::Arc;

use super::{Clients, Samples, announcement, uploads};
use crate::recorder::Main;
use crate::recorder::client_files::move_files;
use crate::recorder::run_log::{Files, RunLog};
use crate::run::RunState;
use crate::store::output_log::OutputLog;
use crate::store::{self, RunDir};
use crate::sys::Clock;
use crate::wire::records::Records;
use crate::wire::schema::RunRecord;
use crate::wire::sdk::{Answer, flag};

impl Clients {
    /// A run begins: the log that the SDK has named comes into being.
    pub(super) fn begin(
        &mut self,
        place: usize,
        announced: &RunRecord,
        record: &[u8],
        main: &mut Option<Main>,
    ) -> Answer {
        let run = &mut self.runs[place];
        run.begun = true;
        let dir = run.dir();
        self.place.set_settings(dir.log_path(), &run.settings);
        if flag(run.settings.offline) {
            // The script does not want it uploaded.
            self.place.set_followed(dir.log_path());
        }
        if !flag(run.settings.offline) && !self.uploads {
            run.warnings.push(format!(
                "wandb-rs {} does not upload while the script runs: the run is recorded in {}",
                env!("CARGO_PKG_VERSION"),
                dir.path().display()
            ));
        }
        if let (true, Some(main)) = (run.main, main.as_mut()) {
            let old = self.place.get();
            if let Some(old) = old {
                let online = !flag(run.settings.offline);
                let joined = self.join(announced, record, &old, &dir, main);
                self.runs[place].uploads = self.uploads && online && joined;
            }
            return Answer::Run(Box::new(announcement(main.run.state())));
        }
        let clock = Clock::start();
        let state = RunState::official(announced.clone());
        let mut opening = Records::default();
        opening.push_encoded(record);
        // Uploading is reading the log: there is none only where nothing is uploaded.
        let uploads = self.uploads && !flag(run.settings.offline);
        let skips = flag(run.settings.skip_transaction_log) && !uploads;
        let log = if skips {
            None
        } else {
            match store::new_private_file(dir.log_path()) {
                Ok(log) => Some(log),
                Err(error) => {
                    (self.warn)(crate::recorder::Warning::Log(format!(
                        "{}: {error}",
                        dir.log_path().display()
                    )));
                    None
                }
            }
        };
        run.uploads = uploads && log.is_some() && !self.place.is_followed(dir.log_path());
        let files = Files {
            log,
            output_log: Some(OutputLog::new(dir.file("output.log"))),
            debug: None,
        };
        let log = RunLog::begin(
            state,
            &opening,
            files,
            self.inbox.gate(),
            Arc::clone(&self.warn),
        );
        let answer = announcement(log.state());
        if !skips {
            self.place.add(run.dir().log_path());
        }
        if main.is_none() {
            run.samples = Samples::start(run.creator, &run.settings, &dir, clock, &self.inbox);
        }
        run.own = Some((log, clock));
        Answer::Run(Box::new(answer))
    }

    /// The main run becomes that of the client; false if it cannot.
    fn join(
        &mut self,
        announced: &RunRecord,
        record: &[u8],
        old: &RunDir,
        new: &RunDir,
        main: &mut Main,
    ) -> bool {
        let now = main.clock.now();
        if let Err(error) = main.run.join(announced, record, old, new, now) {
            main.run
                .debug(&format!("{}: {error}", new.log_path().display()));
            (self.warn)(crate::recorder::Warning::Log(format!(
                "{}: {error}",
                new.log_path().display()
            )));
            return false;
        }
        main.clock = Clock::start();
        self.place.set(new.clone());
        if let Some(info) = &self.info {
            info.set(uploads::told(info.get(), main.run.state(), new));
        }
        main.run.debug(&format!(
            "joined by the SDK as run {}; was {}",
            announced.run_id,
            old.path().display()
        ));
        move_files(old, new);
        old.clone().remove();
        true
    }
}
