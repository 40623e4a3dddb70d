//! A password chosen with the token of a mail. All sessions and API keys end: somebody else may have opened them. The
//! address is proved by the way, and told that there is a new password where there was one.

use auth_events::{AuthEvent, RevocationReason, UserVerified};
use cqrs::Call;
use kernel::UserId;

use crate::api_key;
use crate::context::Parts;
use crate::domain::TokenHash;
use crate::letter::{Letter, Purpose};
use crate::outbox;
use crate::session::{self, Which, told_of};

/// Answers whether the password is changed: `false` when the token is not there any more.
pub(crate) async fn renew(
    parts: &Parts,
    call: &Call,
    user: UserId,
    (token, purpose): (&TokenHash, Purpose),
    password_hash: &str,
) -> Result<bool, sqlx::Error> {
    let now = call.now();
    let mut work = call.begin(&parts.pool).await?;
    let account = sqlx::query!(
        r#"select verified_at is null as "unproved!", password_hash is not null as "had_password!", email
        from auth.account
        where id = $1 and deleted_at is null for no key update"#,
        user.uuid()
    )
    .fetch_optional(work.connection())
    .await?;
    let Some(account) = account else { return Ok(false) };
    let taken = sqlx::query_scalar!(
        "with gone as (delete from auth.mail_token where user_id = $1 and purpose = $2 returning hash)
        select exists (select from gone where hash = $3) as \"there!\"",
        user.uuid(),
        purpose.name(),
        token.as_bytes(),
    )
    .fetch_one(work.connection())
    .await?;
    if !taken {
        return Ok(false);
    }
    let version = sqlx::query_scalar!(
        "update auth.account set password_hash = $2, verified_at = coalesce(verified_at, $3), version = version + 1
        where id = $1 returning version",
        user.uuid(),
        password_hash,
        now,
    )
    .fetch_one(work.connection())
    .await?;
    if account.unproved {
        let verified = AuthEvent::Verified(UserVerified { user_id: user });
        work.append(&verified, version).await?;
    }
    let (which, reason) = (Which::All, RevocationReason::PasswordReset);
    let mut ended = session::end(work.connection(), user, which, reason, now).await?;
    ended.extend(api_key::end(work.connection(), user, api_key::Which::All, reason, now).await?);
    work.append_all(&ended).await?;
    if let Some(email) = account.email.filter(|_| account.had_password) {
        outbox::note(work.connection(), Letter::PasswordChanged, &email, now).await?;
    }
    work.commit(()).await?;
    parts.wake_mails.notify_one();
    parts.view.refresh_now(&told_of(&ended)).await;
    Ok(true)
}
