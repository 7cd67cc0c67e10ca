//! Runs: what is said about each, and the state that follows from it.

use rusqlite::types::ToSql;
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

/// A run that was not heard of for so many seconds has crashed: official clients send a heartbeat every 30 seconds.
const SILENCE: f64 = 300.0;

/// A run as it is stored.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Run {
    pub(crate) id: i64,
    pub(crate) project: i64,
    /// The run's id, as clients name it.
    pub(crate) name: String,
    pub(crate) display_name: String,
    pub(crate) state: String,
    /// JSON: `{"lr":{"value":0.1},…}`.
    pub(crate) config: String,
    /// JSON, with bare `NaN` and `Infinity` as clients send them.
    pub(crate) summary: String,
    /// The last row of system metrics, as JSON.
    pub(crate) system: String,
    pub(crate) description: Option<String>,
    pub(crate) notes: String,
    /// JSON: a list of texts.
    pub(crate) tags: String,
    pub(crate) group: String,
    pub(crate) job_type: String,
    pub(crate) sweep: String,
    pub(crate) commit: Option<String>,
    pub(crate) repository: Option<String>,
    pub(crate) program: Option<String>,
    pub(crate) host: Option<String>,
    pub(crate) user: i64,
    pub(crate) created: f64,
    pub(crate) heartbeat: f64,
    pub(crate) exit_code: Option<i64>,
    pub(crate) stopped: bool,
    pub(crate) preempting: bool,
}

const COLUMNS: &str = "id, project, name, display_name, state, config, summary, system, description, notes, tags, \
run_group, job_type, sweep, commit_hash, repository, program, host, user, created, heartbeat, exit_code, stopped, \
preempting";

fn run(row: &Row<'_>) -> Result<Run> {
    Ok(Run {
        id: row.get(0)?,
        project: row.get(1)?,
        name: row.get(2)?,
        display_name: row.get(3)?,
        state: row.get(4)?,
        config: row.get(5)?,
        summary: row.get(6)?,
        system: row.get(7)?,
        description: row.get(8)?,
        notes: row.get(9)?,
        tags: row.get(10)?,
        group: row.get(11)?,
        job_type: row.get(12)?,
        sweep: row.get(13)?,
        commit: row.get(14)?,
        repository: row.get(15)?,
        program: row.get(16)?,
        host: row.get(17)?,
        user: row.get(18)?,
        created: row.get(19)?,
        heartbeat: row.get(20)?,
        exit_code: row.get(21)?,
        stopped: row.get(22)?,
        preempting: row.get(23)?,
    })
}

impl Run {
    /// The state at this time: a run that does not say anything any more has crashed.
    pub(crate) fn state_at(&self, now: f64) -> &str {
        let at_work = matches!(self.state.as_str(), "running" | "preempting");
        if at_work && now - self.heartbeat > SILENCE {
            "crashed"
        } else {
            &self.state
        }
    }

    pub(crate) fn tag_list(&self) -> Vec<String> {
        serde_json::from_str(&self.tags).unwrap_or_default()
    }
}

/// A change of what is said about a run; `None` leaves what is there.
#[expect(clippy::option_option, reason = "to set nothing is not to leave it")]
#[derive(Debug, Default)]
pub(crate) struct Change<'a> {
    pub(crate) display_name: Option<&'a str>,
    pub(crate) state: Option<&'a str>,
    pub(crate) config: Option<&'a str>,
    pub(crate) summary: Option<&'a str>,
    pub(crate) system: Option<&'a str>,
    pub(crate) description: Option<&'a str>,
    pub(crate) notes: Option<&'a str>,
    pub(crate) tags: Option<&'a str>,
    pub(crate) group: Option<&'a str>,
    pub(crate) job_type: Option<&'a str>,
    pub(crate) sweep: Option<&'a str>,
    pub(crate) commit: Option<&'a str>,
    pub(crate) repository: Option<&'a str>,
    pub(crate) program: Option<&'a str>,
    pub(crate) host: Option<&'a str>,
    pub(crate) heartbeat: Option<f64>,
    /// `Some(None)` takes the exit code away.
    pub(crate) exit_code: Option<Option<i64>>,
    pub(crate) stopped: Option<bool>,
    pub(crate) preempting: Option<bool>,
}

impl Change<'_> {
    fn columns(&self) -> Vec<(&'static str, &dyn ToSql)> {
        let mut columns: Vec<(&'static str, &dyn ToSql)> = Vec::new();
        let texts = [
            ("display_name", &self.display_name),
            ("state", &self.state),
            ("config", &self.config),
            ("summary", &self.summary),
            ("system", &self.system),
            ("description", &self.description),
            ("notes", &self.notes),
            ("tags", &self.tags),
            ("run_group", &self.group),
            ("job_type", &self.job_type),
            ("sweep", &self.sweep),
            ("commit_hash", &self.commit),
            ("repository", &self.repository),
            ("program", &self.program),
            ("host", &self.host),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                columns.push((name, text));
            }
        }
        if let Some(heartbeat) = &self.heartbeat {
            columns.push(("heartbeat", heartbeat));
        }
        if let Some(exit_code) = &self.exit_code {
            columns.push(("exit_code", exit_code));
        }
        for (name, flag) in [("stopped", &self.stopped), ("preempting", &self.preempting)] {
            if let Some(flag) = flag {
                columns.push((name, flag));
            }
        }
        columns
    }
}

