//! The pages in a real browser.

use std::fs;
use std::path::Path;
use std::process::Stdio;

use serde_json::json;

use super::{TestServer, env_for};
use crate::common::browser::Browser;
use crate::common::{TestEnv, wait};

/// Opens a page, signs in and is led back to it.
fn sign_in(browser: &Browser, server: &TestServer, path: &str) {
    browser.open(&format!("{}{path}", server.url));
    browser.type_into("#api-key", &format!("{}\u{e007}", server.key));
    browser.until(&format!(
        "location.pathname === {}",
        json!(path.split('?').next().unwrap())
    ));
    // The page has asked before it knew that it had to sign in.
    browser.shows("Log out");
    browser.complaints();
}

fn train(env: &TestEnv, options: &[&str]) -> String {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/train.py");
    let options = [
        &["run"],
        options,
        &["--", "python3", script.to_str().unwrap()],
    ]
    .concat();
    let done = env.run(options);
    assert_eq!(done.code(), 0, "{done:?}");
    let line = done
        .stderr
        .lines()
        .find(|line| line.contains("View run") && line.contains(" at: "))
        .unwrap();
    line.rsplit_once(' ').unwrap().1.to_owned()
}

#[test]
fn the_printed_address_shows_the_run_with_its_charts_and_values() {
    let mut env = TestEnv::new();
    let server = TestServer::start(&env);
    env_for(&mut env, &server);
    let url = train(
        &env,
        &[
            "--project",
            "guide",
            "--id",
            "r1",
            "--name",
            "first",
            "--config",
            "lr=0.01",
        ],
    );
    let Some(browser) = Browser::start() else {
        return;
    };
    sign_in(&browser, &server, url.strip_prefix(&server.url).unwrap());
    browser.shows("first");
    browser.until(
        "[...document.querySelectorAll('.chart h3')].map(h => h.textContent).includes('accuracy')",
    );
    browser.until("document.querySelector('.chart-surface').getAttribute('aria-label')?.includes('accuracy') ?? false");
    // The value of the last step, as the script has printed it.
    browser.point_at(".chart-surface", 0.48, 0.0);
    let told = browser.until("document.querySelector('.tooltip:not([hidden])')?.innerText");
    let last = "0.9851723712772174";
    assert!(told.as_str().unwrap().contains(last), "{told}");
    // The same by keyboard.
    browser.value("document.querySelector('.chart-surface').focus()");
    browser.type_into(".chart-surface", "\u{e010}");
    browser
        .until("document.querySelector('.chart .visually-hidden').textContent.includes('0.9852')");
    for (tab, text) in [
        ("logs", "epoch=9, accuracy=0.9851723712772174"),
        ("overview", "lr"),
        ("files", "config.yaml"),
    ] {
        browser.open(&format!("{url}/{tab}"));
        browser.shows(text);
    }
    // The reader goes back over the tabs as over pages.
    browser.open(&url);
    browser.until("document.querySelector('.chart-surface') !== null");
    browser.click("#tab-files");
    browser.shows("config.yaml");
    browser.value("history.back()");
    browser.until("document.querySelector('.chart-surface') !== null");
    browser.open(&format!("{url}/logs"));
    browser.type_into(".log-search input", "EPOCH=4\u{e007}");
    browser.until("document.querySelectorAll('.log-matches li').length === 1");
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn runs_are_filtered_sorted_selected_compared_and_deleted() {
    let mut env = TestEnv::new();
    let server = TestServer::start(&env);
    env_for(&mut env, &server);
    for (id, lr) in [("r1", "0.01"), ("r2", "0.02"), ("r3", "0.3")] {
        train(
            &env,
            &[
                "--project",
                "guide",
                "--id",
                id,
                "--name",
                &format!("lr {lr}"),
                "--config",
                &format!("lr={lr}"),
            ],
        );
    }
    let Some(browser) = Browser::start() else {
        return;
    };
    let project = format!("/{}/guide", server.user());
    sign_in(&browser, &server, &project);
    let rows = "[...document.querySelectorAll('table.runs tr[data-run]')].map(row => row.dataset.run).join()";
    browser.until(&format!("{rows} === 'r3,r2,r1'"));
    browser.type_into(
        "[role=search] input",
        "config.lr < 0.1 and summary.accuracy > 0.9\u{e007}",
    );
    browser.until(&format!("{rows} === 'r2,r1'"));
    browser.until(
        "new URLSearchParams(location.search).get('filter')?.includes('config.lr') ?? false",
    );
    browser.open(&format!("{}{project}?sort=config.lr", server.url));
    browser.until(&format!("{rows} === 'r1,r2,r3'"));
    for run in ["r1", "r3"] {
        browser.click(&format!("tr[data-run={run}] input[type=checkbox]"));
    }
    browser.until("!document.querySelector('.bulk-bar').hidden");
    browser.open(&format!("{}{project}/compare?runs=r1,r3", server.url));
    browser.until("document.querySelector('.compare-table')?.innerText.includes('0.3') ?? false");
    browser.value("document.querySelector('.chart-panel').scrollIntoView()");
    browser.until("document.querySelectorAll('.chart-surface').length > 0");
    browser.open(&format!("{}{project}/table", server.url));
    browser.click("tr[data-run=r2] input[type=checkbox]");
    browser.click(".bulk-bar button.danger");
    browser.click("dialog button.danger");
    browser.until(&format!("{rows} === 'r3,r1'"));
    assert_eq!(server.page(&format!("/p{project}/runs"))["total"], 2);
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn a_run_at_work_grows_on_its_page_by_itself() {
    let mut env = TestEnv::new();
    let server = TestServer::start(&env);
    env_for(&mut env, &server);
    env.set("WANDB_X_FILE_STREAM_TRANSMIT_INTERVAL", "0.2");
    let Some(browser) = Browser::start() else {
        return;
    };
    let go = env.path("go");
    let script = format!(
        "echo loss=1; echo loss=2; while [ ! -e {} ]; do sleep 0.05; done; echo loss=3; echo the end",
        go.display()
    );
    let mut command = env.script(&["--project", "p", "--id", "r1"], &script);
    let child = command
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    super::until(&server, "/projects", |projects| {
        projects["projects"][0]["running"] == 1
    });
    let path = format!("/{}/p/runs/r1/logs", server.user());
    sign_in(&browser, &server, &path);
    browser.shows("loss=2");
    browser.shows("running");
    browser.value("window.stillHere = true");
    fs::write(&go, "").unwrap();
    browser.shows("the end");
    browser.shows("finished");
    // Without being loaded again.
    assert_eq!(browser.value("window.stillHere"), true);
    assert!(wait(child).status.success());
    assert_eq!(browser.complaints(), Vec::<String>::new());
}

#[test]
fn what_users_write_is_shown_and_never_carried_out() {
    let mut env = TestEnv::new();
    let server = TestServer::start(&env);
    env_for(&mut env, &server);
    let hostile = "<img src=x onerror=\"window.harmed=1\"><script>window.harmed=1</script>";
    let script = format!("printf '%s\\n' '{hostile}'; printf '{{\"a<b>\": 1, \"loss\": 2}}\\n'");
    let options = [
        "--project",
        "p",
        "--id",
        "r1",
        "--name",
        hostile,
        "--notes",
        hostile,
        "--tags",
        "<b>tag</b>",
        "--config",
        "k=<i>v</i>",
    ];
    let done = env.run_script(&options, &script);
    assert_eq!(done.code(), 0, "{done:?}");
    let Some(browser) = Browser::start() else {
        return;
    };
    let run = format!("/{}/p/runs/r1", server.user());
    sign_in(&browser, &server, &run);
    for page in ["/overview", "/charts", "/logs", "/files"] {
        browser.open(&format!("{}{run}{page}", server.url));
        browser.shows("<img src=x");
    }
    browser.open(&format!("{}/{}/p", server.url, server.user()));
    browser.shows("<img src=x");
    assert_eq!(browser.value("window.harmed ?? null"), json!(null));
    assert_eq!(browser.complaints(), Vec::<String>::new());
}
