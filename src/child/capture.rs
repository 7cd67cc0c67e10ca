//! Passes the child's output on and hands a copy to the recorder.
//!
//! One thread for each source. The bytes are written to our own stream first, at once and unchanged; only then
//! does anyone look at them.

use std::fs::File;
use std::io::{self, Read};
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::thread::JoinHandle;

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::run::Stream;

/// Bytes read at once.
const READ_SIZE: usize = 128 * 1024;

/// Who gets a copy of the output.
pub trait Tap: Send {
    /// Takes bytes that have been passed on. Must return soon, whatever happens.
    fn take(&self, stream: Stream, bytes: &[u8]);
    /// Our own stream cannot be written any more; told once.
    fn broken(&self, stream: Stream, error: &io::Error);
    /// Reading waits for the child from here on, or does not any more.
    fn waiting(&self, waits: bool);
    /// The source has ended.
    fn ended(&self);
}

/// Starts the thread that reads `source` until its end.
pub fn start(
    source: OwnedFd,
    to: OwnedFd,
    stream: Stream,
    tap: impl Tap + 'static,
) -> io::Result<JoinHandle<()>> {
    std::thread::Builder::new()
        .name("capture".to_owned())
        .stack_size(256 * 1024)
        .spawn(move || {
            run(File::from(source), &to, stream, &tap);
            tap.ended();
        })
}

fn run(mut source: File, to: &OwnedFd, stream: Stream, tap: &impl Tap) {
    let mut buffer = vec![0; READ_SIZE];
    let mut passes_on = true;
    loop {
        tap.waiting(true);
        let read = source.read(&mut buffer);
        tap.waiting(false);
        let bytes = match read {
            Ok(0) => return,
            Ok(n) => &buffer[..n],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            // A pseudo-terminal answers EIO when its last user has gone.
            Err(_) => return,
        };
        let result = if passes_on {
            write_all(to.as_fd(), bytes)
        } else {
            Ok(())
        };
        tap.take(stream, bytes);
        if let Err(error) = result {
            passes_on = false;
            tap.broken(stream, &error);
            if error.kind() == io::ErrorKind::BrokenPipe {
                // Nobody reads any more (`| head`): closing our end tells the child what it would have seen
                // without us. On any other error it can go on; its output is still recorded.
                return;
            }
        }
    }
}

/// Writes everything, also to a stream that someone has made non-blocking.
pub fn write_all(to: BorrowedFd<'_>, mut bytes: &[u8]) -> io::Result<()> {
    while !bytes.is_empty() {
        match nix::unistd::write(to, bytes) {
            Ok(n) => bytes = &bytes[n..],
            Err(nix::Error::EINTR) => {}
            Err(nix::Error::EAGAIN) => {
                let mut fds = [PollFd::new(to, PollFlags::POLLOUT)];
                let _ = poll(&mut fds, PollTimeout::NONE);
            }
            Err(error) => return Err(error.into()),
        }
    }
    Ok(())
}
