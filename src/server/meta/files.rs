//! Files of runs, and which content is still needed.

use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

/// A file of a run, whose content has arrived.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct File {
    pub(crate) id: i64,
    pub(crate) run: i64,
    pub(crate) name: String,
    /// Hexadecimal.
    pub(crate) md5: String,
    /// Bytes.
    pub(crate) size: i64,
    pub(crate) updated: f64,
}

const COLUMNS: &str = "id, run, name, md5, size, updated";

fn file(row: &Row<'_>) -> Result<File> {
    Ok(File {
        id: row.get(0)?,
        run: row.get(1)?,
        name: row.get(2)?,
        md5: row.get(3)?,
        size: row.get(4)?,
        updated: row.get(5)?,
    })
}

/// The files of a run, in the order of their names.
pub(crate) fn all(connection: &Connection, run: i64) -> Result<Vec<File>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM files WHERE run = ?1 AND md5 IS NOT NULL ORDER BY name"
        ))?
        .query_map([run], file)?
        .collect()
}

/// A file by its name.
pub(crate) fn find(connection: &Connection, run: i64, name: &str) -> Result<Option<File>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLUMNS} FROM files WHERE run = ?1 AND name = ?2 AND md5 IS NOT NULL"
        ))?
        .query_row(params![run, name], file)
        .optional()
}

/// How many files a run has.
pub(crate) fn count(connection: &Connection, run: i64) -> Result<i64> {
    connection
        .prepare_cached("SELECT count(*) FROM files WHERE run = ?1 AND md5 IS NOT NULL")?
        .query_row([run], |row| row.get(0))
}

/// The content of a run's file has arrived.
pub(crate) fn store(
    connection: &Connection,
    run: i64,
    name: &str,
    md5: &str,
    size: u64,
    now: f64,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO files (run, name, md5, size, updated) VALUES (?1, ?2, ?3, ?4, ?5) \
             ON CONFLICT (run, name) DO UPDATE SET md5 = excluded.md5, size = excluded.size, updated = excluded.updated",
        )?
        .execute(params![run, name, md5, size as i64, now])?;
    Ok(())
}

/// Deletes files by their numbers.
pub(crate) fn delete(connection: &Connection, ids: &[i64]) -> Result<()> {
    let mut statement = connection.prepare_cached("DELETE FROM files WHERE id = ?1")?;
    for id in ids {
        statement.execute([id])?;
    }
    Ok(())
}

/// Whether some file, manifest or artifact still has this content.
pub(crate) fn is_needed(connection: &Connection, md5: &str) -> Result<bool> {
    connection
        .prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM files WHERE md5 = ?1) OR EXISTS (SELECT 1 FROM entries WHERE md5 = ?1) \
             OR EXISTS (SELECT 1 FROM manifests WHERE md5 = ?1) OR EXISTS (SELECT 1 FROM pending WHERE md5 = ?1)",
        )?
        .query_row([md5], |row| row.get(0))
}
