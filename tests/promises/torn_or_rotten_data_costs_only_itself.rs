//! Promise 5, torn or rotten data costs only itself: a bad block loses the records in it, is reported with its offset, and
//! never keeps the rest from being read.

use std::fs;

use wandb_rs::store::log_reader::{Item, LogReader};

use super::{Random, rounds, seed};
use crate::common::TestEnv;
use crate::common::fake::FakeWandb;
use crate::common::logs::LogWriter;

const BLOCK: usize = 32 * 1024;

/// The records of a log, and where damage was found.
fn read(bytes: &[u8], env: &TestEnv) -> Result<(Vec<Vec<u8>>, usize), String> {
    let path = env.path("damaged.wandb");
    fs::write(&path, bytes).unwrap();
    let (mut records, mut damage) = (Vec::new(), 0);
    let mut reader = LogReader::open(&path).unwrap();
    let end = reader.read(|item| match item {
        Item::Record(record) => records.push(record.bytes().to_vec()),
        Item::Damage(_) => damage += 1,
    });
    end.map(|_| (records, damage))
        .map_err(|error| error.to_string())
}

/// A log of a few blocks, and its records.
fn log(env: &TestEnv) -> (Vec<u8>, Vec<Vec<u8>>) {
    let mut log = LogWriter::begin(&env.work(), "one");
    for step in 0..600 {
        log.row(40);
        log.print(&format!("step {step}\n"));
        if step % 97 == 0 {
            // Over a block's end.
            log.print(&"long ".repeat(1500));
        }
    }
    log.exit(0);
    let bytes = fs::read(&log.log).unwrap();
    assert!(bytes.len() > 3 * BLOCK, "{}", bytes.len());
    let (records, damage) = read(&bytes, env).unwrap();
    assert_eq!(damage, 0);
    (bytes, records)
}

/// What is left is what was there, in its order, and nothing else.
fn is_part_of(found: &[Vec<u8>], whole: &[Vec<u8>]) -> bool {
    let mut rest = whole.iter();
    found.iter().all(|record| rest.any(|other| other == record))
}

#[test]
fn a_flipped_byte_costs_its_block_and_is_told() {
    let env = TestEnv::new();
    let (bytes, whole) = log(&env);
    let in_a_block = whole.len() * BLOCK / bytes.len() * 2 + 4;
    for seed in seed()..seed() + rounds(300) {
        let mut random = Random(seed);
        let at = 7 + random.place(bytes.len() - 7);
        let mut damaged = bytes.clone();
        damaged[at] ^= 1 << random.place(8);
        let (found, damage) = read(&damaged, &env).unwrap();
        let context = format!("seed {seed}: byte {at}");
        assert!(
            is_part_of(&found, &whole),
            "{context}: something else is read"
        );
        assert!(
            found.len() + in_a_block >= whole.len(),
            "{context}: {} of {}",
            found.len(),
            whole.len()
        );
        // In padding a byte may be anything.
        assert!(
            damage > 0 || found.len() == whole.len(),
            "{context}: nothing is told"
        );
    }
}

#[test]
fn tails_of_all_kinds_cost_nothing_that_was_complete() {
    let env = TestEnv::new();
    let (bytes, whole) = log(&env);
    let last = &bytes[bytes.len() - 200..];
    let tails: [(&str, Vec<u8>); 6] = [
        ("zeros", vec![0; 5000]),
        ("zeros of blocks", vec![0; 3 * BLOCK]),
        ("doubled", last.to_vec()),
        (
            "noise",
            (0..5000_u32)
                .map(|n| (n.wrapping_mul(2_654_435_761) >> 13) as u8)
                .collect(),
        ),
        ("ones", vec![0xff; 5000]),
        ("text", b"not a log ".repeat(500)),
    ];
    for (name, tail) in tails {
        let (found, _) = read(&[bytes.as_slice(), &tail].concat(), &env).unwrap();
        assert!(
            found.len() >= whole.len() && found[..whole.len()] == whole,
            "{name}"
        );
    }
}

#[test]
fn what_is_cut_out_or_put_in_costs_only_its_blocks() {
    let env = TestEnv::new();
    let (bytes, whole) = log(&env);
    let in_a_block = whole.len() * BLOCK / bytes.len() * 2 + 4;
    for seed in seed()..seed() + rounds(60) {
        let mut random = Random(seed);
        let block = random.place(bytes.len() / BLOCK) * BLOCK;
        let length = 1 + random.place(2000);
        let at = (block + 7 + random.place(BLOCK - 7)).min(bytes.len() - length);
        let mut zeroed = bytes.clone();
        zeroed[at..at + length].fill(0);
        let (found, _) = read(&zeroed, &env).unwrap();
        let context = format!("seed {seed}: {length} bytes at {at}");
        assert!(
            is_part_of(&found, &whole),
            "{context}: something else is read"
        );
        assert!(
            found.len() + 2 * in_a_block >= whole.len(),
            "{context}: {} of {}",
            found.len(),
            whole.len()
        );
    }
}

#[test]
fn damage_is_shown_with_its_place_and_the_rest_is_uploaded() {
    let env = TestEnv::new();
    let (bytes, _) = log(&env);
    let dir = env.find_run_dir().unwrap();
    let mut damaged = bytes;
    damaged[BLOCK + 100] ^= 0xff;
    fs::write(dir.join("run-one.wandb"), &damaged).unwrap();
    let shown = env.run(["inspect", "--json", dir.to_str().unwrap()]);
    assert!(shown.stderr.contains("offset 32768"), "{}", shown.stderr);
    let server = FakeWandb::start();
    let mut online = TestEnv::new();
    server.configure(&mut online);
    let synced = online.run(["sync", "--yes", dir.to_str().unwrap()]);
    assert_eq!(synced.code(), 0, "{synced:?}");
    assert!(synced.stderr.contains("damaged log"), "{synced:?}");
    assert!(server.only_run().history.len() > 300);
}
