//! The log's format beside what no format with a checksum can be faster than: its checksum, and a copy in memory.
//!
//! `cargo bench --bench log` prints one JSON object: megabytes of log a second, medians of some rounds in turns.

use std::hint::black_box;
use std::time::Instant;

use prost::Message as _;
use wandb_rs::wire::log::{Decoder, FILE_HEADER, Framer, Piece};
use wandb_rs::wire::schema::{HistoryItem, HistoryRecord, HistoryStep, Kind, Record};

const ROWS: usize = 20_000;
const SCALARS: usize = 20;
const ROUNDS: usize = 9;

/// A row as a client of the socket makes it.
fn row(step: usize) -> Record {
    let item = |(key, value): (String, String)| HistoryItem {
        nested_key: vec![key],
        value_json: value,
        ..HistoryItem::default()
    };
    let scalars = (0..SCALARS).map(|n| {
        let value = ((step * SCALARS + n) as f64).sin();
        (format!("train/metric_{n}"), value.to_string())
    });
    let history = HistoryRecord {
        item: scalars.map(item).collect(),
        step: Some(HistoryStep { num: step as i64 }),
    };
    Record {
        num: step as i64,
        kind: Some(Kind::History(history)),
    }
}

fn framed(records: &[Vec<u8>]) -> Vec<u8> {
    let mut framer = Framer::new();
    let mut log = FILE_HEADER.to_vec();
    for record in records {
        framer.frame(record, &mut log);
    }
    log
}

/// Reads a log to its end; how many records it has.
fn decode(log: &[u8], mut each: impl FnMut(&[u8])) -> usize {
    let mut count = 0;
    let read = Decoder::default().decode(log, |piece| {
        if let Piece::Record { bytes, .. } = piece {
            count += 1;
            each(bytes);
        }
    });
    assert_eq!(read.ok(), Some(log.len()), "the log is read to its end");
    count
}

fn main() {
    let rows: Vec<Record> = (0..ROWS).map(row).collect();
    let records: Vec<Vec<u8>> = rows.iter().map(Record::encode_to_vec).collect();
    let log = framed(&records);
    let mut copy = vec![0; log.len()];
    let mut measured = [const { Vec::new() }; 6];
    for _ in 0..=ROUNDS {
        let mut times = Vec::new();
        let mut time = |work: &mut dyn FnMut()| {
            let start = Instant::now();
            work();
            times.push(start.elapsed().as_secs_f64());
        };
        time(&mut || copy.copy_from_slice(black_box(&log)));
        time(&mut || {
            black_box(crc32fast::hash(black_box(&log)));
        });
        time(&mut || drop(black_box(framed(black_box(&records)))));
        time(&mut || {
            let records: Vec<_> = black_box(&rows).iter().map(Record::encode_to_vec).collect();
            drop(black_box(framed(&records)));
        });
        time(&mut || assert_eq!(decode(black_box(&log), |_| ()), ROWS));
        time(&mut || {
            let mut values = 0;
            decode(black_box(&log), |bytes| {
                if let Ok(Record {
                    kind: Some(Kind::History(row)),
                    ..
                }) = Record::decode(bytes)
                {
                    values += row.item.len();
                }
            });
            assert_eq!(values, ROWS * SCALARS);
        });
        for (all, time) in measured.iter_mut().zip(times) {
            all.push(log.len() as f64 / 1e6 / time);
        }
    }
    let names = ["copy", "crc", "frame", "encode", "unframe", "decode"];
    let medians = measured.iter_mut().map(|all| {
        // The first round warmed up.
        let rates = &mut all[1..];
        rates.sort_by(f64::total_cmp);
        rates[rates.len() / 2].round()
    });
    let pairs: Vec<String> = names
        .iter()
        .zip(medians)
        .map(|(name, rate)| format!("\"{name}\":{rate}"))
        .collect();
    #[expect(clippy::print_stdout, reason = "its result")]
    {
        println!(
            "{{\"megabytes\":{:.1},{}}}",
            log.len() as f64 / 1e6,
            pairs.join(",")
        );
    }
}
