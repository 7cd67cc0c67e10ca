//! Runs that scripts open through the official SDK.
//!
//! The first of them becomes the wrapper's own run: its log, console and samples move there ([`RunLog::join`]), and it
//! stays open until the child has ended, whatever the script says. Any further run has a log of its own, where the SDK
//! wants it; it ends when the script says so, or with the child. Source of the rules: `core/internal/stream`,
//! `core/pkg/server` of the official repository.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::Main;
use super::client_files::{describe, packages, save_code, writer_id};
use super::run_log::{RunLog, Warn};
use crate::inbox::Inbox;
use crate::peer::Peer;
use crate::run::{Event, RunState, Stream};
use crate::service::Info;
use crate::store::Place;
use crate::sys::{Clock, Moment};
use crate::system::host;
use crate::wire::fields::{Fields, Part};
use crate::wire::schema::{Kind, RunRecord, StatsRecord};
use crate::wire::sdk::{self, Answer, Call, Calls, SampledHistoryItem, Settings, What, flag, text};

mod begin;
mod client_run;
mod samples;
mod standalone;
mod uploads;

use client_run::{ClientRun, Upload};
use samples::Samples;

/// Values of a sparkline: as many as the SDK shows, so that it need not thin them out.
const SAMPLES: usize = 40;
/// How long what a run's process has printed may take to arrive after the end of the run.
const LATE: Duration = Duration::from_millis(50);
/// Warnings that wait for a client.
const WARNINGS: usize = 128;

/// How long the SDK of a wrapped script waits for the server to take its run, or what comes last in it; the script must
/// not stand still without one.
const PATIENCE: Duration = Duration::from_secs(10);

/// What the runs of clients share.
pub struct Clients {
    /// There is no wrapper: runs end with their scripts.
    standalone: bool,
    /// When it was looked for scripts that are gone.
    looked: Instant,
    /// The runs are uploaded while they go on.
    uploads: bool,
    runs: Vec<ClientRun>,
    inbox: Arc<Inbox>,
    warn: Warn,
    place: Place,
    info: Option<Info>,
    /// Answers that go out when everything before them is recorded.
    answers: Vec<(Arc<Peer>, Vec<u8>)>,
}

/// A run that a script has opened besides the main one, at its end.
pub struct Ended {
    pub state: RunState,
    pub dir: PathBuf,
    /// The SDK has told the user how it went.
    pub shown: bool,
    /// The script believes that it is being uploaded.
    pub online: bool,
    pub silent: bool,
}

impl Clients {
    /// Nobody yet. `place` and `info` follow the main run.
    pub fn new(
        inbox: Arc<Inbox>,
        warn: Warn,
        place: Place,
        info: Option<Info>,
        uploads: bool,
        standalone: bool,
    ) -> Self {
        Self {
            standalone,
            looked: Instant::now(),
            uploads,
            runs: Vec::new(),
            inbox,
            warn,
            place,
            info,
            answers: Vec::new(),
        }
    }

    /// Whether a client has joined the main run.
    pub fn has_joined(&self) -> bool {
        self.runs.iter().any(|run| run.main && run.begun)
    }

    /// Whether the SDK has told the user how the main run went.
    pub fn has_shown(&self) -> bool {
        self.runs.iter().any(|run| run.main && run.shown)
    }

    /// Whether the script believes that the main run is being uploaded.
    pub fn is_online(&self) -> bool {
        let mut joined = self.runs.iter().filter(|run| run.main && run.begun);
        joined.any(|run| !flag(run.settings.offline))
    }

    /// Takes calls.
    pub fn calls(&mut self, calls: Calls, peer: &Arc<Peer>, main: &mut Option<Main>) {
        // One look at the clocks for all: there may be thousands a second.
        let moment = Moment::now();
        calls.for_each(|id, stream, what, rows| {
            self.call(Call { id, stream, what }, rows, moment, peer, main);
        });
    }

