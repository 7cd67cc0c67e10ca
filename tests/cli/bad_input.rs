//! Bad input gives a message that names the input, the reason and the mend; never a panic, never silence.

use crate::common::{TestEnv, finish};

#[test]
fn wrong_options_are_refused_before_anything_happens() {
    let env = TestEnv::new();
    env.write("broken.yaml", "lr: [1,\nx: 2\n");
    for (arguments, message) in [
        (
            &["--config", "lr"][..],
            "wandb-rs: --config \"lr\": expected NAME=VALUE\n",
        ),
        (
            &["--config-file", "broken.yaml"],
            "wandb-rs: config file broken.yaml: ",
        ),
        (
            &["--config-file", "none.yaml"],
            "wandb-rs: config file none.yaml: No such file or directory (os error 2)\n",
        ),
        (
            &["--id", "a/b"],
            "wandb-rs: --id: run id \"a/b\" contains '/'; it must not contain any of :;,#?/'\n",
        ),
        (
            &["--project", "a:b"],
            "wandb-rs: --project: project name \"a:b\" contains ':'; it must not contain any of / \\ # ? % :\n",
        ),
        (
            &["--stats-interval", "fast"],
            "wandb-rs: --stats-interval: \"fast\": expected seconds, at least 0.1\n",
        ),
        (
            &["--resume", "must", "--fork-from", "x?_step=1"],
            "wandb-rs: resume: give only one of resume, resume-from and fork-from\n",
        ),
        (
            &["--frobnicate"],
            "error: unexpected argument '--frobnicate' found",
        ),
        (
            &["--mode", "onlin"],
            "error: invalid value 'onlin' for '--mode <MODE>'",
        ),
    ] {
        let done = env.run(["run"].iter().chain(arguments).chain(&["--", "true"]));
        assert_eq!(done.code(), 125, "{arguments:?}");
        assert!(
            done.stderr.starts_with(message),
            "{arguments:?}: {}",
            done.stderr
        );
        assert!(!env.path("wandb").exists());
    }
    assert_eq!(env.run(["run"]).code(), 125);
    assert_eq!(env.run(["frobnicate"]).code(), 2);
    assert_eq!(env.run(["log"]).code(), 2);
}

#[test]
fn wrong_variables_are_refused_and_broken_settings_files_left_out() {
    let env = TestEnv::new();
    let mut command = env.script(&[], "true");
    command.env("WANDB_MODE", "sometimes");
    let done = finish(command);
    assert_eq!(done.code(), 125);
    assert_eq!(
        done.stderr,
        "wandb-rs: WANDB_MODE: mode \"sometimes\": expected online, offline or disabled\n"
    );
    env.write("wandb/settings", "[default]\nproject\n");
    let done = env.run_script(&["--quiet"], "exit 3");
    assert_eq!(done.code(), 3);
    assert!(
        done.stderr.contains(
            "wandb/settings is not used: line 2: \"project\" is not of the form key = value"
        ),
        "{}",
        done.stderr
    );
}
