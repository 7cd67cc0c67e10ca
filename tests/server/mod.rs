//! The server, as programs and browsers find it.

use std::fs;
use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use reqwest::blocking::{Client, RequestBuilder, Response};
use serde_json::{Value, json};

use crate::common::{TestEnv, eventually, wait_status};

mod access;
mod clients;
mod content;
mod crash;
mod lifecycle;
mod ours;
mod pages;
mod wrapped;

/// A server on a free port, in a directory of the test's own; it ends with the test.
pub(crate) struct TestServer {
    child: Child,
    pub(crate) url: String,
    pub(crate) key: String,
    user: String,
    client: Client,
}

impl TestServer {
    pub(crate) fn start(env: &TestEnv) -> Self {
        Self::start_on(env, &env.path("server"), &[])
    }

    pub(crate) fn start_on(env: &TestEnv, data: &Path, options: &[&str]) -> Self {
        let mut command = env.wandb_rs(["server", "start", "--foreground", "--port", "0"]);
        command.arg("--data-dir").arg(data).args(options);
        Self::started(command, data)
    }

    /// The server that a command starts in the foreground.
    pub(crate) fn started(mut command: Command, data: &Path) -> Self {
        let mut child = command.stdout(Stdio::piped()).spawn().unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let first = lines
            .next()
            .unwrap_or_else(|| panic!("{command:?} said nothing"))
            .unwrap();
        let url = first.strip_prefix("wandb-rs server: ").unwrap().to_owned();
        // Kept connections are closed by a server that has refused a body: the next request may meet one that is gone.
        let client = wandb_rs::tls::client()
            .no_gzip()
            .pool_max_idle_per_host(0)
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none());
        Self {
            child,
            url,
            key: fs::read_to_string(data.join("api-key"))
                .unwrap()
                .trim()
                .to_owned(),
            user: Self::first_user(),
            client: client.build().unwrap(),
        }
    }

    /// Ends it as a power cut would end the process.
    pub(crate) fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Ends it as a service manager does.
    pub(crate) fn terminate(&mut self) {
        kill(Pid::from_raw(self.child.id() as i32), Signal::SIGTERM).unwrap();
        assert!(wait_status(&mut self.child).success());
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.client.get(format!("{}{path}", self.url))
    }

    pub(crate) fn post(&self, path: &str) -> RequestBuilder {
        self.client.post(format!("{}{path}", self.url))
    }

    /// What the pages are answered, asked with the key.
    pub(crate) fn page(&self, path: &str) -> Value {
        let answer = self
            .get(&format!("/-/api{path}"))
            .bearer_auth(&self.key)
            .send()
            .unwrap();
        let status = answer.status();
        let text = answer.text().unwrap();
        assert!(status.is_success(), "{path}: {status} {text}");
        serde_json::from_str(&text).unwrap()
    }

    /// The answer to a GraphQL request with the key.
    pub(crate) fn ask(&self, query: &str, variables: &Value) -> Response {
        let body = json!({"query": query, "variables": variables});
        let request = self.post("/graphql").basic_auth("api", Some(&self.key));
        request.json(&body).send().unwrap()
    }

    /// `data` of the answer to a GraphQL request, which must succeed.
    pub(crate) fn query(&self, query: &str, variables: &Value) -> Value {
        let answer = self.ask(query, variables);
        let status = answer.status();
        let mut body: Value = answer.json().unwrap();
        assert!(
            status.is_success() && body["errors"].is_null(),
            "{query}: {status} {body}"
        );
        body["data"].take()
    }

    /// Makes a run; returns its storage id.
    pub(crate) fn make_run(&self, project: &str, name: &str) -> String {
        let data = self.query(
            "mutation M($p: String, $n: String) { upsertBucket(input: {modelName: $p, name: $n}) { bucket { id } } }",
            &json!({"p": project, "n": name}),
        );
        data["upsertBucket"]["bucket"]["id"]
            .as_str()
            .unwrap()
            .to_owned()
    }

    /// Sends a piece of a file stream of one of the first user's runs.
    pub(crate) fn stream(
        &self,
        project: &str,
        run: &str,
        body: &Value,
    ) -> reqwest::Result<Response> {
        let path = format!("/files/{}/{project}/{run}/file_stream", self.user());
        self.post(&path)
            .basic_auth("api", Some(&self.key))
            .json(body)
            .send()
    }

    /// The first user's name.
    pub(crate) fn user(&self) -> &str {
        &self.user
    }

    fn first_user() -> String {
        let user = nix::unistd::User::from_uid(nix::unistd::geteuid()).unwrap();
        user.map_or("user".to_owned(), |user| user.name)
    }

    /// The rows of a run's history, as JSON.
    pub(crate) fn rows(&self, project: &str, run: &str) -> Vec<Value> {
        let data = self.query(
            "query Q($e: String, $p: String!, $r: String!) { project(name: $p, entityName: $e) { run(name: $r) { \
             history(minStep: 0, maxStep: 1000000000, samples: 100000) } } }",
            &json!({"e": self.user(), "p": project, "r": run}),
        );
        let rows = data["project"]["run"]["history"].as_array().unwrap();
        rows.iter()
            .map(|row| serde_json::from_str(row.as_str().unwrap()).unwrap())
            .collect()
    }
}

impl Drop for TestServer {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// An environment whose programs talk to the server.
pub(crate) fn env_for(env: &mut TestEnv, server: &TestServer) {
    env.set("WANDB_BASE_URL", &server.url)
        .set("WANDB_API_KEY", &server.key);
}

/// Waits until a page's answer fits.
pub(crate) fn until(
    server: &TestServer,
    path: &str,
    mut fits: impl FnMut(&Value) -> bool,
) -> Value {
    let mut last = Value::Null;
    let came = eventually(|| {
        last = server.page(path);
        fits(&last)
    });
    assert!(came, "{path}: {last}");
    last
}
