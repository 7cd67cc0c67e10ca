//! Projects. An entity is no more than a name before them: whoever logs to a new one makes it.

use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

/// A project.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Project {
    pub(crate) id: i64,
    pub(crate) entity: String,
    pub(crate) name: String,
    pub(crate) description: String,
    pub(crate) access: String,
    pub(crate) created: f64,
}

const COLUMNS: &str = "id, entity, name, description, access, created";

fn project(row: &Row<'_>) -> Result<Project> {
    Ok(Project {
        id: row.get(0)?,
        entity: row.get(1)?,
        name: row.get(2)?,
        description: row.get(3)?,
        access: row.get(4)?,
        created: row.get(5)?,
    })
}

/// A project by its names.
pub(crate) fn find(connection: &Connection, entity: &str, name: &str) -> Result<Option<Project>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM projects WHERE entity = ?1 AND name = ?2"
        ))?
        .query_row([entity, name], project)
        .optional()
}

/// A project by its number.
pub(crate) fn by_id(connection: &Connection, id: i64) -> Result<Project> {
    connection
        .prepare_cached(&format!("SELECT {COLUMNS} FROM projects WHERE id = ?1"))?
        .query_row([id], project)
}

/// A project by its names, which is made if it is not there; and whether it was made.
pub(crate) fn ensure(
    connection: &Connection,
    entity: &str,
    name: &str,
    now: f64,
) -> Result<(Project, bool)> {
    if let Some(project) = find(connection, entity, name)? {
        return Ok((project, false));
    }
    let made = connection
        .prepare_cached(&format!(
            "INSERT INTO projects (entity, name, created) VALUES (?1, ?2, ?3) RETURNING {COLUMNS}"
        ))?
        .query_row(params![entity, name, now], project)?;
    Ok((made, true))
}

/// Changes what is said about a project; `None` leaves it.
pub(crate) fn describe(
    connection: &Connection,
    id: i64,
    description: Option<&str>,
    access: Option<&str>,
) -> Result<()> {
    connection.execute(
        "UPDATE projects SET description = coalesce(?2, description), access = coalesce(?3, access) WHERE id = ?1",
        params![id, description, access],
    )?;
    Ok(())
}

/// The projects of an entity, or all, the newest first.
pub(crate) fn all(connection: &Connection, entity: Option<&str>) -> Result<Vec<Project>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM projects WHERE ?1 IS NULL OR entity = ?1 ORDER BY created DESC, id DESC"
        ))?
        .query_map([entity], project)?
        .collect()
}

/// The numbers of all runs of a project.
pub(crate) fn run_ids(connection: &Connection, id: i64) -> Result<Vec<i64>> {
    connection
        .prepare_cached("SELECT id FROM runs WHERE project = ?1")?
        .query_map([id], |row| row.get(0))?
        .collect()
}

/// The digests of all content of a project: files of its runs, manifests and entries of its artifacts.
pub(crate) fn digests(connection: &Connection, id: i64) -> Result<Vec<String>> {
    connection
        .prepare_cached(
            "SELECT md5 FROM files WHERE md5 IS NOT NULL AND run IN (SELECT id FROM runs WHERE project = ?1) \
             UNION SELECT md5 FROM entries WHERE md5 IS NOT NULL AND artifact IN (SELECT a.id FROM artifacts a \
             JOIN collections c ON c.id = a.collection WHERE c.project = ?1) \
             UNION SELECT md5 FROM manifests WHERE md5 IS NOT NULL AND artifact IN (SELECT a.id FROM artifacts a \
             JOIN collections c ON c.id = a.collection WHERE c.project = ?1)",
        )?
        .query_map([id], |row| row.get(0))?
        .collect()
}

/// Deletes a project with all that is in it.
pub(crate) fn delete(connection: &Connection, id: i64) -> Result<()> {
    connection.execute("DELETE FROM projects WHERE id = ?1", [id])?;
    Ok(())
}
