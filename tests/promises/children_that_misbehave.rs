//! Promise 12, children that misbehave: they hold pipes, close them, ignore signals and leave others behind.

use std::os::unix::process::ExitStatusExt as _;
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use nix::sys::signal::Signal;

use crate::common::{TestEnv, eventually, kill, read_until, ready, wait};

#[test]
fn a_child_that_closes_its_output_goes_on() {
    let env = TestEnv::new();
    let done = env.run_script(
        &["--silent"],
        "echo before; exec >&- 2>&-; sleep 0.1; echo x > done.txt; exit 4",
    );
    assert_eq!((done.code(), done.stdout.as_str()), (4, "before\n"));
    assert!(env.path("done.txt").exists());
}

#[test]
fn a_grandchild_that_keeps_the_pipe_delays_us_only_shortly() {
    let env = TestEnv::new();
    let start = Instant::now();
    // The sleeper holds the write end of our pipe; the harness reads until we close ours.
    let mut command = env.script(&[], "sleep 30 & echo $! > pid; echo done");
    command.stdout(Stdio::null()).stderr(Stdio::piped());
    let child = command.spawn().unwrap();
    let done = wait(child);
    let pid = std::fs::read_to_string(env.path("pid")).unwrap();
    let alive = Path::new("/proc").join(pid.trim()).exists();
    let _ = env.program("kill").arg(pid.trim()).status();
    assert!(alive, "what the script has left running was ended");
    assert!(start.elapsed().as_secs() < 10, "{:?}", start.elapsed());
    assert_eq!(done.code(), 0);
    assert!(
        done.stderr
            .contains("processes it started keep its output open"),
        "{}",
        done.stderr
    );
    assert_eq!(env.read_run().console(1), "done\n");
}

#[test]
fn a_child_that_ignores_sigterm_lives_until_kill_after() {
    let env = TestEnv::new();
    let mut child = ready(
        &env,
        &["--silent", "--kill-after", "0.2"],
        "trap 'echo ignored' TERM",
    );
    kill(&child, Signal::SIGTERM);
    read_until(&mut child, "ignored\n");
    assert_eq!(wait(child).status.signal(), Some(9));
}

#[test]
fn an_interrupted_run_leaves_no_process_behind() {
    let env = TestEnv::new();
    let script = "(trap '' TERM INT; echo $$ > /dev/null; sleep 100) & echo $! > pid";
    let child = ready(&env, &["--silent"], script);
    let pid = std::fs::read_to_string(env.path("pid")).unwrap();
    let process = Path::new("/proc").join(pid.trim());
    assert!(process.exists());
    kill(&child, Signal::SIGTERM);
    wait(child);
    assert!(
        eventually(|| !process.exists()),
        "process {} is still there",
        pid.trim()
    );
}
