//! What is heard from the other contexts: members' names and books' titles are kept for the texts, and of what happens
//! between members the inboxes tell. Effect, `notification.created` and checkpoint commit together, so each is told once;
//! the unique key (user, event) also holds when the log is replayed.

use async_trait::async_trait;
use auth_events::{AuthEvent, UserRegistered};
use books_events::BookEvent;
use borrowing_events::{BorrowEvent, Parties};
use event_bus::{Delivery, HandlerError, Hear, Recorded};
use jiff::tz::TimeZone;
use kernel::actor::RecordedActor;
use kernel::{BookId, Event, LanguageTag, NotificationId, UserId};
use notifications_events::{NotificationCreated, NotificationEvent};
use sqlx::types::Json;
use users_events::{UserEvent, UserRoleChanged, UserUpdated};
use uuid::Uuid;
use wording::Language;

use crate::domain::{Cast, Person, Telling, about_borrow};
use crate::metrics;

pub(crate) struct Subscriber {
    /// The community's.
    pub zone: TimeZone,
    /// Of members whose own is not known, or is none that texts are written in.
    pub language: Language,
}

#[async_trait]
impl Hear<BorrowEvent> for Subscriber {
    async fn hear(
        &self,
        delivery: &mut Delivery<'_>,
        event: &Recorded,
        heard: BorrowEvent,
    ) -> Result<(), HandlerError> {
        Ok(self.hear_borrow(delivery, event, &heard).await?)
    }
}

/// Books tell nobody; the titles are kept.
#[async_trait]
impl Hear<BookEvent> for Subscriber {
    async fn hear(&self, delivery: &mut Delivery<'_>, event: &Recorded, heard: BookEvent) -> Result<(), HandlerError> {
        let version = event.aggregate_version;
        match heard {
            BookEvent::Created(e) => remember_book(delivery, e.book_id, &e.title, e.owner_id, version).await?,
            BookEvent::Updated(e) => remember_book(delivery, e.book_id, &e.title, e.owner_id, version).await?,
            BookEvent::Deleted(e) => forget_book(delivery, e.book_id).await?,
            BookEvent::Borrowed(_) | BookEvent::Returned(_) => {}
        }
        Ok(())
    }
}

#[async_trait]
impl Hear<UserEvent> for Subscriber {
    async fn hear(&self, delivery: &mut Delivery<'_>, event: &Recorded, heard: UserEvent) -> Result<(), HandlerError> {
        match heard {
            UserEvent::Updated(e) => remember_member(delivery, &e, event.aggregate_version).await?,
            UserEvent::Deleted(e) => forget_member(delivery, e.user_id).await?,
            UserEvent::RoleChanged(e) => remember_role(delivery, &e).await?,
        }
        Ok(())
    }
}

#[async_trait]
impl Hear<AuthEvent> for Subscriber {
    async fn hear(&self, delivery: &mut Delivery<'_>, _: &Recorded, heard: AuthEvent) -> Result<(), HandlerError> {
        match heard {
            AuthEvent::Registered(e) => self.greet(delivery, &e).await?,
            AuthEvent::Verified(_) | AuthEvent::SessionRevoked(_) => {}
        }
        Ok(())
    }
}

impl Subscriber {
    async fn hear_borrow(
        &self,
        delivery: &mut Delivery<'_>,
        event: &Recorded,
        heard: &BorrowEvent,
    ) -> Result<(), sqlx::Error> {
        let parties = heard.parties();
        let known = sqlx::query!(
            r#"select
                (select nullif(name, '') from notifications.member where id = $1) as owner,
                (select language from notifications.member where id = $1) as owner_language,
                (select nullif(name, '') from notifications.member where id = $2) as borrower,
                (select language from notifications.member where id = $2) as borrower_language,
                (select title from notifications.book where id = $3) as book,
                array(
                    select user_id from notifications.notification
                    where user_id in ($1, $2) and source_event_id = $4
                    union all
                    select id from notifications.member where id in ($1, $2) and deleted_at is not null
                ) as "told_or_gone!""#,
            parties.owner_id.uuid(),
            parties.borrower_id.uuid(),
            parties.book_id.uuid(),
            event.id.uuid(),
        )
        .fetch_one(delivery.connection())
        .await?;
        let actor = match event.actor {
            RecordedActor::User { id } => Some(id),
            RecordedActor::Anonymous | RecordedActor::System { .. } => None,
        };
        let spoken = |tag: Option<String>| tag.as_deref().and_then(Language::of_tag).unwrap_or(self.language);
        let person = |name, language| Person { name, language: spoken(language) };
        let cast = Cast {
            owner: person(known.owner, known.owner_language),
            borrower: person(known.borrower, known.borrower_language),
            book: known.book,
            moderators: match heard {
                BorrowEvent::Disputed(_) => moderators_to_tell(delivery, event, parties)
                    .await?
                    .into_iter()
                    .map(|(id, language)| (id, spoken(Some(language))))
                    .collect(),
                _ => Vec::new(),
            },
        };
        for telling in about_borrow(heard, actor, &cast, &self.zone) {
            if !known.told_or_gone.contains(&telling.recipient.uuid()) {
                tell(delivery, event, heard.name(), telling).await?;
            }
        }
        Ok(())
    }

