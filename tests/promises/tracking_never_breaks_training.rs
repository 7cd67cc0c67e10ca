//! Promise 2, tracking never breaks training: whatever of ours fails, the child goes on and ends as it would.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;

use super::faults::{ECONNRESET, EIO, EMFILE, ENOSPC, Faults, Target};
use crate::common::fake::FakeWandb;
use crate::common::uploads::env_for;
use crate::common::{TestEnv, finish};

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

#[test]
fn each_call_that_fails_leaves_the_script_alone() {
    let script = "echo epoch=1, loss=0.5; wandb-rs log a=1; echo error >&2; wandb-rs config b=2; echo epoch=2, loss=0.25; exit 7";
    let options = ["--quiet", "--no-stats"];
    let clean = TestEnv::new();
    let calls = Faults::count(&clean, clean.script(&options, script), Target::Runs, None);
    assert!(calls > 20, "{calls}");
    for at in 1..=calls {
        // Once, and from now on.
        let faults = [(ENOSPC, 1), (EIO, 1_000_000)];
        let some = if at % 4 == 1 { 2 } else { 1 };
        for (errno, count) in &faults[..some] {
            let (errno, count) = (*errno, *count);
            let env = TestEnv::new();
            let mut command = env.script(&options, script);
            let faults = Faults {
                at,
                count,
                errno,
                ..Faults::default()
            };
            faults.meet(&env, &mut command);
            let done = finish(command);
            assert_eq!(done.code(), 7, "{faults:?}: {done:?}");
            assert_eq!(
                done.stdout, "epoch=1, loss=0.5\nepoch=2, loss=0.25\n",
                "{faults:?}"
            );
            assert!(done.stderr.contains("error\n"), "{faults:?}: {done:?}");
            // Told, but not again and again.
            let warnings: Vec<&str> = done
                .stderr
                .lines()
                .filter(|line| line.contains("WARNING"))
                .collect();
            assert!(warnings.len() <= 4, "{faults:?}: {warnings:?}");
            let unique: std::collections::HashSet<_> = warnings.iter().collect();
            assert_eq!(unique.len(), warnings.len(), "{faults:?}: {warnings:?}");
        }
    }
}

#[test]
fn each_call_of_a_socket_that_fails_leaves_the_script_alone_and_the_run_whole() {
    let script = "echo epoch=1, loss=0.5; $CLIENT; echo error >&2; echo epoch=2, loss=0.25; exit 7";
    let options = ["--quiet", "--id", "r1"];
    // A client of a run that lets nobody in gives up, but not soon.
    let kinds = [
        (ECONNRESET, 1, "wandb-rs log a=1"),
        (EMFILE, 1, "wandb-rs log a=1"),
        (ECONNRESET, 1_000_000, ""),
    ];
    let expected = |server: &FakeWandb| {
        let run = server.run("fake-user", "proj", "r1");
        let rows = |part: &str| run.history.iter().filter(|row| row.contains(part)).count();
        (rows("\"loss\":0.5"), rows("\"loss\":0.25"), run.exit_code)
    };
    let server = FakeWandb::start();
    let clean = online(&server);
    let mut command = clean.script(&options, script);
    command
        .env("CLIENT", kinds[0].2)
        .env("WANDB_FINISH_TIMEOUT", "0");
    let calls = Faults::count(&clean, command, Target::Sockets, None);
    assert!(calls > 20, "{calls}");
    assert_eq!(expected(&server), (1, 1, Some(7)));
    let seed = super::seed();
    let mut random = super::Random(seed);
    let mut rounds = super::rounds(24).min(calls * 3);
    let stride = calls * 3 / rounds;
    let mut case = random.below(stride);
    let (mut cases, mut met) = (0, 0);
    while rounds > 0 {
        // Some of the calls, and in the nightly all, with each of the errors. They are those of all programs together, and
        // are counted in each by itself, so that not every number is met.
        let (at, (errno, count, client)) = (case % calls + 1, kinds[(case / calls % 3) as usize]);
        let server = FakeWandb::start();
        // Connections that break off within a request are what is tried here.
        server.allow_violations();
        let env = online(&server);
        let faults = Faults {
            target: Target::Sockets,
            at,
            count,
            errno,
            only: None,
        };
        let context = format!("seed {seed}: {faults:?}");
        let mut command = env.script(&options, script);
        faults.meet(&env, command.env("CLIENT", client));
        let done = finish(command);
        (cases, met) = (cases + 1, met + u32::from(Faults::were_met(&env)));
        assert_eq!(done.code(), 7, "{context}: {done:?}");
        assert_eq!(
            done.stdout, "epoch=1, loss=0.5\nepoch=2, loss=0.25\n",
            "{context}"
        );
        assert!(done.stderr.contains("error\n"), "{context}: {done:?}");
        let warnings = || done.stderr.lines().filter(|line| line.contains("WARNING"));
        let unique: std::collections::HashSet<_> = warnings().collect();
        assert_eq!(unique.len(), warnings().count(), "{context}: {done:?}");
        // What did not arrive is in the log, and arrives later.
        let run = env.run_dir();
        let done = env.run(["sync", run.to_str().unwrap()]);
        assert_eq!(done.code(), 0, "{context}: {done:?}");
        assert_eq!(expected(&server), (1, 1, Some(7)), "{context}");
        case += stride;
        rounds -= 1;
    }
    assert!(met * 2 > cases, "{met} of {cases}");
}

/// Runs go to this server, and give up soon.
fn online(server: &FakeWandb) -> TestEnv {
    let mut env = env_for(server);
    env.set("WANDB_PROJECT", "proj")
        .set("WANDB_X_DISABLE_STATS", "true")
        .set("WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL", "0.02")
        .set("WANDB_FINISH_TIMEOUT", "1");
    env
}
