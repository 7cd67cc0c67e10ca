//! What the server knows besides points and bytes: `meta.db`, a `SQLite` database in WAL mode with one writer.
//!
//! A change is on the disk before it is acknowledged (`synchronous = FULL`). The tables are in `migrations/`; those that a
//! database has not seen yet are applied when it is opened, and one that is newer than this program is refused.

use std::path::Path;
use std::sync::Mutex;
use std::time::Duration;

use rusqlite::{Connection, OpenFlags, TransactionBehavior};

use super::held;

pub(crate) mod artifacts;
pub(crate) mod collections;
pub(crate) mod files;
pub(crate) mod projects;
pub(crate) mod runs;
pub(crate) mod sweeps;
pub(crate) mod users;

/// The tables, in the order in which they came.
const MIGRATIONS: &[&str] = &[include_str!("migrations/001.sql")];
/// Statements that a connection keeps prepared.
const STATEMENTS: usize = 128;
/// Readers that are kept for the next one.
const READERS: usize = 8;

/// Why the database cannot be used.
#[derive(Debug, thiserror::Error)]
pub(crate) enum MetaError {
    #[error(transparent)]
    Sqlite(#[from] rusqlite::Error),
    #[error(transparent)]
    Io(#[from] std::io::Error),
    #[error(
        "it is of version {found}, and this program knows versions up to {known}; use a newer wandb-rs"
    )]
    Newer { found: usize, known: usize },
}

/// The database.
#[derive(Debug)]
pub(crate) struct Meta {
    path: std::path::PathBuf,
    writer: Mutex<Connection>,
    readers: Mutex<Vec<Connection>>,
}

impl Meta {
    /// Opens the database, or makes it.
    pub(crate) fn open(path: &Path) -> Result<Self, MetaError> {
        // SQLite gives its other files the mode of this one.
        match crate::store::new_private_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::AlreadyExists => {
                return Err(error.into());
            }
            _ => {}
        }
        let mut writer = Connection::open(path)?;
        writer.pragma_update(None, "journal_mode", "WAL")?;
        writer.pragma_update(None, "synchronous", "FULL")?;
        writer.pragma_update(None, "foreign_keys", "ON")?;
        writer.busy_timeout(Duration::from_secs(10))?;
        writer.set_prepared_statement_cache_capacity(STATEMENTS);
        migrate(&mut writer)?;
        Ok(Self {
            path: path.to_owned(),
            writer: Mutex::new(writer),
            readers: Mutex::default(),
        })
    }

    /// Changes something, in one transaction: all of it is kept, or nothing if `work` fails.
    pub(crate) fn write<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let mut writer = held(&self.writer);
        // At once a writer: another process may add a user between the first look and the change.
        let transaction = writer.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let result = work(&transaction)?;
        transaction.commit()?;
        Ok(result)
    }

    /// Looks something up, at one moment in time.
    pub(crate) fn read<T, E: From<rusqlite::Error>>(
        &self,
        work: impl FnOnce(&Connection) -> Result<T, E>,
    ) -> Result<T, E> {
        let kept = held(&self.readers).pop();
        let reader = match kept {
            Some(reader) => reader,
            None => self.reader()?,
        };
        let transaction = reader.unchecked_transaction()?;
        let result = work(&transaction);
        transaction.finish()?;
        let mut readers = held(&self.readers);
        if readers.len() < READERS {
            readers.push(reader);
        }
        result
    }

    fn reader(&self) -> Result<Connection, rusqlite::Error> {
        let flags = OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX;
        let reader = Connection::open_with_flags(&self.path, flags)?;
        reader.busy_timeout(Duration::from_secs(10))?;
        reader.set_prepared_statement_cache_capacity(STATEMENTS);
        Ok(reader)
    }

    /// Writes a copy of the whole database, as it is at this moment, to a new file.
    pub(crate) fn copy_to(&self, path: &Path) -> Result<(), rusqlite::Error> {
        let reader = self.reader()?;
        reader.execute("VACUUM INTO ?1", [path.to_string_lossy()])?;
        Ok(())
    }
}

fn migrate(connection: &mut Connection) -> Result<(), MetaError> {
    let version: usize =
        connection.pragma_query_value(None, "user_version", |row| row.get::<_, u32>(0))? as usize;
    if version > MIGRATIONS.len() {
        return Err(MetaError::Newer {
            found: version,
            known: MIGRATIONS.len(),
        });
    }
    for (at, migration) in MIGRATIONS.iter().enumerate().skip(version) {
        let transaction = connection.transaction()?;
        transaction.execute_batch(migration)?;
        transaction.pragma_update(None, "user_version", (at + 1) as u32)?;
        transaction.commit()?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_database_is_made_once_and_a_newer_one_is_refused() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("meta.db");
        drop(Meta::open(&path).unwrap());
        drop(Meta::open(&path).unwrap());
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "user_version", 99).unwrap();
        drop(connection);
        let error = Meta::open(&path).unwrap_err().to_string();
        assert!(error.contains("version 99"), "{error}");
    }

    #[test]
    fn a_change_that_fails_is_no_change() {
        let directory = tempfile::tempdir().unwrap();
        let meta = Meta::open(&directory.path().join("meta.db")).unwrap();
        let failed: Result<(), rusqlite::Error> = meta.write(|connection| {
            connection.execute(
                "INSERT INTO users (name, admin, created) VALUES ('a', 0, 0)",
                [],
            )?;
            Err(rusqlite::Error::QueryReturnedNoRows)
        });
        assert!(failed.is_err());
        let count: i64 = meta
            .read::<_, rusqlite::Error>(|connection| {
                connection.query_row("SELECT count(*) FROM users", [], |row| row.get(0))
            })
            .unwrap();
        assert_eq!(count, 0);
    }
}
