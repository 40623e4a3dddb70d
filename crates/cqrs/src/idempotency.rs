//! The answer given under an idempotency key, stored by the transaction that earned it: there is no moment at which the
//! command has taken effect and its key is not known. A refusal changes nothing and is not stored: the same command
//! may be tried again under the same key.
//!
//! Each context keeps its own table `idempotency_key`, found through its role's search path; so the statements here
//! cannot be checked against one schema at compile time.

use std::borrow::Cow;

use database::Database;
use kernel::{Actor, Command, Position, UserId};
use serde::Serialize;
use sha2::{Digest, Sha256};
use sqlx::PgConnection;
use time::{Duration, OffsetDateTime};

use crate::call::Told;

/// How long an answer is kept.
pub(crate) const KEPT: Duration = Duration::hours(24);
/// Answers that are kept for one caller in each context. Beyond it the oldest go, but none within [`RETRIED`].
pub(crate) const MOST: i64 = 1_000;
/// Whoever had no answer asks again within this time: that answer stays, however many came since. How many that may be
/// is bounded by the limits on requests.
pub(crate) const RETRIED: Duration = Duration::minutes(10);
/// Answers that one new one makes room for at most.
const ROOM: i64 = 1_000;
/// Answers that one statement of the sweep removes.
const SWEPT: u64 = 10_000;

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
    /// The answer, and what was told when it was given first.
    Answer(serde_json::Value, Option<Told>),
    /// The key was used for something else.
    OtherRequest,
}

#[derive(sqlx::FromRow)]
struct Row {
    command: String,
    request_hash: Vec<u8>,
    answer: serde_json::Value,
    told_transaction: Option<i64>,
    told_position: Option<i64>,
    told_families: Option<Vec<String>>,
}

impl Row {
    fn told(&self) -> Option<Told> {
        let position = Position { transaction: self.told_transaction?, sequence: self.told_position? };
        let families = self.told_families.iter().flatten().cloned().map(Cow::Owned).collect();
        Some(Told { position, families })
    }
}

pub(crate) async fn find(pool: &Database, key: &Key, now: OffsetDateTime) -> Result<Stored, sqlx::Error> {
    let row: Option<Row> = sqlx::query_as(
        "select command, request_hash, answer, told_transaction, told_position, told_families
        from idempotency_key where actor = $1 and key = $2 and created_at > $3",
    )
    .bind(&key.actor)
    .bind(&key.key)
    .bind(now - KEPT)
    .fetch_optional(pool)
    .await?;
    Ok(match row {
        None => Stored::Nothing,
        Some(row) if row.command == key.command && row.request_hash == key.request_hash => {
            let told = row.told();
            Stored::Answer(row.answer, told)
        }
        Some(_) => Stored::OtherRequest,
    })
}

/// Fails when another transaction stored an answer under the key first: this one must be undone.
pub(crate) async fn store<T: Serialize>(
    connection: &mut PgConnection,
    key: &Key,
    answer: &T,
    told: Option<&Told>,
    now: OffsetDateTime,
) -> Result<(), sqlx::Error> {
    if planted::bug("answer-not-stored") {
        return Ok(());
    }
    let families: Option<Vec<&str>> = told.map(|told| told.families.iter().map(AsRef::as_ref).collect());
    let answer = serde_json::to_value(answer).map_err(|error| sqlx::Error::Encode(Box::new(error)))?;
    let stored = sqlx::query(
        "insert into idempotency_key
            (actor, key, command, request_hash, answer, created_at, told_transaction, told_position, told_families)
        values ($1, $2, $3, $4, $5, $6, $8, $9, $10)
        on conflict (actor, key) do update
            set command = excluded.command, request_hash = excluded.request_hash, answer = excluded.answer,
                created_at = excluded.created_at, told_transaction = excluded.told_transaction,
                told_position = excluded.told_position, told_families = excluded.told_families
            where idempotency_key.created_at <= $7",
    )
    .bind(&key.actor)
    .bind(&key.key)
    .bind(key.command)
    .bind(&key.request_hash)
    .bind(answer)
    .bind(now)
    .bind(now - KEPT)
    .bind(told.map(|told| told.position.transaction))
    .bind(told.map(|told| told.position.sequence))
    .bind(families)
    .execute(&mut *connection)
    .await?;
    if stored.rows_affected() != 1 {
        return Err(sqlx::Error::RowNotFound);
    }
    make_room(connection, key, now).await
}

/// Removes the caller's oldest answers beyond [`MOST`], the new one not counted among the oldest. Two that do so at once do not
/// wait for each other: one passes over what the other removes.
async fn make_room(connection: &mut PgConnection, key: &Key, now: OffsetDateTime) -> Result<(), sqlx::Error> {
    sqlx::query(
        "with beyond as (
            select key, created_at from idempotency_key where actor = $1 and key <> $2
            order by created_at desc, key offset $3
        ), old as (
            select key from idempotency_key where actor = $1
                and key in (select key from beyond where created_at < $4 order by created_at limit $5)
            for update skip locked
        )
        delete from idempotency_key where actor = $1 and key in (select key from old)",
    )
    .bind(&key.actor)
    .bind(&key.key)
    .bind(MOST - 1)
    .bind(now - RETRIED)
    .bind(ROOM)
    .execute(connection)
    .await?;
    Ok(())
}

/// Removes the answers that were given to a member, and those that others were given about them. Whoever asks again what was
/// answered about somebody who left does it anew, and is told how it is now. Reads all answers of the context: a day's, and
/// members leave seldom.
pub async fn forget_answers(connection: &mut PgConnection, member: UserId) -> Result<(), sqlx::Error> {
    sqlx::query("delete from idempotency_key where actor = $1 or strpos(answer::text, $1) > 0")
        .bind(member.to_string())
        .execute(connection)
        .await?;
    Ok(())
}

/// Removes every answer that is past its time, in batches. Hosts that sweep at once share the work.
pub(crate) async fn sweep(pool: &Database, now: OffsetDateTime) -> Result<u64, sqlx::Error> {
    let mut swept = 0;
    loop {
        let batch = sqlx::query(
            "delete from idempotency_key where (actor, key) in
                (select actor, key from idempotency_key where created_at <= $1
                order by created_at limit $2 for update skip locked)",
        )
        .bind(now - KEPT)
        .bind(i64::try_from(SWEPT).unwrap_or(i64::MAX))
        .execute(pool)
        .await?
        .rows_affected();
        swept += batch;
        if batch < SWEPT {
            return Ok(swept);
        }
    }
}
