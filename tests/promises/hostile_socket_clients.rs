//! Promise 13, hostile socket clients: they send nonsense, too much, or nothing at all; others are served and the run is
//! intact.

use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::process::Child;
use std::time::Duration;

use crate::common::{self, TestEnv};

/// A script that tells its socket and then waits for a line.
fn start(env: &TestEnv, limit: &str) -> (Child, String) {
    let own = env!("CARGO_BIN_EXE_wandb-rs");
    let script = r#"echo "socket $WANDB_RS_SOCKET end"; read line; echo loss=7"#;
    let mut command = env.program("bash");
    command.args([
        "-c",
        &format!("{limit} exec {own} run --silent -- sh -c '{script}'"),
    ]);
    let mut child = common::start(command);
    let told = common::read_until(&mut child, " end");
    let path = told.split(' ').nth(1).unwrap().to_owned();
    (child, path)
}

fn frame(message: &[u8]) -> Vec<u8> {
    wandb_rs::wire::frame::encode(message)
}

/// A row of a well-behaved client is accepted. While too many others are connected it is turned away before it is heard.
fn logs_a_row(path: &str, value: u32) {
    let accepted = common::eventually(|| {
        let Ok(mut client) = UnixStream::connect(path) else {
            return false;
        };
        client
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        let mut line = String::new();
        let heard = writeln!(client, "{{\"log\": {{\"row\": {value}}}, \"id\": 1}}")
            .and_then(|()| BufReader::new(&client).read_line(&mut line));
        if !matches!(heard, Ok(1..)) {
            return false;
        }
        assert_eq!(line, "{\"id\":1,\"ok\":true}\n");
        true
    });
    assert!(accepted);
}

fn finish(env: &TestEnv, mut child: Child, rows: &[&str]) {
    common::feed(&mut child, "\n");
    let done = common::wait(child);
    assert_eq!(done.code(), 0, "{done:?}");
    let run = env.read_run();
    assert_eq!(run.rows(), rows);
    assert_eq!(run.exit_code(), Some(0));
}

#[test]
fn nonsense_ends_only_the_connection_that_sent_it() {
    let env = TestEnv::new();
    let (child, path) = start(&env, "");
    let mut huge = vec![b'W'];
    huge.extend_from_slice(&0x7fff_ffffu32.to_le_bytes());
    for (bytes, cut_off) in [
        // A frame that says it has 2 GiB; something that is no frame behind one.
        (huge, true),
        ([frame(b""), b"nonsense".to_vec()].concat(), true),
        // Frames without a readable message, with an unknown request, and with a run that nobody opened.
        (frame(&[0xff; 40]), false),
        (frame(&[0x9a, 0x3f, 0x00]), false),
        (frame(&[0x0a, 0x04, 0xa2, 0x06, 0x01, 0x0a]), false),
    ] {
        let mut client = UnixStream::connect(&path).unwrap();
        client
            .set_read_timeout(Some(Duration::from_secs(30)))
            .unwrap();
        client.write_all(&bytes).unwrap();
        if cut_off {
            let mut rest = Vec::new();
            client.read_to_end(&mut rest).unwrap();
            assert!(rest.is_empty());
        } else {
            // The connection lives: a call on it is answered, here with an error.
            let unknown = [
                &[0x52, 0x03][..],
                b"abc",                                      // request_id
                &[0x0a, 0x05, 0xa2, 0x06, 0x02, 0x22, 0x00], // record { request { get_summary {} } }
            ]
            .concat();
            client.write_all(&frame(&unknown)).unwrap();
            let mut header = [0; 5];
            client.read_exact(&mut header).unwrap();
            assert_eq!(header[0], b'W');
        }
    }
    logs_a_row(&path, 1);
    finish(&env, child, &["0: row=1", "1: loss=7"]);
}

#[test]
fn half_frames_and_silent_clients_do_not_keep_others_out() {
    let env = TestEnv::new();
    let (child, path) = start(&env, "ulimit -n 128;");
    let mut held = Vec::new();
    for i in 0..400 {
        let Ok(mut client) = UnixStream::connect(&path) else {
            // The queue of the socket is full as well.
            break;
        };
        if i % 2 == 0 {
            // A client that is one too many may have been turned away before it writes.
            let _ = client.write_all(&[b'W', 100, 0, 0, 0, 1, 2, 3]);
        }
        held.push(client);
    }
    assert!(held.len() > 100, "{}", held.len());
    drop(held);
    logs_a_row(&path, 2);
    finish(&env, child, &["0: row=2", "1: loss=7"]);
}

#[test]
fn a_client_that_never_reads_its_answers_delays_nobody() {
    let env = TestEnv::new();
    let (child, path) = start(&env, "");
    let mut silent = UnixStream::connect(&path).unwrap();
    let call = frame(&[0x52, 0x01, b'x', 0x1a, 0x00]); // inform_init with an id, without settings
    for _ in 0..20_000 {
        if silent.write_all(&call).is_err() {
            break;
        }
    }
    logs_a_row(&path, 3);
    drop(silent);
    finish(&env, child, &["0: row=3", "1: loss=7"]);
}
