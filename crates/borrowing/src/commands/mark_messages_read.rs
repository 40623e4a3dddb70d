use async_trait::async_trait;
use borrowing_events::{BorrowEvent, BorrowMessagesRead, Parties};
use cqrs::{Call, CommandHandler};
use kernel::{BorrowId, Command, MessageId};
use serde::Serialize;

use crate::desk::Desk;
use crate::domain::{Part, Refused};
use crate::messages;
use crate::transition::TransitionError;

/// The caller has read what was written about a borrow. Answers how many messages that changed: of a moderator none, who has
/// none that wait.
#[derive(Debug, Clone, Serialize)]
pub struct MarkMessagesRead {
    pub borrow: BorrowId,
    /// The last one that was read; `None`: all. One that is not there marks none.
    pub up_to: Option<MessageId>,
}

impl Command for MarkMessagesRead {
    const NAME: &'static str = "mark_messages_read";
    type Output = u64;
    type Error = TransitionError;
}

pub(crate) struct MarkMessagesReadHandler(pub Desk);

#[async_trait]
impl CommandHandler<MarkMessagesRead> for MarkMessagesReadHandler {
    async fn handle(&self, call: &Call, command: MarkMessagesRead) -> Result<u64, TransitionError> {
        let reader = call.actor().user_id().ok_or(Refused::NotFound)?;
        let mut work = call.begin(&self.0.pool).await?;
        let talk = messages::lock(work.connection(), command.borrow).await?.ok_or(Refused::NotFound)?;
        let part = Part::of(call.actor(), talk.owner, talk.borrower);
        talk.conversation.may_read(part, call.now())?;
        let marked = sqlx::query!(
            r#"update borrowing.message set
                unread_by_owner = unread_by_owner and not $2, unread_by_borrower = unread_by_borrower and not $3,
                read_at = coalesce(read_at, $4)
            where borrow_id = $1 and (unread_by_owner and $2 or unread_by_borrower and $3)
                and ($5::uuid is null
                    or number <= (select number from borrowing.message where borrow_id = $1 and id = $5))
            returning id, number, unread_by_owner or unread_by_borrower as "waits!""#,
            command.borrow.uuid(),
            part == Part::Owner,
            part == Part::Borrower,
            call.now(),
            command.up_to.map(MessageId::uuid),
        )
        .fetch_all(work.connection())
        .await?;
        let Some(last) = marked.iter().max_by_key(|message| message.number) else {
            return Ok(work.commit(0).await?);
        };
        sqlx::query!("update borrowing.borrow set revision = revision + 1 where id = $1", command.borrow.uuid())
            .execute(work.connection())
            .await?;
        let read = BorrowMessagesRead {
            parties: Parties {
                borrow_id: command.borrow,
                book_id: talk.book.into(),
                owner_id: talk.owner,
                borrower_id: talk.borrower,
            },
            message_id: last.id.into(),
            number: last.number,
            reader_id: reader,
        };
        // A moderator's is read twice.
        let version = if last.waits { 2 } else { 3 };
        work.append(&BorrowEvent::from(read), version).await?;
        Ok(work.commit(marked.len() as u64).await?)
    }
}
