//! Collections of artifacts: their members, which have versions, and the aliases of these.

use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

/// A sequence of versions, or a portfolio of links.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Collection {
    pub(crate) id: i64,
    pub(crate) project: i64,
    /// The type of its artifacts.
    pub(crate) kind: String,
    pub(crate) name: String,
    pub(crate) portfolio: bool,
    pub(crate) description: Option<String>,
    /// JSON: a list of texts.
    pub(crate) tags: String,
    pub(crate) created: f64,
    pub(crate) updated: f64,
}

/// An artifact's place in a collection.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(crate) struct Membership {
    pub(crate) id: i64,
    pub(crate) collection: i64,
    pub(crate) artifact: i64,
    pub(crate) version: i64,
    pub(crate) created: f64,
}

/// A name for one member of a collection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alias {
    pub(crate) id: i64,
    pub(crate) name: String,
    pub(crate) collection: i64,
}

const COLLECTION: &str = "id, project, type, name, portfolio, description, tags, created, updated";
const MEMBERSHIP: &str = "id, collection, artifact, version, created";

fn collection(row: &Row<'_>) -> Result<Collection> {
    Ok(Collection {
        id: row.get(0)?,
        project: row.get(1)?,
        kind: row.get(2)?,
        name: row.get(3)?,
        portfolio: row.get(4)?,
        description: row.get(5)?,
        tags: row.get(6)?,
        created: row.get(7)?,
        updated: row.get(8)?,
    })
}

fn membership(row: &Row<'_>) -> Result<Membership> {
    Ok(Membership {
        id: row.get(0)?,
        collection: row.get(1)?,
        artifact: row.get(2)?,
        version: row.get(3)?,
        created: row.get(4)?,
    })
}

/// A collection by its name.
pub(crate) fn find(
    connection: &Connection,
    project: i64,
    name: &str,
) -> Result<Option<Collection>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLLECTION} FROM collections WHERE project = ?1 AND name = ?2"
        ))?
        .query_row(params![project, name], collection)
        .optional()
}

/// A collection by its name and those of its project.
pub(crate) fn find_in(
    connection: &Connection,
    entity: &str,
    project: &str,
    name: &str,
) -> Result<Option<Collection>> {
    match super::projects::find(connection, entity, project)? {
        Some(project) => find(connection, project.id, name),
        None => Ok(None),
    }
}

/// A collection by its number.
pub(crate) fn by_id(connection: &Connection, id: i64) -> Result<Option<Collection>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLLECTION} FROM collections WHERE id = ?1"
        ))?
        .query_row([id], collection)
        .optional()
}

/// A collection by its name, which is made if it is not there.
pub(crate) fn ensure(
    connection: &Connection,
    project: i64,
    kind: &str,
    name: &str,
    portfolio: bool,
    now: f64,
) -> Result<Collection> {
    if let Some(found) = find(connection, project, name)? {
        return Ok(found);
    }
    connection
        .prepare_cached(&format!(
            "INSERT INTO collections (project, type, name, portfolio, created, updated) \
             VALUES (?1, ?2, ?3, ?4, ?5, ?5) RETURNING {COLLECTION}"
        ))?
        .query_row(params![project, kind, name, portfolio, now], collection)
}

/// The collections of a project, of one type or of all, in the order of their names.
pub(crate) fn all(
    connection: &Connection,
    project: i64,
    kind: Option<&str>,
) -> Result<Vec<Collection>> {
    connection
        .prepare_cached(&format!(
            "SELECT {COLLECTION} FROM collections WHERE project = ?1 AND (?2 IS NULL OR type = ?2) ORDER BY name"
        ))?
        .query_map(params![project, kind], collection)?
        .collect()
}

/// Changes what is said about a collection; `None` leaves it.
pub(crate) fn change(
    connection: &Connection,
    id: i64,
    name: Option<&str>,
    description: Option<&str>,
    tags: Option<&str>,
    kind: Option<&str>,
    now: f64,
) -> Result<()> {
    connection.execute(
        "UPDATE collections SET name = coalesce(?2, name), description = coalesce(?3, description), \
         tags = coalesce(?4, tags), type = coalesce(?5, type), updated = ?6 WHERE id = ?1",
        params![id, name, description, tags, kind, now],
    )?;
    Ok(())
}

/// Deletes a collection; the artifacts of a sequence go with it.
pub(crate) fn delete(connection: &Connection, id: i64) -> Result<()> {
    connection.execute("DELETE FROM collections WHERE id = ?1", [id])?;
    Ok(())
}

