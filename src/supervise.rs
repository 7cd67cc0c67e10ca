//! Runs the child to its end: passes signals on, follows the terminal, drains the output.
//!
//! One loop on one thread waits for signals, keys and the end of the output, and is the only one that acts on the
//! child. Rules:
//! * a signal that we get goes to the child's group once;
//! * of repeated interrupts (Ctrl-C) the second terminates the group and the third kills it;
//! * after the child has ended, output that others still hold open is awaited for [`DRAIN`];
//! * after an interrupted run nothing of its group is left: what ignores SIGTERM for [`LEFTOVER`] is killed. After
//!   a run that ended by itself, what it has left running goes on.

use std::io;
use std::os::fd::{AsFd, OwnedFd};
use std::process::Child;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;
use nix::sys::wait::{Id, WaitPidFlag, WaitStatus, waitid, waitpid};
use nix::unistd::Pid;

use crate::child::capture::{self, Tap};
use crate::child::signals::{self, FORWARDED, Signals};
use crate::child::spawn::{Plan, Source, Started, spawn};
use crate::child::terminal::{Key, Streams, Terminal};
use crate::child::{Ending, tree};
use crate::run::Stream;

/// How long output is awaited that a grandchild keeps open.
const DRAIN: Duration = Duration::from_millis(200);
/// Bytes that may be on their way when the child ends: full pipes and a buffer for each.
const IN_FLIGHT: u64 = 3 << 20;
/// How long what is left of an interrupted run may take to end.
const LEFTOVER: Duration = Duration::from_secs(2);
/// Interrupts further apart than this are not counted together.
const INTERRUPTS: Duration = Duration::from_secs(30);
/// The same signal from the same sender within this time is one.
const ECHO: Duration = Duration::from_millis(50);

/// What happened, besides the child's end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Notice {
    /// The interrupt was passed on; what the next one does.
    Interrupted(&'static str),
    /// Processes that the child started still hold its output open.
    StillOpen,
    /// Our stdout or stderr cannot be written any more.
    Broken(Stream, String),
}

/// How it went.
#[derive(Debug)]
pub struct Outcome {
    pub ending: Ending,
    /// The user, or a signal to us, ended the child.
    pub interrupted: bool,
    /// Signals go on to be received here: the end of the run can be cut short.
    pub signals: Signals,
}

/// Who hears of the child's life.
pub trait Watcher: Send + Sync + 'static {
    /// Output that has been passed on.
    fn output(&self, stream: Stream, bytes: &[u8]);
    fn notice(&self, notice: Notice);
    /// A signal is about to be passed on to the child.
    fn signal(&self, signal: Signal);
}

/// A child that has been started, with its output not read yet.
#[derive(Debug)]
pub struct Supervised {
    started: Started,
    signals: Signals,
    group: Pid,
    /// Ends of the child after a terminating signal are waited for this long; then it is killed.
    kill_after: Option<Duration>,
}

impl Supervised {
    /// Starts the child. `signals` must have been set up before any thread was started.
    pub fn start(plan: &Plan, signals: Signals, kill_after: Option<Duration>) -> io::Result<Self> {
        // Orphans of the child come to us, not to init: they are part of the run.
        let _ = nix::sys::prctl::set_child_subreaper(true);
        let started = spawn(plan, Streams::of_this_process(), signals.original())?;
        let group = Pid::from_raw(started.child.id() as i32);
        Ok(Self {
            started,
            signals,
            group,
            kill_after,
        })
    }

    /// The child's process id, which is also its group's.
    pub fn pid(&self) -> Pid {
        self.group
    }

    /// The flag that says whether our terminal is raw, if there is one.
    pub fn raw_flag(&self) -> Option<Arc<AtomicBool>> {
        self.started.terminal.as_ref().map(Terminal::raw_flag)
    }

