//! The local socket: programs in the run send their messages here, one JSON object a line ([`jsonl`]), or as the
//! official SDK does ([`sdk`]): the first byte tells. What the SDK wants of the server is carried out beside
//! ([`requests`]).
//!
//! The socket lies in a directory of its own (0700) and has mode 0600; besides, the peer's user id must be ours.
//! One thread for each connection, at most [`CONNECTIONS`]; lines and frames are bounded. A client that sends faster than
//! can be recorded waits in its own `write`.

use std::fs::{self, File};
use std::io::{self, Read as _};
use std::net::TcpListener;
use std::os::fd::{AsFd, OwnedFd};
use std::os::unix::fs::{DirBuilderExt as _, MetadataExt as _, PermissionsExt as _};
use std::os::unix::net::UnixListener;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};

use crate::inbox::Inbox;
use crate::peer::Peer;
use crate::wire::frame;
use crate::wire::json::Value;
use door::Door;
use requests::Desk;

mod door;
mod jsonl;
mod pace;
mod requests;
mod save;
mod sdk;

pub use requests::Own;

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

/// What clients are told; it changes when the run becomes that of the script's SDK.
#[derive(Debug, Clone)]
pub struct Info(Arc<Mutex<RunInfo>>);

impl Info {
    /// What is told from the beginning.
    pub fn new(info: RunInfo) -> Self {
        Self(Arc::new(Mutex::new(info)))
    }

    /// What is told now.
    pub fn get(&self) -> RunInfo {
        self.lock().clone()
    }

    /// Tells something else from now on.
    pub fn set(&self, info: RunInfo) {
        *self.lock() = info;
    }

    fn lock(&self) -> MutexGuard<'_, RunInfo> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A running service.
#[derive(Debug)]
pub struct Service {
    shared: Arc<Shared>,
    accepting: Vec<JoinHandle<()>>,
    stop: Option<io::PipeWriter>,
    directory: PathBuf,
}

#[derive(Debug)]
struct Shared {
    info: Info,
    inbox: Arc<Inbox>,
    desk: Desk,
    connections: Mutex<Vec<Arc<Peer>>>,
    changed: Condvar,
}

impl Shared {
    fn connections(&self) -> MutexGuard<'_, Vec<Arc<Peer>>> {
        self.connections
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }
}

/// A socket that is bound but not served yet: its path can be given to the child.
#[derive(Debug)]
pub struct Bound {
    listener: UnixListener,
    loopback: Option<TcpListener>,
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
                        loopback: None,
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

    /// Opens a port on the loopback address, too: the SDK before 0.21 knows no other way. Gives its number.
    pub fn open_loopback(&mut self) -> io::Result<u16> {
        let listener = door::loopback()?;
        let port = listener.local_addr()?.port();
        self.loopback = Some(listener);
        Ok(port)
    }

