//! The service on its own, as notebooks use it, with the official SDK as its client.

use std::fs;

use crate::common::{Run, TestEnv, eventually, finish, peers};

/// Ends the service whatever happens to the test.
struct Stop<'a>(&'a TestEnv);

impl Drop for Stop<'_> {
    fn drop(&mut self) {
        self.0.run(["service", "stop"]);
    }
}

#[test]
fn a_service_is_started_once_and_found_again() {
    let env = TestEnv::new();
    let none = env.run(["service", "status"]);
    assert_eq!(none.code(), 1);
    assert!(
        none.stderr.contains("the service is not running"),
        "{none:?}"
    );
    let _stop = Stop(&env);
    let token = env.run(["service", "start"]).stdout;
    assert!(
        token.starts_with("3-") && token.contains("-unix-/"),
        "{token}"
    );
    assert_eq!(env.run(["service", "start"]).stdout, token);
    let status = env.run(["service", "status"]);
    assert!(
        status.stdout.ends_with(&format!("WANDB_SERVICE={token}")),
        "{status:?}"
    );
    assert_eq!(env.run(["service", "stop"]).code(), 0);
    assert_eq!(env.run(["service", "status"]).code(), 1);
    // The socket is gone with it.
    let left: Vec<_> = env
        .temporary_files()
        .into_iter()
        .filter(|path| path.join("socket").exists())
        .collect();
    assert!(left.is_empty(), "{left:?}");
}

#[test]
fn a_service_that_nobody_needs_ends_by_itself() {
    let env = TestEnv::new();
    let _stop = Stop(&env);
    let started = env.run(["service", "start", "--idle-timeout", "0.1"]);
    assert_eq!(started.code(), 0, "{started:?}");
    assert!(eventually(|| env.run(["service", "status"]).code() == 1));
}

#[test]
fn scripts_log_to_a_service_of_its_own() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    let _stop = Stop(&env);
    let token = env.run(["service", "start"]).stdout;
    env.write(
        "notebook.py",
        "import wandb\nfor i in range(2):\n    run = wandb.init(project='demo', id=f'cell{i}')\n    print('hello', i)\n    run.log({'loss': i + 0.5})\n    run.finish()\nopen_run = wandb.init(project='demo', id='open')\nopen_run.log({'loss': 9})\n",
    );
    let mut script = env.program(bin.join("python"));
    script
        .arg("notebook.py")
        .env("WANDB_SERVICE", token.trim())
        .env("WANDB_MODE", "offline");
    let done = finish(script);
    assert_eq!(done.code(), 0, "{done:?}");
    assert_eq!(env.run(["service", "stop"]).code(), 0);
    let run = |id: &str| {
        let mut entries = fs::read_dir(env.path("wandb")).unwrap();
        let dir = entries.find_map(|entry| {
            let path = entry.unwrap().path();
            path.to_string_lossy()
                .ends_with(&format!("-{id}"))
                .then_some(path)
        });
        Run::read(&dir.unwrap())
    };
    for (id, row) in [("cell0", "0: loss=0.5"), ("cell1", "0: loss=1.5")] {
        let run = run(id);
        assert_eq!(run.rows(), [row]);
        assert_eq!(run.exit_code(), Some(0));
        assert!(run.console(1).contains("hello"), "{:?}", run.console(1));
        assert!(run.file("output.log").contains("hello"));
    }
    // Nobody has said how this one ended.
    let open = run("open");
    assert_eq!(
        (open.rows(), open.exit_code()),
        (vec!["0: loss=9".to_owned()], None)
    );
}

#[test]
fn the_run_of_a_script_that_dies_ends_and_can_be_opened_again() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    let _stop = Stop(&env);
    let token = env.run(["service", "start"]).stdout;
    let python = |text: &str| {
        let mut script = env.program(bin.join("python"));
        script
            .args(["-c", text])
            .env("WANDB_SERVICE", token.trim())
            .env("WANDB_MODE", "offline");
        finish(script)
    };
    let killed = python(
        "import os, wandb\nrun = wandb.init(project='demo', id='one')\nrun.log({'loss': 1}, commit=True)\nrun.step\nos.kill(os.getpid(), 9)\n",
    );
    assert!(!killed.status.success(), "{killed:?}");
    // Its id is free once the service has seen that nobody is there.
    let again = "import wandb\nrun = wandb.init(project='demo', id='one', dir='again')\nrun.log({'loss': 2})\nrun.finish()\n";
    env.write("again/keep", "");
    assert!(eventually(|| python(again).code() == 0));
    assert_eq!(env.run(["service", "stop"]).code(), 0);
    let runs = |root: &str| {
        // Refused attempts have left empty directories.
        let entries = fs::read_dir(env.path(root)).unwrap().flatten();
        let dirs = entries.filter(|entry| entry.path().to_string_lossy().ends_with("-one"));
        Run::read(&dirs.map(|entry| entry.path()).max().unwrap())
    };
    let first = runs("wandb");
    assert_eq!(
        (first.rows(), first.exit_code()),
        (vec!["0: loss=1".to_owned()], None)
    );
    assert_eq!(runs("again/wandb").exit_code(), Some(0));
}
