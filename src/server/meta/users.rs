//! Users, their API keys and the sessions of their browsers. Secrets are kept as digests alone.

use ring::digest::{SHA256, digest};
use rusqlite::{Connection, OptionalExtension as _, Result, Row, params};

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct User {
    pub(crate) id: i64,
    pub(crate) name: String,
    /// May make users.
    pub(crate) admin: bool,
}

fn user(row: &Row<'_>) -> Result<User> {
    Ok(User {
        id: row.get(0)?,
        name: row.get(1)?,
        admin: row.get(2)?,
    })
}

fn hash(secret: &str) -> Vec<u8> {
    digest(&SHA256, secret.as_bytes()).as_ref().to_vec()
}

/// Makes a user; `None` if there is one of this name.
pub(crate) fn create(
    connection: &Connection,
    name: &str,
    admin: bool,
    now: f64,
) -> Result<Option<User>> {
    connection
        .prepare_cached(
            "INSERT INTO users (name, admin, created) VALUES (?1, ?2, ?3) ON CONFLICT DO NOTHING \
             RETURNING id, name, admin",
        )?
        .query_row(params![name, admin, now], user)
        .optional()
}

/// The user of this name.
pub(crate) fn by_name(connection: &Connection, name: &str) -> Result<Option<User>> {
    connection
        .prepare_cached("SELECT id, name, admin FROM users WHERE name = ?1")?
        .query_row([name], user)
        .optional()
}

/// The user with this number.
pub(crate) fn by_id(connection: &Connection, id: i64) -> Result<User> {
    connection
        .prepare_cached("SELECT id, name, admin FROM users WHERE id = ?1")?
        .query_row([id], user)
}

/// All users, in the order in which they came.
pub(crate) fn all(connection: &Connection) -> Result<Vec<User>> {
    connection
        .prepare_cached("SELECT id, name, admin FROM users ORDER BY id")?
        .query_map([], user)?
        .collect()
}

/// Lets a key speak for a user.
pub(crate) fn add_key(connection: &Connection, user: i64, key: &str, now: f64) -> Result<()> {
    connection
        .prepare_cached(
            "INSERT INTO api_keys (digest, user, hint, created) VALUES (?1, ?2, ?3, ?4)",
        )?
        .execute(params![hash(key), user, hint(key), now])?;
    Ok(())
}

/// What a user may be shown of a key.
pub(crate) fn hint(key: &str) -> String {
    let tail = key.len().saturating_sub(4);
    format!("local-…{}", key.get(tail..).unwrap_or_default())
}

/// What may be shown of a user's keys, the newest first.
pub(crate) fn key_hints(connection: &Connection, user: i64) -> Result<Vec<String>> {
    connection
        .prepare_cached("SELECT hint FROM api_keys WHERE user = ?1 ORDER BY created DESC")?
        .query_map([user], |row| row.get(0))?
        .collect()
}

/// The user whom a key speaks for.
pub(crate) fn by_key(connection: &Connection, key: &str) -> Result<Option<User>> {
    connection
        .prepare_cached(
            "SELECT users.id, name, admin FROM users JOIN api_keys ON user = users.id WHERE digest = ?1",
        )?
        .query_row([hash(key)], user)
        .optional()
}

/// Takes all keys and sessions of a user away.
pub(crate) fn revoke_keys(connection: &Connection, user: i64) -> Result<usize> {
    connection.execute("DELETE FROM sessions WHERE user = ?1", [user])?;
    connection.execute("DELETE FROM api_keys WHERE user = ?1", [user])
}

/// Begins a session; those that are over go.
pub(crate) fn add_session(
    connection: &Connection,
    user: i64,
    secret: &str,
    now: f64,
    seconds: f64,
) -> Result<()> {
    connection.execute("DELETE FROM sessions WHERE expires < ?1", [now])?;
    connection.execute(
        "INSERT INTO sessions (digest, user, expires) VALUES (?1, ?2, ?3)",
        params![hash(secret), user, now + seconds],
    )?;
    Ok(())
}

/// The user of a session that is not over.
pub(crate) fn by_session(connection: &Connection, secret: &str, now: f64) -> Result<Option<User>> {
    connection
        .prepare_cached(
            "SELECT users.id, name, admin FROM users JOIN sessions ON user = users.id \
             WHERE digest = ?1 AND expires > ?2",
        )?
        .query_row(params![hash(secret), now], user)
        .optional()
}

/// Ends a session.
pub(crate) fn end_session(connection: &Connection, secret: &str) -> Result<()> {
    connection.execute("DELETE FROM sessions WHERE digest = ?1", [hash(secret)])?;
    Ok(())
}
