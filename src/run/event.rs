//! What happens to a run, and when.

use std::time::Duration;

use crate::wire::fields::Fields;
use crate::wire::json::Value;
use crate::wire::schema::{
    AlertRecord, EnvironmentRecord, FilesItem, Kind, MetricRecord, StatsRecord,
};

/// The moment of an event on both clocks.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Now {
    /// Wall clock in nanoseconds since the Unix epoch; recorded, never used for order or duration.
    pub unix_nanos: i128,
    /// Monotonic time since the run began.
    pub elapsed: Duration,
}

/// Which stream of the child a text came from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Stream {
    Stdout,
    Stderr,
}

impl Stream {
    /// The stream that records tell by a flag.
    pub fn of(stdout: bool) -> Self {
        if stdout { Self::Stdout } else { Self::Stderr }
    }
}

/// What the server says of a run that it has taken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Registration {
    pub entity: String,
    pub project: String,
    pub display_name: String,
    /// The page of the run.
    pub url: String,
    /// The server had the run already: its next row has this step.
    pub resumed_at: Option<i64>,
    /// The config of a run that the server had: keys and values as JSON.
    pub config: Vec<(String, String)>,
}

/// Everything that can happen to a run, but for its console output: that changes nothing else, so the recorder
/// writes it straight into the log.
#[derive(Debug, Clone, PartialEq)]
pub enum Event {
    /// A `log()` call. Without `commit` and `step` the row is complete; with a step it stays open
    /// until a later step, `commit`, or the end.
    Log {
        fields: Fields,
        step: Option<i64>,
        commit: Option<bool>,
    },
    /// Metrics found in the output: a complete row, or a part of the row that a client has numbered. Each metric is
    /// plotted against `axis`.
    Parsed {
        fields: Fields,
        axis: Option<&'static str>,
    },
    /// Changed top-level config keys.
    Config(Vec<(String, Value)>),
    /// Explicit summary values; a metric that is set here keeps its latest value from now on.
    Summary(Vec<(String, Value)>),
    DefineMetric(MetricRecord),
    Name(String),
    Notes(String),
    /// Adds tags to those the run has.
    Tags(Vec<String>),
    Alert(AlertRecord),
    Files(Vec<FilesItem>),
    Environment(Box<EnvironmentRecord>),
    Stats(StatsRecord),
    Preempting,
    /// A record as a client encoded it, and what this build knows of it.
    Record(Vec<u8>, Option<Box<Kind>>),
    /// The script has said that the run is over; what its processes still print belongs to it all the same.
    Over,
    /// The end; nothing may follow.
    Exit {
        code: i32,
    },
}
