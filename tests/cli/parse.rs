//! `wandb-rs parse`, `wandb-rs import-log`, and the rules that the user gives.

use std::fs;

use crate::common::{Run, TestEnv, finish};

const LOG: &str = "\
2026-11-23 12:00:00,500 - train - INFO - lr=0.1, batch_size=32
2026-11-23 12:00:10,000 - train - INFO - epoch 1 step 100 loss=0.5
the judge says: f1 is 71,5% at seed=3
2026-11-23 12:01:10,250 - train - INFO - epoch 2 step 200 loss=0.25
listening on port=8080
";

#[test]
fn rows_are_printed_for_programs_and_for_people() {
    let env = TestEnv::new();
    env.write("a.log", LOG);
    let jsonl = env.run(["parse", "a.log"]);
    insta::assert_snapshot!(jsonl.stdout, @r#"
    {"step":100,"epoch":1,"metrics":{"loss":0.5}}
    {"step":200,"epoch":2,"metrics":{"loss":0.25}}
    "#);
    let table = env.run(["parse", "a.log", "--format", "table"]);
    insta::assert_snapshot!(table.stdout, @r"
    step  epoch  loss
     100      1   0.5
     200      2  0.25
    ");
    let csv = env.run(["parse", "a.log", "--format", "csv"]);
    insta::assert_snapshot!(csv.stdout, @r"
    step,epoch,loss
    100,1,0.5
    200,2,0.25
    ");
    let explained = env.run(["parse", "--explain", "a.log"]);
    insta::assert_snapshot!(explained.stdout, @r"
    1  -        lr=0.1, batch_size=32
                pairs: no counter and no metric's name
    2  pairs    step=100 epoch=1 loss=0.5
    4  pairs    step=200 epoch=2 loss=0.25
    2 rows, 1 metrics, 1 lines that looked like rows but are none
    ");
    let nothing = env.run(["parse", "--format", "table", "/dev/null"]);
    assert!(nothing.stdout.starts_with("no metrics found"));
}

#[test]
fn patterns_and_globs_of_the_command_line_and_the_project() {
    let env = TestEnv::new();
    env.write("a.log", LOG);
    let found = env.run([
        "parse",
        "a.log",
        "--metric",
        r"f1=f1 is ([\d,]+)",
        "--ignore",
        "loss",
    ]);
    insta::assert_snapshot!(found.stdout, @r#"{"step":100,"epoch":1,"metrics":{"f1":71.5}}"#);
    env.write(
        ".wandb-rs.toml",
        "[parse]\nignore = ['loss']\npatterns = ['judge.*f1 is (?P<judge>[\\d,]+)']\n",
    );
    let found = env.run(["parse", "a.log"]);
    insta::assert_snapshot!(found.stdout, @r#"{"step":100,"epoch":1,"metrics":{"judge":71.5}}"#);
    // The same rules hold for a run.
    let run = env.run(["run", "--", "cat", "a.log"]);
    assert_eq!(run.code(), 0, "{run:?}");
    assert_eq!(env.read_run().rows(), ["0: epoch=1 judge=71.5 step=100"]);
    env.write(".wandb-rs.toml", "[parse]\nenabled = false\n");
    let run = env.run(["run", "--", "cat", "a.log"]);
    assert_eq!(run.code(), 0, "{run:?}");
    assert!(env.read_run().rows().is_empty());
}

#[test]
fn mistakes_in_rules_are_told_with_their_place() {
    let env = TestEnv::new();
    let wrong = env.run(["parse", "--pattern", "loss=(", "/dev/null"]);
    assert_eq!(wrong.code(), 1);
    insta::assert_snapshot!(wrong.stderr, @r#"wandb-rs: --pattern: pattern "loss=(": unclosed group"#);
    let wrong = env.run(["parse", "--metric", "loss", "/dev/null"]);
    insta::assert_snapshot!(wrong.stderr, @r#"
    wandb-rs: --metric "loss": expected NAME=REGEX
    hint: like --metric 'val/loss=validation loss is ([0-9.]+)'
    "#);
    let wrong = env.run(["parse", "no-such.log"]);
    assert_eq!(wrong.code(), 1);
    assert!(
        wrong.stderr.contains("no-such.log cannot be read"),
        "{wrong:?}"
    );
    env.write(".wandb-rs.toml", "[parse]\nrank = 'some'\n");
    let wrong = env.run(["run", "--", "true"]);
    assert_eq!(wrong.code(), 125);
    let told = wrong.stderr.replace(&*env.work().to_string_lossy(), "DIR");
    insta::assert_snapshot!(told, @r#"wandb-rs: DIR/.wandb-rs.toml:2:8: rank "some": expected a number or "all""#);
}

#[test]
fn lines_of_other_ranks_can_be_chosen() {
    let env = TestEnv::new();
    env.write("a.log", "[rank0]: step 1 loss=1\n[rank1]: step 1 loss=2\n");
    let rows = |rank: &str| env.run(["parse", "a.log", "--rank", rank]).stdout;
    assert_eq!(rows("0"), "{\"step\":1,\"metrics\":{\"loss\":1}}\n");
    assert_eq!(rows("1"), "{\"step\":1,\"metrics\":{\"loss\":2}}\n");
    assert_eq!(
        rows("all"),
        "{\"step\":1,\"metrics\":{\"loss\":1}}\n{\"step\":1,\"metrics\":{\"rank1/loss\":2}}\n"
    );
    assert_eq!(env.run(["parse", "--rank", "x", "a.log"]).code(), 2);
}

#[test]
fn a_saved_log_becomes_a_run_with_the_times_of_its_lines() {
    let env = TestEnv::new();
    env.write("a.log", LOG);
    let imported = env.run([
        "import-log",
        "a.log",
        "--project",
        "old",
        "--name",
        "first",
        "--config",
        "lr=0.1",
        "--exit-code",
        "3",
    ]);
    assert_eq!(imported.code(), 0, "{imported:?}");
    insta::assert_snapshot!(imported.told(), @r"
    wandb: a.log: 2 rows in ./wandb/offline-run-STAMP-ID
    wandb: You can sync this run to the cloud by running:
    wandb: wandb-rs sync ./wandb/offline-run-STAMP-ID
    wandb: See it in a browser: wandb-rs ui ./wandb/offline-run-STAMP-ID
    ");
    let run = env.read_run();
    let name = run.dir.file_name().unwrap().to_str().unwrap().to_owned();
    assert!(name.starts_with("offline-run-20261123_120000-"), "{name}");
    assert_eq!(
        run.rows(),
        [
            "0: epoch=1 loss=0.5 step=100",
            "1: epoch=2 loss=0.25 step=200"
        ]
    );
    assert_eq!(
        (run.run().project.as_str(), run.run().display_name.as_str()),
        ("old", "first")
    );
    assert_eq!(run.exit_code(), Some(3));
    assert_eq!(run.console(1), LOG);
    assert_eq!(run.file("output.log"), LOG);
    assert!(run.file("config.yaml").contains("lr:"));
    // 12:00:00.5 to 12:01:10.25.
    let times: Vec<String> = runtimes(&run);
    assert_eq!(times, ["9.5", "69.75"]);
    assert_eq!(run.summary().get("loss").unwrap().to_json(), "0.25");
}

fn runtimes(run: &Run) -> Vec<String> {
    run.kinds()
        .filter_map(|kind| match kind {
            wandb_rs::wire::schema::Kind::History(row) => {
                let mut items = row.item.iter();
                items
                    .find(|item| item.nested_key == ["_runtime"])
                    .map(|item| item.value_json.clone())
            }
            _ => None,
        })
        .collect()
}

#[test]
fn several_logs_become_several_runs_and_bad_ones_are_named() {
    let env = TestEnv::new();
    env.write("a.log", "loss=1\n");
    env.write("b.log", "loss=2\n");
    assert_eq!(env.run(["import-log", "a.log", "b.log"]).code(), 0);
    let runs = fs::read_dir(env.path("wandb")).unwrap().filter(|entry| {
        let name = entry.as_ref().unwrap().file_name();
        name.to_string_lossy().starts_with("offline-run-")
    });
    assert_eq!(runs.count(), 2);
    let two = env.run(["import-log", "a.log", "b.log", "--id", "x"]);
    assert_eq!(two.code(), 1);
    assert!(two.stderr.contains("--id names one run"), "{two:?}");
    let directory = env.run(["import-log", "wandb"]);
    assert!(
        directory
            .stderr
            .contains("wandb: cannot be imported: not a regular file"),
        "{directory:?}"
    );
}

/// A log that is replayed gives the same rows however it arrives.
#[test]
fn rows_of_a_run_do_not_depend_on_how_the_output_arrives() {
    let corpus = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stdout");
    let env = TestEnv::new();
    let mut all = Vec::new();
    for name in [
        "keras2-progbar",
        "rich-progress",
        "composer",
        "tqdm-nested",
        "icefall",
        "locale-de",
    ] {
        for prefix in ["", "prog-"] {
            all.extend(fs::read(corpus.join(format!("{prefix}{name}.log"))).unwrap_or_default());
            all.push(b'\n');
        }
    }
    fs::write(env.path("all.log"), &all).unwrap();
    let parsed = env.run(["parse", "all.log"]).stdout.lines().count();
    assert!(parsed > 30, "{parsed}");
    let mut seen: Option<Vec<String>> = None;
    for size in [1usize, 7, 61, 4096, 1 << 20] {
        let script = format!("dd if=all.log bs={size} status=none");
        let run = finish(env.script(&["--silent"], &script));
        assert_eq!(run.code(), 0, "{run:?}");
        let rows = env.read_run().rows();
        assert_eq!(rows.len(), parsed, "pieces of {size}");
        if let Some(seen) = &seen {
            assert_eq!(rows, *seen, "pieces of {size}");
        }
        seen = Some(rows);
    }
}
