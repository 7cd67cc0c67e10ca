//! The exit status is the child's, whatever it is; our own failures have numbers of their own.

use crate::common::TestEnv;

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
