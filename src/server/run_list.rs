//! Lists of runs: which ones, in which order, and what of each.
//!
//! All runs of a project are looked at, once, with only those values picked out of their configs and summaries that
//! filter, order and columns name.

use std::collections::HashMap;
use std::sync::LazyLock;

use serde_json::{Map, Value, json};

use super::filter::Filter;
use super::filter::RunFields;
use super::filter::fields::{Picks, Raw, Scalar};
use super::filter::name::{Name, NumberField, Path, TextField};
use super::meta::runs::{self, Run};
use super::meta::users;
use super::order::Order;
use super::{Failure, Server, now};

/// Which runs are wanted, and what of them.
#[derive(Debug)]
pub(crate) struct Wanted {
    filter: Option<Filter>,
    order: Order,
    /// What the filter and then the order look at.
    chosen_by: Picks,
    /// As the pages write them.
    columns: Vec<String>,
    /// The places that the columns stand for.
    shown: Picks,
}

/// What lists need to know of a run, wherever it is stored.
#[derive(Debug, Clone, Default)]
pub(crate) struct Listed {
    pub(crate) number: i64,
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) state: String,
    pub(crate) created: f64,
    pub(crate) heartbeat: f64,
    /// Seconds.
    pub(crate) runtime: f64,
    pub(crate) tags: Vec<String>,
    pub(crate) notes: String,
    pub(crate) group: String,
    pub(crate) job_type: String,
    pub(crate) user: String,
    pub(crate) sweep: String,
    pub(crate) config: String,
    pub(crate) summary: String,
}

impl RunFields for Listed {
    fn text(&self, field: TextField) -> &str {
        match field {
            TextField::State => &self.state,
            TextField::Name => &self.name,
            TextField::Id => &self.id,
            TextField::Group => &self.group,
            TextField::JobType => &self.job_type,
            TextField::User => &self.user,
            TextField::Sweep => &self.sweep,
            TextField::Notes => &self.notes,
        }
    }

    fn number(&self, field: NumberField) -> Option<f64> {
        Some(match field {
            NumberField::Created => self.created,
            NumberField::Heartbeat => self.heartbeat,
            NumberField::Runtime => self.runtime,
        })
    }

    fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().map(String::as_str)
    }
}

impl Listed {
    /// A stored run; `user` is its user's name.
    pub(crate) fn of(run: Run, user: String, now: f64) -> Self {
        Self {
            number: run.id,
            state: run.state_at(now).to_owned(),
            tags: run.tag_list(),
            runtime: runtime_of(&run),
            id: run.name,
            name: run.display_name,
            created: run.created,
            heartbeat: run.heartbeat,
            notes: run.notes,
            group: run.group,
            job_type: run.job_type,
            sweep: run.sweep,
            config: run.config,
            summary: run.summary,
            user,
        }
    }

    /// As the pages show it, with these values.
    pub(crate) fn row(&self, values: Map<String, Value>) -> Value {
        json!({
            "id": self.id,
            "name": self.name,
            "state": self.state,
            "created": self.created,
            "heartbeat": self.heartbeat,
            "runtime": self.runtime,
            "tags": self.tags,
            "notes": self.notes,
            "group": self.group,
            "job_type": self.job_type,
            "user": self.user,
            "sweep": Some(&self.sweep).filter(|sweep| !sweep.is_empty()),
            "values": Value::Object(values),
        })
    }
}

/// How long a run has taken: what it says itself, else the time between its first and its last sign.
fn runtime_of(run: &Run) -> f64 {
    static SAID: LazyLock<Picks> =
        LazyLock::new(|| Picks::new([&Path::Summary("_runtime".to_owned())]));
    let mut values = Vec::new();
    SAID.pick("", &run.summary, &mut values);
    match values.first().copied().flatten().map(Raw::scalar) {
        Some(Scalar::Number(seconds)) => seconds,
        _ => (run.heartbeat - run.created).max(0.0),
    }
}

impl Wanted {
    /// What the official API asks for: filters in the style of `MongoDB`, and an order such as `-summary_metrics.acc`.
    pub(crate) fn of_api(filters: Option<&str>, order: Option<&str>) -> Result<Self, Failure> {
        let filter = match filters.filter(|text| !text.trim().is_empty()) {
            Some(text) => Some(Filter::from_mongo(text).map_err(Failure::Invalid)?),
            None => None,
        };
        let order = Order::from_mongo_style(order.unwrap_or_default());
        let order = order.map_err(|error| Failure::Invalid(error.to_string()))?;
        Ok(Self::new(filter, order, Vec::new()))
    }

    /// What the pages ask for. An error in the filter comes with its place.
    pub(crate) fn of_page(
        filter: &str,
        sort: &str,
        columns: &str,
    ) -> Result<Self, (String, Option<usize>)> {
        let filter = if filter.trim().is_empty() {
            None
        } else {
            Some(
                Filter::from_text(filter)
                    .map_err(|error| (error.message.clone(), Some(error.at)))?,
            )
        };
        let columns = names(columns).filter_map(|name| match Name::from_text(&name) {
            Some(Name::Path(path)) => Some((plain_name(&path), path)),
            _ => None,
        });
        let order = Order::from_text(sort).map_err(|error| (error.to_string(), None))?;
        Ok(Self::new(filter, order, columns.collect()))
    }