    /// Begins to serve. What scripts want of a server goes where their settings say, with the certificate authorities of
    /// `ca_bundle`, too; scripts without a key of their own go through `own`.
    pub fn serve(
        self,
        info: Info,
        inbox: Arc<Inbox>,
        own: Option<Own>,
        ca_bundle: Option<PathBuf>,
    ) -> io::Result<Service> {
        let (stopped, stop) = io::pipe()?;
        let shared = Arc::new(Shared {
            info,
            inbox,
            desk: Desk::new(own, ca_bundle),
            connections: Mutex::default(),
            changed: Condvar::new(),
        });
        let mut accepting = Vec::new();
        if let Some(loopback) = self.loopback {
            accepting.push(open(loopback, stopped.try_clone()?, &shared)?);
        }
        accepting.push(open(self.listener, stopped, &shared)?);
        Ok(Service {
            shared,
            accepting,
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
        self.shared.desk.close();
        for accepting in self.accepting.drain(..) {
            let _ = accepting.join();
        }
        let _ = fs::remove_dir_all(&self.directory);
        self.wait(grace);
        for peer in self.shared.connections().iter() {
            peer.stop_reading();
        }
        // What is in the socket's buffer can still be read.
        self.wait(grace);
    }

    /// Whether anybody is connected.
    pub fn has_clients(&self) -> bool {
        !self.shared.connections().is_empty()
    }

    fn wait(&self, grace: Duration) {
        let connections = self.shared.connections();
        let _ = self
            .shared
            .changed
            .wait_timeout_while(connections, grace, |connections| !connections.is_empty());
    }
}

/// Lets clients in from now on.
fn open<D: Door>(
    door: D,
    stopped: io::PipeReader,
    shared: &Arc<Shared>,
) -> io::Result<JoinHandle<()>> {
    let shared = Arc::clone(shared);
    std::thread::Builder::new()
        .name("socket".to_owned())
        .stack_size(128 * 1024)
        .spawn(move || accept(&door, &stopped, &shared))
}

fn accept<D: Door>(door: &D, stopped: &io::PipeReader, shared: &Arc<Shared>) {
    let mut ending = false;
    loop {
        match door.next() {
            Ok(Some((stream, pid))) => start_connection(stream, pid, shared),
            Ok(None) => {}
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                if ending {
                    return;
                }
                let mut fds = [
                    PollFd::new(door.as_fd(), PollFlags::POLLIN),
                    PollFd::new(stopped.as_fd(), PollFlags::POLLIN),
                ];
                let _ = poll(&mut fds, PollTimeout::NONE);
                // Clients that have connected already are served to the end.
                ending = fds[1].any().unwrap_or(false);
            }
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            // Out of descriptors or memory: that passes. Wait for a connection to end, but not for ever, and not longer
            // than the run.
            Err(_) => {
                if ending {
                    return;
                }
                let connections = shared.connections();
                let _ = shared
                    .changed
                    .wait_timeout(connections, Duration::from_millis(100));
                let mut fds = [PollFd::new(stopped.as_fd(), PollFlags::POLLIN)];
                ending = poll(&mut fds, PollTimeout::ZERO).is_ok_and(|ready| ready > 0);
            }
        }
    }
}

fn start_connection(stream: OwnedFd, pid: i32, shared: &Arc<Shared>) {
    let waited = Instant::now();
    let mut connections = shared.connections();
    while connections.len() >= CONNECTIONS && waited.elapsed() < Duration::from_secs(10) {
        let (next, _) = shared
            .changed
            .wait_timeout(connections, Duration::from_secs(1))
            .unwrap_or_else(PoisonError::into_inner);
        connections = next;
    }
    let Ok(answers) = stream.try_clone() else {
        return;
    };
    let peer = Arc::new(Peer::new(answers, pid));
    connections.push(Arc::clone(&peer));
    drop(connections);
    let run = {
        let (shared, peer) = (Arc::clone(shared), Arc::clone(&peer));
        move || {
            serve(File::from(stream), &peer, &shared);
            leave(&peer, &shared);
        }
    };
    let started = std::thread::Builder::new()
        .name("client".to_owned())
        .stack_size(256 * 1024)
        .spawn(run);
    if started.is_err() {
        leave(&peer, shared);
    }
}

fn leave(peer: &Arc<Peer>, shared: &Shared) {
    shared.desk.leave(peer);
    shared
        .connections()
        .retain(|other| !Arc::ptr_eq(other, peer));
    shared.changed.notify_all();
}

/// Serves a client until it has gone, in the protocol that its first byte tells.
fn serve(mut stream: File, peer: &Arc<Peer>, shared: &Shared) {
    let mut first = [0; 4096];
    let read = loop {
        match stream.read(&mut first) {
            Ok(0) => return,
            Ok(n) => break n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(_) => return,
        }
    };
    if first[0] == frame::MAGIC {
        sdk::serve(&mut stream, &first[..read], peer, shared);
    } else {
        jsonl::serve(&mut stream, &first[..read], peer, shared);
    }
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
    use super::save::save;
    use super::*;
    use crate::inbox::Item;
    use crate::run::Event;
    use crate::wire::frame;
    use crate::wire::jsonl::Policy;
    use crate::wire::sdk::What;
    use std::collections::VecDeque;
    use std::io::{BufRead as _, BufReader, Write as _};
    use std::os::unix::net::UnixStream;

    fn service(root: &Path) -> (Service, Arc<Inbox>, PathBuf) {
        let bound = Bound::new(&[root.join("missing"), root.to_owned()], [7; 8]).unwrap();
        let path = bound.path();
        let inbox = Arc::new(Inbox::default());
        fs::create_dir_all(root.join("files")).unwrap();
        let info = Info::new(RunInfo {
            members: vec![("id".to_owned(), "abc".into())],
            files: Some(root.join("files")),
            directory: root.to_owned(),
        });
        let service = bound.serve(info, Arc::clone(&inbox), None, None);
        (service.unwrap(), inbox, path)
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

    /// The frame of a call about a run that wants an answer if `id` is not empty: a request, by its number and content.
    fn call(run: &str, id: &str, request: u32, content: &[u8]) -> Vec<u8> {
        let field = |number: u32, content: &[u8]| {
            let mut out = Vec::new();
            prost::encoding::encode_key(
                number,
                prost::encoding::WireType::LengthDelimited,
                &mut out,
            );
            prost::encoding::encode_varint(content.len() as u64, &mut out);
            out.extend_from_slice(content);
            out
        };
        let request = field(100, &field(request, content));
        let record = [request, field(200, &field(1, run.as_bytes()))].concat();
        frame::encode(&[field(1, &record), field(10, id.as_bytes())].concat())
    }

    #[test]
    fn calls_of_the_sdk_stay_in_order_and_with_their_run_to_a_broken_end() {
        let row = |run: &str, json: &str| {
            let json = [&[0x82, 0x01, json.len() as u8], json.as_bytes()].concat();
            let item = [b"\x0a\x02x1", &json[..]].concat();
            call(
                run,
                "",
                10,
                &[&[0x0a, item.len() as u8], &item[..]].concat(),
            )
        };
        let root = tempfile::tempdir().unwrap();
        let (service, inbox, path) = service(root.path());
        let mut client = UnixStream::connect(&path).unwrap();
        let messages = [
            row("a", "1"),
            row("b", "2.5"),
            row("a", "NaN"),
            call("a", "id1", 4, &[]),
            row("a", "4"),
            b"no frame".to_vec(),
        ];
        client.write_all(&messages.concat()).unwrap();
        // The service hangs up, as behind what is no frame nothing can be told apart.
        client.read_to_end(&mut Vec::new()).unwrap();
        service.stop(Duration::from_secs(5));
        inbox.close();
        let mut found = Vec::new();
        for item in inbox.take(None, VecDeque::new()).items {
            let Item::Calls(calls, _) = item else {
                continue;
            };
            calls.for_each(|id, run, what, rows| {
                let what = match what {
                    What::Log { values, .. } => {
                        let values = rows.part(values);
                        let values = values
                            .iter()
                            .map(|field| format!("{}={}", field.name, field.json));
                        values.collect::<Vec<_>>().join(" ")
                    }
                    other => format!("{other:?}"),
                };
                found.push(format!("{run} {id} {what}"));
            });
        }
        assert_eq!(
            found,
            [
                "a  x1=1",
                "b  x1=2.5",
                "a  x1=NaN",
                "a id1 GetSummary",
                "a  x1=4"
            ]
        );
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
        let info = &service.shared.info.get();
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
