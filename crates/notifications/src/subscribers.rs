//! What is heard from the other contexts: members' names and languages are kept for those who read, books' titles for what
//! is told, and of what happens between members the inboxes tell. Effect, `notification.created` and checkpoint commit together, so each is told once;
//! the unique key (user, event) also holds when the log is replayed.

use async_trait::async_trait;
use auth_events::{AuthEvent, UserRegistered};
use books_events::BookEvent;
use borrowing_events::{BorrowEvent, BorrowMessageSent, Parties};
use event_bus::{Delivery, HandlerError, Hear, HearTogether, Recorded};
use kernel::actor::RecordedActor;
use kernel::{BookId, Command, Event, LanguageTag, NotificationId, UserId};
use notifications_events::{NotificationCreated, NotificationEvent};
use sqlx::types::Json;
use users_events::{UserEvent, UserRoleChanged, UserUpdated};
use uuid::Uuid;
use wording::Language;

use crate::commands::MarkRead;
use crate::domain::{Cast, Telling, about_borrow, report};
use crate::{conversations, folding, letters, metrics};

pub(crate) struct Subscriber {
    /// The community's: of members who did not say theirs.
    pub language: Language,
}

/// Together: what is known for the texts is asked once, and what is told written once.
#[async_trait]
impl HearTogether<BorrowEvent> for Subscriber {
    async fn hear(&self, delivery: &mut Delivery<'_>, events: &[(&Recorded, BorrowEvent)]) -> Result<(), HandlerError> {
        Ok(self.hear_borrows(delivery, events).await?)
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
            UserEvent::Reported(e) => {
                let moderators = moderators_to_tell(delivery, event, [e.user_id, e.reporter_id], None).await?;
                tell(delivery, of_event(event, "user.reported", report::reported(&e, &moderators))).await?;
            }
            UserEvent::ReportAnswered(e) => {
                letters::skip_answered(delivery, e.report_id).await?;
                let told = still_to_tell(delivery, event, report::answered(&e, caused_by(event))).await?;
                tell(delivery, of_event(event, "user.report_answered", told)).await?;
            }
            // Who is blocked is not told.
            UserEvent::Blocked(_) | UserEvent::Unblocked(_) => {}
        }
        Ok(())
    }
}

#[async_trait]
impl Hear<AuthEvent> for Subscriber {
    async fn hear(&self, delivery: &mut Delivery<'_>, _: &Recorded, heard: AuthEvent) -> Result<(), HandlerError> {
        match heard {
            AuthEvent::Registered(e) => self.greet(delivery, &e).await?,
            AuthEvent::Verified(_)
            | AuthEvent::SessionRevoked(_)
            | AuthEvent::ApiKeyCreated(_)
            | AuthEvent::ApiKeyRevoked(_) => {}
        }
        Ok(())
    }
}

impl Subscriber {
    async fn hear_borrows(
        &self,
        delivery: &mut Delivery<'_>,
        events: &[(&Recorded, BorrowEvent)],
    ) -> Result<(), sqlx::Error> {
        let known = known_of(delivery, events).await?;
        let mut told = Vec::new();
        for ((event, heard), known) in events.iter().zip(known) {
            if let BorrowEvent::MessagesRead(read) = heard {
                // What was told before it must be there to be marked.
                tell(delivery, std::mem::take(&mut told)).await?;
                conversations::mark_read(delivery, event, read).await?;
                continue;
            }
            let actor = caused_by(event);
            let cast = Cast {
                book: known.book,
                moderators: match heard {
                    BorrowEvent::Disputed(_) => moderators_to_tell(delivery, event, both(heard), None).await?,
                    BorrowEvent::MessageSent(BorrowMessageSent { moderator_id: Some(moderator), .. }) => {
                        moderators_to_tell(delivery, event, both(heard), Some(*moderator)).await?
                    }
                    _ => Vec::new(),
                },
            };
            let tellings = about_borrow(heard, actor, &cast)
                .into_iter()
                .filter(|telling| !known.told_or_gone.contains(&telling.recipient.uuid()));
            told.extend(tellings.map(|telling| (*event, heard.name(), telling)));
        }
        tell(delivery, told).await?;
        letters::skip_outdated(delivery, events).await
    }

