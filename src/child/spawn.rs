//! Starts the child with the right streams, group and session.

use std::ffi::OsString;
use std::io::{self, PipeReader};
use std::os::fd::{AsFd as _, OwnedFd};
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{SigSet, Signal};
use nix::unistd::Pid;

use super::terminal::{Streams, Terminal};
use crate::run::Stream;

/// Bytes that a pipe from the child holds, if the system allows: fewer switches for output in bulk.
const PIPE_SIZE: i32 = 1 << 20;

/// What is to be started.
#[derive(Debug, Clone)]
pub struct Plan {
    /// The file to execute.
    pub file: PathBuf,
    /// The name by which it was called, and its arguments.
    pub argv: Vec<OsString>,
    /// Variables that are added to our environment.
    pub environment: Vec<(OsString, OsString)>,
}

/// Where output of the child comes from and where it goes.
#[derive(Debug)]
pub enum Source {
    Pipe(PipeReader, Stream),
    /// The pseudo-terminal: output of all streams that are terminals.
    Terminal(Stream),
}

/// A started child.
#[derive(Debug)]
pub struct Started {
    pub child: Child,
    pub sources: Vec<Source>,
    pub terminal: Option<Terminal>,
}

/// Starts the child; `mask` are the signals that it blocks, and whether SIGXFSZ gets its default action back.
pub fn spawn(plan: &Plan, streams: Streams, mask: (SigSet, bool)) -> io::Result<Started> {
    let mut command = Command::new(&plan.file);
    if let Some((name, arguments)) = plan.argv.split_first() {
        command.arg0(name).args(arguments);
    }
    command.envs(plan.environment.iter().map(|(key, value)| (key, value)));
    let mut sources = Vec::new();
    let mut terminal = None;
    if streams.any() {
        let (pty, slave) = Terminal::open(streams)?;
        if streams.stdin {
            command.stdin(Stdio::from(slave.try_clone()?));
        }
        if streams.stdout {
            command.stdout(Stdio::from(slave.try_clone()?));
        }
        if streams.stderr {
            command.stderr(Stdio::from(slave.try_clone()?));
        }
        prepare(&mut command, mask, Some(slave));
        let stream = if streams.stdout {
            Stream::Stdout
        } else {
            Stream::Stderr
        };
        sources.push(Source::Terminal(stream));
        terminal = Some(pty);
    } else {
        prepare(&mut command, mask, None);
    }
    if !streams.stdout && !streams.stderr && same_file() {
        // `> log 2>&1`: one pipe keeps the order of the two.
        let (reader, writer) = pipe()?;
        command.stdout(Stdio::from(writer.try_clone()?));
        command.stderr(Stdio::from(writer));
        sources.push(Source::Pipe(reader, Stream::Stdout));
    } else {
        if !streams.stdout {
            let (reader, writer) = pipe()?;
            command.stdout(Stdio::from(writer));
            sources.push(Source::Pipe(reader, Stream::Stdout));
        }
        if !streams.stderr {
            let (reader, writer) = pipe()?;
            command.stderr(Stdio::from(writer));
            sources.push(Source::Pipe(reader, Stream::Stderr));
        }
    }
    let child = command.spawn()?;
    Ok(Started {
        child,
        sources,
        terminal,
    })
}

/// Whether our stdout and stderr are the same file or pipe.
fn same_file() -> bool {
    let id = |fd: std::os::fd::BorrowedFd<'_>| {
        nix::sys::stat::fstat(fd)
            .ok()
            .map(|stat| (stat.st_dev, stat.st_ino))
    };
    let (stdout, stderr) = (io::stdout(), io::stderr());
    let stdout = id(stdout.as_fd());
    stdout.is_some() && stdout == id(stderr.as_fd())
}

fn pipe() -> io::Result<(PipeReader, OwnedFd)> {
    let (reader, writer) = io::pipe()?;
    // A smaller pipe works as well; unprivileged users have a quota.
    let _ = nix::fcntl::fcntl(&reader, nix::fcntl::FcntlArg::F_SETPIPE_SZ(PIPE_SIZE));
    Ok((reader, writer.into()))
}

/// What the child does between fork and exec: it receives signals again that we have blocked for ourselves, and
/// becomes the leader of a session whose terminal is `slave`, or else of a group.
#[expect(
    unsafe_code,
    reason = "signal mask and controlling terminal can be set only between fork and exec"
)]
fn prepare(command: &mut Command, (mask, restore): (SigSet, bool), slave: Option<OwnedFd>) {
    use std::os::fd::AsRawFd as _;
    nix::ioctl_write_int_bad!(set_controlling_terminal, nix::libc::TIOCSCTTY);
    let prepare = move || {
        match &slave {
            Some(slave) => {
                nix::unistd::setsid()?;
                // SAFETY: the descriptor is owned by this closure; the request takes an integer.
                unsafe { set_controlling_terminal(slave.as_raw_fd(), 0) }?;
            }
            None => nix::unistd::setpgid(Pid::from_raw(0), Pid::from_raw(0))?,
        }
        if restore {
            // SAFETY: SIG_DFL runs no code of ours.
            unsafe {
                nix::sys::signal::signal(Signal::SIGXFSZ, nix::sys::signal::SigHandler::SigDfl)
            }?;
        }
        mask.thread_set_mask()?;
        Ok(())
    };
    // SAFETY: between fork and exec only system calls are made, nothing is allocated and no lock is taken.
    unsafe { command.pre_exec(prepare) };
}
