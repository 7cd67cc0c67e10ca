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
    /// The child gets the default action of SIGXFSZ back.
    restore_file_size_limit: bool,
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
            restore_file_size_limit: ignore_file_size_limit(),
        })
    }

    /// What the child gets back: the signals that were blocked when this process began, and whether SIGXFSZ has
    /// its default action.
    pub fn original(&self) -> (SigSet, bool) {
        (self.original, self.restore_file_size_limit)
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
/// The number may be that of a real-time signal.
#[expect(
    unsafe_code,
    reason = "the default action of any signal can be restored only so"
)]
pub fn die_of(signal: i32) {
    use nix::libc;
    // The child has left the core dump, if there is one.
    let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0);
    // SAFETY: no handler is installed; the set is initialised by sigemptyset before it is read.
    unsafe {
        libc::signal(signal, libc::SIG_DFL);
        let mut set = std::mem::MaybeUninit::uninit();
        libc::sigemptyset(set.as_mut_ptr());
        libc::sigaddset(set.as_mut_ptr(), signal);
        libc::raise(signal);
        libc::pthread_sigmask(libc::SIG_UNBLOCK, set.as_ptr(), std::ptr::null_mut());
    }
}

/// A file that reaches its size limit is a refused write to us, not the end. Says whether the child must get the
/// signal's default action back.
#[expect(unsafe_code, reason = "a signal can be ignored only so")]
pub fn ignore_file_size_limit() -> bool {
    let was_ignored = ignored_signals() & (1 << (Signal::SIGXFSZ as u64 - 1)) != 0;
    // SAFETY: SIG_IGN runs no code of ours.
    let _ =
        unsafe { nix::sys::signal::signal(Signal::SIGXFSZ, nix::sys::signal::SigHandler::SigIgn) };
    !was_ignored
}

/// Whether nobody could wake our process group if it stopped: no process of our session but outside the group is
/// the parent of one in it. (`ssh -t host wandb-rs …`, `docker run -it`.)
pub fn group_is_orphaned() -> bool {
    let own = nix::unistd::getsid(None);
    let parent = nix::unistd::getsid(Some(nix::unistd::getppid()));
    own.is_err() || parent.is_err() || own != parent
}

/// Sends a signal to a whole group; one that is gone is no error.
pub fn send_to_group(group: Pid, signal: Signal) {
    let _ = nix::sys::signal::killpg(group, signal);
}
