//! Ctrl-C in commands that upload: the first ends what goes on in good order, the second at once.

use std::sync::Arc;
use std::sync::atomic::{AtomicI32, Ordering};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::Signal;

use crate::api::Stop;
use crate::child::signals::{Signals, die_of};

/// Whether the user has had enough.
#[derive(Debug, Clone, Default)]
pub struct Interrupted(Arc<AtomicI32>);

impl Interrupted {
    /// The signal that ended the work.
    pub fn signal(&self) -> Option<i32> {
        match self.0.load(Ordering::SeqCst) {
            0 => None,
            signal => Some(signal),
        }
    }
}

/// Waits for signals on a thread of its own. Call it before any other thread is started.
pub fn watch(stop: &Stop) -> Interrupted {
    let interrupted = Interrupted::default();
    // Without it the signals do what they do to any program.
    let Ok(signals) = Signals::receive() else {
        return interrupted;
    };
    let (stop, told) = (stop.clone(), interrupted.clone());
    let wait = move || {
        loop {
            let mut fds = [PollFd::new(signals.fd(), PollFlags::POLLIN)];
            let _ = poll(&mut fds, PollTimeout::NONE);
            while let Some(received) = signals.next() {
                let signal = received.signal;
                if signal == Signal::SIGTSTP {
                    let _ = nix::sys::signal::raise(Signal::SIGSTOP);
                }
                if !matches!(
                    signal,
                    Signal::SIGINT | Signal::SIGTERM | Signal::SIGHUP | Signal::SIGQUIT
                ) {
                    continue;
                }
                if told.0.swap(signal as i32, Ordering::SeqCst) != 0 {
                    die_of(signal as i32);
                }
                stop.stop();
            }
        }
    };
    let _ = std::thread::Builder::new()
        .name("signals".to_owned())
        .stack_size(64 << 10)
        .spawn(wait);
    interrupted
}
