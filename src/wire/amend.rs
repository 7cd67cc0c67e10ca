//! Changes of a run's description in its encoded records; every byte that is not meant to change stays.
//!
//! The official client takes only the first run record as the beginning of the run, ignores the config of later ones,
//! and sends nothing that comes behind the exit record. So a change goes into all run and config records, where it holds
//! for every reader, and not into records of its own.

use prost::Message as _;
use prost::encoding::{WireType, encode_key, encode_varint};

use super::proto::{Content, ProtoError, fields};
use super::records::{CONFIG, RUN, encode_text};
use super::schema::{ConfigRecord, KeyedItem};

/// Fields of the run record.
const RUN_CONFIG: u32 = 4;
const TAGS: u32 = 10;

/// What a run can be called anew; numbers of the run record's fields.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Name {
    Entity = 2,
    Project = 3,
    Group = 6,
    JobType = 7,
    DisplayName = 8,
    Notes = 9,
}

/// What is to be changed.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Changes {
    /// Empty text takes the value away.
    pub names: Vec<(Name, String)>,
    pub tags: Option<Vec<String>>,
    /// Config values that are set.
    pub config: Vec<KeyedItem>,
}

impl Changes {
    /// The record with the changes, if it is one of those that have to be changed.
    pub fn amend(&self, record: &[u8]) -> Result<Option<Vec<u8>>, ProtoError> {
        let (mut out, mut amended) = (Vec::new(), false);
        for field in fields(record) {
            let field = field?;
            let content = match (field.number, field.content) {
                (RUN, Content::Bytes(run)) if !amended => self.run(run)?,
                (CONFIG, Content::Bytes(config)) if !amended && !self.config.is_empty() => {
                    [config, &self.config_record()].concat()
                }
                // A message may come in parts, which add up: the later ones must not bring the old names back.
                (RUN, Content::Bytes(run)) => self.without(run)?,
                _ => {
                    out.extend_from_slice(field.encoded);
                    continue;
                }
            };
            amended = true;
            encode_bytes(field.number, &content, &mut out);
        }
        Ok(amended.then_some(out))
    }

    fn run(&self, run: &[u8]) -> Result<Vec<u8>, ProtoError> {
        let mut out = self.without(run)?;
        for (name, value) in &self.names {
            if !value.is_empty() {
                encode_text(*name as u32, value, &mut out);
            }
        }
        for tag in self.tags.iter().flatten() {
            encode_text(TAGS, tag, &mut out);
        }
        if !self.config.is_empty() {
            // A second config adds to the first.
            encode_bytes(RUN_CONFIG, &self.config_record(), &mut out);
        }
        Ok(out)
    }

    /// The run record without what is to be changed.
    fn without(&self, run: &[u8]) -> Result<Vec<u8>, ProtoError> {
        let mut out = Vec::new();
        for field in fields(run) {
            let field = field?;
            let named = self
                .names
                .iter()
                .any(|(name, _)| *name as u32 == field.number);
            if !named && (field.number != TAGS || self.tags.is_none()) {
                out.extend_from_slice(field.encoded);
            }
        }
        Ok(out)
    }

    fn config_record(&self) -> Vec<u8> {
        ConfigRecord {
            update: self.config.clone(),
            remove: Vec::new(),
        }
        .encode_to_vec()
    }
}

fn encode_bytes(number: u32, bytes: &[u8], out: &mut Vec<u8>) {
    encode_key(number, WireType::LengthDelimited, out);
    encode_varint(bytes.len() as u64, out);
    out.extend_from_slice(bytes);
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::wire::schema::{Kind, Record, RunExitRecord, RunRecord};

    fn item(key: &str, json: &str) -> KeyedItem {
        KeyedItem {
            key: key.into(),
            value_json: json.into(),
            ..KeyedItem::default()
        }
    }

    fn changes() -> Changes {
        Changes {
            names: vec![
                (Name::DisplayName, "new".into()),
                (Name::Notes, String::new()),
            ],
            tags: Some(vec!["x".into()]),
            config: vec![item("lr", "2")],
        }
    }

    fn config(items: &[KeyedItem]) -> ConfigRecord {
        ConfigRecord {
            update: items.to_vec(),
            remove: Vec::new(),
        }
    }

    #[test]
    fn run_and_config_records_change_and_keep_what_is_not_known() {
        let run = RunRecord {
            run_id: "r".into(),
            display_name: "old".into(),
            notes: "gone".into(),
            tags: vec!["a".into(), "b".into()],
            config: Some(config(&[item("lr", "1")])),
            ..RunRecord::default()
        };
        let mut bytes = Record {
            num: 5,
            kind: Some(Kind::Run(Box::new(run))),
        }
        .encode_to_vec();
        let unknown = [0xb0, 0x09, 0x07];
        bytes.extend(unknown);
        let amended = changes().amend(&bytes).unwrap().unwrap();
        assert!(amended.ends_with(&unknown));
        let record = Record::decode(amended.as_slice()).unwrap();
        assert_eq!(record.num, 5);
        let Some(Kind::Run(run)) = record.kind else {
            panic!()
        };
        assert_eq!(
            (
                run.run_id.as_str(),
                run.display_name.as_str(),
                run.notes.as_str()
            ),
            ("r", "new", "")
        );
        assert_eq!(run.tags, ["x"]);
        assert_eq!(
            run.config.unwrap().update,
            [item("lr", "1"), item("lr", "2")]
        );

        let change = Kind::Config(config(&[item("lr", "0")]));
        let bytes = Record {
            num: 6,
            kind: Some(change),
        }
        .encode_to_vec();
        let amended = changes().amend(&bytes).unwrap().unwrap();
        let expected = Kind::Config(config(&[item("lr", "0"), item("lr", "2")]));
        assert_eq!(
            Record::decode(amended.as_slice()).unwrap().kind,
            Some(expected)
        );
    }

    #[test]
    fn other_records_are_left_alone() {
        let exit = Record {
            num: 1,
            kind: Some(Kind::Exit(RunExitRecord::default())),
        };
        assert_eq!(changes().amend(&exit.encode_to_vec()), Ok(None));
        let renamed = Changes {
            config: Vec::new(),
            ..changes()
        };
        let change = Record {
            num: 1,
            kind: Some(Kind::Config(config(&[]))),
        };
        assert_eq!(renamed.amend(&change.encode_to_vec()), Ok(None));
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_are_amended_or_refused(bytes: Vec<u8>) {
            let _ = changes().amend(&bytes);
        }
    }
}
