//! Artifacts: one version each of what their collection holds, with manifest and entries.

use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

/// One artifact.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Artifact {
    pub(crate) id: i64,
    /// The sequence that it is a version of.
    pub(crate) collection: i64,
    /// `PENDING`, `COMMITTED` or `DELETED`.
    pub(crate) state: String,
    pub(crate) digest: String,
    pub(crate) description: Option<String>,
    /// JSON.
    pub(crate) metadata: Option<String>,
    /// JSON: a list of texts.
    pub(crate) tags: String,
    /// JSON: the aliases that it is to have.
    pub(crate) aliases: String,
    pub(crate) run: Option<i64>,
    pub(crate) user: i64,
    pub(crate) client_id: Option<String>,
    pub(crate) history_step: Option<i64>,
    /// Seconds; `None` is the project's.
    pub(crate) ttl: Option<i64>,
    pub(crate) commit_hash: Option<String>,
    /// Bytes of its files.
    pub(crate) size: i64,
    pub(crate) file_count: i64,
    pub(crate) created: f64,
    pub(crate) updated: f64,
}

/// A manifest, whose content may not have arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Manifest {
    pub(crate) id: i64,
    pub(crate) artifact: i64,
    /// `FULL`, `PATCH` or `INCREMENTAL`.
    pub(crate) kind: String,
    /// The artifact whose entries a patch is about.
    pub(crate) base: Option<i64>,
    pub(crate) md5: Option<String>,
    pub(crate) size: i64,
}

/// An entry of a manifest.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Entry {
    pub(crate) path: String,
    pub(crate) digest: String,
    /// Hexadecimal; `None` for a reference.
    pub(crate) md5: Option<String>,
    pub(crate) size: i64,
    pub(crate) reference: Option<String>,
}

/// What an artifact is made from.
#[derive(Debug, Default)]
pub(crate) struct New<'a> {
    pub(crate) collection: i64,
    pub(crate) digest: &'a str,
    pub(crate) description: Option<&'a str>,
    pub(crate) metadata: Option<&'a str>,
    pub(crate) tags: &'a str,
    pub(crate) aliases: &'a str,
    pub(crate) run: Option<i64>,
    pub(crate) user: i64,
    pub(crate) client_id: Option<&'a str>,
    pub(crate) sequence_client_id: Option<&'a str>,
    pub(crate) distributed_id: Option<&'a str>,
    pub(crate) history_step: Option<i64>,
    pub(crate) ttl: Option<i64>,
    pub(crate) now: f64,
}

const ARTIFACT: &str = "id, collection, state, digest, description, metadata, tags, aliases, run, user, client_id, \
history_step, ttl, commit_hash, size, file_count, created, updated";
const MANIFEST: &str = "id, artifact, type, base, md5, size";

fn artifact(row: &Row<'_>) -> Result<Artifact> {
    Ok(Artifact {
        id: row.get(0)?,
        collection: row.get(1)?,
        state: row.get(2)?,
        digest: row.get(3)?,
        description: row.get(4)?,
        metadata: row.get(5)?,
        tags: row.get(6)?,
        aliases: row.get(7)?,
        run: row.get(8)?,
        user: row.get(9)?,
        client_id: row.get(10)?,
        history_step: row.get(11)?,
        ttl: row.get(12)?,
        commit_hash: row.get(13)?,
        size: row.get(14)?,
        file_count: row.get(15)?,
        created: row.get(16)?,
        updated: row.get(17)?,
    })
}

fn manifest(row: &Row<'_>) -> Result<Manifest> {
    Ok(Manifest {
        id: row.get(0)?,
        artifact: row.get(1)?,
        kind: row.get(2)?,
        base: row.get(3)?,
        md5: row.get(4)?,
        size: row.get(5)?,
    })
}

fn one(
    connection: &Connection,
    condition: &str,
    values: impl rusqlite::Params,
) -> Result<Option<Artifact>> {
    connection
        .prepare_cached(&format!(
            "SELECT {ARTIFACT} FROM artifacts WHERE {condition} LIMIT 1"
        ))?
        .query_row(values, artifact)
        .optional()
}

/// An artifact by its number.
pub(crate) fn by_id(connection: &Connection, id: i64) -> Result<Option<Artifact>> {
    one(connection, "id = ?1", [id])
}

/// The artifact to which a client gave this name.
pub(crate) fn by_client_id(connection: &Connection, client_id: &str) -> Result<Option<Artifact>> {
    one(connection, "client_id = ?1 ORDER BY id DESC", [client_id])
}

