//! What was acknowledged is there after a kill at any moment.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use serde_json::json;

use super::TestServer;
use crate::common::{TestEnv, eventually};

/// How often the server is killed; a nightly run sets more.
fn rounds() -> u64 {
    std::env::var("WANDB_RS_KILLS")
        .ok()
        .and_then(|text| text.parse().ok())
        .unwrap_or(8)
}

#[test]
fn rows_that_were_acknowledged_survive_kills() {
    let env = TestEnv::new();
    let data = env.path("server");
    let mut sent = 0_u64;
    for round in 0..rounds() {
        let mut server = TestServer::start_on(&env, &data, &[]);
        if round == 0 {
            server.make_run("p", "r");
        }
        let before = server.rows("p", "r");
        assert!(
            before.len() as u64 >= sent,
            "round {round}: {} of {sent} rows",
            before.len()
        );
        for (step, row) in before.iter().enumerate() {
            assert_eq!(row["_step"], json!(step), "round {round}");
            assert_eq!(row["x"].as_f64(), Some(step as f64 / 2.0), "round {round}");
        }
        let acknowledged = AtomicU64::new(before.len() as u64);
        let wanted = acknowledged.load(Ordering::SeqCst) + 5 + round * 7;
        std::thread::scope(|scope| {
            let server = &server;
            let acknowledged = &acknowledged;
            scope.spawn(move || {
                loop {
                    let offset = acknowledged.load(Ordering::SeqCst);
                    let lines: Vec<String> = (offset..offset + 50)
                        .map(|step| format!("{{\"_step\":{step},\"x\":{},\"s\":\"text {step}\"}}", step as f64 / 2.0))
                        .collect();
                    let body = json!({"files": {"wandb-history.jsonl": {"offset": offset, "content": lines}}});
                    match server.stream("p", "r", &body) {
                        Ok(answer) if answer.status() == 200 => acknowledged.store(offset + 50, Ordering::SeqCst),
                        _ => return,
                    }
                }
            });
            assert!(eventually(|| acknowledged.load(Ordering::SeqCst) > wanted));
            // Somewhere within what happens then.
            std::thread::sleep(Duration::from_micros(round * 731 % 5000));
            let pid = nix::unistd::Pid::from_raw(server.child.id() as i32);
            nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGKILL).unwrap();
        });
        server.kill();
        sent = acknowledged.load(Ordering::SeqCst);
    }
}

#[test]
fn a_piece_that_is_sent_again_says_nothing_new() {
    let env = TestEnv::new();
    let data = env.path("server");
    let mut server = TestServer::start_on(&env, &data, &[]);
    server.make_run("p", "r");
    let body = json!({"files": {
        "wandb-history.jsonl": {"offset": 0, "content": ["{\"_step\":0,\"x\":1}", "{\"_step\":1,\"x\":2}"]},
        "output.log": {"offset": 0, "content": ["{\"content\":\"a\"}", "{\"content\":\"b\"}"]},
    }});
    for _ in 0..3 {
        assert_eq!(server.stream("p", "r", &body).unwrap().status(), 200);
    }
    server.terminate();
    let server = TestServer::start_on(&env, &data, &[]);
    assert_eq!(server.stream("p", "r", &body).unwrap().status(), 200);
    assert_eq!(server.rows("p", "r").len(), 2);
    let logs = server.page(&format!("/p/{}/p/runs/r/logs", server.user()));
    assert_eq!(logs["total"], 2);
    // The same steps under other line numbers: the points do not double, and the last one counts.
    let again = json!({"files": {"wandb-history.jsonl": {"offset": 2, "content": ["{\"_step\":1,\"x\":7}"]}}});
    assert_eq!(server.stream("p", "r", &again).unwrap().status(), 200);
    let rows = server.rows("p", "r");
    assert_eq!((rows.len(), &rows[1]["x"]), (2, &json!(7)));
}