    /// Runs the child to its end.
    pub fn run<W: Watcher>(self, watcher: &Arc<W>) -> io::Result<Outcome> {
        let (wake_read, wake) =
            nix::unistd::pipe2(nix::fcntl::OFlag::O_CLOEXEC | nix::fcntl::OFlag::O_NONBLOCK)?;
        let wake = Arc::new(wake);
        let open = Arc::new(AtomicUsize::new(0));
        let flow = Arc::new(Flow::default());
        let terminal = self.started.terminal.map(Arc::new);
        // Before the first output is passed on, or its line ends would be translated twice.
        if let Some(terminal) = &terminal {
            terminal.enter_raw();
        }
        for source in self.started.sources {
            let (from, stream) = match source {
                Source::Pipe(reader, stream) => (OwnedFd::from(reader), stream),
                Source::Terminal(stream) => {
                    let Some(terminal) = &terminal else { continue };
                    (terminal.master().try_clone()?, stream)
                }
            };
            let to = match stream {
                Stream::Stdout => io::stdout().as_fd().try_clone_to_owned()?,
                Stream::Stderr => io::stderr().as_fd().try_clone_to_owned()?,
            };
            open.fetch_add(1, Ordering::SeqCst);
            // A capture begins busy: it has not come to wait yet.
            flow.busy.fetch_add(1, Ordering::SeqCst);
            let tap = CaptureTap {
                watcher: Arc::clone(watcher),
                wake: Arc::clone(&wake),
                open: Arc::clone(&open),
                flow: Arc::clone(&flow),
            };
            capture::start(from, to, stream, tap)?;
        }
        let keys = Arc::new(Keys::default());
        if let Some(terminal) = &terminal {
            forward_keys(terminal, &keys, &wake)?;
        }
        let mut supervisor = Loop {
            signals: self.signals,
            wake: wake_read,
            _wake_end: wake,
            open,
            flow,
            child: self.started.child,
            terminal,
            keys,
            group: self.group,
            watcher,
            ending: None,
            interrupts: 0,
            last_interrupt: None,
            last_signal: None,
            interrupted: false,
            kill_at: None,
            kill_after: self.kill_after,
            ended_by_signal: false,
        };
        supervisor.until_the_end();
        supervisor.keys.ended.store(true, Ordering::SeqCst);
        supervisor.drain();
        supervisor.clean_up();
        if let Some(terminal) = &supervisor.terminal {
            terminal.leave_raw();
        }
        Ok(Outcome {
            ending: supervisor.ending.unwrap_or(Ending::Exit(0)),
            interrupted: supervisor.interrupted,
            signals: supervisor.signals,
        })
    }
}

struct CaptureTap<W> {
    watcher: Arc<W>,
    wake: Arc<OwnedFd>,
    open: Arc<AtomicUsize>,
    flow: Arc<Flow>,
}

/// How the output flows at this moment.
#[derive(Debug, Default)]
struct Flow {
    /// Captures that have bytes in hand: our own reader, or the recorder, is slow.
    busy: AtomicUsize,
    bytes: AtomicU64,
}

impl<W: Watcher> Tap for CaptureTap<W> {
    fn waiting(&self, waits: bool) {
        if waits {
            self.flow.busy.fetch_sub(1, Ordering::SeqCst);
        } else {
            self.flow.busy.fetch_add(1, Ordering::SeqCst);
        }
    }

    fn take(&self, stream: Stream, bytes: &[u8]) {
        self.flow
            .bytes
            .fetch_add(bytes.len() as u64, Ordering::SeqCst);
        self.watcher.output(stream, bytes);
    }

    fn broken(&self, stream: Stream, error: &io::Error) {
        self.watcher
            .notice(Notice::Broken(stream, error.to_string()));
    }

    fn ended(&self) {
        self.flow.busy.fetch_sub(1, Ordering::SeqCst);
        self.open.fetch_sub(1, Ordering::SeqCst);
        let _ = nix::unistd::write(&*self.wake, b"e");
    }
}

/// Keys with a meaning that were typed and not dealt with yet.
#[derive(Debug, Default)]
struct Keys {
    interrupts: AtomicU32,
    suspends: AtomicU32,
    /// The child has ended: what is typed from here on is for whoever reads our terminal next.
    ended: AtomicBool,
}