    fn call(
        &mut self,
        call: Call<'_>,
        rows: &Fields,
        moment: Moment,
        peer: &Arc<Peer>,
        main: &mut Option<Main>,
    ) {
        let Call { id, stream, what } = call;
        let place = self
            .runs
            .iter()
            .rposition(|run| run.id == stream && !run.over);
        // Who wants to open the run anew does not go on with it.
        if let (Some(place), false) = (place, matches!(what, What::Init(..))) {
            self.runs[place].heard = moment.instant;
        }
        let answer = match what {
            What::Init(settings, raw) => {
                let answer = self.init(settings, raw, peer.pid(), main.is_some());
                return self.reply(peer, id, answer);
            }
            What::Cancel(cancelled) => {
                for run in &mut self.runs {
                    run.waiting
                        .retain(|(waiting, id)| !(Arc::ptr_eq(waiting, peer) && *id == cancelled));
                }
                return;
            }
            What::Unserved(name) => Answer::Error(format!(
                "wandb-rs {} does not serve {name}",
                env!("CARGO_PKG_VERSION")
            )),
            // Carried out beside the recorder.
            What::ApiInit(_) | What::Api(_) | What::ApiCleanup(_) => return,
            What::Teardown | What::Noted => Answer::Done,
            What::Unknown(path) => {
                if let Some(main) = main {
                    main.run.debug(&format!(
                        "client {}: request {path} is not known here",
                        peer.pid()
                    ));
                }
                // The script must not wait for what will never come.
                if id.is_empty() {
                    return;
                }
                Answer::Error(format!("wandb-rs does not know request {path}"))
            }
            What::Messages { wait } => {
                let Some(run) = place.map(|place| &mut self.runs[place]) else {
                    return self.reply(peer, id, Answer::Messages(Vec::new()));
                };
                if wait && run.exit.is_none() && run.warnings.is_empty() {
                    run.waiting.push((Arc::clone(peer), id.to_owned()));
                    return;
                }
                Answer::Messages(std::mem::take(&mut run.warnings))
            }
            what => {
                let Some(place) = place else {
                    // Answered at once, or a process that joins too late would wait.
                    let answer = Answer::Error(format!("run {stream:?} is not open"));
                    return self.reply(peer, id, answer);
                };
                match self.about_run(place, (peer, id), what, rows, moment, main) {
                    Some(answer) => answer,
                    None => return,
                }
            }
        };
        self.reply(peer, id, answer);
    }

    /// Takes a call about an open run; without an answer, that comes later.
    fn about_run(
        &mut self,
        place: usize,
        (peer, id): (&Arc<Peer>, &str),
        what: What,
        rows: &Fields,
        moment: Moment,
        main: &mut Option<Main>,
    ) -> Option<Answer> {
        match what {
            What::Exit(code) => {
                self.leave(place, (peer, id.to_owned()), code, main);
                return None;
            }
            What::Artifact(record, kind) => {
                self.artifact(place, (peer, id.to_owned()), record, kind, main);
                return None;
            }
            _ => {}
        }
        let begun = self.runs[place].begun;
        let answer = self.run_call(place, what, rows, moment, main);
        let run = &mut self.runs[place];
        if run.uploads && !begun && run.begun {
            // The script is told where its run is, so the server comes first.
            let patience = if main.is_some() {
                PATIENCE
            } else {
                run.init_timeout()
            };
            let until = Instant::now().checked_add(patience);
            run.unregistered = Some((Arc::clone(peer), id.to_owned(), until));
            return None;
        }
        Some(answer)
    }

    fn reply(&mut self, peer: &Arc<Peer>, id: &str, answer: Answer) {
        if !id.is_empty() {
            self.answers
                .push((Arc::clone(peer), sdk::answer(id, answer)));
        }
    }

    /// Sends the answers; everything that they are about has been written.
    pub fn answer(&mut self) {
        for (peer, frame) in self.answers.drain(..) {
            peer.send(frame);
        }
    }

    fn init(
        &mut self,
        settings: Box<Settings>,
        raw_settings: Vec<u8>,
        creator: i32,
        wrapped: bool,
    ) -> Answer {
        let id = text(settings.run_id.as_ref()).to_owned();
        if self.runs.iter().any(|run| run.id == id && !run.over) {
            return Answer::Error(format!("run ID {id} is in use"));
        }
        let main = wrapped && self.runs.is_empty();
        let run = ClientRun::new(id, settings, raw_settings, creator, main);
        self.runs.push(run);
        Answer::Done
    }

