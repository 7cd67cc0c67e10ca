//! `wandb-rs ui`: the pages over run directories, asked as a browser asks.

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead as _, BufReader};
use std::os::unix::fs::symlink;
use std::path::Path;
use std::process::{Child, ChildStdout, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::blocking::{Client, RequestBuilder, Response};
use reqwest::header::{COOKIE, HOST, LOCATION, SET_COOKIE};
use reqwest::redirect::Policy;
use serde_json::{Value, json};

use crate::common::{PATIENCE, TestEnv, eventually, finish, wait, wait_status};

const RUN: &str = "/-/api/p/lab/demo/runs/one";

/// A program that shows pages, and a browser that has opened the printed address.
struct Pages {
    child: Child,
    _stdout: BufReader<ChildStdout>,
    /// What it has printed before the address.
    told: String,
    base: String,
    /// The page to which the printed address leads.
    first_page: String,
    cookie: String,
    csrf: String,
    client: Client,
}

impl Pages {
    fn start(env: &TestEnv, arguments: &[&str]) -> Self {
        let mut command = env.wandb_rs([&["ui"], arguments].concat());
        let mut child = command
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        let mut stdout = BufReader::new(child.stdout.take().unwrap());
        let mut lines = String::new();
        while !lines.contains("Press Ctrl-C to end.\n") {
            assert!(stdout.read_line(&mut lines).unwrap() > 0, "{lines}");
        }
        let (told, address) = lines.lines().next().unwrap().split_once(": ").unwrap();
        let client = wandb_rs::tls::client()
            .redirect(Policy::none())
            .build()
            .unwrap();
        let entered = client.get(address).send().unwrap();
        let header = |name| entered.headers()[name].to_str().unwrap().to_owned();
        let set_cookie = header(SET_COOKIE);
        assert!(
            set_cookie.contains("HttpOnly; SameSite=Strict"),
            "{set_cookie}"
        );
        let mut pages = Self {
            told: told.to_owned(),
            base: address.split_once("/-/").unwrap().0.to_owned(),
            first_page: header(LOCATION.as_str().parse().unwrap()),
            cookie: set_cookie.split_once(';').unwrap().0.to_owned(),
            csrf: String::new(),
            _stdout: stdout,
            child,
            client,
        };
        pages.csrf = text(&pages.get("/-/api/session")["csrf"]);
        pages
    }

    fn ask(&self, path: &str) -> RequestBuilder {
        let url = format!("{}{path}", self.base);
        self.client.get(url).header(COOKIE, &self.cookie)
    }

    fn get(&self, path: &str) -> Value {
        json(self.ask(path).send().unwrap())
    }

    fn status(&self, path: &str) -> u16 {
        self.ask(path).send().unwrap().status().as_u16()
    }

    fn post(&self, path: &str, body: &Value) -> Response {
        let url = format!("{}{path}", self.base);
        let request = self.client.post(url).header(COOKIE, &self.cookie);
        request
            .header("x-csrf-token", &self.csrf)
            .json(body)
            .send()
            .unwrap()
    }

    /// The points of a metric.
    fn curve(&self, stream: &str, metric: &str) -> (Value, Value) {
        let query = json!({"stream": stream, "runs": ["one"], "metrics": [metric], "x": "_step"});
        let answer = json(self.post("/-/api/p/lab/demo/series", &query));
        let curve = &answer["series"][0];
        (curve["x"].clone(), curve["last"].clone())
    }
}

impl Drop for Pages {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

fn json(response: Response) -> Value {
    let status = response.status();
    let text = response.text().unwrap();
    assert!(status.is_success(), "{status} {text}");
    serde_json::from_str(&text).unwrap()
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

const OPTIONS: &[&str] = &[
    "--id",
    "one",
    "--name",
    "first try",
    "--entity",
    "lab",
    "--project",
    "demo",
    "--tags",
    "a,b",
    "--config",
    "opt.lr=0.1",
];

fn one_run() -> TestEnv {
    let env = TestEnv::new();
    let script = r#"set -e
        for step in 0 1 2; do wandb-rs log --step $step loss=0.$step 'd={"e":2}'; done
        echo hello
        echo oh no >&2
        exit 3"#;
    let done = env.run_script(OPTIONS, script);
    assert_eq!(done.code(), 3, "{done:?}");
    env
}

#[test]
fn a_recorded_run_is_shown_as_its_log_tells_it() {
    let env = one_run();
    let pages = Pages::start(&env, &[]);
    assert_eq!(
        (pages.told.as_str(), pages.first_page.as_str()),
        ("Pages of 1 run in ./wandb", "/")
    );
    let session = pages.get("/-/api/session");
    assert_eq!(
        (&session["mode"], &session["readonly"]),
        (&json!("local"), &json!(true))
    );
    assert_eq!(
        session["directory"],
        json!(env.path("wandb").canonicalize().unwrap())
    );
    let projects = pages.get("/-/api/projects");
    let project = &projects["projects"][0];
    assert_eq!(
        (&project["entity"], &project["name"], &project["runs"]),
        (&json!("lab"), &json!("demo"), &json!(1))
    );
    let listed = pages.get(
        "/-/api/p/lab/demo/runs?columns=config.opt.lr,summary.loss&filter=config.opt.lr%3D0.1",
    );
    let row = &listed["runs"][0];
    assert_eq!(row["name"], "first try");
    assert_eq!(row["state"], "failed");
    assert_eq!(row["tags"], json!(["a", "b"]));
    assert_eq!(
        row["values"],
        json!({"config.opt.lr": 0.1, "summary.loss": 0.2})
    );
    let columns = pages.get("/-/api/p/lab/demo/columns");
    assert_eq!(columns["config"], json!(["opt.lr"]));
    assert_eq!(columns["metrics"], json!(["d.e", "loss"]));

    let run = pages.get(RUN);
    assert_eq!(run["exit_code"], 3);
    assert_eq!(run["config"], json!({"opt": {"lr": 0.1}}));
    assert_eq!(run["summary"]["loss"], 0.2);
    assert_eq!(run["metadata"]["program"], "sh");
    assert_eq!(
        pages.curve("history", "loss"),
        (json!([0.0, 1.0, 2.0]), json!([0.0, 0.1, 0.2]))
    );
    let system = text(&columns["system"][0]);
    assert!(
        run["system_keys"]
            .as_array()
            .unwrap()
            .contains(&json!(system))
    );
    assert!(!pages.curve("events", &system).0.is_null());
    let log = pages.get(&format!("{RUN}/logs?search=OH"));
    assert_eq!(
        (&log["total"], &log["lines"][0]["text"]),
        (&json!(2), &json!("oh no"))
    );
    assert_eq!(log["lines"][0]["level"], "error");
}

#[test]
fn the_address_of_one_run_leads_to_its_page() {
    let env = one_run();
    for dir in ["wandb/latest-run".into(), env.run_dir()] {
        let pages = Pages::start(&env, &[dir.to_str().unwrap()]);
        assert!(
            pages.told.starts_with("Pages of 1 run in "),
            "{}",
            pages.told
        );
        assert_eq!(pages.first_page, "/lab/demo/runs/one");
        assert_eq!(pages.status(&pages.first_page), 200);
    }
}

#[test]
fn a_run_that_is_being_written_grows_on_the_page() {
    let env = TestEnv::new();
    env.write("wandb/empty", "");
    let script = r#"wait_for() { while [ ! -e "$1" ]; do sleep 0.02; done; }
        for step in 0 1; do wandb-rs log --step $step loss=1; done; echo first
        wait_for go; wandb-rs log --step 2 loss=0.5; echo second
        wait_for end"#;
    // A row is written when the next one begins.
    let mut command = env.script(OPTIONS, script);
    let run = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let pages = Pages::start(&env, &[]);
    assert!(eventually(|| pages.status(RUN) == 200));
    assert!(eventually(
        || pages.curve("history", "loss").1 == json!([1.0])
    ));
    assert_eq!(pages.get(RUN)["state"], "running");
    let stream = pages.ask("/-/api/events").timeout(PATIENCE).send().unwrap();
    let mut events = BufReader::new(stream);
    let mut told = move |wanted: &str| {
        let mut line = String::new();
        while !line.contains(wanted) {
            line.clear();
            assert!(events.read_line(&mut line).unwrap() > 0, "no {wanted}");
        }
        line
    };
    told("connected");
    env.write("go", "");
    let told_of = told("history");
    assert!(told_of.contains(r#""run":"one""#), "{told_of}");
    assert!(eventually(
        || pages.curve("history", "loss") == (json!([0.0, 1.0]), json!([1.0, 1.0]))
    ));
    assert!(eventually(
        || pages.get(&format!("{RUN}/logs?last=1"))["lines"][0]["text"] == "second"
    ));
    env.write("end", "");
    assert_eq!(wait(run).code(), 0);
    told("files");
    assert_eq!(pages.curve("history", "loss").1, json!([1.0, 1.0, 0.5]));
    assert!(eventually(|| pages.get(RUN)["state"] == "finished"));
}

#[test]
fn a_run_that_was_gone_on_with_is_one_run() {
    let env = one_run();
    let script = "wandb-rs log loss=7 && wandb-rs log loss=8 && echo again";
    assert_eq!(env.run_script(OPTIONS, script).code(), 0);
    let pages = Pages::start(&env, &[]);
    assert_eq!(pages.get("/-/api/projects")["projects"][0]["runs"], 1);
    assert_eq!(
        pages.curve("history", "loss"),
        (
            json!([0.0, 1.0, 2.0, 3.0, 4.0]),
            json!([0.0, 0.1, 0.2, 7.0, 8.0])
        )
    );
    let run = pages.get(RUN);
    assert_eq!(
        (&run["state"], &run["exit_code"]),
        (&json!("finished"), &json!(0))
    );
    assert_eq!(run["log_lines"], 3);
    assert_eq!(run["summary"]["d"], json!({"e": 2}));
    // A copy of a directory says nothing new.
    let copied = env
        .program("cp")
        .args(["-r", "--"])
        .arg(env.run_dir())
        .arg("wandb/copy")
        .status();
    assert!(copied.unwrap().success());
    let again = Pages::start(&env, &["."]);
    assert_eq!(again.get(RUN)["keys"], run["keys"]);
}

#[test]
fn files_are_shown_and_nothing_else() {
    let env = one_run();
    let dir = env.run_dir();
    env.write("secret", "secret");
    fs::create_dir_all(dir.join("files/media/images")).unwrap();
    fs::write(dir.join("files/media/images/a b.png"), "0123456789").unwrap();
    symlink(env.path("secret"), dir.join("files/link")).unwrap();
    let pages = Pages::start(&env, &[]);
    let files = pages.get(&format!("{RUN}/files"));
    let names: Vec<&str> = files["files"]
        .as_array()
        .unwrap()
        .iter()
        .map(|file| file["name"].as_str().unwrap())
        .collect();
    assert!(names.contains(&"media/images/a b.png") && names.contains(&"output.log"));
    assert!(!names.contains(&"link"));
    let picture = pages
        .ask(&format!("{RUN}/files/media/images/a%20b.png"))
        .header("range", "bytes=2-4")
        .send()
        .unwrap();
    assert_eq!(
        (picture.status().as_u16(), picture.text().unwrap().as_str()),
        (206, "234")
    );
    let log = dir.join("run-one.wandb");
    for hidden in [
        "link".to_owned(),
        "..%2Frun-one.wandb".to_owned(),
        "media%2F..%2F..%2Frun-one.wandb".to_owned(),
        format!("%2F{}", log.display()),
        "none".to_owned(),
    ] {
        assert_eq!(
            pages.status(&format!("{RUN}/files/{hidden}")),
            404,
            "{hidden}"
        );
    }
}

#[test]
fn only_who_has_the_printed_address_is_answered() {
    let env = one_run();
    let pages = Pages::start(&env, &[]);
    let get = |path: &str| pages.client.get(format!("{}{path}", pages.base));
    for path in ["/-/api/session", "/-/api/projects", RUN, "/-/api/events"] {
        assert_eq!(get(path).send().unwrap().status(), 401, "{path}");
        let wrong = get(path).header(COOKIE, format!("{}0", pages.cookie));
        assert_eq!(wrong.send().unwrap().status(), 401, "{path}");
    }
    for path in ["/-/enter?token=0", "/-/enter?token="] {
        assert_eq!(get(path).send().unwrap().status(), 401, "{path}");
    }
    assert_eq!(get("/-/health").send().unwrap().status(), 200);
    // A page of another site whose name leads here.
    let other = pages.ask("/-/api/projects").header(HOST, "evil.example");
    assert_eq!(other.send().unwrap().status(), 421);
    // A request that another site makes the browser send has no token of these pages.
    let url = format!("{}/-/api/p/lab/demo/delete", pages.base);
    let forged = pages.client.post(url).header(COOKIE, &pages.cookie);
    assert_eq!(
        forged
            .json(&json!({"runs": ["one"]}))
            .send()
            .unwrap()
            .status(),
        403
    );
    // There is no API of a server.
    assert_eq!(
        pages
            .post("/graphql", &json!({"query": "{viewer{id}}"}))
            .status(),
        404
    );
}

#[test]
fn nothing_is_changed() {
    let env = one_run();
    let pages = Pages::start(&env, &[]);
    for (path, body) in [
        ("/-/api/p/lab/demo/delete", json!({"runs": ["one"]})),
        (
            "/-/api/p/lab/demo/tag",
            json!({"runs": ["one"], "add": ["x"]}),
        ),
    ] {
        let refused = pages.post(path, &body);
        assert_eq!(refused.status(), 403, "{path}");
        let told = refused.text().unwrap();
        assert!(told.contains("`wandb-rs edit`"), "{told}");
    }
    assert_eq!(pages.get(RUN)["tags"], json!(["a", "b"]));
    let entries: Vec<_> = fs::read_dir(env.run_dir()).unwrap().collect();
    assert_eq!(entries.len(), 4);
}

#[test]
fn logs_of_the_official_client_and_damaged_ones_are_listed() {
    let env = TestEnv::new();
    let golden = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    for entry in fs::read_dir(golden).unwrap() {
        let path = entry.unwrap().path();
        if path.extension().is_some_and(|ending| ending == "wandb") {
            let name = path.file_stem().unwrap().to_str().unwrap().to_owned();
            env.write(&format!("wandb/run-{name}/empty"), "");
            let log = env.path(&format!("wandb/run-{name}/run-{name}.wandb"));
            fs::copy(path, &log).unwrap();
            let then = std::time::SystemTime::UNIX_EPOCH;
            fs::File::options()
                .append(true)
                .open(log)
                .unwrap()
                .set_modified(then)
                .unwrap();
        }
    }
    env.write("wandb/run-none/run-none.wandb", "this is no log at all");
    // Some are the same run, damaged in several ways.
    let listed = env.run(["ls", "--json"]).stdout;
    let ids = listed
        .lines()
        .map(|line| text(&serde_json::from_str::<Value>(line).unwrap()["id"]));
    let count = ids.collect::<BTreeSet<_>>().len();
    let pages = Pages::start(&env, &[]);
    assert_eq!(pages.told, format!("Pages of {count} runs in ./wandb"));
    let mut seen = 0;
    for project in pages.get("/-/api/projects")["projects"].as_array().unwrap() {
        let [entity, name] = ["entity", "name"].map(|member| text(&project[member]));
        let place = format!("/-/api/p/{entity}/{name}");
        for run in pages.get(&format!("{place}/runs"))["runs"]
            .as_array()
            .unwrap()
        {
            let run = pages.get(&format!("{place}/runs/{}", text(&run["id"])));
            assert_ne!(run["state"], "running", "{run}");
            seen += 1;
        }
    }
    assert_eq!(seen, count);
}

#[test]
fn it_ends_when_it_is_interrupted() {
    let env = one_run();
    let mut pages = Pages::start(&env, &[]);
    kill(Pid::from_raw(pages.child.id() as i32), Signal::SIGINT).unwrap();
    assert_eq!(wait_status(&mut pages.child).code(), Some(0));
}

#[test]
fn what_cannot_be_shown_is_told_as_by_other_commands() {
    let env = TestEnv::new();
    let told = |arguments: &[&str]| {
        let done = finish(env.wandb_rs([&["ui"], arguments].concat()));
        assert_eq!(done.code(), 1, "{done:?}");
        done.stderr
    };
    insta::assert_snapshot!(told(&[]), @r"
    wandb-rs: no wandb directory found: wandb does not exist
    hint: go to the directory where the runs were started, or name it
    ");
    insta::assert_snapshot!(told(&["none"]), @r"
    wandb-rs: no wandb directory found: none does not exist
    hint: go to the directory where the runs were started, or name it
    ");
    env.write("x.txt", "");
    insta::assert_snapshot!(told(&["x.txt"]), @r"
    wandb-rs: not the log of a run: x.txt
    hint: the log is the file in the run directory that ends in .wandb
    ");
    env.write("wandb/empty", "");
    insta::assert_snapshot!(told(&["--host", "0.0.0.0"]), @r"
    wandb-rs: 0.0.0.0 can be reached from other machines, and keys and data would cross the network in the open
    hint: give --allow-plain if the network is yours, or forward a port: `ssh -L`
    ");
}
