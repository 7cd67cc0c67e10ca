//! Faults between wandb-rs and the kernel: `shim.rs`, which is built once and loaded before everything else.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::common::TestEnv;

/// Errors as the kernel numbers them.
pub(super) const EIO: i32 = 5;
pub(super) const ENOSPC: i32 = 28;
pub(super) const EMFILE: i32 = 24;
pub(super) const ECONNRESET: i32 = 104;
/// No error: the process is killed in place of the call.
pub(super) const KILL: i32 = 0;

/// The library, built from `shim.rs`.
fn shim() -> &'static Path {
    static SHIM: OnceLock<PathBuf> = OnceLock::new();
    SHIM.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/promises/shim.rs");
        let library =
            Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("shim-{}.so", std::process::id()));
        let rustc = std::env::var_os("RUSTC").unwrap_or_else(|| "rustc".into());
        let mut build = Command::new(rustc);
        build
            .args([
                "--edition",
                "2024",
                "--crate-type",
                "cdylib",
                "-O",
                "-Cpanic=abort",
                "-o",
            ])
            .arg(&library)
            .arg(source);
        let built = build.output().unwrap();
        assert!(
            built.status.success(),
            "{}",
            String::from_utf8_lossy(&built.stderr)
        );
        library
    })
}

/// Which calls are meant.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) enum Target {
    /// Those that change files of runs.
    #[default]
    Runs,
    /// Those of sockets.
    Sockets,
}

impl Target {
    fn path(self, env: &TestEnv) -> PathBuf {
        match self {
            Self::Runs => env.path("wandb"),
            Self::Sockets => PathBuf::from("socket:"),
        }
    }
}

/// What happens to calls.
#[derive(Debug, Clone, Default)]
pub(super) struct Faults {
    pub(super) target: Target,
    /// The first call that fails, from 1, and how many do.
    pub(super) at: u64,
    pub(super) count: u64,
    pub(super) errno: i32,
    /// The only kind of call that counts.
    pub(super) only: Option<&'static str>,
}

impl Faults {
    /// Lets a program meet the faults.
    pub(super) fn meet(&self, env: &TestEnv, command: &mut Command) {
        command
            .env("LD_PRELOAD", shim())
            .env("FAULT_PATH", self.target.path(env))
            .env("FAULT_AT", self.at.to_string())
            .env("FAULT_COUNT", self.count.max(1).to_string())
            .env("FAULT_ERRNO", self.errno.to_string())
            .env("FAULT_MET", env.path("met"));
        if let Some(only) = self.only {
            command.env("FAULT_ONLY", only);
        }
    }

    /// Whether a call did fail.
    pub(super) fn were_met(env: &TestEnv) -> bool {
        env.path("met").exists()
    }

    /// How many such calls a program makes when nothing fails.
    pub(super) fn count(
        env: &TestEnv,
        mut command: Command,
        target: Target,
        only: Option<&str>,
    ) -> u64 {
        let log = env.path("calls");
        command
            .env("LD_PRELOAD", shim())
            .env("FAULT_PATH", target.path(env))
            .env("FAULT_LOG", &log);
        command.envs(only.map(|only| ("FAULT_ONLY", only)));
        let done = crate::common::finish(command);
        assert!(
            done.stderr.is_empty() || !done.stderr.contains("LD_PRELOAD"),
            "{done:?}"
        );
        fs::metadata(log).map_or(0, |log| log.len())
    }
}

/// Lets the wall clock of a program jump by so many seconds while it runs.
pub(super) fn jump(command: &mut Command, seconds: i64) {
    command
        .env("LD_PRELOAD", shim())
        .env("CLOCK_JUMP", seconds.to_string());
}
