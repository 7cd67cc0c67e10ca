//! The exit status is the child's, whatever it is; our own failures have numbers of their own.

use std::os::unix::process::ExitStatusExt as _;

use crate::common::TestEnv;

#[test]
fn every_exit_code_is_passed_on() {
    let env = TestEnv::new();
    for code in [0, 1, 2, 3, 77, 124, 125, 126, 127, 128, 130, 200, 255] {
        let done = env.run_script(&["--silent", "--no-stats"], &format!("exit {code}"));
        assert_eq!(done.code(), code);
        assert_eq!(env.read_run().exit_code(), Some(code));
        assert_eq!((done.stdout.as_str(), done.stderr.as_str()), ("", ""));
    }
}

#[test]
fn a_child_that_dies_of_a_signal_takes_us_with_it() {
    let env = TestEnv::new();
    for (signal, recorded) in [
        (1, 129),
        (2, 255),
        (3, 131),
        (6, 134),
        (9, 137),
        (10, 138),
        (11, 139),
        (13, 141),
        (15, 143),
        (25, 153),
        (40, 168),
    ] {
        let done = env.run_script(&["--silent", "--no-stats"], &format!("kill -{signal} $$"));
        assert_eq!(done.status.signal(), Some(signal), "{done:?}");
        assert_eq!(env.read_run().exit_code(), Some(recorded));
        assert!(!done.status.core_dumped());
    }
}

#[test]
fn programs_that_cannot_start_leave_no_run() {
    let env = TestEnv::new();
    env.write("plain", "no program");
    for (program, code, message) in [
        (
            "no-such-program",
            127,
            "wandb-rs: no-such-program: command not found\nhint: is it installed, and in a directory that PATH names?\n",
        ),
        (
            "./missing",
            127,
            "wandb-rs: ./missing: command not found\nhint: the file does not exist, or the interpreter in its first line does not\n",
        ),
        (
            "./plain",
            126,
            "wandb-rs: ./plain: not executable: permission denied\nhint: make it executable with `chmod +x ./plain`, or name its interpreter first\n",
        ),
        (
            "/",
            126,
            "wandb-rs: /: not executable: is a directory\nhint: make it executable with `chmod +x /`, or name its interpreter first\n",
        ),
    ] {
        let done = env.run(["run", "--", program]);
        assert_eq!((done.code(), done.stderr.as_str()), (code, message));
        assert!(!env.path("wandb").exists(), "{program} left a directory");
    }
    assert_eq!(env.temporary_files(), Vec::<std::path::PathBuf>::new());
}
