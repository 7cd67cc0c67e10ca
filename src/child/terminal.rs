//! Our own terminal while a child runs on a pseudo-terminal.

use std::io::{self, IsTerminal as _};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use nix::pty::{Winsize, openpty};
use nix::sys::termios::{
    self, InputFlags, LocalFlags, OutputFlags, SetArg, SpecialCharacterIndices, Termios,
};

/// Which of our streams are terminals.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Streams {
    pub stdin: bool,
    pub stdout: bool,
    pub stderr: bool,
}

impl Streams {
    /// Asks about the streams of this process.
    pub fn of_this_process() -> Self {
        Self {
            stdin: io::stdin().is_terminal(),
            stdout: io::stdout().is_terminal(),
            stderr: io::stderr().is_terminal(),
        }
    }

    /// Whether the child needs a pseudo-terminal.
    pub fn any(self) -> bool {
        self.stdin || self.stdout || self.stderr
    }
}

nix::ioctl_read_bad!(window_size, nix::libc::TIOCGWINSZ, Winsize);
nix::ioctl_write_ptr_bad!(set_window_size, nix::libc::TIOCSWINSZ, Winsize);

/// The pseudo-terminal of a child and the state of ours.
#[derive(Debug)]
pub struct Terminal {
    master: OwnedFd,
    original: Mutex<Termios>,
    streams: Streams,
    /// Our terminal hands keys through unprocessed at this moment.
    raw: Arc<AtomicBool>,
}

impl Terminal {
    /// Opens a pseudo-terminal like ours; gives it and the child's end.
    pub fn open(streams: Streams) -> io::Result<(Self, OwnedFd)> {
        let ours = ours(streams);
        let original = termios::tcgetattr(ours)?;
        let mut inner = original.clone();
        if !Self::raw_output(streams) {
            // Our terminal goes on making \r\n of \n; the child's must not do it a second time.
            inner.output_flags.remove(OutputFlags::OPOST);
        }
        let pty = openpty(&size_of(ours).ok(), &inner)?;
        for fd in [&pty.master, &pty.slave] {
            let flag = nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC);
            nix::fcntl::fcntl(fd, flag)?;
        }
        let terminal = Self {
            master: pty.master,
            original: Mutex::new(original),
            streams,
            raw: Arc::default(),
        };
        Ok((terminal, pty.slave))
    }

    /// Our terminal passes output on as it is only if nobody else of a pipeline writes to it.
    fn raw_output(streams: Streams) -> bool {
        streams.stdin && streams.stdout && streams.stderr
    }

    fn original(&self) -> MutexGuard<'_, Termios> {
        self.original.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The pseudo-terminal's outer end.
    pub fn master(&self) -> &OwnedFd {
        &self.master
    }

    /// Whether keys are handed through unprocessed; shared with those who print.
    pub fn raw_flag(&self) -> Arc<AtomicBool> {
        Arc::clone(&self.raw)
    }

    /// Takes the window's size over.
    pub fn resize(&self) {
        if let Ok(size) = size_of(ours(self.streams)) {
            let _ = set_size(&self.master, &size);
        }
    }

    /// Hands keys through from now on, if stdin is a terminal and we are in its foreground.
    pub fn enter_raw(&self) {
        if !self.streams.stdin || !in_foreground() {
            return;
        }
        let mut raw = self.original().clone();
        raw.input_flags.remove(
            InputFlags::BRKINT
                | InputFlags::ICRNL
                | InputFlags::IGNCR
                | InputFlags::INLCR
                | InputFlags::ISTRIP
                | InputFlags::IXON
                | InputFlags::PARMRK,
        );
        raw.local_flags.remove(
            LocalFlags::ECHO
                | LocalFlags::ECHONL
                | LocalFlags::ICANON
                | LocalFlags::ISIG
                | LocalFlags::IEXTEN,
        );
        raw.control_chars[SpecialCharacterIndices::VMIN as usize] = 1;
        raw.control_chars[SpecialCharacterIndices::VTIME as usize] = 0;
        let raw_output = Self::raw_output(self.streams);
        if raw_output {
            raw.output_flags.remove(OutputFlags::OPOST);
        }
        if termios::tcsetattr(io::stdin(), SetArg::TCSADRAIN, &raw).is_ok() {
            self.raw.store(true, Ordering::SeqCst);
        }
    }

    /// Puts our terminal back as it was.
    pub fn leave_raw(&self) {
        if self.raw.swap(false, Ordering::SeqCst) {
            let _ = termios::tcsetattr(io::stdin(), SetArg::TCSADRAIN, &self.original());
        }
    }

    /// What a key means to the child's terminal at this moment.
    pub fn key(&self, byte: u8) -> Key {
        let Ok(inner) = termios::tcgetattr(&self.master) else {
            return Key::Other;
        };
        let is = |index: SpecialCharacterIndices| {
            inner.control_chars[index as usize] == byte && byte != 0
        };
        if !inner.local_flags.contains(LocalFlags::ISIG) {
            Key::Other
        } else if is(SpecialCharacterIndices::VINTR) {
            Key::Interrupt
        } else if is(SpecialCharacterIndices::VSUSP) {
            Key::Suspend
        } else {
            Key::Other
        }
    }
}

impl Drop for Terminal {
    fn drop(&mut self) {
        self.leave_raw();
    }
}

/// What a key does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Key {
    Interrupt,
    Suspend,
    Other,
}

/// The first of our streams that is a terminal.
fn ours(streams: Streams) -> BorrowedFd<'static> {
    use std::sync::LazyLock;
    static STREAMS: LazyLock<(io::Stdin, io::Stdout, io::Stderr)> =
        LazyLock::new(|| (io::stdin(), io::stdout(), io::stderr()));
    if streams.stdin {
        STREAMS.0.as_fd()
    } else if streams.stdout {
        STREAMS.1.as_fd()
    } else {
        STREAMS.2.as_fd()
    }
}

fn in_foreground() -> bool {
    nix::unistd::tcgetpgrp(io::stdin()).is_ok_and(|group| group == nix::unistd::getpgrp())
}

#[expect(unsafe_code, reason = "window sizes are read and set by ioctl only")]
fn size_of(fd: BorrowedFd<'_>) -> nix::Result<Winsize> {
    use std::os::fd::AsRawFd as _;
    let mut size = Winsize {
        ws_row: 0,
        ws_col: 0,
        ws_xpixel: 0,
        ws_ypixel: 0,
    };
    // SAFETY: the descriptor is open for the call, and the pointer is to a Winsize of our own.
    unsafe { window_size(fd.as_raw_fd(), &raw mut size) }?;
    Ok(size)
}

#[expect(unsafe_code, reason = "window sizes are read and set by ioctl only")]
fn set_size(fd: &OwnedFd, size: &Winsize) -> nix::Result<()> {
    use std::os::fd::AsRawFd as _;
    // SAFETY: the descriptor is open for the call, and the pointer is to a Winsize that outlives it.
    unsafe { set_window_size(fd.as_raw_fd(), &raw const *size) }.map(|_| ())
}
