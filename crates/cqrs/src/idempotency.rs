//! The answer given under an idempotency key, stored by the transaction that earned it: there is no moment at which the
//! command has taken effect and its key is not known. A refusal changes nothing and is not stored: the same command
//! may be tried again under the same key.
//!
//! Each context keeps its own table `idempotency_key`, found through its role's search path; so the statements here
//! cannot be checked against one schema at compile time.

use kernel::{Actor, Command};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::{PgConnection, PgPool};
use time::{Duration, OffsetDateTime};

/// How long an answer is kept.
pub(crate) const KEPT: Duration = Duration::hours(24);

/// A caller's key for one command.
#[derive(Debug, Clone)]
pub(crate) struct Key {
    actor: String,
    key: String,
    command: &'static str,
    request_hash: Vec<u8>,
}

impl Key {
    /// `None` without a key, for a command whose answer may not be stored, and for callers nobody knows: their keys
    /// could not be told apart.
    pub fn of<C: Command>(actor: &Actor, key: Option<&str>, command: &C) -> Result<Option<Self>, serde_json::Error> {
        let (Some(key), Some(user), true) = (key, actor.user_id(), C::REPEATABLE) else {
            return Ok(None);
        };
        let request_hash = Sha256::digest(serde_json::to_vec(command)?).to_vec();
        Ok(Some(Self { actor: user.to_string(), key: key.to_owned(), command: C::NAME, request_hash }))
    }
}

/// What is stored under a key.
pub(crate) enum Stored {
    Nothing,
    Answer(serde_json::Value),
    /// The key was used for something else.
    OtherRequest,
}

pub(crate) async fn find(pool: &PgPool, key: &Key, now: OffsetDateTime) -> Result<Stored, sqlx::Error> {
    let row: Option<(String, Vec<u8>, serde_json::Value)> = sqlx::query_as(
        "select command, request_hash, answer from idempotency_key where actor = $1 and key = $2 and created_at > $3",
    )
    .bind(&key.actor)
    .bind(&key.key)
    .bind(now - KEPT)
    .fetch_optional(pool)
    .await?;
    Ok(match row {
        None => Stored::Nothing,
        Some((command, hash, answer)) if command == key.command && hash == key.request_hash => Stored::Answer(answer),
        Some(_) => Stored::OtherRequest,
    })
}

/// Fails when another transaction stored an answer under the key first: this one must be undone.
pub(crate) async fn store<T: Serialize>(
    connection: &mut PgConnection,
    key: &Key,
    answer: &T,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    let answer = serde_json::to_value(answer).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let stored = sqlx::query(
        "insert into idempotency_key (actor, key, command, request_hash, answer, created_at)
        values ($1, $2, $3, $4, $5, $6)
        on conflict (actor, key) do update
            set command = excluded.command, request_hash = excluded.request_hash, answer = excluded.answer,
                created_at = excluded.created_at
            where idempotency_key.created_at <= $7",
    )
    .bind(&key.actor)
    .bind(&key.key)
    .bind(key.command)
    .bind(&key.request_hash)
    .bind(answer)
    .bind(now)
    .bind(now - KEPT)
    .execute(connection)
    .await?;
    if stored.rows_affected() == 1 { Ok(()) } else { Err(sqlx::Error::RowNotFound) }
}

/// Removes up to 10,000 answers that are past their time.
pub(crate) async fn sweep(pool: &PgPool, now: OffsetDateTime) -> Result<u64, sqlx::Error> {
    let swept = sqlx::query(
        "delete from idempotency_key where (actor, key) in
            (select actor, key from idempotency_key where created_at <= $1 limit 10000)",
    )
    .bind(now - KEPT)
    .execute(pool)
    .await?;
    Ok(swept.rows_affected())
}