/// The committed version of a collection with this content.
pub(crate) fn with_digest(
    connection: &Connection,
    collection: i64,
    digest: &str,
) -> Result<Option<Artifact>> {
    one(
        connection,
        "collection = ?1 AND digest = ?2 AND state = 'COMMITTED' ORDER BY id DESC",
        params![collection, digest],
    )
}

/// The artifact that several writers of a run fill together.
pub(crate) fn distributed(
    connection: &Connection,
    collection: i64,
    id: &str,
) -> Result<Option<Artifact>> {
    one(
        connection,
        "collection = ?1 AND distributed_id = ?2 AND state = 'PENDING' ORDER BY id DESC",
        params![collection, id],
    )
}

/// The newest committed version of a collection.
pub(crate) fn latest(connection: &Connection, collection: i64) -> Result<Option<Artifact>> {
    one(
        connection,
        "id = (SELECT artifact FROM memberships WHERE collection = ?1 ORDER BY version DESC LIMIT 1)",
        [collection],
    )
}

/// The artifacts that a run has logged, in the order in which it did.
pub(crate) fn logged_by(connection: &Connection, run: i64) -> Result<Vec<Artifact>> {
    connection
        .prepare_cached(&format!(
            "SELECT {ARTIFACT} FROM artifacts WHERE state = 'COMMITTED' AND (run = ?1 OR id IN \
             (SELECT artifact FROM outputs WHERE run = ?1)) ORDER BY id"
        ))?
        .query_map([run], artifact)?
        .collect()
}

/// The artifacts that a run has used.
pub(crate) fn used_by(connection: &Connection, run: i64) -> Result<Vec<Artifact>> {
    connection
        .prepare_cached(&format!(
            "SELECT {ARTIFACT} FROM artifacts WHERE id IN (SELECT artifact FROM uses WHERE run = ?1) ORDER BY id"
        ))?
        .query_map([run], artifact)?
        .collect()
}

/// The runs that have used an artifact.
pub(crate) fn users_of(connection: &Connection, id: i64) -> Result<Vec<i64>> {
    connection
        .prepare_cached("SELECT run FROM uses WHERE artifact = ?1 ORDER BY run")?
        .query_map([id], |row| row.get(0))?
        .collect()
}

/// Notes that a run has logged what was there already.
pub(crate) fn add_output(connection: &Connection, run: i64, id: i64) -> Result<()> {
    connection.execute(
        "INSERT INTO outputs (run, artifact) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        [run, id],
    )?;
    Ok(())
}

/// Notes that a run uses an artifact.
pub(crate) fn add_use(
    connection: &Connection,
    run: i64,
    id: i64,
    used_as: Option<&str>,
) -> Result<()> {
    connection.execute(
        "INSERT INTO uses (run, artifact, used_as) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING",
        params![run, id, used_as],
    )?;
    Ok(())
}

/// Makes an artifact that waits for its content.
pub(crate) fn create(connection: &Connection, new: &New<'_>) -> Result<i64> {
    connection.execute(
        "INSERT INTO artifacts (collection, state, digest, description, metadata, tags, aliases, run, user, client_id, \
         sequence_client_id, distributed_id, history_step, ttl, created, updated) \
         VALUES (?1, 'PENDING', ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?14)",
        params![
            new.collection,
            new.digest,
            new.description,
            new.metadata,
            new.tags,
            new.aliases,
            new.run,
            new.user,
            new.client_id,
            new.sequence_client_id,
            new.distributed_id,
            new.history_step,
            new.ttl,
            new.now,
        ],
    )?;
    Ok(connection.last_insert_rowid())
}

/// Changes what is said about an artifact; `None` leaves it. `ttl`, seconds, may be set to none.
#[expect(clippy::option_option, reason = "to set nothing is not to leave it")]
pub(crate) fn change(
    connection: &Connection,
    id: i64,
    description: Option<&str>,
    metadata: Option<&str>,
    tags: Option<&str>,
    ttl: Option<Option<i64>>,
    now: f64,
) -> Result<()> {
    connection.execute(
        "UPDATE artifacts SET description = coalesce(?2, description), metadata = coalesce(?3, metadata), \
         tags = coalesce(?4, tags), ttl = CASE WHEN ?5 THEN ?6 ELSE ttl END, updated = ?7 WHERE id = ?1",
        params![id, description, metadata, tags, ttl.is_some(), ttl.flatten(), now],
    )?;
    Ok(())
}

