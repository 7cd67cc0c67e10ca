//! Chromium without a window, driven by `chromedriver`.
//!
//! The browser comes from Debian's packages: who runs the tests as root has them installed on the way, as the other peers
//! are. `WANDB_RS_SKIP_BROWSER=1` leaves the tests of pages out and says so.

use std::io::{BufRead as _, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::OnceLock;
use std::time::Duration;

use reqwest::blocking::Client;
use serde_json::{Value, json};

use super::{PATIENCE, eventually};

const DRIVER: &str = "/usr/bin/chromedriver";
/// How an element is named in messages of the protocol.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with one window.
pub(crate) struct Browser {
    driver: Child,
    session: String,
    client: Client,
    _profile: tempfile::TempDir,
}

/// Whether there is a browser; it is installed if that can be done.
fn is_there() -> bool {
    static THERE: OnceLock<bool> = OnceLock::new();
    *THERE.get_or_init(|| {
        if std::env::var_os("WANDB_RS_SKIP_BROWSER").is_some_and(|value| value == "1") {
            eprintln!("SKIPPED: WANDB_RS_SKIP_BROWSER=1, no page was looked at");
            return false;
        }
        if !Path::new(DRIVER).exists() {
            let install = "apt-get update -qq && apt-get install -y -qq --no-install-recommends chromium chromium-driver";
            let output = Command::new("sh").args(["-c", install]).env("DEBIAN_FRONTEND", "noninteractive").output();
            let output = output.unwrap();
            assert!(
                Path::new(DRIVER).exists(),
                "there is no {DRIVER}: install chromium-driver, or leave these tests out with WANDB_RS_SKIP_BROWSER=1\n{}",
                String::from_utf8_lossy(&output.stderr)
            );
        }
        true
    })
}

impl Browser {
    /// Starts a browser; `None` if the user does not want these tests.
    pub(crate) fn start() -> Option<Self> {
        if !is_there() {
            return None;
        }
        let mut driver = Command::new(DRIVER)
            .arg("--port=0")
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(driver.stdout.take().unwrap()).lines();
        let port = lines
            .find_map(|line| {
                let line = line.ok()?;
                let (_, port) = line.split_once("successfully on port ")?;
                Some(port.trim_end_matches('.').to_owned())
            })
            .unwrap();
        // Who does not read on stops the driver.
        std::thread::spawn(move || lines.for_each(drop));
        let client = wandb_rs::tls::client()
            .no_proxy()
            .timeout(PATIENCE * 2)
            .build()
            .unwrap();
        let profile = tempfile::tempdir().unwrap();
        let options = json!({"args": [
            "--headless=new", "--no-sandbox", "--disable-gpu", "--disable-quic", "--disable-dev-shm-usage", "--no-first-run",
            "--disable-background-networking", "--disable-component-update", "--disable-sync", "--window-size=1280,900",
            format!("--user-data-dir={}", profile.path().display()),
        ]});
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:chromeOptions": options,
            "goog:loggingPrefs": {"browser": "ALL"},
        }}});
        let base = format!("http://127.0.0.1:{port}/session");
        let answer: Value = client
            .post(&base)
            .json(&wanted)
            .send()
            .unwrap()
            .json()
            .unwrap();
        let id = answer["value"]["sessionId"]
            .as_str()
            .unwrap_or_else(|| panic!("{answer}"));
        Some(Self {
            session: format!("{base}/{id}"),
            driver,
            client,
            _profile: profile,
        })
    }

    fn post(&self, path: &str, body: &Value) -> Value {
        let answer = self
            .client
            .post(format!("{}/{path}", self.session))
            .json(body)
            .send()
            .unwrap();
        let mut answer: Value = answer.json().unwrap();
        assert!(
            answer["value"]["error"].is_null(),
            "{path} {body}: {answer}"
        );
        answer["value"].take()
    }

    pub(crate) fn open(&self, url: &str) {
        self.post("url", &json!({"url": url}));
    }

    /// The value of an expression in the page.
    pub(crate) fn value(&self, expression: &str) -> Value {
        self.post(
            "execute/sync",
            &json!({"script": format!("return ({expression});"), "args": []}),
        )
    }

    /// Waits until an expression in the page is true, and returns its value.
    pub(crate) fn until(&self, expression: &str) -> Value {
        let mut last = Value::Null;
        let came = eventually(|| {
            last = self.value(expression);
            std::thread::sleep(Duration::from_millis(30));
            !matches!(last, Value::Null | Value::Bool(false)) && last != "" && last != 0
        });
        assert!(
            came,
            "{expression} was never true; the page: {}",
            self.value("document.body.innerText")
        );
        last
    }

    /// Waits until the page shows a text.
    pub(crate) fn shows(&self, text: &str) {
        self.until(&format!(
            "document.body.innerText.includes({})",
            json!(text)
        ));
    }

    fn element(&self, selector: &str) -> String {
        self.until(&format!(
            "document.querySelector({}) !== null",
            json!(selector)
        ));
        let found = self.post(
            "element",
            &json!({"using": "css selector", "value": selector}),
        );
        found[ELEMENT].as_str().unwrap().to_owned()
    }

    /// Clicks what a selector names.
    pub(crate) fn click(&self, selector: &str) {
        let element = self.element(selector);
        self.post(&format!("element/{element}/click"), &json!({}));
    }

    /// Types into what a selector names; `\u{e007}` is Enter.
    pub(crate) fn type_into(&self, selector: &str, text: &str) {
        let element = self.element(selector);
        self.post(&format!("element/{element}/value"), &json!({"text": text}));
    }

    /// Moves the pointer to a place within an element: shares of its width and height, from its middle.
    pub(crate) fn point_at(&self, selector: &str, right: f64, down: f64) {
        let element = self.element(selector);
        let size = self.value(&format!(
            "(() => {{ const e = document.querySelector({}); e.scrollIntoView({{block: 'center'}}); const r = e.getBoundingClientRect(); return [r.width, r.height]; }})()",
            json!(selector)
        ));
        let offset = |at: usize, share: f64| (size[at].as_f64().unwrap() * share) as i64;
        let moves = json!([
            {"type": "pointerMove", "duration": 0, "origin": {ELEMENT: element}, "x": 0, "y": 0},
            {"type": "pointerMove", "duration": 20, "origin": {ELEMENT: element}, "x": offset(0, right), "y": offset(1, down)},
        ]);
        let actions = json!({"actions": [{"type": "pointer", "id": "mouse", "parameters": {"pointerType": "mouse"}, "actions": moves}]});
        self.post("actions", &actions);
    }

    /// What the browser has complained about: errors of scripts, and what the policy of the pages forbids.
    pub(crate) fn complaints(&self) -> Vec<String> {
        let log = self.post("se/log", &json!({"type": "browser"}));
        let entries = log.as_array().unwrap().iter();
        let severe = entries.filter(|entry| entry["level"] == "SEVERE");
        severe
            .map(|entry| entry["message"].as_str().unwrap_or_default().to_owned())
            .collect()
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        let _ = self.client.delete(&self.session).send();
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