    fn new(filter: Option<Filter>, order: Order, columns: Vec<(String, Path)>) -> Self {
        let filter_paths = filter.as_ref().map_or(&[][..], Filter::paths);
        Self {
            chosen_by: Picks::new(filter_paths.iter().chain(order.paths())),
            shown: Picks::new(columns.iter().map(|(_, path)| path)),
            filter,
            order,
            columns: columns.into_iter().map(|(name, _)| name).collect(),
        }
    }

    /// Those of the runs that are wanted, in order.
    pub(crate) fn choose<'r>(&self, runs: &'r [Listed]) -> Vec<&'r Listed> {
        let filter_paths = self
            .filter
            .as_ref()
            .map_or(0, |filter| filter.paths().len());
        let mut picked = Vec::new();
        let mut chosen = Vec::new();
        for run in runs {
            self.chosen_by.pick(&run.config, &run.summary, &mut picked);
            let (for_filter, for_order) = picked.split_at(filter_paths);
            if self
                .filter
                .as_ref()
                .is_none_or(|filter| filter.matches(run, for_filter))
            {
                chosen.push((self.order.key(run, for_order), run));
            }
        }
        chosen.sort_unstable_by(|one, other| self.order.compare(&one.0, &other.0));
        chosen.into_iter().map(|(_, run)| run).collect()
    }

    /// A run as the pages show it, with the wanted columns.
    pub(crate) fn row(&self, run: &Listed) -> Value {
        let mut picked = Vec::new();
        self.shown.pick(&run.config, &run.summary, &mut picked);
        let values = self
            .columns
            .iter()
            .zip(picked)
            .filter_map(|(name, raw)| Some((name.clone(), shown(raw?))));
        run.row(values.collect())
    }
}

/// A value as strict JSON.
fn shown(raw: Raw<'_>) -> Value {
    crate::wire::json::Value::parse(raw.json())
        .map_or(Value::Null, |value| super::graphql::strict(&value))
}

/// A path's name as rows are asked for their values by it: without backquotes.
fn plain_name(path: &Path) -> String {
    match path {
        Path::Config(key) => format!("config.{key}"),
        Path::Summary(key) => format!("summary.{key}"),
    }
}

/// The names of a list with commas between; a name in backquotes may hold one.
fn names(text: &str) -> impl Iterator<Item = String> {
    let mut quoted = false;
    let parts: Vec<String> = text
        .split(|letter| {
            quoted ^= letter == '`';
            letter == ',' && !quoted
        })
        .map(|part| part.trim().to_owned())
        .filter(|part| !part.is_empty())
        .collect();
    parts.into_iter()
}

/// All runs of a project.
pub(crate) fn all(server: &Server, project: i64) -> Result<Vec<Listed>, Failure> {
    let now = now();
    server.meta.read(|db| {
        let users: HashMap<i64, String> = users::all(db)?
            .into_iter()
            .map(|user| (user.id, user.name))
            .collect();
        let mut found = Vec::new();
        runs::each(db, project, |run| {
            let user = users.get(&run.user).cloned().unwrap_or_default();
            found.push(Listed::of(run, user, now));
        })?;
        Ok(found)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn run(id: &str, created: f64, config: &str, summary: &str) -> Listed {
        Listed {
            id: id.to_owned(),
            name: format!("run {id}"),
            created,
            config: config.to_owned(),
            summary: summary.to_owned(),
            ..Listed::default()
        }
    }

    #[test]
    fn runs_are_chosen_sorted_and_shown_with_columns() {
        let runs = vec![
            run("a", 1.0, r#"{"lr":{"value":0.1}}"#, r#"{"acc":0.5}"#),
            run("b", 2.0, r#"{"lr":{"value":0.01}}"#, r#"{"acc":NaN}"#),
            run("c", 3.0, "{}", r#"{"acc":0.9}"#),
        ];
        let wanted =
            Wanted::of_page("config.lr < 0.5", "-created", "config.lr,summary.`acc`,`x`").unwrap();
        let rows: Vec<Value> = wanted
            .choose(&runs)
            .into_iter()
            .map(|run| wanted.row(run))
            .collect();
        let ids: Vec<&str> = rows.iter().filter_map(|row| row["id"].as_str()).collect();
        assert_eq!(ids, ["b", "a"]);
        assert_eq!(
            rows[0]["values"],
            json!({"config.lr": 0.01, "summary.acc": "NaN"})
        );
    }

    #[test]
    fn a_filter_that_is_none_is_told_with_its_place() {
        let (message, at) = Wanted::of_page("config.lr <", "", "").unwrap_err();
        assert!(!message.is_empty() && at.is_some());
        assert!(Wanted::of_api(Some("{"), None).is_err());
        assert!(Wanted::of_api(None, Some("-nonsense")).is_err());
    }
}
