//! A run for tests.

use super::fields::Picks;
use super::*;

/// A run of tests: some texts that every run has, tags, and both JSON texts.
#[derive(Debug, Clone, Copy, Default)]
pub(in crate::server) struct TestRun {
    pub(in crate::server) id: &'static str,
    pub(in crate::server) name: &'static str,
    pub(in crate::server) state: &'static str,
    pub(in crate::server) group: &'static str,
    pub(in crate::server) created: f64,
    pub(in crate::server) runtime: Option<f64>,
    pub(in crate::server) tags: &'static [&'static str],
    pub(in crate::server) config: &'static str,
    pub(in crate::server) summary: &'static str,
}

impl RunFields for TestRun {
    fn text(&self, field: TextField) -> &str {
        match field {
            TextField::Id => self.id,
            TextField::Name => self.name,
            TextField::State => self.state,
            TextField::Group => self.group,
            _ => "",
        }
    }

    fn number(&self, field: NumberField) -> Option<f64> {
        match field {
            NumberField::Created => Some(self.created),
            NumberField::Runtime => self.runtime,
            NumberField::Heartbeat => None,
        }
    }

    fn tags(&self) -> impl Iterator<Item = &str> {
        self.tags.iter().copied()
    }
}

/// 2026-11-25T12:00:00Z
pub(in crate::server) const NOW: f64 = 1_795_608_000.0;

pub(in crate::server) const RUN: TestRun = TestRun {
    id: "abc123",
    name: "ResNet-50 Baseline",
    state: "running",
    group: "",
    created: NOW - 3.0 * 86_400.0,
    runtime: Some(5400.0),
    tags: &["prod", "v2"],
    config: r#"{"lr":{"value":0.01},"model":{"value":{"depth":5,"name":"vit"}},"layers":{"value":[64,"x"]},
        "on":{"value":true},"none":{"value":null},"size":{"value":"10"},"_wandb":{"value":{"a":1}}}"#,
    summary: r#"{"acc":0.9,"val/acc":0.5,"loss":NaN,"nested":{"a":1},"text":"é \"q\""}"#,
};

pub(in crate::server) fn matches(filter: &Filter, run: &TestRun) -> bool {
    let mut values = Vec::new();
    Picks::new(filter.paths()).pick(run.config, run.summary, &mut values);
    filter.matches(run, &values)
}
