//! Keys of mail addresses that have none yet: rows from before there were keys, and rows that a host of an older version
//! has written since. See `domain/email.rs` and docs/adr/0019.

use std::time::Duration;

use database::Database;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::domain::Email;

const EVERY: Duration = Duration::from_secs(10 * 60);
const BATCH: i64 = 500;

pub(crate) async fn run(pool: &Database, shutdown: CancellationToken) {
    loop {
        match complete(pool).await {
            Ok(0) => {}
            Ok(given) => tracing::info!(given, "mail addresses got their keys"),
            Err(error) => tracing::warn!(%error, "mail addresses without keys were not completed"),
        }
        if shutdown.run_until_cancelled(tokio::time::sleep(EVERY)).await.is_none() {
            return;
        }
    }
}

/// Gives each account without a key its key. Of several with the same one the oldest gets it; the others keep working by
/// their exact spelling. Returns how many keys were given.
pub(crate) async fn complete(pool: &Database) -> Result<u64, sqlx::Error> {
    let (mut after, mut given) = ((OffsetDateTime::UNIX_EPOCH, Uuid::nil()), 0);
    loop {
        let rows = sqlx::query!(
            r#"select id, email as "email!", created_at from auth.account
            where email_key is null and email is not null and (created_at, id) > ($1, $2)
            order by created_at, id limit $3"#,
            after.0,
            after.1,
            BATCH,
        )
        .fetch_all(pool)
        .await?;
        let Some(last) = rows.last() else { return Ok(given) };
        after = (last.created_at, last.id);
        for row in rows {
            match Email::new(&row.email) {
                Ok(email) => given += u64::from(give(pool, row.id, &email).await?),
                Err(error) => tracing::warn!(account = %row.id, %error, "stored mail address has no key"),
            }
        }
    }
}

async fn give(pool: &Database, id: Uuid, email: &Email) -> Result<bool, sqlx::Error> {
    let done = sqlx::query!(
        "update auth.account set email_key = $2
        where id = $1 and email_key is null and email is not null
            and not exists (select from auth.account where email_key = $2)",
        id,
        email.key(),
    )
    .execute(pool)
    .await;
    match done {
        Ok(done) => Ok(done.rows_affected() == 1),
        // Somebody registered with it at this very moment.
        Err(sqlx::Error::Database(error)) if error.is_unique_violation() => Ok(false),
        Err(error) => Err(error),
    }
}