    /// The name given at registration counts until the profile tells another. Auth's version of the account cannot be
    /// compared with the profile's, so it is not kept.
    async fn greet(&self, delivery: &mut Delivery<'_>, event: &UserRegistered) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "insert into notifications.member (id, name, language, version) values ($1, $2, $3, 0)
            on conflict (id) do update
                set name = excluded.name, language = excluded.language, revision = member.revision + 1
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

fn caused_by(event: &Recorded) -> Option<UserId> {
    match event.actor {
        RecordedActor::User { id } => Some(id),
        RecordedActor::Anonymous | RecordedActor::System { .. } => None,
    }
}

fn both(heard: &BorrowEvent) -> [UserId; 2] {
    let parties = heard.parties();
    [parties.owner_id, parties.borrower_id]
}

fn of_event<'e>(
    event: &'e Recorded,
    kind: &'static str,
    told: Vec<Telling>,
) -> Vec<(&'e Recorded, &'static str, Telling)> {
    told.into_iter().map(|telling| (event, kind, telling)).collect()
}

/// Without those who were told of the event before, or have left.
async fn still_to_tell(
    delivery: &mut Delivery<'_>,
    event: &Recorded,
    mut told: Vec<Telling>,
) -> Result<Vec<Telling>, sqlx::Error> {
    let recipients: Vec<Uuid> = told.iter().map(|telling| telling.recipient.uuid()).collect();
    let over = sqlx::query_scalar!(
        r#"select user_id as "id!" from notifications.notification
            where user_id = any($1) and source_event_id = $2
        union all
        select id from notifications.member where id = any($1) and deleted_at is not null"#,
        &recipients,
        event.id.uuid(),
    )
    .fetch_all(delivery.connection())
    .await?;
    told.retain(|telling| !over.contains(&telling.recipient.uuid()));
    Ok(told)
}

/// Who may settle a dispute or answer a report: moderators who are no party to it and were not told. All of them, or this one.
async fn moderators_to_tell(
    delivery: &mut Delivery<'_>,
    event: &Recorded,
    [one, other]: [UserId; 2],
    only: Option<UserId>,
) -> Result<Vec<UserId>, sqlx::Error> {
    let ids = sqlx::query_scalar!(
        "select id from notifications.member
        where role in ('moderator', 'admin') and deleted_at is null and id not in ($1, $2)
            and ($4::uuid is null or id = $4)
            and not exists (
                select from notifications.notification where user_id = member.id and source_event_id = $3
            )
        order by id",
        one.uuid(),
        other.uuid(),
        event.id.uuid(),
        only.map(UserId::uuid),
    )
    .fetch_all(delivery.connection())
    .await?;
    Ok(ids.into_iter().map(UserId::from).collect())
}

/// What is known about an event.
struct Known {
    book: Option<String>,
    told_or_gone: Vec<Uuid>,
}

/// In the order of the events.
async fn known_of(delivery: &mut Delivery<'_>, events: &[(&Recorded, BorrowEvent)]) -> Result<Vec<Known>, sqlx::Error> {
    let of = |id: fn(&Parties) -> Uuid| -> Vec<Uuid> { events.iter().map(|(_, heard)| id(heard.parties())).collect() };
    let ids: Vec<Uuid> = events.iter().map(|(event, _)| event.id.uuid()).collect();
    sqlx::query_as!(
        Known,
        r#"select book.title as "book?",
            array(
                select user_id from notifications.notification
                where user_id in (e.owner, e.borrower) and source_event_id = e.id
                union all
                select id from notifications.member where id in (e.owner, e.borrower) and deleted_at is not null
            ) as "told_or_gone!"
        from unnest($1::uuid[], $2::uuid[], $3::uuid[], $4::uuid[])
            with ordinality as e (owner, borrower, book, id, nth)
        left join notifications.book book on book.id = e.book
        order by e.nth"#,
        &of(|parties| parties.owner_id.uuid()),
        &of(|parties| parties.borrower_id.uuid()),
        &of(|parties| parties.book_id.uuid()),
        &ids,
    )
    .fetch_all(delivery.connection())
    .await
}

/// Each telling with the event that it is about and the kind of notification.
async fn tell(delivery: &mut Delivery<'_>, told: Vec<(&Recorded, &'static str, Telling)>) -> Result<(), sqlx::Error> {
    if told.is_empty() {
        return Ok(());
    }
    let now = delivery.now();
    let created = told.iter().map(|(event, kind, telling)| {
        let created = NotificationCreated {
            notification_id: NotificationId::new(now),
            user_id: telling.recipient,
            kind: (*kind).to_owned(),
        };
        (*event, NotificationEvent::Created(created), 1)
    });
    let created: Vec<(&Recorded, NotificationEvent, i64)> = created.collect();
    let positions = delivery.append_each(&created).await?;
    let groups = folding::groups(&told);
    let (mut ids, mut users, mut kinds, mut facts) = (vec![], vec![], vec![], vec![]);
    let (mut words, mut authors) = (vec![], vec![]);
    let (mut data, mut causes, mut transactions, mut sequences) = (vec![], vec![], vec![], vec![]);
    for (((event, kind, telling), (_, created, _)), position) in told.into_iter().zip(&created).zip(positions) {
        ids.push(created.aggregate_id());
        users.push(telling.recipient.uuid());
        kinds.push(kind.to_owned());
        facts.push(Json(telling.facts));
        authors.push(telling.words.as_ref().and_then(|words| words.by).map(|by| by.uuid()));
        words.push(telling.words.map(|words| words.text));
        data.push(Json(telling.data));
        causes.push(event.id.uuid());
        transactions.push(position.transaction);
        sequences.push(position.sequence);
        metrics::SENT.with_label_values(&[kind]).inc();
    }
    sqlx::query!(
        "insert into notifications.notification
            (id, user_id, kind, facts, words, words_by, data, created_at, source_event_id, log_transaction, log_position,
                version)
        select id, user_id, kind, facts, words, words_by, data, $11, source_event_id, log_transaction, log_position, 1
        from unnest($1::uuid[], $2::uuid[], $3::text[], $4::jsonb[], $5::text[], $6::uuid[], $7::jsonb[], $8::uuid[],
                $9::bigint[], $10::bigint[])
            as told (id, user_id, kind, facts, words, words_by, data, source_event_id, log_transaction, log_position)",
        &ids,
        &users,
        &kinds,
        &facts as _,
        &words as &[Option<String>],
        &authors as &[Option<Uuid>],
        &data as _,
        &causes,
        &transactions,
        &sequences,
        now,
    )
    .execute(delivery.connection())
    .await?;
    letters::plan(delivery, &created).await?;
    folding::fold(delivery, &groups).await
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
            set name = excluded.name, language = excluded.language, version = excluded.version,
                revision = member.revision + 1
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

/// Name and inbox go, and what they wrote in others' inboxes. What stays of theirs holds no text: it keeps a replay from
/// telling anything again.
async fn forget_member(delivery: &mut Delivery<'_>, user: UserId) -> Result<(), sqlx::Error> {
    let (id, now): (Uuid, _) = (user.uuid(), delivery.now());
    sqlx::query!(
        "insert into notifications.member (id, name, language, version, deleted_at)
        values ($1, '', '', 0, $2)
        on conflict (id) do update
            set name = '', language = '', revision = member.revision + 1,
                deleted_at = coalesce(member.deleted_at, excluded.deleted_at)",
        id,
        now,
    )
    .execute(delivery.connection())
    .await?;
    sqlx::query!(
        "update notifications.notification
        set facts = null, words = null, words_by = null, data = '{}', deleted_at = $2, version = version + 1
        where user_id = $1 and deleted_at is null",
        id,
        now,
    )
    .execute(delivery.connection())
    .await?;
    letters::forget(delivery.connection(), user).await?;
    // An answer to "mark as read" has the names of all that it speaks of, and says the same when it is given again.
    sqlx::query!("delete from notifications.idempotency_key where command = $1", MarkRead::NAME)
        .execute(delivery.connection())
        .await?;
    cqrs::forget_answers(delivery.connection(), user).await?;
    // Whose words they were stays, for the view to find them.
    sqlx::query!(
        "update notifications.notification set words = null, version = version + 1
        where words_by = $1 and words is not null",
        id,
    )
    .execute(delivery.connection())
    .await?;
    Ok(())
}
