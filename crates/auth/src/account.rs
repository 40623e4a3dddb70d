//! Opening accounts: what registering and creating share.

use kernel::{Line, UserId};
use sqlx::PgConnection;
use time::OffsetDateTime;

use crate::domain::Email;

pub(crate) const FIRST_VERSION: i64 = 1;
/// As the column's default says; users tells of any other.
pub(crate) const FIRST_ROLE: &str = "user";

/// Answers whether it was opened: `false` when the address is taken.
pub(crate) async fn open(
    connection: &mut PgConnection,
    user: UserId,
    email: &Email,
    name: &Line<100>,
    password_hash: Option<&str>,
    verified: bool,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let opened = sqlx::query!(
        "insert into auth.account (id, email, name, password_hash, verified_at, created_at, version)
        values ($1, $2, $3, $4, $5, $6, $7) on conflict (email) do nothing",
        user.uuid(),
        email.as_str(),
        name.as_str(),
        password_hash,
        verified.then_some(now),
        now,
        FIRST_VERSION,
    )
    .execute(connection)
    .await?;
    Ok(opened.rows_affected() == 1)
}
