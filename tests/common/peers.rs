//! The official client and a third-party server, in a virtual environment that is made once.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Mutex, OnceLock, PoisonError};

/// What is installed; a change makes a new environment.
const PACKAGES: &[&str] = &["wandb==0.31.0", "openwandb==0.5.25", "numpy", "pillow"];

/// The environment's `bin/`, or `None` if the user does not want these tests.
pub(crate) fn bin() -> Option<&'static Path> {
    static BIN: OnceLock<Option<PathBuf>> = OnceLock::new();
    BIN.get_or_init(|| {
        if std::env::var_os("WANDB_RS_SKIP_PEERS").is_some_and(|value| value == "1") {
            eprintln!(
                "SKIPPED: WANDB_RS_SKIP_PEERS=1, nothing was compared with the official client"
            );
            return None;
        }
        Some(install("peers", PACKAGES))
    })
    .as_deref()
}

/// The `bin/` of an environment with another version of the SDK, and the packages that scripts of the tests use.
pub(crate) fn sdk(version: &str) -> PathBuf {
    install(
        &format!("sdk-{version}"),
        // Old versions break with newer releases of what they use.
        &[&format!("wandb=={version}"), "numpy", "pillow"],
    )
}

/// Makes a virtual environment, unless it is there with these packages.
fn install(name: &str, packages: &[&str]) -> PathBuf {
    static ONE_AT_A_TIME: Mutex<()> = Mutex::new(());
    let _guard = ONE_AT_A_TIME.lock().unwrap_or_else(PoisonError::into_inner);
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let stamp = venv.join("installed");
    let wanted = packages.join("\n");
    if fs::read_to_string(&stamp).is_ok_and(|installed| installed == wanted) {
        return venv.join("bin");
    }
    let _ = fs::remove_dir_all(&venv);
    let run = |command: &mut Command| {
        let output = command
            .output()
            .unwrap_or_else(|error| panic!("{command:?}: {error}"));
        assert!(
            output.status.success(),
            "the official client cannot be installed (WANDB_RS_SKIP_PEERS=1 leaves these tests out): {command:?}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
    };
    run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
    run(Command::new(venv.join("bin/pip"))
        .args(["install", "--quiet", "--disable-pip-version-check"])
        .args(packages));
    fs::write(&stamp, wanted).unwrap();
    venv.join("bin")
}
