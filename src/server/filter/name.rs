//! The names of what runs can be filtered and sorted by, and shown as columns.
//!
//! | pages | official API | |
//! |---|---|---|
//! | `config.X` | `config.X`, `config.X.value`, `config.X.value.Y` | [`Path::Config`] of `X` or `X.Y` |
//! | `summary.X`, `metrics.X` | `summary_metrics.X`, `summaryMetrics.X` | [`Path::Summary`] of `X` |
//! | `id` | `name` | the run's ID |
//! | `name` | `display_name`, `displayName` | the name that is shown |
//! | `created`, `heartbeat`, `runtime` | `created_at`, `heartbeat_at`, `duration` | seconds |
//!
//! A key with odd characters stands in backquotes on the pages: ``summary.`val acc` ``.

/// A text that every run has; empty if there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TextField {
    State,
    /// The name that is shown.
    Name,
    Id,
    Group,
    JobType,
    User,
    Sweep,
    Notes,
}

/// A number that every run has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NumberField {
    /// Seconds since the Unix epoch.
    Created,
    /// Seconds since the Unix epoch.
    Heartbeat,
    /// Seconds.
    Runtime,
}

/// A place in a run's config or summary. A dot is part of a key or stands between an object and its member.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Path {
    Config(String),
    Summary(String),
}

/// What a filter, an order or a column names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Name {
    Text(TextField),
    Number(NumberField),
    Tags,
    Path(Path),
}

impl Name {
    /// A name as the pages write it.
    pub fn from_text(word: &str) -> Option<Self> {
        if let Some((section, key)) = word.split_once('.') {
            let key = unquoted(key)?;
            return match section {
                "config" => Some(Self::Path(Path::Config(key.to_owned()))),
                "summary" | "metrics" => Some(Self::Path(Path::Summary(key.to_owned()))),
                _ => None,
            };
        }
        Some(match word {
            "state" => Self::Text(TextField::State),
            "name" | "display_name" => Self::Text(TextField::Name),
            "id" => Self::Text(TextField::Id),
            "group" => Self::Text(TextField::Group),
            "job_type" => Self::Text(TextField::JobType),
            "user" => Self::Text(TextField::User),
            "sweep" => Self::Text(TextField::Sweep),
            "notes" => Self::Text(TextField::Notes),
            "created" => Self::Number(NumberField::Created),
            "heartbeat" => Self::Number(NumberField::Heartbeat),
            "runtime" => Self::Number(NumberField::Runtime),
            "tags" => Self::Tags,
            _ => return None,
        })
    }

    /// A name as users of the official API write it.
    pub fn from_mongo(key: &str) -> Option<Self> {
        match key.split_once('.') {
            Some(("config", key)) => return Some(Self::Path(Path::Config(unwrapped(key)))),
            Some(("summary_metrics" | "summaryMetrics", key)) => {
                return Some(Self::Path(Path::Summary(key.to_owned())));
            }
            _ => {}
        }
        Some(match key {
            "state" => Self::Text(TextField::State),
            "display_name" | "displayName" => Self::Text(TextField::Name),
            "name" => Self::Text(TextField::Id),
            "group" | "group_name" | "groupName" => Self::Text(TextField::Group),
            "jobType" | "job_type" => Self::Text(TextField::JobType),
            "username" | "user.username" => Self::Text(TextField::User),
            "sweep" | "sweep_name" | "sweepName" => Self::Text(TextField::Sweep),
            "notes" | "description" => Self::Text(TextField::Notes),
            "created_at" | "createdAt" => Self::Number(NumberField::Created),
            "heartbeat_at" | "heartbeatAt" | "updated_at" | "updatedAt" => {
                Self::Number(NumberField::Heartbeat)
            }
            "duration" | "runtime" => Self::Number(NumberField::Runtime),
            "tags" => Self::Tags,
            _ => return None,
        })
    }
}

/// A key, without the backquotes around it if it has some.
fn unquoted(key: &str) -> Option<&str> {
    match key.strip_prefix('`') {
        Some(rest) => rest.strip_suffix('`'),
        None => Some(key),
    }
    .filter(|key| !key.is_empty())
}

/// The path without the `value` in which every config value is wrapped: the first one that is not itself the key.
fn unwrapped(key: &str) -> String {
    let mut dropped = false;
    let parts = key.split('.').enumerate().filter(|(i, part)| {
        let drop = *i > 0 && *part == "value" && !dropped;
        dropped |= drop;
        !drop
    });
    let parts: Vec<&str> = parts.map(|(_, part)| part).collect();
    parts.join(".")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn config(key: &str) -> Name {
        Name::Path(Path::Config(key.into()))
    }

    fn summary(key: &str) -> Name {
        Name::Path(Path::Summary(key.into()))
    }

    #[test]
    fn config_keys_of_the_official_api_lose_their_value_layer() {
        assert_eq!(Name::from_mongo("config.lr"), Some(config("lr")));
        assert_eq!(Name::from_mongo("config.lr.value"), Some(config("lr")));
        assert_eq!(Name::from_mongo("config.a.value.b"), Some(config("a.b")));
        assert_eq!(Name::from_mongo("config.a.b.value"), Some(config("a.b")));
        assert_eq!(
            Name::from_mongo("config.value.value"),
            Some(config("value"))
        );
        assert_eq!(
            Name::from_mongo("config.a.value.value"),
            Some(config("a.value")),
            "only one layer"
        );
    }

    #[test]
    fn keys_may_stand_in_backquotes() {
        assert_eq!(
            Name::from_text("summary.`val/acc`"),
            Some(summary("val/acc"))
        );
        assert_eq!(Name::from_text("metrics.a.b"), Some(summary("a.b")));
        for bad in ["summary.`a", "summary.", "summary.``", "other.a", "nam"] {
            assert_eq!(Name::from_text(bad), None, "{bad}");
        }
    }

    #[test]
    fn name_is_the_id_for_the_official_api_alone() {
        assert_eq!(Name::from_text("name"), Some(Name::Text(TextField::Name)));
        assert_eq!(Name::from_mongo("name"), Some(Name::Text(TextField::Id)));
    }
}
