//! Identity and config: flags over variables over files, arguments of the script, git.

use crate::common::{TestEnv, finish};

#[test]
fn flags_win_over_variables_and_variables_over_files() {
    let mut env = TestEnv::new();
    env.write(
        "wandb/settings",
        "[default]\nproject = from-file\nentity = team\nrun_group = file\n",
    );
    env.set("WANDB_PROJECT", "from-env")
        .set("WANDB_RUN_GROUP", "env")
        .set("WANDB_TAGS", "x, y")
        .set("WANDB_NOTES", "some notes");
    env.run_script(
        &[
            "--silent",
            "--group",
            "flag",
            "--job-type",
            "train",
            "--tags",
            "a,b",
            "--tag",
            "c",
        ],
        "true",
    );
    let run = env.read_run();
    let record = run.run();
    assert_eq!(
        (
            record.project.as_str(),
            record.entity.as_str(),
            record.run_group.as_str(),
            record.job_type.as_str()
        ),
        ("from-env", "team", "flag", "train")
    );
    assert_eq!(
        (record.tags.join(","), record.notes.as_str()),
        ("a,b,c".to_owned(), "some notes")
    );
}

#[test]
fn config_comes_from_defaults_files_arguments_and_flags() {
    let env = TestEnv::new();
    env.write("config-defaults.yaml", "a:\n  desc: null\n  value: defaults\nb:\n  value: defaults\nc:\n  value: defaults\nd:\n  value: defaults\n");
    env.write("extra.yaml", "b: file\nc: file\nd: file\nnested:\n  x: 1\n");
    env.write("train.py", "");
    let done = env.run([
        "run",
        "--silent",
        "--config-file",
        "extra.yaml",
        "-c",
        "d=flag",
        "-c",
        "nested.y=2.5",
        "--",
        "python3",
        "train.py",
        "--c",
        "argument",
        "--d=argument",
        "--epochs",
        "10",
        "--fast",
        "data.csv",
    ]);
    assert_eq!(done.code(), 0, "{done:?}");
    assert_eq!(
        env.read_run().config().to_json(),
        r#"{"a":"defaults","b":"file","c":"argument","d":"flag","nested":{"x":1,"y":2.5},"epochs":10,"fast":"data.csv"}"#
    );
    env.run([
        "run",
        "--silent",
        "--no-args-config",
        "--",
        "python3",
        "train.py",
        "--c",
        "argument",
    ]);
    assert!(
        env.read_run()
            .config()
            .to_json()
            .contains(r#""c":"defaults""#)
    );
}

#[test]
fn git_is_recorded_and_code_saved_on_request() {
    let env = TestEnv::new();
    let git = |arguments: &[&str]| {
        let mut command = env.program("git");
        command
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(arguments);
        assert!(finish(command).status.success(), "{arguments:?}");
    };
    env.write("sub/train.sh", "echo loss=0.5\n");
    git(&["init", "-q", "-b", "main"]);
    git(&["add", "."]);
    git(&["commit", "-q", "-m", "one"]);
    git(&[
        "remote",
        "add",
        "origin",
        "https://bob:hunter2@example.com/x.git",
    ]);
    env.write("sub/train.sh", "echo loss=0.25\n");
    let done = env.run(["run", "--silent", "--save-code", "--", "sh", "sub/train.sh"]);
    assert_eq!(done.code(), 0);
    let run = env.read_run();
    let record = run.run();
    let git = record.git.as_ref().unwrap();
    assert_eq!(
        (git.remote_url.as_str(), git.commit.len()),
        ("https://bob:@example.com/x.git", 40)
    );
    assert_eq!(
        record.project,
        format!("{}-sub", env.work().file_name().unwrap().to_string_lossy())
    );
    assert!(run.file("diff.patch").contains("+echo loss=0.25"));
    assert_eq!(run.file("code/sub/train.sh"), "echo loss=0.25\n");
    assert!(run.file("wandb-metadata.json").contains(&git.commit));
    env.run(["run", "--silent", "--no-git", "--", "true"]);
    assert_eq!(env.read_run().run().git, None);
}

#[test]
fn resume_auto_takes_the_same_run_until_it_ends_well() {
    let env = TestEnv::new();
    let id = |script: &str| {
        env.run_script(&["--silent", "--resume", "auto"], script);
        env.read_run().run().run_id.clone()
    };
    let first = id("exit 1");
    assert_eq!(id("exit 0"), first);
    assert_ne!(id("exit 0"), first);
    assert!(!env.path("wandb/wandb-resume.json").exists());
    env.run_script(&["--silent", "--resume", "must", "--id", "abc"], "true");
    assert!(env.read_run().run().resume);
    env.run_script(&["--silent", "--fork-from", "abc?_step=7"], "echo loss=0.5");
    let run = env.read_run();
    assert!((run.run().branch_point.as_ref().unwrap().value - 7.0).abs() < 1e-9);
    assert_eq!(run.rows(), ["8: loss=0.5"]);
}

#[test]
fn slurm_and_python_are_recorded() {
    let mut env = TestEnv::new();
    env.set("SLURM_JOB_ID", "77")
        .set("SLURM_JWT_TOKEN", "canary");
    env.write("train.py", "print('loss=0.5')\n");
    env.run(["run", "--silent", "--", "python3", "train.py", "--lr", "1"]);
    let metadata = env.read_run().file("wandb-metadata.json");
    for part in [
        r#""job_id": "77""#,
        r#""python": "CPython 3"#,
        r#""codePath": "train.py""#,
        r#""--lr""#,
    ] {
        assert!(metadata.contains(part), "{part} is not in {metadata}");
    }
    assert!(!metadata.contains("canary"));
}
