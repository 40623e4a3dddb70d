use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{BorrowId, Detail, ErrorKind, Page, PageRequest, Query, Refusal};

use crate::domain::{Part, Refused};
use crate::messages::{self, AuthorPart, MessageView};

/// What was written about a borrow: for the two, and for moderators from a dispute or a report on. The first page has the newest
/// messages, the next ones the older; within a page the newest is last. Always asked of PostgreSQL, which alone has them.
#[derive(Debug, Clone)]
pub struct ListMessages {
    pub borrow: BorrowId,
    pub page: PageRequest,
}

impl Query for ListMessages {
    const NAME: &'static str = "list_messages";
    type Answer = Page<MessageView>;
    type Error = ListMessagesError;
}

#[derive(Debug, thiserror::Error)]
pub enum ListMessagesError {
    #[error(transparent)]
    Refused(#[from] Refused),
    #[error("The cursor is none that a page has given.")]
    Cursor,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ListMessagesError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Refused(refused) => refused.kind(),
            Self::Cursor => ErrorKind::Invalid,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Refused(refused) => refused.code(),
            Self::Cursor => "VALIDATION_ERROR",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Cursor => vec![Detail::new("cursor", self.to_string())],
            Self::Refused(_) | Self::Database(_) => Vec::new(),
        }
    }
}

/// The number of the oldest message of the page before.
fn cursor(text: &str) -> Result<i32, ListMessagesError> {
    let digits = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| text.parse().ok()).flatten().ok_or(ListMessagesError::Cursor)
}

pub(crate) struct ListMessagesHandler {
    pool: Database,
}

impl ListMessagesHandler {
    pub(crate) fn new(pool: Database) -> Self {
        Self { pool }
    }
}

#[async_trait]
impl QueryHandler<ListMessages> for ListMessagesHandler {
    async fn handle(&self, call: &Call, query: ListMessages) -> Result<Page<MessageView>, ListMessagesError> {
        let talk = messages::find(&self.pool, query.borrow).await?.ok_or(Refused::NotFound)?;
        talk.conversation.may_read(Part::of(call.actor(), talk.owner, talk.borrower), call.now())?;
        let before = query.page.cursor.as_deref().map(cursor).transpose()?;
        let offset = if before.is_some() { 0 } else { query.page.offset() };
        let rows = sqlx::query!(
            r#"select m.number as "number!", m.id as "id!", m.author_id as "author_id!",
                m.by_moderator as "by_moderator!", m.text as "text!", m.sent_at as "sent_at!", m.read_at as "read_at?",
                author.name as "author_name?"
            from borrowing.message m left join borrowing.member author on author.id = m.author_id
            where m.borrow_id = $1 and ($2::int is null or m.number < $2)
            order by m.number desc limit $3 offset $4"#,
            query.borrow.uuid(),
            before,
            // One more than shown: it tells whether a page follows.
            i64::from(query.page.limit) + 1,
            i64::try_from(offset).unwrap_or(i64::MAX),
        )
        .fetch_all(&self.pool)
        .await?;
        let total = sqlx::query_scalar!(
            r#"select count(*) as "total!" from borrowing.message where borrow_id = $1"#,
            query.borrow.uuid(),
        )
        .fetch_one(&self.pool)
        .await?;
        let (shown, more) = (query.page.limit as usize, rows.len() > query.page.limit as usize);
        let next_cursor = rows.iter().take(shown).next_back().filter(|_| more).map(|oldest| oldest.number.to_string());
        let messages = rows.into_iter().take(shown).map(|row| MessageView {
            id: row.id.into(),
            author: AuthorPart::new(row.author_id.into(), row.author_name, row.by_moderator),
            text: row.text,
            sent_at: row.sent_at,
            read_at: row.read_at,
        });
        let mut items: Vec<MessageView> = messages.collect();
        items.reverse();
        Ok(Page { items, total: total.unsigned_abs(), next_cursor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_page_gave_is_no_cursor() {
        for wrong in ["", "-1", "+1", "x", "1.5", "9999999999", "\u{664}"] {
            assert!(cursor(wrong).is_err(), "{wrong}");
        }
        assert!(matches!(cursor("57"), Ok(57)));
    }
}
