//! One run that a client has opened.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Samples;
use crate::peer::Peer;
use crate::recorder::Main;
use crate::recorder::run_log::RunLog;
use crate::store::RunDir;
use crate::sys::Clock;
use crate::wire::sdk::{Operation, Settings, text};

/// How long `init()` waits for the server, unless the script says otherwise.
const INIT_TIMEOUT: Duration = Duration::from_secs(90);

/// One run of a client.
pub(super) struct ClientRun {
    pub(super) id: String,
    pub(super) settings: Box<Settings>,
    /// As they came, for processes that join.
    pub(super) raw_settings: Vec<u8>,
    /// Process that has opened it.
    pub(super) creator: i32,
    /// It is the wrapper's own run.
    pub(super) main: bool,
    /// Its own log; the main run's is elsewhere, and there is none before its record has come.
    pub(super) own: Option<(RunLog, Clock)>,
    /// Its record has come.
    pub(super) begun: bool,
    /// The exit code that the script has told.
    pub(super) exit: Option<i32>,
    /// When its log is closed: what was printed before its end may still be on its way.
    pub(super) close_at: Option<Instant>,
    /// The SDK has let go of it: the id can be used again.
    pub(super) over: bool,
    /// The SDK has asked for what it shows at the end.
    pub(super) shown: bool,
    /// Who waits for warnings.
    pub(super) waiting: Vec<(Arc<Peer>, String)>,
    pub(super) warnings: Vec<String>,
    /// Who waits to hear that the server has taken the run, and until when.
    pub(super) unregistered: Option<(Arc<Peer>, String, Option<Instant>)>,
    /// Who waits for artifacts to be stored, and the ids that the script has given them.
    pub(super) artifacts: Vec<(Arc<Peer>, String, String)>,
    pub(super) upload: Upload,
    /// Why the upload stands still, and since when it is waited for.
    pub(super) trouble: Option<String>,
    pub(super) since: Instant,
    /// Who waits for the end of the upload, and until when.
    pub(super) leaving: Vec<(Arc<Peer>, String, Option<Instant>)>,
    /// The upload knows that the script has said its last.
    pub(super) hurries: bool,
    /// The user has pressed the stop button.
    pub(super) stop: bool,
    /// An engine uploads its log.
    pub(super) uploads: bool,
    /// When its script was heard last.
    pub(super) heard: Instant,
    /// Samples of the machine, for a run that no wrapper observes.
    pub(super) samples: Option<Samples>,
}

/// How the upload of a run goes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Upload {
    GoesOn,
    /// The server does not answer.
    StandsStill,
    /// Everything is sent, or given up.
    Ended,
}

impl ClientRun {
    pub(super) fn dir(&self) -> RunDir {
        RunDir::of_others(
            PathBuf::from(text(self.settings.sync_dir.as_ref())),
            PathBuf::from(text(self.settings.sync_file.as_ref())),
        )
    }

    /// Whether something can still come into its log.
    pub(super) fn is_open(&self) -> bool {
        self.exit.is_none() || self.close_at.is_some()
    }

    /// How long its script waits for the server to take the run.
    pub(super) fn init_timeout(&self) -> Duration {
        let asked = self.settings.init_timeout.map(|time| time.value);
        asked
            .filter(|seconds| *seconds > 0.0)
            .and_then(|seconds| Duration::try_from_secs_f64(seconds).ok())
            .unwrap_or(INIT_TIMEOUT)
    }

    /// Its log and its clock.
    pub(super) fn log<'a>(
        &'a mut self,
        main: &'a mut Option<Main>,
    ) -> Option<(&'a mut RunLog, Clock)> {
        if self.main {
            main.as_mut().map(|main| (&mut main.run, main.clock))
        } else {
            self.own.as_mut().map(|(log, clock)| (log, *clock))
        }
    }

    /// A run that is about to begin; `main` if it is to be the wrapper's own.
    pub(super) fn new(
        id: String,
        settings: Box<Settings>,
        raw_settings: Vec<u8>,
        creator: i32,
        main: bool,
    ) -> Self {
        Self {
            id,
            settings,
            raw_settings,
            creator,
            main,
            own: None,
            begun: false,
            exit: None,
            close_at: None,
            over: false,
            shown: false,
            waiting: Vec::new(),
            warnings: Vec::new(),
            unregistered: None,
            artifacts: Vec::new(),
            upload: Upload::GoesOn,
            trouble: None,
            since: Instant::now(),
            leaving: Vec::new(),
            hurries: false,
            stop: false,
            samples: None,
            uploads: false,
            heard: Instant::now(),
        }
    }

    /// Whether it is being uploaded, as far as is known.
    pub(super) fn is_uploading(&self) -> bool {
        self.uploads && self.upload == Upload::GoesOn
    }

    /// What its script is waiting for.
    pub(super) fn operation(&self) -> Option<Operation> {
        let desc = if self.unregistered.is_some() {
            format!("setting up run {}", self.id)
        } else if !self.leaving.is_empty() {
            "uploading data".to_owned()
        } else {
            return None;
        };
        let trouble = self.trouble.as_ref();
        Some(Operation {
            desc,
            runtime_seconds: self.since.elapsed().as_secs_f64(),
            error_status: trouble.map_or_else(String::new, |reason| format!("retrying: {reason}")),
        })
    }
}
