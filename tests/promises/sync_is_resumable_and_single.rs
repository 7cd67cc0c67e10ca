//! Promise 10, sync is resumable and single: killed anywhere, the next one completes it, and two at once do no harm.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use wandb_rs::wire::schema::Kind;

use super::Random;
use crate::common::fake::{FakeWandb, Fault};
use crate::common::logs::{LogWriter, run_record, time};
use crate::common::uploads::{assert_held, env_for, held, rounds};
use crate::common::{self};

/// A run of several requests, and perhaps one that goes on with it. The last log is given.
fn write(work: &Path, in_parts: bool) -> LogWriter {
    let mut log = LogWriter::begin(work, "killed");
    for step in 0..8 {
        // Two of the long ones fill a request.
        log.row(if [0, 2, 4].contains(&step) {
            1_580_000
        } else {
            10
        });
        log.sample(f64::from(step));
        log.print(&format!("step {step}\n"));
    }
    log.file("note.txt", b"note");
    log.file("media/images/a.png", &vec![9; 300_000]);
    log.artifact("ds", &[("a.txt", b"small"), ("sub/b.bin", &[7; 5000])]);
    log.exit(2);
    if !in_parts {
        return log;
    }
    let mut run = run_record("killed");
    run.resume = true;
    run.start_time = Some(time(1000));
    let dir = work.join("wandb/offline-run-20260528_202650-killed");
    let mut log = LogWriter::create(dir, "killed");
    log.push(Kind::Run(Box::new(run)));
    for step in 0..4 {
        log.row(3);
        log.sample(f64::from(step));
        log.print(&format!("second part, step {step}\n"));
    }
    log.exit(0);
    log
}

#[test]
fn a_sync_that_is_killed_anywhere_is_completed_by_the_next_one() {
    let clean = [false, true].map(|in_parts| {
        let server = FakeWandb::start();
        let env = env_for(&server);
        write(&env.work(), in_parts);
        assert_eq!(env.run(["sync", "--yes"]).code(), 0);
        (held(&server.only_run()), server.requests().len() as u64)
    });

    let (rounds, mut killed) = (rounds("WANDB_RS_KILLS", 20), 0);
    for seed in 0..rounds {
        let mut random = Random(seed);
        random.below(1);
        let server = FakeWandb::start();
        let env = env_for(&server);
        let in_parts = seed % 3 == 0;
        let (expected, requests) = &clean[usize::from(in_parts)];
        let log = write(&env.work(), in_parts);
        let mut told = format!("seed {seed}:");
        // Killed once or twice, sometimes without what the journal noted.
        for _ in 0..=random.below(2) {
            let at = random.below(*requests) as u32 + 1;
            let fault = match random.below(4) {
                0 => Fault::ResetBefore,
                1 => Fault::ApplyThenReset,
                2 => Fault::ResetInBody,
                _ => Fault::None,
            };
            let later = Duration::from_micros(random.below(20_000));
            told.push_str(&format!(" request {at} {fault:?} {later:?}"));
            let pid = Arc::new(Mutex::new(None));
            let victim = Arc::clone(&pid);
            server.faults(move |request| {
                if request.count < at {
                    return Fault::None;
                }
                let pid = victim.lock().unwrap().take();
                if let Some(pid) = pid {
                    if matches!(fault, Fault::None) {
                        // At some time while or after this request is served.
                        std::thread::spawn(move || {
                            std::thread::sleep(later);
                            let _ = kill(pid, Signal::SIGKILL);
                        });
                    } else {
                        let _ = kill(pid, Signal::SIGKILL);
                    }
                    return fault.clone();
                }
                Fault::None
            });
            let held_back = pid.lock().unwrap();
            let mut child = env
                .wandb_rs(["sync", "--yes", "--include-synced"])
                .stdout(Stdio::null())
                .stderr(Stdio::null())
                .spawn()
                .unwrap();
            let mut held_back = held_back;
            *held_back = Some(Pid::from_raw(child.id() as i32));
            drop(held_back);
            let status = common::wait_status(&mut child);
            killed += u64::from(status.code().is_none());
            // The child is gone: nobody else may be killed in its place.
            pid.lock().unwrap().take();
        }
        if random.below(4) == 0 {
            told.push_str(" journal lost");
            let _ = std::fs::remove_file(log.journal());
        }
        server.faults(|_| Fault::None);
        let done = env.run(["sync", "--yes", "--include-synced"]);
        assert_eq!(done.code(), 0, "{told}: {done:?}");
        assert!(log.is_synced(), "{told}");
        assert_held(expected, &held(&server.only_run()), &told);
    } // Most die before their end.
    assert!(killed > rounds / 2, "{killed} of {rounds} rounds");
}