/// Passes keys on to the child's terminal. The first interrupt goes through like any other key; further ones, and
/// the request to suspend, are dealt with by the supervisor: they must work on the whole group.
fn forward_keys(terminal: &Arc<Terminal>, keys: &Arc<Keys>, wake: &Arc<OwnedFd>) -> io::Result<()> {
    let (terminal, keys, wake) = (Arc::clone(terminal), Arc::clone(keys), Arc::clone(wake));
    let raw = terminal.raw_flag();
    let run = move || {
        let mut buffer = [0; 4096];
        let input = io::stdin();
        loop {
            // In the background nothing may be read; typing is possible again after `fg`.
            let mut fds = [PollFd::new(input.as_fd(), PollFlags::POLLIN)];
            let ready = poll(&mut fds, PollTimeout::from(200u8)).unwrap_or(0) > 0;
            if keys.ended.load(Ordering::SeqCst) {
                return;
            }
            if !ready || !raw.load(Ordering::SeqCst) {
                if ready {
                    std::thread::park_timeout(Duration::from_millis(100));
                }
                continue;
            }
            let bytes = match nix::unistd::read(&input, &mut buffer) {
                Ok(0) => return,
                Ok(n) => &buffer[..n],
                Err(nix::Error::EINTR | nix::Error::EAGAIN) => continue,
                Err(_) => return,
            };
            let mut from = 0;
            for (at, byte) in bytes.iter().enumerate() {
                // Only control characters can have a meaning.
                let key = if *byte < 0x20 || *byte == 0x7f {
                    terminal.key(*byte)
                } else {
                    Key::Other
                };
                let (count, held) = match key {
                    Key::Other => continue,
                    Key::Interrupt => {
                        (&keys.interrupts, keys.interrupts.load(Ordering::SeqCst) > 0)
                    }
                    Key::Suspend => (&keys.suspends, true),
                };
                count.fetch_add(1, Ordering::SeqCst);
                let end = if held { at } else { at + 1 };
                let _ = capture::write_all(terminal.master().as_fd(), &bytes[from..end]);
                from = at + 1;
                let _ = nix::unistd::write(&*wake, b"k");
            }
            if capture::write_all(terminal.master().as_fd(), &bytes[from..]).is_err() {
                return;
            }
        }
    };
    std::thread::Builder::new()
        .name("keys".to_owned())
        .stack_size(64 * 1024)
        .spawn(run)?;
    Ok(())
}

struct Loop<'a, W> {
    signals: Signals,
    wake: OwnedFd,
    /// Held so that the pipe has a writer when all output has ended: without one it would always be ready.
    _wake_end: Arc<OwnedFd>,
    open: Arc<AtomicUsize>,
    flow: Arc<Flow>,
    child: Child,
    terminal: Option<Arc<Terminal>>,
    keys: Arc<Keys>,
    group: Pid,
    watcher: &'a Arc<W>,
    ending: Option<Ending>,
    interrupts: u32,
    last_interrupt: Option<Instant>,
    last_signal: Option<(signals::Received, Instant)>,
    interrupted: bool,
    kill_at: Option<Instant>,
    kill_after: Option<Duration>,
    /// A signal came after the child's end: we are to end too.
    ended_by_signal: bool,
}

