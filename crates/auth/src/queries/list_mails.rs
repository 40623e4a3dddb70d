use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, Page, PageRequest, Permission, Query, Refusal};
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use uuid::Uuid;

/// Letters that wait or were given up, newest first. Administrators and the command line alone see them.
#[derive(Debug, Clone)]
pub struct ListMails {
    pub state: Option<MailState>,
    pub page: PageRequest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum MailState {
    Waiting,
    GivenUp,
}

impl MailState {
    pub const ALL: [Self; 2] = [Self::Waiting, Self::GivenUp];

    pub fn name(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::GivenUp => "given_up",
        }
    }
}

/// A letter, without its words: they are made when it is sent.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MailView {
    pub id: Uuid,
    #[cfg_attr(feature = "openapi", schema(example = "verify_email"))]
    pub kind: String,
    /// The first letter of the address, and its domain.
    #[cfg_attr(feature = "openapi", schema(example = "a…@example.org"))]
    pub recipient: String,
    pub state: MailState,
    pub attempts: i32,
    /// What was wrong at the last try.
    #[cfg_attr(feature = "openapi", schema(example = "the mail is refused: the mail server answered 550 5.1.1"))]
    pub error: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    pub created_at: OffsetDateTime,
    /// Of one that waits.
    #[serde(with = "time::serde::rfc3339::option")]
    pub next_attempt_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub given_up_at: Option<OffsetDateTime>,
}

impl Query for ListMails {
    const NAME: &'static str = "list_mails";
    type Answer = Page<MailView>;
    type Error = ListMailsError;
}

#[derive(Debug, thiserror::Error)]
pub enum ListMailsError {
    #[error("Only administrators see the letters that wait.")]
    NotPermitted,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ListMailsError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotPermitted => ErrorKind::Forbidden,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotPermitted => "FORBIDDEN",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct ListMailsHandler(pub Database);

/// Enough to see which mail server it is about, and too little to write to them.
fn masked(address: &str) -> String {
    let (user, domain) = address.rsplit_once('@').unwrap_or((address, ""));
    let first: String = user.chars().take(1).collect();
    format!("{first}…@{domain}")
}

#[async_trait]
impl QueryHandler<ListMails> for ListMailsHandler {
    async fn handle(&self, call: &Call, query: ListMails) -> Result<Page<MailView>, ListMailsError> {
        if !call.actor().may(Permission::Admin) {
            return Err(ListMailsError::NotPermitted);
        }
        let wants = |state| query.state.is_none_or(|wanted| wanted == state);
        let (waiting, given_up) = (wants(MailState::Waiting), wants(MailState::GivenUp));
        let rows = sqlx::query!(
            r#"select id as "id!", kind as "kind!", recipient as "recipient!", attempts as "attempts!", error,
                created_at as "created_at!", next_attempt_at, given_up_at
            from (
                select id, kind, recipient, attempts, error, created_at, next_attempt_at, null::timestamptz as given_up_at
                from auth.mail where $1
                union all
                select id, kind, recipient, attempts, error, created_at, null, given_up_at
                from auth.given_up_mail where $2
            ) as letter
            order by created_at desc, id desc offset $3 limit $4"#,
            waiting,
            given_up,
            i64::try_from(query.page.offset()).unwrap_or(i64::MAX),
            i64::from(query.page.limit),
        )
        .fetch_all(&self.0)
        .await?;
        let total = sqlx::query_scalar!(
            r#"select (select count(*) from auth.mail where $1) + (select count(*) from auth.given_up_mail where $2) as "n!""#,
            waiting,
            given_up,
        )
        .fetch_one(&self.0)
        .await?;
        let items = rows
            .into_iter()
            .map(|row| MailView {
                id: row.id,
                kind: row.kind,
                recipient: masked(&row.recipient),
                state: if row.given_up_at.is_some() { MailState::GivenUp } else { MailState::Waiting },
                attempts: row.attempts,
                error: row.error,
                created_at: row.created_at,
                next_attempt_at: row.next_attempt_at,
                given_up_at: row.given_up_at,
            })
            .collect();
        Ok(Page { items, total: u64::try_from(total).unwrap_or_default(), next_cursor: None })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_masked_to_its_first_letter_and_its_domain() {
        for (address, shown) in [
            ("ada@example.org", "a…@example.org"),
            ("é@bücher.example", "é…@bücher.example"),
            ("\"a@b\"@c.d", "\"…@c.d"),
        ] {
            assert_eq!(masked(address), shown);
        }
    }
}