    fn run_call(
        &mut self,
        place: usize,
        what: What,
        rows: &Fields,
        moment: Moment,
        main: &mut Option<Main>,
    ) -> Answer {
        match what {
            What::Log {
                values,
                step,
                commit,
            } => {
                let row = rows.part(values);
                return self.log(place, &row, (step, commit), moment, main);
            }
            What::Record(record, kind) => return self.record(place, record, kind, main),
            What::InformAttach => {
                return Answer::Settings(self.runs[place].raw_settings.clone());
            }
            What::Finish => {
                let run = &mut self.runs[place];
                run.over = true;
                let _ = self.exit(place, 0, main);
                self.last_warnings(place);
                return Answer::Done;
            }
            _ => {}
        }
        let run = &mut self.runs[place];
        let wrapped = main.is_some();
        let stop = run.stop;
        if what == What::PollExit && !run.leaving.is_empty() {
            return Answer::PollExit(None);
        }
        let operation = run.operation();
        let dir = run.dir();
        let settings = run.settings.clone();
        run.shown |= matches!(what, What::SampledHistory);
        let is_main = run.main;
        let Some((log, clock)) = run.log(main) else {
            return Answer::Done;
        };
        let now = clock.now();
        match what {
            What::GetSummary => Answer::Summary(log.state().summary_items(now)),
            What::SampledHistory => Answer::History(
                log.state()
                    .samples(SAMPLES)
                    .into_iter()
                    .map(|(key, values)| SampledHistoryItem {
                        key,
                        values_float: values.into_iter().map(|value| value as f32).collect(),
                    })
                    .collect(),
            ),
            What::HistoryStep => Answer::Step(log.state().step()),
            What::Attach => {
                let state = log.state();
                Answer::Attach(Box::new(RunRecord {
                    config: Some(state.config().record()),
                    starting_step: state.step(),
                    ..state.run().clone()
                }))
            }
            What::PollExit => Answer::PollExit(Some(log.state().file_counts())),
            What::StopStatus => Answer::StopStatus(stop && !wrapped),
            What::Operations => Answer::Operations(operation),
            What::Packages(lines) => {
                packages(log, &dir, &lines, clock);
                Answer::Done
            }
            What::RunStart => {
                // The wrapper has described its own run.
                if !is_main || !wrapped {
                    describe(log, &settings, clock);
                }
                if flag(settings.save_code) {
                    save_code(log, &settings, &dir, clock);
                }
                Answer::Done
            }
            What::ProbeSystem if !is_main && !flag(settings.disable_meta) => {
                let writer_id = writer_id(&settings);
                let hardware = host::hardware(&writer_id, None);
                log.apply(Event::Environment(Box::new(hardware)), now);
                Answer::Done
            }
            _ => Answer::Done,
        }
    }

    fn log(
        &mut self,
        place: usize,
        row: &Part<'_>,
        (step, commit): (Option<i64>, Option<bool>),
        moment: Moment,
        main: &mut Option<Main>,
    ) -> Answer {
        let run = &mut self.runs[place];
        if run.exit.is_none()
            && let Some((log, clock)) = run.log(main)
        {
            log.log(row, step, commit, clock.of(moment));
            if let Some(notice) = log.take_notice() {
                self.warn_client(place, notice);
            }
        }
        Answer::Done
    }

    fn warn_client(&mut self, place: usize, warning: String) {
        let run = &mut self.runs[place];
        if run.warnings.len() < WARNINGS {
            run.warnings.push(warning);
        }
        if let Some((peer, id)) = run.waiting.pop() {
            let warnings = std::mem::take(&mut run.warnings);
            self.reply(&peer, &id, Answer::Messages(warnings));
        }
    }

    fn record(
        &mut self,
        place: usize,
        record: Vec<u8>,
        kind: Option<Box<Kind>>,
        main: &mut Option<Main>,
    ) -> Answer {
        let wrapped = main.is_some();
        let run = &mut self.runs[place];
        if run.exit.is_some() {
            return Answer::Done;
        }
        if !run.begun {
            return match kind.as_deref() {
                Some(Kind::Run(announced)) => {
                    let announced = announced.clone();
                    self.begin(place, &announced, &record, main)
                }
                // An empty header, and whatever else comes before the run: the log has a header of its own.
                _ => Answer::Done,
            };
        }
        let own_console = !wrapped;
        let Some((log, clock)) = run.log(main) else {
            return Answer::Done;
        };
        let now = clock.now();
        let is_run = matches!(kind.as_deref(), Some(Kind::Run(_)));
        match kind.as_deref() {
            Some(Kind::Header(_)) => {}
            // Below the wrapper all output passes through the wrapper.
            Some(Kind::OutputRaw(output) | Kind::Output(output)) => {
                if own_console {
                    let stream = Stream::of(output.output_type == 1);
                    log.console(stream, &output.line, now);
                }
            }
            _ => log.apply(Event::Record(record, kind), now),
        }
        if is_run {
            return Answer::Run(Box::new(announcement(log.state())));
        }
        Answer::Done
    }

    /// The script says that a run is over.
    fn exit(&mut self, place: usize, code: i32, main: &mut Option<Main>) -> Answer {
        let run = &mut self.runs[place];
        if run.exit.is_some() {
            return Answer::Exit { timed_out: false };
        }
        run.exit = Some(code);
        run.samples = None;
        if run.main {
            // Its real end is that of the child.
            if let Some((log, clock)) = run.log(main) {
                log.apply(Event::Over, clock.now());
            }
        } else if let Some((log, clock)) = &mut run.own {
            log.apply(Event::Over, clock.now());
            run.close_at = Some(Instant::now() + LATE);
        }
        Answer::Exit { timed_out: false }
    }

