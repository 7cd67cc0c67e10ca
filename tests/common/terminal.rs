//! A terminal with a person at it: a pseudo-terminal whose session leader is the program under test, or a shell.

use std::fs::File;
use std::io::{Read as _, Write as _};
use std::os::fd::OwnedFd;
use std::os::unix::process::CommandExt as _;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex};

use nix::pty::{Winsize, openpty};

use super::eventually;

/// A program at a terminal of 100 by 30.
pub(crate) struct Terminal {
    pub(crate) child: Child,
    keyboard: File,
    screen: Arc<Mutex<Vec<u8>>>,
    master: OwnedFd,
}

fn size(columns: u16) -> Winsize {
    Winsize {
        ws_row: 30,
        ws_col: columns,
        ws_xpixel: 0,
        ws_ypixel: 0,
    }
}

nix::ioctl_write_int_bad!(set_controlling_terminal, nix::libc::TIOCSCTTY);
nix::ioctl_write_ptr_bad!(set_window_size, nix::libc::TIOCSWINSZ, Winsize);

impl Terminal {
    /// Starts a program with all three streams on the terminal.
    #[expect(
        unsafe_code,
        reason = "a controlling terminal can be set only between fork and exec"
    )]
    pub(crate) fn start(mut command: Command) -> Self {
        let pty = openpty(&size(100), None).unwrap();
        let flag = nix::fcntl::FcntlArg::F_SETFD(nix::fcntl::FdFlag::FD_CLOEXEC);
        nix::fcntl::fcntl(&pty.master, flag).unwrap();
        let slave = || Stdio::from(pty.slave.try_clone().unwrap());
        command
            .stdin(slave())
            .stdout(slave())
            .stderr(slave())
            .env("TERM", "xterm-256color");
        let lead = || {
            nix::unistd::setsid()?;
            // SAFETY: descriptor 0 is the terminal; the request takes an integer.
            unsafe { set_controlling_terminal(0, 0) }?;
            Ok(())
        };
        // SAFETY: only system calls between fork and exec.
        unsafe { command.pre_exec(lead) };
        let child = command.spawn().unwrap();
        let screen: Arc<Mutex<Vec<u8>>> = Arc::default();
        let mut output = File::from(pty.master.try_clone().unwrap());
        let keyboard = File::from(pty.master.try_clone().unwrap());
        std::thread::spawn({
            let screen = Arc::clone(&screen);
            move || {
                let mut buffer = [0; 4096];
                while let Ok(n) = output.read(&mut buffer) {
                    if n == 0 {
                        return;
                    }
                    screen.lock().unwrap().extend_from_slice(&buffer[..n]);
                }
            }
        });
        Self {
            child,
            keyboard,
            screen,
            master: pty.master,
        }
    }

    /// Types.
    pub(crate) fn press(&mut self, keys: &str) {
        self.keyboard.write_all(keys.as_bytes()).unwrap();
    }

    /// Everything that has been shown.
    pub(crate) fn screen(&self) -> String {
        String::from_utf8_lossy(&self.screen.lock().unwrap()).into_owned()
    }

    /// Waits until something is shown.
    #[track_caller]
    pub(crate) fn expect(&self, text: &str) {
        assert!(
            eventually(|| self.screen().contains(text)),
            "{text:?} is not in:\n{}",
            self.screen()
        );
    }

    /// Makes the window as wide.
    #[expect(unsafe_code, reason = "window sizes are set by ioctl only")]
    pub(crate) fn resize(&self, columns: u16) {
        use std::os::fd::AsRawFd as _;
        let size = size(columns);
        // SAFETY: the descriptor is open, the pointer is to a Winsize that outlives the call.
        unsafe { set_window_size(self.master.as_raw_fd(), &raw const size) }.unwrap();
    }
}
