//! Scripts that ask the server themselves, under the wrapper and with our service: they hear what the official service
//! tells them.

use crate::common::peers;
use crate::common::{Finished, TestEnv, finish};

use super::{TestServer, env_for};

/// Prints what it hears, without what differs from run to run.
const SCRIPT: &str = r#"
import os, wandb

def told(name, call):
    try:
        print(name, call(), flush=True)
    except Exception as error:
        print(name, type(error).__name__, flush=True)

project = os.environ["PROJECT"]
with wandb.init(project=project, config={"lr": 0.1}, name="first") as run:
    for i in range(30):
        run.log({"loss": 1 / (i + 1), **({"rare": i} if i % 10 == 0 else {})})
    with open("data.txt", "w") as file:
        file.write("some data")
    artifact = wandb.Artifact("data", "dataset")
    artifact.add_file("data.txt")
    told("wait", lambda: run.log_artifact(artifact).wait().version)
    told("use", lambda: open(run.use_artifact("data:latest").download() + "/data.txt").read())
    told("absent artifact", lambda: run.use_artifact("nothing:latest"))
    told("linked", lambda: run.link_artifact(artifact, f"{project}/collection").name)
    told("step", lambda: run.step)
    url = run.url

api = wandb.Api()
path = f"{project}/{run.id}"
told("viewer", lambda: api.viewer.username == api.default_entity)
told("config", lambda: dict(api.run(path).config))
told("summary", lambda: api.run(path).summary["loss"])
told("rows", lambda: [row["_step"] for row in api.run(path).scan_history()] == list(range(30)))
told("rows with", lambda: [(row["_step"], row["rare"]) for row in api.run(path).scan_history(keys=["rare"])])
told("pages", lambda: len(list(api.run(path).scan_history(page_size=7, min_step=3, max_step=20))))
told("history", lambda: len(api.run(path).history(pandas=False)))
told("by config", lambda: [found.name for found in api.runs(project, {"config.lr": 0.1})])
told("page", lambda: api.run(path).url == url)
told("artifacts", lambda: [logged.name for logged in api.run(path).logged_artifacts()])
told("used", lambda: [used.name for used in api.run(path).used_artifacts()])
told("stored", lambda: api.run(path).upload_file("data.txt").name)
told("fetched", lambda: api.run(path).file("data.txt").download(root="fetched", replace=True).read())
told("absent", lambda: api.run(f"{project}/nothing"))
told("login", lambda: wandb.login())
"#;

fn told(done: &Finished) -> Vec<&str> {
    assert_eq!(done.code(), 0, "{done:?}");
    done.stdout.lines().collect()
}

#[test]
fn scripts_hear_what_they_hear_without_us() {
    let Some(bin) = peers::bin() else { return };
    let mut env = TestEnv::new();
    let data = env.path("data");
    let server = TestServer::start_on(&env, &data, &[]);
    env.write("script.py", SCRIPT);
    std::fs::create_dir(env.path("elsewhere")).unwrap();
    let python = bin.join("python");
    // Found because it runs here: the script knows neither address nor key.
    let mut found = env.wandb_rs(["run", "--project", "found", "--"]);
    found.arg(&python).arg("script.py");
    found.env("PROJECT", "found");
    found.env("WANDB_RS_SERVER_DIR", &data);
    let found = finish(found);
    assert!(!found.stdout.contains(&server.key) && !found.stderr.contains(&server.key));

    env_for(&mut env, &server);
    let mut official = env.program(&python);
    official.arg("script.py").env("PROJECT", "official");
    let official = finish(official);
    let expected = told(&official);
    let heard = |name: &str| expected.iter().find(|line| line.starts_with(name)).copied();
    assert_eq!(heard("wait"), Some("wait v0"));
    assert_eq!(
        heard("rows with"),
        Some("rows with [(0, 0), (10, 10), (20, 20)]")
    );
    assert_eq!(heard("fetched"), Some("fetched some data"));
    assert_eq!(told(&found), expected);

    let mut wrapped = env.wandb_rs(["run", "--project", "wrapped", "--"]);
    wrapped.arg(&python).arg("script.py");
    wrapped.env("PROJECT", "wrapped");
    assert_eq!(told(&finish(wrapped)), expected);

    let token = env.run(["service", "start"]).stdout;
    let mut served = env.program(&python);
    served
        .arg("../script.py")
        .env("PROJECT", "served")
        // Not where the service is: relative paths are the script's.
        .current_dir(env.path("elsewhere"));
    served.env("WANDB_SERVICE", token.trim());
    let served = finish(served);
    assert_eq!(env.run(["service", "stop"]).code(), 0);
    assert_eq!(told(&served), expected);
}

#[test]
fn without_a_key_a_script_is_told_what_to_do() {
    let Some(bin) = peers::bin() else { return };
    let env = TestEnv::new();
    env.write(
        "script.py",
        "import wandb\ntry:\n    wandb.Api().runs('nobody/nothing')[0]\nexcept Exception as error:\n    print(error)\n",
    );
    let mut wrapped = env.wandb_rs(["run", "--silent", "--"]);
    wrapped.arg(bin.join("python")).arg("script.py");
    let done = finish(wrapped);
    assert_eq!(done.code(), 0, "{done:?}");
    assert!(
        done.stdout.contains("no API key configured for")
            && done.stdout.contains("`wandb-rs login` stores one"),
        "{done:?}"
    );
}