    /// The name given at registration counts until the profile tells another. Auth's version of the account cannot be
    /// compared with the profile's, so it is not kept.
    async fn greet(&self, delivery: &mut Delivery<'_>, event: &UserRegistered) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "insert into notifications.member (id, name, language, version) values ($1, $2, $3, 0)
            on conflict (id) do update set name = excluded.name, language = excluded.language
                where member.version = 0 and member.name = '' and member.deleted_at is null",
            event.user_id.uuid(),
            event.name,
            event.language.as_ref().map_or(self.language.tag(), LanguageTag::as_str),
        )
        .execute(delivery.connection())
        .await?;
        Ok(())
    }
}

/// Who may settle a dispute, with the language they are spoken to in: moderators who are no party to it and were not told.
async fn moderators_to_tell(
    delivery: &mut Delivery<'_>,
    event: &Recorded,
    parties: &Parties,
) -> Result<Vec<(UserId, String)>, sqlx::Error> {
    let rows = sqlx::query!(
        "select id, language from notifications.member
        where role in ('moderator', 'admin') and deleted_at is null and id not in ($1, $2)
            and not exists (
                select from notifications.notification where user_id = member.id and source_event_id = $3
            )
        order by id",
        parties.owner_id.uuid(),
        parties.borrower_id.uuid(),
        event.id.uuid(),
    )
    .fetch_all(delivery.connection())
    .await?;
    Ok(rows.into_iter().map(|row| (row.id.into(), row.language)).collect())
}

async fn tell(
    delivery: &mut Delivery<'_>,
    event: &Recorded,
    kind: &'static str,
    telling: Telling,
) -> Result<(), sqlx::Error> {
    let now = delivery.now();
    let created = NotificationCreated {
        notification_id: NotificationId::new(now),
        user_id: telling.recipient,
        kind: kind.to_owned(),
    };
    let id = created.notification_id.uuid();
    let position = delivery.append::<NotificationEvent>(created, 1).await?;
    sqlx::query!(
        "insert into notifications.notification
            (id, user_id, kind, title, body, data, created_at, source_event_id, log_transaction, log_position, version)
        values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 1)",
        id,
        telling.recipient.uuid(),
        kind,
        telling.title,
        telling.body,
        Json(telling.data) as _,
        now,
        event.id.uuid(),
        position.transaction,
        position.sequence,
    )
    .execute(delivery.connection())
    .await?;
    metrics::SENT.with_label_values(&[kind]).inc();
    Ok(())
}

async fn remember_book(
    delivery: &mut Delivery<'_>,
    book: BookId,
    title: &str,
    owner: UserId,
    version: i64,
) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into notifications.book (id, title, owner, version) values ($1, $2, $3, $4)
        on conflict (id) do update
            set title = excluded.title, owner = excluded.owner, version = excluded.version
            where book.version < excluded.version",
        book.uuid(),
        title,
        owner.uuid(),
        version,
    )
    .execute(delivery.connection())
    .await?;
    Ok(())
}

async fn forget_book(delivery: &mut Delivery<'_>, book: BookId) -> Result<(), sqlx::Error> {
    sqlx::query!("delete from notifications.book where id = $1", book.uuid()).execute(delivery.connection()).await?;
    Ok(())
}

async fn remember_member(delivery: &mut Delivery<'_>, event: &UserUpdated, version: i64) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into notifications.member (id, name, language, version) values ($1, $2, $3, $4)
        on conflict (id) do update
            set name = excluded.name, language = excluded.language, version = excluded.version
            where member.version < excluded.version and member.deleted_at is null",
        event.user_id.uuid(),
        event.name,
        event.language,
        version,
    )
    .execute(delivery.connection())
    .await?;
    Ok(())
}

/// The log's order is that of the changes: what comes last holds, in a replay too.
async fn remember_role(delivery: &mut Delivery<'_>, event: &UserRoleChanged) -> Result<(), sqlx::Error> {
    sqlx::query!(
        "insert into notifications.member (id, name, language, version, role) values ($1, '', '', 0, $2)
        on conflict (id) do update set role = excluded.role",
        event.user_id.uuid(),
        event.role,
    )
    .execute(delivery.connection())
    .await?;
    Ok(())
}

/// Name and inbox go. What stays holds no text: it keeps a replay from telling anything again.
async fn forget_member(delivery: &mut Delivery<'_>, user: UserId) -> Result<(), sqlx::Error> {
    let (id, now): (Uuid, _) = (user.uuid(), delivery.now());
    sqlx::query!(
        "insert into notifications.member (id, name, language, version, deleted_at)
        values ($1, '', '', 0, $2)
        on conflict (id) do update
            set name = excluded.name, deleted_at = coalesce(member.deleted_at, excluded.deleted_at)",
        id,
        now,
    )
    .execute(delivery.connection())
    .await?;
    sqlx::query!(
        "update notifications.notification
        set title = '', body = '', data = '{}', deleted_at = $2, version = version + 1
        where user_id = $1 and deleted_at is null",
        id,
        now,
    )
    .execute(delivery.connection())
    .await?;
    Ok(())
}
