//! Changes to a run on its way to the server: the log stays as it is.

use std::collections::HashMap;

use crate::run::config::Config;
use crate::wire::json::Value;
use crate::wire::schema::RunRecord;

/// What is changed; empty texts change nothing.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Edits {
    pub run_id: String,
    pub entity: String,
    pub project: String,
    pub name: String,
    pub notes: String,
    pub group: String,
    pub job_type: String,
    /// Added to the tags that the run has.
    pub tags: Vec<String>,
    /// Old tags and what takes their place; nothing does for an empty text.
    pub replaced_tags: HashMap<String, String>,
    /// Top-level config values.
    pub config: Vec<(String, Value)>,
}

impl Edits {
    /// Changes what a record says about its run.
    pub fn apply(&self, run: &mut RunRecord) {
        for (edit, place) in [
            (&self.run_id, &mut run.run_id),
            (&self.entity, &mut run.entity),
            (&self.project, &mut run.project),
            (&self.name, &mut run.display_name),
            (&self.notes, &mut run.notes),
            (&self.group, &mut run.run_group),
            (&self.job_type, &mut run.job_type),
        ] {
            if !edit.is_empty() {
                place.clone_from(edit);
            }
        }
        run.tags = std::mem::take(&mut run.tags)
            .into_iter()
            .filter_map(|tag| match self.replaced_tags.get(&tag) {
                None => Some(tag),
                Some(new) if new.is_empty() => None,
                Some(new) => Some(new.clone()),
            })
            .collect();
        for tag in &self.tags {
            if !run.tags.contains(tag) {
                run.tags.push(tag.clone());
            }
        }
    }

    /// Changes the config.
    pub fn apply_config(&self, config: &mut Config) {
        for (key, value) in &self.config {
            config.update(key, value);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_change_what_they_name_and_nothing_else() {
        let edits = Edits {
            project: "p2".into(),
            tags: vec!["new".into(), "keep".into()],
            replaced_tags: [
                ("old".into(), "fresh".into()),
                ("gone".into(), String::new()),
            ]
            .into(),
            ..Edits::default()
        };
        let mut run = RunRecord {
            run_id: "r".into(),
            project: "p1".into(),
            tags: ["old", "keep", "gone"].map(str::to_owned).into(),
            ..RunRecord::default()
        };
        edits.apply(&mut run);
        assert_eq!((run.run_id.as_str(), run.project.as_str()), ("r", "p2"));
        assert_eq!(run.tags, ["fresh", "keep", "new"]);
    }
}
