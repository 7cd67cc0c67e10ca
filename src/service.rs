//! The local socket: programs in the run send their messages here, one JSON object a line ([`jsonl`]).
//!
//! The socket lies in a directory of its own (0700) and has mode 0600; besides, the peer's user id must be ours.
//! One thread for each connection, at most [`CONNECTIONS`]; a line is bounded by [`jsonl::MAX_LINE`]. A client that
//! sends faster than can be recorded waits in its own `write`. A client that does not read its answers loses them.

use std::fs;
use std::io::{self, Read as _};
use std::os::fd::{AsFd, AsRawFd as _, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::socket::{MsgFlags, getsockopt, sockopt};

use crate::inbox::{Answer, Inbox, Item};
use crate::run::Event;
use crate::wire::json::Value;
use crate::wire::jsonl::{self, Envelope, Message, Policy, Refusal};
use crate::wire::schema::FilesItem;

/// Most connections at once; further ones wait.
pub const CONNECTIONS: usize = 128;
const PREFIX: &str = "wandb-rs-";

/// What clients can ask about the run, and what saving a file needs.
#[derive(Debug, Clone)]
pub struct RunInfo {
    /// Members of the answer to `info`.
    pub members: Vec<(String, Value)>,
    /// The run's `files/`; without it nothing can be saved.
    pub files: Option<PathBuf>,
    /// Relative paths of files to save count from here.
    pub directory: PathBuf,
}

/// A running service.
#[derive(Debug)]
pub struct Service {
    shared: Arc<Shared>,
    accepting: Option<JoinHandle<()>>,
    stop: Option<io::PipeWriter>,
    directory: PathBuf,
}

#[derive(Debug)]
struct Shared {
    info: RunInfo,
    inbox: Arc<Inbox>,
    connections: Mutex<Vec<Arc<OwnedFd>>>,
    changed: Condvar,
}

impl Shared {
    fn connections(&self) -> MutexGuard<'_, Vec<Arc<OwnedFd>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket that is bound but not served yet: its path can be given to the child.
#[derive(Debug)]
pub struct Bound {
    listener: UnixListener,
    directory: PathBuf,
}

impl Bound {
    /// Makes the private directory and the socket in the first of `places` that can hold it.
    pub fn new(places: &[PathBuf], random: [u8; 8]) -> io::Result<Self> {
        let mut last = io::Error::from(io::ErrorKind::NotFound);
        let suffix = u64::from_le_bytes(random);
        for place in places {
            let directory = place.join(format!("{PREFIX}{}-{suffix:016x}", std::process::id()));
            match Self::bind(&directory) {
                Ok(listener) => {
                    return Ok(Self {
                        listener,
                        directory,
                    });
                }
                Err(error) => {
                    let _ = fs::remove_dir_all(&directory);
                    last = error;
                }
            }
        }
        Err(last)
    }

    fn bind(directory: &Path) -> io::Result<UnixListener> {
        fs::DirBuilder::new().mode(0o700).create(directory)?;
        // The mode above is cut by the umask; a umask cannot make it wider.
        let path = directory.join("socket");
        let listener = UnixListener::bind(&path)?;
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600))?;
        listener.set_nonblocking(true)?;
        Ok(listener)
    }

    /// The socket's path.
    pub fn path(&self) -> PathBuf {
        self.directory.join("socket")
    }

    /// Begins to serve.
    pub fn serve(self, info: RunInfo, inbox: Arc<Inbox>) -> io::Result<Service> {
        let (stopped, stop) = io::pipe()?;
        let shared = Arc::new(Shared {
            info,
            inbox,
            connections: Mutex::default(),
            changed: Condvar::new(),
        });
        let accepting = std::thread::Builder::new()
            .name("socket".to_owned())
            .stack_size(128 * 1024)
            .spawn({
                let shared = Arc::clone(&shared);
                move || accept(&self.listener, &stopped, &shared)
            })?;
        Ok(Service {
            shared,
            accepting: Some(accepting),
            stop: Some(stop),
            directory: self.directory,
        })
    }

    /// Takes the socket away again.
    pub fn remove(self) {
        let _ = fs::remove_dir_all(&self.directory);
    }
}

impl Service {
    /// Takes what clients have sent already, then ends; clients that stay are cut off after `grace`.
    pub fn stop(mut self, grace: Duration) {
        drop(self.stop.take());
        if let Some(accepting) = self.accepting.take() {
            let _ = accepting.join();
        }
        let _ = fs::remove_dir_all(&self.directory);
        self.wait(grace);
        for connection in self.shared.connections().iter() {
            let _ = nix::sys::socket::shutdown(
                connection.as_raw_fd(),
                nix::sys::socket::Shutdown::Read,
            );
        }
        // What is in the socket's buffer can still be read.
        self.wait(grace);
    }

