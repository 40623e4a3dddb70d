use async_trait::async_trait;
use borrowing_events::{BorrowEvent, BorrowMessageSent, Parties};
use cqrs::{Call, CommandHandler, Work};
use kernel::{BorrowId, Command, MessageId, Prose, UserId};
use serde::Serialize;

use crate::blocks;
use crate::desk::Desk;
use crate::domain::{Part, Refused};
use crate::messages::{self, AuthorPart, MessageView, Talk};
use crate::transition::TransitionError;

/// One of the two writes to the other about their borrow; from a dispute or a report on, a moderator to both.
#[derive(Debug, Clone, Serialize)]
pub struct SendMessage {
    pub borrow: BorrowId,
    pub text: Prose<2000>,
}

impl Command for SendMessage {
    const NAME: &'static str = "send_message";
    type Output = MessageView;
    type Error = TransitionError;
}

pub(crate) struct SendMessageHandler(pub Desk);

#[async_trait]
impl CommandHandler<SendMessage> for SendMessageHandler {
    async fn handle(&self, call: &Call, command: SendMessage) -> Result<MessageView, TransitionError> {
        let author = call.actor().user_id().ok_or(Refused::NotFound)?;
        let mut work = call.begin(&self.0.pool).await?;
        // Whose borrow it is never changes, so it is read before any lock.
        let talk = messages::find(work.connection(), command.borrow).await?.ok_or(Refused::NotFound)?;
        let part = Part::of(call.actor(), talk.owner, talk.borrower);
        talk.conversation.may_write(part, call.now())?;
        let members = messages::lock_members(work.connection(), [author, talk.owner, talk.borrower]).await?;
        let talk = messages::lock(work.connection(), command.borrow).await?.ok_or(Refused::NotFound)?;
        // After the locks: what is sent later has a later time, also from another host.
        let now = call.now();
        talk.conversation.may_write(part, now)?;
        let author_row = members.iter().find(|member| member.id == author.uuid());
        if author_row.is_some_and(|member| !member.active) {
            // They are leaving: what they write now would outlive them.
            return Err(Refused::MessagesNotPossible.into());
        }
        if talk.conversation.is_between_two(part) {
            let all_active = members.iter().all(|member| member.active);
            if !all_active || blocks::are_apart(work.connection(), talk.owner, talk.borrower).await? {
                return Err(Refused::MessagesNotPossible.into());
            }
        }
        messages::written_by(work.connection(), author, command.borrow, now).await?.leaves_room(&self.0.rules)?;
        let message = MessageView {
            id: MessageId::new(now),
            author: AuthorPart::new(author, author_row.map(|member| member.name.clone()), part == Part::Moderator),
            text: command.text.into_string(),
            sent_at: now,
            read_at: None,
        };
        write(&mut work, command.borrow, &talk, part, &message).await?;
        Ok(work.commit(message).await?)
    }
}

async fn write(
    work: &mut Work<'_>,
    borrow: BorrowId,
    talk: &Talk,
    part: Part,
    message: &MessageView,
) -> Result<(), sqlx::Error> {
    let author: UserId = message.author.id;
    let number = talk.last_message + 1;
    sqlx::query!(
        "insert into borrowing.message
            (borrow_id, number, id, author_id, by_moderator, text, sent_at, unread_by_owner, unread_by_borrower)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9)",
        borrow.uuid(),
        number,
        message.id.uuid(),
        author.uuid(),
        part == Part::Moderator,
        message.text,
        message.sent_at,
        part != Part::Owner,
        part != Part::Borrower,
    )
    .execute(work.connection())
    .await?;
    sqlx::query!(
        "update borrowing.borrow set last_message = $2, revision = revision + 1 where id = $1",
        borrow.uuid(),
        number,
    )
    .execute(work.connection())
    .await?;
    // Who may not read it any more is not told of it.
    let moderator_id = match talk.conversation.has_moderators(message.sent_at) {
        true => messages::moderator_before(work.connection(), borrow, author).await?,
        false => None,
    };
    let sent = BorrowMessageSent {
        parties: Parties {
            borrow_id: borrow,
            book_id: talk.book.into(),
            owner_id: talk.owner,
            borrower_id: talk.borrower,
        },
        message_id: message.id,
        number,
        author_id: author,
        moderator_id,
    };
    work.append(&BorrowEvent::from(sent), 1).await?;
    Ok(())
}
