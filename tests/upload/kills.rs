//! `sync` killed at any point, and run again: the server ends up as after one clean sync.

use std::path::Path;
use std::process::Stdio;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

use crate::common::fake::{FakeWandb, Fault};
use crate::common::logs::LogWriter;
use crate::common::uploads::{assert_held, env_for, held, rounds};
use crate::common::{self};

/// A run of several requests.
fn write(work: &Path) -> LogWriter {
    let mut log = LogWriter::begin(work, "killed");
    for step in 0..8 {
        // Two of the long ones fill a request.
        log.row(if step % 2 == 0 { 1_580_000 } else { 10 });
        log.sample(f64::from(step));
        log.print(&format!("step {step}\n"));
    }
    log.file("note.txt", b"note");
    log.file("media/images/a.png", &vec![9; 300_000]);
    log.artifact("ds", &[("a.txt", b"small"), ("sub/b.bin", &[7; 5000])]);
    log.exit(2);
    log
}

/// Numbers that look random and follow from the seed.
struct Random(u64);

impl Random {
    fn below(&mut self, limit: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % limit
    }
}

#[test]
fn a_sync_that_is_killed_anywhere_is_completed_by_the_next_one() {
    let clean = FakeWandb::start();
    let env = env_for(&clean);
    write(&env.work());
    assert_eq!(env.run(["sync", "--yes"]).code(), 0);
    let expected = held(&clean.only_run());
    let requests = clean.requests().len() as u64;

    let (rounds, mut killed) = (rounds("WANDB_RS_KILLS", 20), 0);
    for seed in 0..rounds {
        let mut random = Random(seed);
        random.below(1);
        let server = FakeWandb::start();
        let env = env_for(&server);
        let log = write(&env.work());
        let mut told = format!("seed {seed}:");
        // Killed once or twice, sometimes without what the journal noted.
        for _ in 0..=random.below(2) {
            let at = random.below(requests) as u32 + 1;
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
        assert_held(&expected, &held(&server.only_run()), &told);
    } // Most die before their end.
    assert!(killed > rounds / 2, "{killed} of {rounds} rounds");
}
