//! Promise 14, permissions: what can hold secrets is the user's alone from the beginning, links lead nowhere, and what a
//! killed process has left is cleaned up.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use nix::sys::signal::Signal;

use crate::common::{TestEnv, finish, kill, read_until, start, walk};

const SCRIPT: &str = "i=0; while :; do echo \"step=$i loss=0.$i\"; i=$((i + 1)); sleep 0.01; done";

#[test]
fn files_are_private_whatever_the_umask() {
    let env = TestEnv::new();
    env.write("train.py", "print('epoch=1, loss=0.5')\n");
    let own = env!("CARGO_BIN_EXE_wandb-rs");
    let mut command = env.program("sh");
    command.args([
        "-c",
        &format!(
            "umask 000; exec {own} run --silent --save-code --resume auto -- python3 train.py"
        ),
    ]);
    assert_eq!(finish(command).code(), 0);
    let mut found = vec![env.path("wandb")];
    walk(&env.path("wandb"), &mut found);
    assert!(found.len() > 10, "{found:?}");
    for path in found.iter().filter(|path| !path.is_symlink()) {
        let mode = fs::metadata(path).unwrap().permissions().mode() & 0o777;
        let expected = if path.is_dir() { 0o700 } else { 0o600 };
        assert_eq!(mode, expected, "{}", path.display());
    }
}

#[test]
fn a_killed_run_leaves_its_socket_only_until_the_next() {
    let env = TestEnv::new();
    let mut child = start(env.script(&["--silent"], SCRIPT));
    read_until(&mut child, "step=1 ");
    kill(&child, Signal::SIGKILL);
    child.wait().unwrap();
    assert_eq!(env.temporary_files().len(), 1);
    env.run_script(&["--silent"], "sleep 0.2");
    assert_eq!(env.temporary_files().len(), 0);
}
