//! Promise 16, any version: logs of other releases and of the official client read the same (the golden files of
//! `tests/golden`, see `compat::golden`), and what this build does not know passes through byte for byte.

use std::fs;

use prost::encoding::{WireType, encode_key, encode_varint};
use wandb_rs::store::log_reader::{Item, LogReader};

use super::{rounds, seed};
use crate::common::TestEnv;
use crate::common::logs::{LogWriter, varied};

/// A field of this number that no build knows.
fn unknown(number: u32, length: usize) -> Vec<u8> {
    let mut field = Vec::new();
    encode_key(number, WireType::LengthDelimited, &mut field);
    encode_varint(length as u64, &mut field);
    field.extend((0..length).map(|n| n as u8));
    field
}

fn records(path: &std::path::Path) -> Vec<Vec<u8>> {
    let mut records = Vec::new();
    let mut reader = LogReader::open(path).unwrap();
    reader
        .read(|item| match item {
            Item::Record(record) => records.push(record.bytes().to_vec()),
            Item::Damage(error) => panic!("{error}"),
        })
        .unwrap();
    records
}

#[test]
fn fields_and_kinds_of_the_future_change_nothing_and_are_kept() {
    for seed in seed()..seed() + rounds(20) {
        let plain = TestEnv::new();
        let source = varied(&plain.work(), "one").log;
        let env = TestEnv::new();
        let dir = env.path("wandb/offline-run-20260528_202640-one");
        let mut log = LogWriter::create(dir.clone(), "one");
        let mut extended = Vec::new();
        for (n, record) in records(&source).into_iter().enumerate() {
            // Numbers and lengths follow from the seed; 300 and more are nobody's.
            let number = 300 + ((seed * 31 + n as u64 * 7) % 5000) as u32;
            let field = unknown(number, ((seed + n as u64) % 50) as usize);
            extended.push([record, field].concat());
            if n > 1 && n % 9 == 0 {
                extended.push(unknown(number + 1, 10));
            }
        }
        for record in &extended {
            log.push_encoded(record);
        }
        fs::create_dir_all(dir.join("files")).unwrap();
        let shown = |env: &TestEnv| env.run(["export", "--format", "jsonl"]).stdout;
        assert_eq!(shown(&env), shown(&plain), "seed {seed}");
        // A change of the run leaves every other byte as it was.
        let edited = env.run(["edit", "--name", "other", dir.to_str().unwrap()]);
        assert_eq!(edited.code(), 0, "seed {seed}: {edited:?}");
        let kept = records(&dir.join("run-one.wandb"));
        let lost: Vec<usize> = (0..extended.len())
            .filter(|n| !kept.contains(&extended[*n]))
            .collect();
        // The run's record itself has changed.
        assert!(lost.len() <= 1, "seed {seed}: {lost:?}");
    }
}
