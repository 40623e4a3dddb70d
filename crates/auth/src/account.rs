//! Opening accounts: what registering and creating share.

use auth_events::{AuthEvent, UserRegistered, UserVerified};
use cqrs::Work;
use kernel::{LanguageTag, Line, UserId};
use time::OffsetDateTime;

use crate::domain::Email;

pub(crate) const FIRST_VERSION: i64 = 1;
/// As the column's default says; users tells of any other.
pub(crate) const FIRST_ROLE: &str = "user";

pub(crate) struct NewAccount<'a> {
    pub user: UserId,
    pub email: &'a Email,
    pub name: &'a Line<100>,
    /// `None`: the community's.
    pub language: Option<&'a LanguageTag>,
    pub password_hash: Option<&'a str>,
    pub verified: bool,
}

/// Opens it and tells of it. Answers whether it was opened: `false` when the address is taken.
pub(crate) async fn open(
    work: &mut Work<'_>,
    account: NewAccount<'_>,
    now: OffsetDateTime,
) -> Result<bool, sqlx::Error> {
    let opened = sqlx::query!(
        // In conflict with another spelling of the address, or with this one.
        "insert into auth.account (id, email, email_key, name, language, password_hash, verified_at, created_at, version)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9) on conflict do nothing",
        account.user.uuid(),
        account.email.as_str(),
        account.email.key(),
        account.name.as_str(),
        account.language.map(LanguageTag::as_str),
        account.password_hash,
        account.verified.then_some(now),
        now,
        FIRST_VERSION,
    )
    .execute(work.connection())
    .await?;
    if opened.rows_affected() == 0 {
        return Ok(false);
    }
    let (user_id, name) = (account.user, account.name.as_str().to_owned());
    let registered = UserRegistered { user_id, name, language: account.language.cloned() };
    work.append(&AuthEvent::Registered(registered), FIRST_VERSION).await?;
    if account.verified {
        work.append(&AuthEvent::Verified(UserVerified { user_id }), FIRST_VERSION).await?;
    }
    Ok(true)
}