/// Makes an artifact a member, unless it is one; its version is the next one.
pub(crate) fn add_member(
    connection: &Connection,
    collection: i64,
    artifact: i64,
    now: f64,
) -> Result<Membership> {
    let made = connection.execute(
        "INSERT INTO memberships (collection, artifact, version, created) \
         SELECT id, ?2, next_version, ?3 FROM collections WHERE id = ?1 \
         ON CONFLICT (collection, artifact) DO NOTHING",
        params![collection, artifact, now],
    )?;
    connection.execute(
        "UPDATE collections SET updated = ?2, next_version = next_version + ?3 WHERE id = ?1",
        params![collection, now, made as i64],
    )?;
    connection.query_row(
        &format!("SELECT {MEMBERSHIP} FROM memberships WHERE collection = ?1 AND artifact = ?2"),
        [collection, artifact],
        membership,
    )
}

/// Takes an artifact out of a portfolio.
pub(crate) fn remove_member(connection: &Connection, collection: i64, artifact: i64) -> Result<()> {
    for table in ["memberships", "aliases"] {
        connection.execute(
            &format!("DELETE FROM {table} WHERE collection = ?1 AND artifact = ?2"),
            [collection, artifact],
        )?;
    }
    Ok(())
}

/// The members of a collection, the newest first.
pub(crate) fn members(connection: &Connection, collection: i64) -> Result<Vec<Membership>> {
    connection
        .prepare_cached(&format!(
            "SELECT {MEMBERSHIP} FROM memberships WHERE collection = ?1 ORDER BY version DESC"
        ))?
        .query_map([collection], membership)?
        .collect()
}

/// The places of an artifact, its own sequence first.
pub(crate) fn places(connection: &Connection, artifact: i64) -> Result<Vec<Membership>> {
    connection
        .prepare_cached(&format!(
            "SELECT {MEMBERSHIP} FROM memberships WHERE artifact = ?1 ORDER BY id"
        ))?
        .query_map([artifact], membership)?
        .collect()
}

/// The member that an alias, or `v3`, names.
pub(crate) fn member(
    connection: &Connection,
    collection: i64,
    alias: &str,
) -> Result<Option<Membership>> {
    let named = connection
        .prepare_cached(&format!(
            "SELECT {MEMBERSHIP} FROM memberships WHERE collection = ?1 AND artifact = \
             (SELECT artifact FROM aliases WHERE collection = ?1 AND alias = ?2)"
        ))?
        .query_row(params![collection, alias], membership)
        .optional()?;
    let version = alias
        .strip_prefix('v')
        .and_then(|digits| digits.parse::<i64>().ok());
    match (named, version) {
        (None, Some(version)) => connection
            .prepare_cached(&format!(
                "SELECT {MEMBERSHIP} FROM memberships WHERE collection = ?1 AND version = ?2"
            ))?
            .query_row([collection, version], membership)
            .optional(),
        (named, _) => Ok(named),
    }
}

/// Gives an alias to a member; another one loses it.
pub(crate) fn set_alias(
    connection: &Connection,
    collection: i64,
    alias: &str,
    artifact: i64,
) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO aliases (collection, alias, artifact) VALUES (?1, ?2, ?3) \
             ON CONFLICT (collection, alias) DO UPDATE SET artifact = excluded.artifact",
        )?
        .execute(params![collection, alias, artifact])?;
    Ok(())
}

/// Takes an alias from a member.
pub(crate) fn remove_alias(
    connection: &Connection,
    collection: i64,
    alias: &str,
    artifact: i64,
) -> Result<()> {
    connection.execute(
        "DELETE FROM aliases WHERE collection = ?1 AND alias = ?2 AND artifact = ?3",
        params![collection, alias, artifact],
    )?;
    Ok(())
}

fn alias(row: &Row<'_>) -> Result<Alias> {
    Ok(Alias {
        id: row.get(0)?,
        name: row.get(1)?,
        collection: row.get(2)?,
    })
}

/// The aliases of an artifact in all its places.
pub(crate) fn aliases(connection: &Connection, artifact: i64) -> Result<Vec<Alias>> {
    connection
        .prepare_cached(
            "SELECT id, alias, collection FROM aliases WHERE artifact = ?1 ORDER BY id",
        )?
        .query_map([artifact], alias)?
        .collect()
}

/// All aliases of a collection.
pub(crate) fn all_aliases(connection: &Connection, collection: i64) -> Result<Vec<Alias>> {
    connection
        .prepare_cached(
            "SELECT id, alias, collection FROM aliases WHERE collection = ?1 ORDER BY id",
        )?
        .query_map([collection], alias)?
        .collect()
}
