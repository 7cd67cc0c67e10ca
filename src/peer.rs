//! A client's connection, as far as answers are concerned.

use std::collections::VecDeque;
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, Shutdown, send, shutdown};

/// Bytes of answers that may wait for a client that does not read.
const BACKLOG: usize = 64 << 20;
/// How long an answer waits for room there.
const STUCK: Duration = Duration::from_secs(60);
/// How long such a client is waited for before it is cut off.
const PATIENCE: PollTimeout = PollTimeout::MAX;

/// The sending side of a connection. Whoever answers is never blocked by it.
#[derive(Debug)]
pub struct Peer {
    fd: OwnedFd,
    /// Process on the other side; 0 if it is not known.
    pid: i32,
    backlog: Mutex<Backlog>,
}

/// Answers that the socket did not take yet.
#[derive(Debug, Default)]
struct Backlog {
    answers: VecDeque<Vec<u8>>,
    bytes: usize,
    /// A thread is at work on them.
    draining: bool,
}

impl Peer {
    /// The connection `fd` of process `pid`.
    pub fn new(fd: OwnedFd, pid: i32) -> Self {
        Self {
            fd,
            pid,
            backlog: Mutex::default(),
        }
    }

    /// Process on the other side; 0 if it is not known.
    pub fn pid(&self) -> i32 {
        self.pid
    }

    /// The socket.
    pub fn fd(&self) -> &OwnedFd {
        &self.fd
    }

    fn backlog(&self) -> MutexGuard<'_, Backlog> {
        self.backlog.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Sends an answer if the client has room for it; one that does not read its answers loses them.
    pub fn offer(&self, line: &str) {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let _ = send(self.fd.as_raw_fd(), line.as_bytes(), flags);
    }

    /// Sends an answer for sure, now or as soon as the client reads; one that lets too much wait is cut off.
    pub fn send(self: &Arc<Self>, mut answer: Vec<u8>) {
        let mut backlog = self.backlog();
        if !backlog.draining {
            match self.push(&answer) {
                Some(sent) if sent == answer.len() => return,
                Some(sent) => drop(answer.drain(..sent)),
                None => return,
            }
        }
        backlog.bytes += answer.len();
        if backlog.bytes > BACKLOG {
            self.cut_off();
            return;
        }
        backlog.answers.push_back(answer);
        if backlog.draining {
            return;
        }
        let peer = Arc::clone(self);
        let started = std::thread::Builder::new()
            .name("answers".to_owned())
            .stack_size(64 * 1024)
            .spawn(move || peer.drain());
        backlog.draining = started.is_ok();
        if started.is_err() {
            self.cut_off();
        }
    }

    /// Waits until this many bytes more may wait for the client, who is cut off if he does not read at all. For large
    /// answers of threads that have time.
    pub fn wait_for_room(&self, size: usize) {
        let start = Instant::now();
        while start.elapsed() < STUCK {
            let backlog = self.backlog();
            if backlog.bytes == 0 || backlog.bytes + size <= BACKLOG {
                return;
            }
            drop(backlog);
            std::thread::park_timeout(Duration::from_millis(20));
        }
    }

    /// Sends what the socket takes at once; `None` if the connection is broken.
    fn push(&self, bytes: &[u8]) -> Option<usize> {
        let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
        let mut sent = 0;
        while sent < bytes.len() {
            match send(self.fd.as_raw_fd(), &bytes[sent..], flags) {
                Ok(n) => sent += n,
                Err(nix::Error::EINTR) => {}
                Err(nix::Error::EAGAIN) => break,
                Err(_) => return None,
            }
        }
        Some(sent)
    }

    fn drain(&self) {
        loop {
            let mut backlog = self.backlog();
            let Some(mut answer) = backlog.answers.pop_front() else {
                backlog.draining = false;
                return;
            };
            backlog.bytes -= answer.len();
            drop(backlog);
            while !answer.is_empty() {
                let mut fds = [PollFd::new(self.fd.as_fd(), PollFlags::POLLOUT)];
                let _ = poll(&mut fds, PATIENCE);
                match self.push(&answer) {
                    Some(sent) => drop(answer.drain(..sent)),
                    None => return self.cut_off(),
                }
            }
        }
    }

    /// Ends the connection on both sides.
    pub fn cut_off(&self) {
        let _ = shutdown(self.fd.as_raw_fd(), Shutdown::Both);
    }

    /// Takes no more from the client; what is on its way can still be read.
    pub fn stop_reading(&self) {
        let _ = shutdown(self.fd.as_raw_fd(), Shutdown::Read);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Read as _;
    use std::os::unix::net::UnixStream;

    #[test]
    fn answers_wait_for_a_slow_client_and_keep_their_order() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let peer = Arc::new(Peer::new(ours.into(), 0));
        let mut expected = Vec::new();
        for i in 0..200u8 {
            let answer = vec![i; 20_000];
            expected.extend_from_slice(&answer);
            peer.send(answer);
        }
        let mut found = vec![0; expected.len()];
        theirs.read_exact(&mut found).unwrap();
        assert!(found == expected);
    }

    #[test]
    fn a_client_that_never_reads_is_cut_off() {
        let (ours, mut theirs) = UnixStream::pair().unwrap();
        let peer = Arc::new(Peer::new(ours.into(), 0));
        for _ in 0..70 {
            peer.send(vec![0; 1 << 20]);
        }
        // The end comes after what was in the socket.
        let mut rest = Vec::new();
        theirs.read_to_end(&mut rest).unwrap();
        assert!(rest.len() < 70 << 20);
    }
}