    fn wait(&self, grace: Duration) {
        let connections = self.shared.connections();
        let _ = self
            .shared
            .changed
            .wait_timeout_while(connections, grace, |connections| !connections.is_empty());
    }
}

fn accept(listener: &UnixListener, stopped: &io::PipeReader, shared: &Arc<Shared>) {
    let mut ending = false;
    loop {
        match listener.accept() {
            Ok((stream, _)) => {
                if is_ours(&stream) {
                    start_connection(stream, shared);
                }
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if ending {
                    return;
                }
                let mut fds = [
                    PollFd::new(listener.as_fd(), PollFlags::POLLIN),
                    PollFd::new(stopped.as_fd(), PollFlags::POLLIN),
                ];
                let _ = poll(&mut fds, PollTimeout::NONE);
                // Clients that have connected already are served to the end.
                ending = fds[1].any().unwrap_or(false);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Out of descriptors or memory: that passes. Wait for a connection to end, but not for ever.
            Err(_) => {
                if ending {
                    return;
                }
                let connections = shared.connections();
                let _ = shared
                    .changed
                    .wait_timeout(connections, Duration::from_millis(100));
            }
        }
    }
}

fn is_ours(stream: &UnixStream) -> bool {
    getsockopt(stream, sockopt::PeerCredentials)
        .is_ok_and(|peer| peer.uid() == nix::unistd::geteuid().as_raw() || peer.uid() == 0)
}

fn start_connection(stream: UnixStream, shared: &Arc<Shared>) {
    let waited = Instant::now();
    let mut connections = shared.connections();
    while connections.len() >= CONNECTIONS && waited.elapsed() < Duration::from_secs(10) {
        let (next, _) = shared
            .changed
            .wait_timeout(connections, Duration::from_secs(1))
            .unwrap_or_else(PoisonError::into_inner);
        connections = next;
    }
    let connection = Arc::new(OwnedFd::from(stream));
    connections.push(Arc::clone(&connection));
    drop(connections);
    let run = {
        let (shared, connection) = (Arc::clone(shared), Arc::clone(&connection));
        move || {
            serve(&connection, &shared);
            leave(&connection, &shared);
        }
    };
    let started = std::thread::Builder::new()
        .name("client".to_owned())
        .stack_size(256 * 1024)
        .spawn(run);
    if started.is_err() {
        leave(&connection, shared);
    }
}

fn leave(connection: &Arc<OwnedFd>, shared: &Shared) {
    shared
        .connections()
        .retain(|other| !Arc::ptr_eq(other, connection));
    shared.changed.notify_all();
}

/// Reads lines until the client has gone.
fn serve(connection: &Arc<OwnedFd>, shared: &Shared) {
    let Ok(fd) = connection.try_clone() else {
        return;
    };
    let mut stream = UnixStream::from(fd);
    if stream.set_nonblocking(false).is_err() {
        return;
    }
    let mut buffer = vec![0; 64 * 1024];
    let mut partial: Vec<u8> = Vec::new();
    let mut too_long = false;
    let mut number = 0;
    loop {
        let mut bytes = match stream.read(&mut buffer) {
            Ok(0) => break,
            Ok(n) => &buffer[..n],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(_) => break,
        };
        while let Some(end) = memchr::memchr(b'\n', bytes) {
            let line = &bytes[..end];
            bytes = &bytes[end + 1..];
            number += 1;
            if too_long {
                too_long = false;
            } else if partial.is_empty() {
                handle(line, number, connection, shared);
            } else {
                partial.extend_from_slice(line);
                handle(&partial, number, connection, shared);
                partial.clear();
            }
        }
        if partial.len() + bytes.len() > jsonl::MAX_LINE && !too_long {
            too_long = true;
            partial = Vec::new();
            let reason = format!("longer than {} bytes", jsonl::MAX_LINE);
            send(
                connection,
                &jsonl::refused(Refusal { id: None, reason }, number + 1),
            );
        }
        if !too_long {
            partial.extend_from_slice(bytes);
        }
    }
    // A last line may lack its newline (`echo -n`, a client that ends).
    if !partial.is_empty() && !too_long {
        handle(&partial, number + 1, connection, shared);
    }
}

fn handle(line: &[u8], number: u64, connection: &Arc<OwnedFd>, shared: &Shared) {
    if line.trim_ascii().is_empty() {
        return;
    }
    let refuse = |refusal: Refusal| send(connection, &jsonl::refused(refusal, number));
    let envelope = match jsonl::decode(line) {
        Ok(envelope) => envelope,
        Err(refusal) => return refuse(refusal),
    };
    let Envelope { id, message } = envelope;
    let answer = |id: Option<Value>| Answer {
        connection: Arc::clone(connection),
        id,
    };
    let item = match message {
        Message::Info => {
            let run = ("run".to_owned(), Value::Map(shared.info.members.clone()));
            return send(connection, &jsonl::accepted(id, vec![run]));
        }
        Message::Flush => Item::Flush(answer(id.clone())),
        Message::Change(Event::Config(values)) => {
            let values = values.into_iter().map(|(key, value)| {
                let value = crate::output::redact::value(&key, value);
                (key, value)
            });
            Item::Event(
                Event::Config(values.collect()),
                id.clone().map(|id| answer(Some(id))),
            )
        }
        Message::Change(event) => Item::Event(event, id.clone().map(|id| answer(Some(id)))),
        Message::Save { path, policy } => match save(&shared.info, &path, policy) {
            Ok(file) => Item::Event(
                Event::Files(vec![file]),
                id.clone().map(|id| answer(Some(id))),
            ),
            Err(reason) => return refuse(Refusal { id, reason }),
        },
    };
    if !shared.inbox.push(item, line.len().max(64)) {
        let reason = "not recorded: the run's log cannot be written at this moment".to_owned();
        refuse(Refusal { id, reason });
    }
}

/// Sends an answer if the client has room for it.
pub fn send(connection: &OwnedFd, line: &str) {
    let flags = MsgFlags::MSG_DONTWAIT | MsgFlags::MSG_NOSIGNAL;
    let _ = nix::sys::socket::send(connection.as_raw_fd(), line.as_bytes(), flags);
}

/// Names below `files/` that are the run's own.
const RESERVED: &[&str] = &[
    "output.log",
    "config.yaml",
    "wandb-summary.json",
    "wandb-metadata.json",
    "requirements.txt",
    "diff.patch",
];

/// Puts a file into the run: a copy if it is to be uploaded now, else a link to where it is.
fn save(info: &RunInfo, path: &str, policy: Policy) -> Result<FilesItem, String> {
    let files = info
        .files
        .as_ref()
        .ok_or("save: the run has no directory")?;
    let source = info.directory.join(path);
    let error = |error: io::Error| format!("save {path:?}: {error}");
    let source = source.canonicalize().map_err(error)?;
    if !source.is_file() {
        return Err(format!("save {path:?}: not a regular file"));
    }
    let base = info.directory.canonicalize().map_err(error)?;
    let inside = files.canonicalize().map_err(error)?;
    let there = source.strip_prefix(&inside).ok().map(Path::to_owned);
    let name = match (&there, source.strip_prefix(&base)) {
        (Some(below), _) => below.clone(),
        (None, Ok(below)) => below.to_owned(),
        (None, Err(_)) => PathBuf::from(source.file_name().unwrap_or_default()),
    };
    let name_text = name
        .to_str()
        .ok_or_else(|| format!("save {path:?}: the name is not UTF-8"))?
        .to_owned();
    if RESERVED.contains(&name_text.as_str()) {
        return Err(format!(
            "save {path:?}: {name_text} is a file of the run itself"
        ));
    }
    if there.is_none() {
        let target = files.join(&name);
        if let Some(parent) = target.parent() {
            crate::store::private_dir(parent).map_err(error)?;
        }
        let _ = fs::remove_file(&target);
        match policy {
            Policy::Now => copy_private(&source, &target).map_err(error)?,
            Policy::End | Policy::Live => {
                std::os::unix::fs::symlink(&source, &target).map_err(error)?;
            }
        }
    }
    Ok(FilesItem {
        path: name_text,
        policy: policy.number(),
        file_type: 0,
    })
}

fn copy_private(source: &Path, target: &Path) -> io::Result<()> {
    let mut from = fs::File::open(source)?;
    let mut to = crate::store::new_private_file(target)?;
    io::copy(&mut from, &mut to).map(|_| ())
}

/// Removes socket directories of ours that a killed process left behind.
pub fn remove_stale(places: &[PathBuf]) {
    for entry in places
        .iter()
        .filter_map(|place| fs::read_dir(place).ok())
        .flatten()
        .flatten()
    {
        let name = entry.file_name();
        let Some(pid) = name
            .to_str()
            .and_then(|name| name.strip_prefix(PREFIX)?.split('-').next()?.parse().ok())
        else {
            continue;
        };
        let ours = entry.path().symlink_metadata().is_ok_and(|metadata| {
            metadata.is_dir() && metadata.uid() == nix::unistd::geteuid().as_raw()
        });
        let gone =
            nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), None) == Err(nix::Error::ESRCH);
        if ours && gone {
            let _ = fs::remove_file(entry.path().join("socket"));
            let _ = fs::remove_dir(entry.path());
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::VecDeque;
    use std::io::{BufRead as _, BufReader, Write as _};

    fn service(root: &Path) -> (Service, Arc<Inbox>, PathBuf) {
        let bound = Bound::new(&[root.join("missing"), root.to_owned()], [7; 8]).unwrap();
        let path = bound.path();
        let inbox = Arc::new(Inbox::default());
        fs::create_dir_all(root.join("files")).unwrap();
        let info = RunInfo {
            members: vec![("id".to_owned(), "abc".into())],
            files: Some(root.join("files")),
            directory: root.to_owned(),
        };
        (bound.serve(info, Arc::clone(&inbox)).unwrap(), inbox, path)
    }

    #[test]
    fn errors_are_answered_and_the_connection_goes_on() {
        let root = tempfile::tempdir().unwrap();
        let (service, inbox, path) = service(root.path());
        let metadata = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
        assert_eq!(
            (metadata(&path), metadata(path.parent().unwrap())),
            (0o600, 0o700)
        );
        let mut client = UnixStream::connect(&path).unwrap();
        client
            .write_all(b"nonsense\n\n{\"log\": {\"a\": 1}}\n{\"info\": true, \"id\": 9}\n")
            .unwrap();
        let mut lines = BufReader::new(client.try_clone().unwrap()).lines();
        assert_eq!(
            lines.next().unwrap().unwrap(),
            r#"{"error":"not JSON: expected a JSON value at byte 0","line":1}"#
        );
        assert_eq!(
            lines.next().unwrap().unwrap(),
            r#"{"id":9,"ok":true,"run":{"id":"abc"}}"#
        );
        let batch = inbox.take(None, VecDeque::new());
        assert!(matches!(
            batch.items[0],
            Item::Event(Event::Log { .. }, None)
        ));
        drop((client, lines));
        service.stop(Duration::from_secs(5));
        assert!(!path.parent().unwrap().exists());
    }

    #[test]
    fn what_was_sent_before_the_end_is_taken() {
        let root = tempfile::tempdir().unwrap();
        let (service, inbox, path) = service(root.path());
        let mut client = UnixStream::connect(&path).unwrap();
        for i in 0..1000 {
            writeln!(client, "{{\"log\": {{\"a\": {i}}}}}").unwrap();
        }
        client.write_all(b"{\"summary\": {\"last\": 1}}").unwrap();
        drop(client);
        service.stop(Duration::from_secs(5));
        inbox.close();
        assert_eq!(inbox.take(None, VecDeque::new()).items.len(), 1001);
    }

    #[test]
    fn files_are_linked_or_copied_below_the_run() {
        let root = tempfile::tempdir().unwrap();
        let (service, _inbox, _) = service(root.path());
        let info = &service.shared.info;
        fs::create_dir(root.path().join("sub")).unwrap();
        fs::write(root.path().join("sub/a.bin"), "a").unwrap();
        let item = save(info, "sub/a.bin", Policy::Live).unwrap();
        assert_eq!((item.path.as_str(), item.policy), ("sub/a.bin", 2));
        assert!(root.path().join("files/sub/a.bin").is_symlink());
        save(info, "sub/a.bin", Policy::Now).unwrap();
        assert!(!root.path().join("files/sub/a.bin").is_symlink());
        assert_eq!(
            save(info, "sub", Policy::Now).unwrap_err(),
            "save \"sub\": not a regular file"
        );
        assert!(
            save(info, "none", Policy::Now)
                .unwrap_err()
                .contains("No such file")
        );
        fs::write(root.path().join("files/made.bin"), "x").unwrap();
        assert_eq!(
            save(info, "files/made.bin", Policy::Live).unwrap().path,
            "made.bin"
        );
        fs::write(root.path().join("output.log"), "x").unwrap();
        assert!(
            save(info, "output.log", Policy::Now)
                .unwrap_err()
                .contains("of the run itself")
        );
        service.stop(Duration::ZERO);
    }

    #[test]
    fn stale_sockets_are_removed_and_living_ones_kept() {
        let root = tempfile::tempdir().unwrap();
        let (service, _inbox, path) = service(root.path());
        let stale = root.path().join(format!("{PREFIX}{}-0", i32::MAX));
        fs::create_dir(&stale).unwrap();
        fs::write(stale.join("socket"), "").unwrap();
        remove_stale(&[root.path().to_owned()]);
        assert!(!stale.exists() && path.exists());
        service.stop(Duration::ZERO);
    }
}
