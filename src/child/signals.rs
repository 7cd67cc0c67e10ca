//! Signals to this process, received in order through a file descriptor.

use std::os::fd::AsFd;
use std::os::fd::BorrowedFd;

use nix::sys::signal::{SigSet, SigmaskHow, Signal};
use nix::sys::signalfd::{SfdFlags, SignalFd};
use nix::unistd::Pid;

/// Signals that are passed on to the child.
pub const FORWARDED: [Signal; 6] = [
    Signal::SIGINT,
    Signal::SIGTERM,
    Signal::SIGHUP,
    Signal::SIGQUIT,
    Signal::SIGUSR1,
    Signal::SIGUSR2,
];

/// A signal and who sent it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    pub signal: Signal,
    /// 0 if the kernel sent it.
    pub sender: u32,
}

/// The queue of signals.
#[derive(Debug)]
pub struct Signals {
    fd: SignalFd,
    /// The mask of this process as it began; the child gets it.
    original: SigSet,
}

impl Signals {
    /// Blocks the signals that matter for this thread and all it starts, and receives them from now on.
    /// Signals that were ignored when this process began (`nohup`) stay ignored, for the child too.
    pub fn receive() -> nix::Result<Self> {
        let ignored = ignored_signals();
        let mut set = SigSet::empty();
        let others = [
            Signal::SIGCHLD,
            Signal::SIGWINCH,
            Signal::SIGTSTP,
            Signal::SIGCONT,
        ];
        for signal in FORWARDED.into_iter().chain(others) {
            if ignored & (1 << (signal as u64 - 1)) == 0 || signal == Signal::SIGCHLD {
                set.add(signal);
            }
        }
        let original = set.thread_swap_mask(SigmaskHow::SIG_BLOCK)?;
        let flags = SfdFlags::SFD_CLOEXEC | SfdFlags::SFD_NONBLOCK;
        Ok(Self {
            fd: SignalFd::with_flags(&set, flags)?,
            original,
        })
    }

    /// The signals that were blocked when this process began.
    pub fn original_mask(&self) -> SigSet {
        self.original
    }

    /// The descriptor to wait on.
    pub fn fd(&self) -> BorrowedFd<'_> {
        self.fd.as_fd()
    }

    /// The next signal, if there is one.
    pub fn next(&self) -> Option<Received> {
        let info = self.fd.read_signal().ok()??;
        Some(Received {
            signal: Signal::try_from(info.ssi_signo as i32).ok()?,
            sender: info.ssi_pid,
        })
    }
}

/// The signals this process ignores, as a bit mask.
fn ignored_signals() -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    status
        .lines()
        .find_map(|line| line.strip_prefix("SigIgn:"))
        .and_then(|mask| u64::from_str_radix(mask.trim(), 16).ok())
        .unwrap_or(0)
}

/// Ends this process by a signal, as if it had not been handled; returns only if that is impossible.
#[expect(
    unsafe_code,
    reason = "the default action of a signal can be restored only so"
)]
pub fn die_of(signal: i32) {
    // The child has left the core dump, if there is one.
    let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0);
    let Ok(signal) = Signal::try_from(signal) else {
        return;
    };
    // SAFETY: no handler is installed; the runtime ignores SIGPIPE, which is put back to its default.
    let _ = unsafe { nix::sys::signal::signal(signal, nix::sys::signal::SigHandler::SigDfl) };
    let mut set = SigSet::empty();
    set.add(signal);
    let _ = nix::sys::signal::raise(signal);
    let _ = nix::sys::signal::sigprocmask(SigmaskHow::SIG_UNBLOCK, Some(&set), None);
}

/// Sends a signal to a whole group; one that is gone is no error.
pub fn send_to_group(group: Pid, signal: Signal) {
    let _ = nix::sys::signal::killpg(group, signal);
}