/// A run by its id within a project.
pub(crate) fn find(connection: &Connection, project: i64, name: &str) -> Result<Option<Run>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM runs WHERE project = ?1 AND name = ?2"
        ))?
        .query_row(params![project, name], run)
        .optional()
}

/// A run by its number.
pub(crate) fn by_id(connection: &Connection, id: i64) -> Result<Option<Run>> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE id = ?1"))?
        .query_row([id], run)
        .optional()
}

/// Hands out all runs of a project.
pub(crate) fn each(connection: &Connection, project: i64, mut take: impl FnMut(Run)) -> Result<()> {
    let mut statement =
        connection.prepare_cached(&format!("SELECT {COLUMNS} FROM runs WHERE project = ?1"))?;
    let mut rows = statement.query([project])?;
    while let Some(row) = rows.next()? {
        take(run(row)?);
    }
    Ok(())
}

/// The runs of a sweep, the oldest first.
pub(crate) fn of_sweep(connection: &Connection, project: i64, sweep: &str) -> Result<Vec<Run>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM runs WHERE project = ?1 AND sweep = ?2 AND sweep <> '' ORDER BY id"
        ))?
        .query_map(params![project, sweep], run)?
        .collect()
}

/// Notes which agent was told to carry a run out.
pub(crate) fn set_agent(connection: &Connection, id: i64, agent: i64) -> Result<()> {
    connection.execute("UPDATE runs SET agent = ?2 WHERE id = ?1", [id, agent])?;
    Ok(())
}

/// The runs of an agent, the oldest first.
pub(crate) fn of_agent(connection: &Connection, agent: i64) -> Result<Vec<Run>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM runs WHERE agent = ?1 ORDER BY id"
        ))?
        .query_map([agent], run)?
        .collect()
}

/// How many runs a project has, how many of them are at work, and when the last one was heard of.
pub(crate) fn activity(
    connection: &Connection,
    project: i64,
    now: f64,
) -> Result<(i64, i64, Option<f64>)> {
    connection
        .prepare_cached(
            "SELECT count(*), count(*) FILTER (WHERE state IN ('running', 'preempting') AND heartbeat > ?2), \
             max(heartbeat) FROM runs WHERE project = ?1",
        )?
        .query_row(params![project, now - SILENCE], |row| {
            Ok((row.get(0)?, row.get(1)?, row.get(2)?))
        })
}

/// Makes a run, in the state `running`.
pub(crate) fn create(
    connection: &Connection,
    project: i64,
    name: &str,
    display_name: &str,
    user: i64,
    now: f64,
) -> Result<i64> {
    connection
        .prepare_cached(
            "INSERT INTO runs (project, name, display_name, state, user, created, heartbeat) \
             VALUES (?1, ?2, ?3, 'running', ?4, ?5, ?5)",
        )?
        .execute(params![project, name, display_name, user, now])?;
    Ok(connection.last_insert_rowid())
}

/// Changes a run; false if it is gone.
pub(crate) fn change(connection: &Connection, id: i64, change: &Change<'_>) -> Result<bool> {
    let columns = change.columns();
    if columns.is_empty() {
        return Ok(true);
    }
    let names: Vec<String> = columns
        .iter()
        .enumerate()
        .map(|(at, (name, _))| format!("{name} = ?{}", at + 2))
        .collect();
    let mut values: Vec<&dyn ToSql> = vec![&id];
    values.extend(columns.iter().map(|(_, value)| *value));
    let changed = connection
        .prepare_cached(&format!(
            "UPDATE runs SET {} WHERE id = ?1",
            names.join(", ")
        ))?
        .execute(values.as_slice())?;
    Ok(changed > 0)
}

/// Deletes a run; its artifacts stay.
pub(crate) fn delete(connection: &Connection, id: i64) -> Result<()> {
    connection.execute("DELETE FROM runs WHERE id = ?1", [id])?;
    Ok(())
}

/// Stores an alert.
pub(crate) fn add_alert(
    connection: &Connection,
    run: i64,
    title: &str,
    text: &str,
    level: &str,
    now: f64,
) -> Result<()> {
    connection.execute(
        "INSERT INTO alerts (run, title, text, level, created) VALUES (?1, ?2, ?3, ?4, ?5)",
        params![run, title, text, level, now],
    )?;
    Ok(())
}
