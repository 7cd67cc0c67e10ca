//! Bad input gives a message that names the input, the reason and the mend; never a panic, never silence.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

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

#[test]
fn without_a_place_to_write_the_script_runs_and_the_user_is_told() {
    let env = TestEnv::new();
    let file = env.write("file", "not a directory");
    let done = env.run_script(
        &["--quiet", "--dir", file.to_str().unwrap()],
        "echo out; exit 3",
    );
    assert_eq!((done.code(), done.stdout.as_str()), (3, "out\n"));
    assert!(
        done.stderr
            .contains("cannot be written (Not a directory (os error 20)); the run is stored below"),
        "{}",
        done.stderr
    );
    assert_eq!(env.temporary_files().len(), 1);
    let mut command = env.script(
        &["--quiet", "--dir", file.to_str().unwrap()],
        "echo out; wandb-rs log a=1; exit 3",
    );
    command.env("TMPDIR", &file);
    let done = finish(command);
    assert_eq!((done.code(), done.stdout.as_str()), (3, "out\n"));
    assert!(
        done.stderr.contains("NOTHING IS RECORDED"),
        "{}",
        done.stderr
    );
}

#[test]
fn a_file_that_outgrows_its_limit_does_not_stop_the_script() {
    let env = TestEnv::new();
    let script = "i=0; while [ $i -lt 3000 ]; do echo \"epoch=$i, loss=0.$i with a long line of text behind it\"; i=$((i + 1)); done; exit 3";
    let own = env!("CARGO_BIN_EXE_wandb-rs");
    // The limit holds for the child too, whose output is a pipe.
    let mut command = env.program("bash");
    command.args([
        "-c",
        &format!("ulimit -f 64; exec {own} run --quiet -- sh -c '{script}'"),
    ]);
    let done = finish(command);
    assert_eq!((done.code(), done.stdout.lines().count()), (3, 3000));
    let told = done
        .stderr
        .matches("the run's log cannot be written (File too large")
        .count();
    assert_eq!(told, 1, "{}", done.stderr);
    let log = fs::read_dir(env.run_dir())
        .unwrap()
        .flatten()
        .map(|e| e.path())
        .find(|p| p.extension().is_some_and(|e| e == "wandb"));
    assert_eq!(fs::metadata(log.unwrap()).unwrap().len(), 64 * 1024);
    // What is there is readable, however much of the output came at once and was cut.
    assert_ne!(env.read_run().run().run_id, "");
}

#[test]
fn a_full_disk_costs_nothing_but_a_warning() {
    let env = TestEnv::new();
    let own = env!("CARGO_BIN_EXE_wandb-rs");
    // A file system of our own, if this machine lets us: full after 300 KB, with room again before the end.
    let script = format!(
        "mount -t tmpfs -o size=4m tmpfs disk || exit 99
         cd disk && head -c 3900000 /dev/zero > ballast
         {own} run --quiet --no-stats -- sh -c '
           i=0; while [ $i -lt 4000 ]; do echo \"epoch=$i, loss=0.$i and a long line of text behind it\"; i=$((i + 1)); done
           told() {{ n=0; until grep -q \"$1\" ../told || [ $n -gt 600 ]; do sleep 0.05; n=$((n + 1)); done; }}
           told \"log cannot be written\"; rm ballast; told \"written again\"; echo \"epoch=9999, loss=0.1\"; exit 3' 2> ../told
         code=$?; cat ../told >&2; cp -r wandb ../kept; exit $code"
    );
    fs::create_dir(env.path("disk")).unwrap();
    let mut command = env.program("unshare");
    command.args(["-rm", "sh", "-c", &script]);
    let done = finish(command);
    if done.status.code() == Some(99) || done.stderr.contains("unshare") {
        eprintln!("SKIPPED: no mount namespace on this machine");
        return;
    }
    assert_eq!(
        (done.code(), done.stdout.lines().count()),
        (3, 4001),
        "{}",
        done.stderr
    );
    assert!(
        done.stderr
            .contains("cannot be written (No space left on device"),
        "{}",
        done.stderr
    );
    assert!(
        done.stderr.contains("the run's log can be written again"),
        "{}",
        done.stderr
    );
    let run = crate::common::Run::read(&fs::canonicalize(env.path("kept/latest-run")).unwrap());
    assert!(run.complete && run.exit_code() == Some(3));
    assert_eq!(run.rows().len(), 4001);
}

#[test]
fn a_read_only_directory_is_no_reason_to_stop() {
    let env = TestEnv::new();
    let dir = env.path("locked");
    fs::create_dir(&dir).unwrap();
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o500)).unwrap();
    let done = env.run_script(&["--quiet", "--dir", dir.to_str().unwrap()], "exit 3");
    fs::set_permissions(&dir, fs::Permissions::from_mode(0o700)).unwrap();
    assert_eq!(done.code(), 3);
    if nix::unistd::geteuid().is_root() {
        return; // Root writes wherever it likes.
    }
    assert!(
        done.stderr.contains("the run is stored below"),
        "{}",
        done.stderr
    );
}