impl<W: Watcher> Loop<'_, W> {
    fn until_the_end(&mut self) {
        // A child that ended before its signal could be received.
        self.reap();
        while self.ending.is_none() {
            self.wait(self.kill_at);
            if self.kill_at.is_some_and(|at| at <= Instant::now()) {
                self.kill_at = None;
                self.kill_everything();
            }
        }
    }

    /// Waits for something to happen, at most until `deadline`, and deals with it.
    fn wait(&mut self, deadline: Option<Instant>) {
        let timeout = deadline.map_or(PollTimeout::NONE, |deadline| {
            let left = deadline.saturating_duration_since(Instant::now());
            PollTimeout::try_from(left.as_millis() as i64 + 1).unwrap_or(PollTimeout::MAX)
        });
        let mut fds = [
            PollFd::new(self.signals.fd(), PollFlags::POLLIN),
            PollFd::new(self.wake.as_fd(), PollFlags::POLLIN),
        ];
        let _ = poll(&mut fds, timeout);
        let mut scratch = [0; 64];
        while nix::unistd::read(&self.wake, &mut scratch).is_ok_and(|n| n > 0) {}
        while let Some(received) = self.signals.next() {
            self.signal(received);
        }
        self.typed();
        // SIGCHLD may have been merged with one before.
        self.reap();
    }

    fn signal(&mut self, received: signals::Received) {
        match received.signal {
            Signal::SIGCHLD => {}
            Signal::SIGWINCH => {
                if let Some(terminal) = &self.terminal {
                    terminal.resize();
                }
            }
            Signal::SIGTSTP => self.suspend(),
            Signal::SIGCONT => self.resume(),
            signal if FORWARDED.contains(&signal) => {
                let echo = self
                    .last_signal
                    .is_some_and(|(last, at)| last == received && at.elapsed() < ECHO);
                self.last_signal = Some((received, Instant::now()));
                if echo {
                    return;
                }
                if self.ending.is_some() {
                    self.ended_by_signal = true;
                } else if signal == Signal::SIGINT {
                    self.interrupt(true);
                } else {
                    self.forward(signal);
                }
            }
            _ => {}
        }
    }

    fn forward(&mut self, signal: Signal) {
        self.watcher.signal(signal);
        signals::send_to_group(self.group, signal);
        if matches!(
            signal,
            Signal::SIGTERM | Signal::SIGHUP | Signal::SIGQUIT | Signal::SIGINT
        ) {
            self.interrupted = true;
            if let Some(patience) = self.kill_after {
                self.kill_at = Some(Instant::now() + patience);
            }
        }
    }

    /// Keys that the child's terminal has turned into signals, or that we must.
    fn typed(&mut self) {
        while self.keys.interrupts.load(Ordering::SeqCst) > self.interrupts {
            // The first went through the child's terminal.
            self.interrupt(self.interrupts > 0);
        }
        if self.keys.suspends.swap(0, Ordering::SeqCst) > 0 {
            self.suspend();
        }
    }

    fn interrupt(&mut self, send: bool) {
        if self
            .last_interrupt
            .is_some_and(|at| at.elapsed() > INTERRUPTS)
        {
            self.interrupts = 0;
            self.keys.interrupts.store(1, Ordering::SeqCst);
        }
        self.last_interrupt = Some(Instant::now());
        self.interrupts += 1;
        // An interrupt by signal counts like a key.
        self.keys
            .interrupts
            .fetch_max(self.interrupts, Ordering::SeqCst);
        self.interrupted = true;
        match self.interrupts {
            1 => {
                if send {
                    self.forward(Signal::SIGINT);
                }
                self.watcher.notice(Notice::Interrupted("terminate"));
            }
            2 => {
                self.forward(Signal::SIGTERM);
                self.watcher.notice(Notice::Interrupted("kill"));
            }
            _ => self.kill_everything(),
        }
    }

    fn kill_everything(&self) {
        let below = tree::descendants(nix::unistd::getpid());
        signals::send_to_group(self.group, Signal::SIGKILL);
        for pid in below {
            let _ = nix::sys::signal::kill(pid, Signal::SIGKILL);
        }
    }

    /// Ctrl-Z: the child stops, our terminal is given back, and we stop too, so that the shell takes over.
    fn suspend(&mut self) {
        if signals::group_is_orphaned() {
            // Nobody could wake us: the kernel would ignore the key, and so do we.
            return;
        }
        if let Some(terminal) = &self.terminal {
            // The leader of a session cannot be stopped by SIGTSTP: it has no shell of its own to wake it.
            if let Ok(foreground) = nix::unistd::tcgetpgrp(terminal.master()) {
                signals::send_to_group(foreground, Signal::SIGSTOP);
            }
            signals::send_to_group(self.group, Signal::SIGSTOP);
            terminal.leave_raw();
        } else {
            signals::send_to_group(self.group, Signal::SIGTSTP);
        }
        let _ = nix::sys::signal::raise(Signal::SIGSTOP);
    }

    fn resume(&mut self) {
        if let Some(terminal) = &self.terminal {
            terminal.enter_raw();
            terminal.resize();
            if let Ok(foreground) = nix::unistd::tcgetpgrp(terminal.master()) {
                signals::send_to_group(foreground, Signal::SIGCONT);
            }
        }
        signals::send_to_group(self.group, Signal::SIGCONT);
    }

    /// Collects processes that have ended: the child, and orphans that came to us.
    fn reap(&mut self) {
        if self.ending.is_none()
            && let Ok(Some(status)) = self.child.try_wait()
        {
            self.ending = Some(Ending::from(status));
        }
        let peek = WaitPidFlag::WEXITED | WaitPidFlag::WNOHANG | WaitPidFlag::WNOWAIT;
        let _helpers = crate::helper::lock();
        loop {
            match waitid(Id::All, peek) {
                Ok(status) => {
                    let Some(pid) = status.pid() else { return };
                    // A helper's own starter waits for it, and so does the child's.
                    if crate::helper::is_ours(pid) || (pid == self.group && self.ending.is_none()) {
                        return;
                    }
                    let _ = waitpid(pid, Some(WaitPidFlag::WNOHANG));
                }
                // One of them died of a signal without a name (a real-time one): then each is asked for itself.
                Err(nix::Error::EINVAL) => {
                    let ours = tree::children(nix::unistd::getpid());
                    let mut collected = false;
                    for pid in ours
                        .into_iter()
                        .filter(|pid| !crate::helper::is_ours(*pid) && *pid != self.group)
                    {
                        let result = waitpid(pid, Some(WaitPidFlag::WNOHANG));
                        collected |=
                            !matches!(result, Ok(WaitStatus::StillAlive) | Err(nix::Error::ECHILD));
                    }
                    if !collected {
                        return;
                    }
                }
                Err(_) => return,
            }
        }
    }

    /// Waits for the end of the output. What the child has written is passed on however slow our reader is; what
    /// others keep open is awaited only shortly.
    fn drain(&mut self) {
        let at_end = self.flow.bytes.load(Ordering::SeqCst);
        let interrupts = self.interrupts;
        let mut idle_since = Instant::now();
        while self.open.load(Ordering::SeqCst) > 0 {
            let passed = self.flow.bytes.load(Ordering::SeqCst) - at_end;
            let busy = self.flow.busy.load(Ordering::SeqCst) > 0 && passed < IN_FLIGHT;
            if busy {
                idle_since = Instant::now();
            } else if idle_since.elapsed() >= DRAIN {
                self.watcher.notice(Notice::StillOpen);
                return;
            }
            // Whoever does not want to wait for a slow reader can say so.
            if self.interrupts > interrupts || self.ended_by_signal {
                return;
            }
            self.wait(Some(Instant::now() + Duration::from_millis(20)));
        }
    }

    /// After an interrupted run its group is ended.
    fn clean_up(&mut self) {
        if !self.interrupted {
            return;
        }
        let deadline = Instant::now() + LEFTOVER;
        let mut asked = false;
        while self.group_is_alive() {
            if !std::mem::replace(&mut asked, true) {
                signals::send_to_group(self.group, Signal::SIGTERM);
                signals::send_to_group(self.group, Signal::SIGCONT);
            }
            if Instant::now() >= deadline {
                self.kill_everything();
                return;
            }
            self.wait(Some(Instant::now() + Duration::from_millis(20)));
        }
    }

    fn group_is_alive(&self) -> bool {
        nix::sys::signal::killpg(self.group, None).is_ok()
    }
}