/// The artifact is complete: these are its entries.
pub(crate) fn commit(
    connection: &Connection,
    id: i64,
    digest: &str,
    commit_hash: &str,
    entries: &[Entry],
    now: f64,
) -> Result<()> {
    connection.execute("DELETE FROM entries WHERE artifact = ?1", [id])?;
    let mut statement = connection.prepare_cached(
        "INSERT OR REPLACE INTO entries (artifact, path, digest, md5, size, reference) VALUES (?1, ?2, ?3, ?4, ?5, ?6)",
    )?;
    for entry in entries {
        statement.execute(params![
            id,
            entry.path,
            entry.digest,
            entry.md5,
            entry.size,
            entry.reference
        ])?;
    }
    connection.execute("DELETE FROM pending WHERE artifact = ?1", [id])?;
    let sizes = entries.iter().map(|entry| entry.size);
    let size = sizes.fold(0, i64::saturating_add);
    connection.execute(
        "UPDATE artifacts SET state = 'COMMITTED', digest = ?2, commit_hash = ?3, size = ?4, file_count = ?5, \
         updated = ?6 WHERE id = ?1",
        params![id, digest, commit_hash, size, entries.len() as i64, now],
    )?;
    Ok(())
}

/// Deletes an artifact: its entries, places and aliases go; who asks for it is told that it was deleted.
pub(crate) fn delete(connection: &Connection, id: i64, now: f64) -> Result<()> {
    for table in ["entries", "memberships", "aliases", "manifests", "pending"] {
        connection.execute(&format!("DELETE FROM {table} WHERE artifact = ?1"), [id])?;
    }
    connection.execute(
        "UPDATE artifacts SET state = 'DELETED', updated = ?2 WHERE id = ?1",
        params![id, now],
    )?;
    Ok(())
}

/// The entries of an artifact, in the order of their paths.
pub(crate) fn entries(connection: &Connection, id: i64) -> Result<Vec<Entry>> {
    connection
        .prepare_cached(
            "SELECT path, digest, md5, size, reference FROM entries WHERE artifact = ?1 ORDER BY path",
        )?
        .query_map([id], |row| {
            Ok(Entry {
                path: row.get(0)?,
                digest: row.get(1)?,
                md5: row.get(2)?,
                size: row.get(3)?,
                reference: row.get(4)?,
            })
        })?
        .collect()
}

/// Makes a manifest that waits for its content.
pub(crate) fn create_manifest(
    connection: &Connection,
    id: i64,
    kind: &str,
    base: Option<i64>,
) -> Result<Manifest> {
    connection.query_row(
        &format!(
            "INSERT INTO manifests (artifact, type, base) VALUES (?1, ?2, ?3) RETURNING {MANIFEST}"
        ),
        params![id, kind, base],
        manifest,
    )
}

/// A manifest by its number.
pub(crate) fn manifest_by_id(connection: &Connection, id: i64) -> Result<Option<Manifest>> {
    connection
        .prepare_cached(&format!("SELECT {MANIFEST} FROM manifests WHERE id = ?1"))?
        .query_row([id], manifest)
        .optional()
}

/// The manifests of an artifact whose content has arrived, in the order in which they were made.
pub(crate) fn manifests(connection: &Connection, id: i64) -> Result<Vec<Manifest>> {
    connection
        .prepare_cached(&format!(
            "SELECT {MANIFEST} FROM manifests WHERE artifact = ?1 AND md5 IS NOT NULL ORDER BY id"
        ))?
        .query_map([id], manifest)?
        .collect()
}

/// The content of a manifest has arrived. False if its artifact does not wait for it: it is gone, or complete with other
/// content.
pub(crate) fn store_manifest(
    connection: &Connection,
    id: i64,
    md5: &str,
    size: u64,
) -> Result<bool> {
    let changed = connection.execute(
        "UPDATE manifests SET md5 = ?2, size = ?3 WHERE id = ?1 AND (md5 = ?2 OR artifact IN \
         (SELECT id FROM artifacts WHERE state = 'PENDING'))",
        params![id, md5, size as i64],
    )?;
    Ok(changed > 0)
}

/// Notes content that an artifact is to have.
pub(crate) fn add_pending(connection: &Connection, id: i64, md5: &str) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO pending (artifact, md5) VALUES (?1, ?2) ON CONFLICT DO NOTHING",
        )?
        .execute(params![id, md5])?;
    Ok(())
}