    /// The answer to those who wait for warnings says that the run is over.
    fn last_warnings(&mut self, place: usize) {
        let run = &mut self.runs[place];
        let warnings = std::mem::take(&mut run.warnings);
        for (peer, id) in std::mem::take(&mut run.waiting) {
            self.reply(&peer, &id, Answer::Messages(warnings.clone()));
        }
    }

    /// The exit code of the main run: that of the child, or the one that the script has told if the child's says nothing.
    pub fn exit_code(&self, child: i32) -> i32 {
        let told = self.runs.iter().find(|run| run.main);
        match told.and_then(|run| run.exit) {
            Some(told) if child == 0 => told,
            _ => child,
        }
    }

    /// The child has ended: so do all runs that are still open. Gives all but the main one.
    ///
    /// Without an exit code of the child, runs whose script has said nothing stay without one.
    pub fn end(&mut self, code: Option<i32>) -> Vec<Ended> {
        let mut ended = Vec::new();
        for mut run in self.runs.drain(..) {
            let dir = run.dir().path().to_owned();
            let Some((mut log, clock)) = run.own.take() else {
                continue;
            };
            if run.is_open() {
                if let Some(code) = run.exit.or(code) {
                    close(&mut log, code, clock);
                } else {
                    log.apply(Event::Over, clock.now());
                    log.finish(clock.now());
                }
            }
            self.place.close(run.dir().log_path());
            ended.push(Ended {
                state: log.into_state(),
                dir,
                shown: run.shown,
                online: !flag(run.settings.offline),
                silent: flag(run.settings.silent) || flag(run.settings.quiet),
            });
        }
        ended
    }

    /// Console text also belongs to the other open runs of the process that has opened the main one.
    pub fn console(&mut self, stream: Stream, text: &str, at: Instant) {
        for (log, clock) in self.siblings() {
            log.console(stream, text, clock.at(at));
        }
    }

    /// A sample that was taken for one run.
    pub fn sample(&mut self, log: &Path, stats: StatsRecord) {
        let run = self
            .runs
            .iter_mut()
            .rfind(|run| run.dir().log_path() == log);
        if let Some(run) = run.filter(|run| run.exit.is_none())
            && let Some((log, clock)) = &mut run.own
        {
            log.apply(Event::Stats(stats), clock.now());
        }
    }

    /// Readings of the machine, too.
    pub fn event(&mut self, event: &Event) {
        for (log, clock) in self.siblings() {
            log.apply(event.clone(), clock.now());
        }
    }

    fn siblings(&mut self) -> impl Iterator<Item = (&mut RunLog, Clock)> {
        let creator = self
            .runs
            .iter()
            .find(|run| run.main)
            .map_or(0, |run| run.creator);
        self.runs
            .iter_mut()
            .filter(move |run| run.creator == creator && run.is_open())
            .filter_map(|run| run.own.as_mut())
            .map(|(log, clock)| (log, *clock))
    }

    /// Closes the logs of runs that have ended some time ago.
    pub fn close_due(&mut self, main: &mut Option<Main>) {
        self.release_due(main);
        for run in &mut self.runs {
            if run.exit.is_some() && !std::mem::replace(&mut run.hurries, true) {
                self.place.set_over(run.dir().log_path());
            }
            if run.close_at.is_some_and(|at| at <= Instant::now())
                && let (Some((log, clock)), Some(code)) = (&mut run.own, run.exit)
            {
                close(log, code, *clock);
                run.close_at = None;
                self.place.close(run.dir().log_path());
            }
        }
        self.look_after();
    }

    /// When [`Clients::close_due`] has something to do.
    pub fn deadline(&self) -> Option<Instant> {
        let waits = |run: &ClientRun| run.unregistered.as_ref().map(|(_, _, until)| *until);
        let leaves = |run: &ClientRun| run.leaving.iter().filter_map(|(.., until)| *until).min();
        self.runs
            .iter()
            .filter_map(|run| {
                let times = [run.close_at, waits(run).flatten(), leaves(run)];
                times.into_iter().flatten().min()
            })
            .chain(self.next_look())
            .min()
    }

    /// Logs of runs that are open and not the main one.
    pub fn open(&mut self) -> impl Iterator<Item = (&mut RunLog, Clock)> {
        self.runs
            .iter_mut()
            .filter(|run| run.is_open())
            .filter_map(|run| run.own.as_mut())
            .map(|(log, clock)| (log, *clock))
    }
}

/// A run's last record, and everything to the disk.
fn close(log: &mut RunLog, code: i32, clock: Clock) {
    log.apply(Event::Exit { code }, clock.now());
    log.finish(clock.now());
}

/// What the SDK is told about its run: who it is, not its config, which it knows.
pub(super) fn announcement(state: &RunState) -> RunRecord {
    RunRecord {
        config: None,
        telemetry: None,
        ..state.run().clone()
    }
}
