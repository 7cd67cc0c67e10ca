//! Sweeps and their agents.

use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

/// A sweep.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Sweep {
    pub(crate) id: i64,
    pub(crate) project: i64,
    pub(crate) name: String,
    pub(crate) display_name: Option<String>,
    pub(crate) description: Option<String>,
    /// YAML, as the client wrote it.
    pub(crate) config: String,
    /// `PENDING`, `RUNNING`, `PAUSED`, `FINISHED` or `CANCELED`.
    pub(crate) state: String,
    pub(crate) user: i64,
    pub(crate) created: f64,
    pub(crate) updated: f64,
}

/// A process that carries out runs of a sweep.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Agent {
    pub(crate) id: i64,
    pub(crate) sweep: i64,
    pub(crate) name: String,
    pub(crate) host: String,
    pub(crate) created: f64,
    pub(crate) heartbeat: f64,
}

const SWEEP: &str =
    "id, project, name, display_name, description, config, state, user, created, updated";
const AGENT: &str = "id, sweep, name, host, created, heartbeat";

fn sweep(row: &Row<'_>) -> Result<Sweep> {
    Ok(Sweep {
        id: row.get(0)?,
        project: row.get(1)?,
        name: row.get(2)?,
        display_name: row.get(3)?,
        description: row.get(4)?,
        config: row.get(5)?,
        state: row.get(6)?,
        user: row.get(7)?,
        created: row.get(8)?,
        updated: row.get(9)?,
    })
}

fn agent(row: &Row<'_>) -> Result<Agent> {
    Ok(Agent {
        id: row.get(0)?,
        sweep: row.get(1)?,
        name: row.get(2)?,
        host: row.get(3)?,
        created: row.get(4)?,
        heartbeat: row.get(5)?,
    })
}

/// A sweep by its name.
pub(crate) fn find(connection: &Connection, project: i64, name: &str) -> Result<Option<Sweep>> {
    connection
        .prepare_cached(&format!(
            "SELECT {SWEEP} FROM sweeps WHERE project = ?1 AND name = ?2"
        ))?
        .query_row(params![project, name], sweep)
        .optional()
}

/// A sweep by its number.
pub(crate) fn by_id(connection: &Connection, id: i64) -> Result<Option<Sweep>> {
    connection
        .prepare_cached(&format!("SELECT {SWEEP} FROM sweeps WHERE id = ?1"))?
        .query_row([id], sweep)
        .optional()
}

/// The sweeps of a project, the newest first.
pub(crate) fn all(connection: &Connection, project: i64) -> Result<Vec<Sweep>> {
    connection
        .prepare_cached(&format!(
            "SELECT {SWEEP} FROM sweeps WHERE project = ?1 ORDER BY id DESC"
        ))?
        .query_map([project], sweep)?
        .collect()
}

/// Makes a sweep.
pub(crate) fn create(
    connection: &Connection,
    project: i64,
    name: &str,
    config: &str,
    user: i64,
    now: f64,
) -> Result<i64> {
    connection.execute(
        "INSERT INTO sweeps (project, name, config, state, user, created, updated) \
         VALUES (?1, ?2, ?3, 'PENDING', ?4, ?5, ?5)",
        params![project, name, config, user, now],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Changes a sweep; `None` leaves what is there.
pub(crate) fn change(
    connection: &Connection,
    id: i64,
    config: Option<&str>,
    state: Option<&str>,
    display_name: Option<&str>,
    description: Option<&str>,
    now: f64,
) -> Result<()> {
    connection.execute(
        "UPDATE sweeps SET config = coalesce(?2, config), state = coalesce(?3, state), \
         display_name = coalesce(?4, display_name), description = coalesce(?5, description), updated = ?6 WHERE id = ?1",
        params![id, config, state, display_name, description, now],
    )?;
    Ok(())
}

/// Makes an agent.
pub(crate) fn create_agent(
    connection: &Connection,
    sweep: i64,
    name: &str,
    host: &str,
    now: f64,
) -> Result<i64> {
    connection.execute(
        "INSERT INTO agents (sweep, name, host, created, heartbeat) VALUES (?1, ?2, ?3, ?4, ?4)",
        params![sweep, name, host, now],
    )?;
    Ok(connection.last_insert_rowid())
}

/// An agent by its number.
pub(crate) fn agent_by_id(connection: &Connection, id: i64) -> Result<Option<Agent>> {
    connection
        .prepare_cached(&format!("SELECT {AGENT} FROM agents WHERE id = ?1"))?
        .query_row([id], agent)
        .optional()
}

/// The agents of a sweep, the oldest first.
pub(crate) fn agents(connection: &Connection, sweep: i64) -> Result<Vec<Agent>> {
    connection
        .prepare_cached(&format!(
            "SELECT {AGENT} FROM agents WHERE sweep = ?1 ORDER BY id"
        ))?
        .query_map([sweep], agent)?
        .collect()
}

/// An agent was heard of.
pub(crate) fn touch_agent(connection: &Connection, id: i64, now: f64) -> Result<()> {
    connection.execute(
        "UPDATE agents SET heartbeat = ?2 WHERE id = ?1",
        params![id, now],
    )?;
    Ok(())
}
