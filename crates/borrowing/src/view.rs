//! Borrows as the API shows them: read from our own tables in one statement, kept in Redis as whole documents. An event only
//! says which borrows to look at again.
//!
//! Two things in a view depend on others or on time. The place in the queue moves when somebody else leaves it: whoever
//! moves a queue raises the revision of everybody in it, and whoever hears of one of its borrows shows all of it again.
//! Whether a loan is overdue is worked out when it is shown.

use async_trait::async_trait;
use auth_events::AuthEvent;
use books_events::BookEvent;
use borrowing_events::BorrowEvent;
use event_bus::{HandlerError, Project, Recorded};
use kernel::{BookId, BorrowId, UserId};
use read_store::{BoxError, Document, Listing, Projection, Rebuild};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgPool};
use time::OffsetDateTime;
use users_events::UserEvent;
use uuid::Uuid;

use crate::domain::{BorrowStatus, Part};

/// How many borrows one statement reads.
const CHUNK: usize = 500;

/// A borrow as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BorrowView {
    pub id: BorrowId,
    pub book: BookPart,
    pub borrower: MemberPart,
    pub owner: MemberPart,
    pub status: BorrowStatus,
    /// Active, and the due date is past.
    pub overdue: bool,
    pub days: u16,
    pub message: Option<String>,
    /// From 1; `None` unless it is queued.
    pub queue_position: Option<i64>,
    #[serde(with = "time::serde::rfc3339")]
    pub requested_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option")]
    pub approved_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub pickup_by: Option<OffsetDateTime>,
    pub place: Option<String>,
    /// For the owner's eyes, as long as it is good for something.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub hand_over_code: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub handed_over_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub due_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub return_declared_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub returned_at: Option<OffsetDateTime>,
    #[serde(with = "time::serde::rfc3339::option")]
    pub closed_at: Option<OffsetDateTime>,
    /// In the words of who ended it; where nobody did, `no_answer`, `not_picked_up`, `given`, `book_gone`, `book_given` or
    /// `member_left`.
    pub closed_reason: Option<String>,
    /// `ok` or `damaged`, once it is back.
    pub condition: Option<String>,
    /// What was said at the return, the loss or the settlement.
    pub note: Option<String>,
    /// When a moderator last settled what the two did not agree on.
    #[serde(default, with = "time::serde::rfc3339::option")]
    pub resolved_at: Option<OffsetDateTime>,
    /// How often it was extended.
    pub extensions: u16,
    /// Days more that wait for the owner's answer.
    pub extension_requested: Option<u16>,
    pub version: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct BookPart {
    pub id: BookId,
    pub title: String,
    pub authors: Vec<String>,
    /// No covers yet.
    pub cover_url: Option<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, utoipa::ToSchema)]
pub struct MemberPart {
    pub id: UserId,
    /// Empty as long as nobody has told it.
    pub name: String,
}

impl BorrowView {
    /// As somebody may see it at a moment.
    pub(crate) fn shown_to(mut self, part: Part, now: OffsetDateTime) -> Self {
        self.overdue = self.status == BorrowStatus::Active && self.due_at.is_some_and(|due| due < now);
        if part != Part::Owner {
            self.hand_over_code = None;
        }
        self
    }
}

/// A borrow and the revision of what is shown of it.
struct Shown {
    view: BorrowView,
    revision: i64,
}

/// Borrows as they now are, in no particular order. Beside left joins sqlx takes any column for one that may be null, or none,
/// as the plan of the day has it: each is marked.
async fn load(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Shown>, sqlx::Error> {
    let rows = sqlx::query!(
        r#"select b.id as "id!", b.book_id as "book_id!", k.title as "title!", k.authors as "authors!",
            b.borrower_id as "borrower_id!", taker.name as "borrower_name?", b.owner_id as "owner_id!",
            lender.name as "owner_name?", b.status as "status!", b.days as "days!", b.message,
            b.requested_at as "requested_at!", b.approved_at, b.pickup_by, b.place, b.hand_over_code, b.handed_over_at,
            b.due_at, b.return_declared_at, b.returned_at, b.closed_at, b.closed_reason, b.condition, b.note,
            b.resolved_at, b.extensions as "extensions!", b.extension_asked, b.version as "version!",
            b.revision as "revision!",
            case when b.status = 'queued' then (
                select count(*) from borrowing.borrow q
                where q.book_id = b.book_id and q.status = 'queued' and (q.queued_at, q.id) <= (b.queued_at, b.id)
            ) end as queue_position
        from borrowing.borrow b
        join borrowing.lendable_book k on k.book_id = b.book_id
        left join borrowing.member taker on taker.id = b.borrower_id
        left join borrowing.member lender on lender.id = b.owner_id
        where b.id = any($1)"#,
        ids,
    )
    .fetch_all(connection)
    .await?;
    let shown = rows.into_iter().map(|row| {
        let status = BorrowStatus::from_name(&row.status)
            .ok_or_else(|| sqlx::Error::Decode("unknown status in a row".into()))?;
        let member = |id: Uuid, name: Option<String>| MemberPart { id: id.into(), name: name.unwrap_or_default() };
        let view = BorrowView {
            id: row.id.into(),
            book: BookPart { id: row.book_id.into(), title: row.title, authors: row.authors, cover_url: None },
            borrower: member(row.borrower_id, row.borrower_name),
            owner: member(row.owner_id, row.owner_name),
            status,
            overdue: false,
            days: row.days.unsigned_abs(),
            message: row.message,
            queue_position: row.queue_position,
            requested_at: row.requested_at,
            approved_at: row.approved_at,
            pickup_by: row.pickup_by,
            place: row.place,
            hand_over_code: row.hand_over_code,
            handed_over_at: row.handed_over_at,
            due_at: row.due_at,
            return_declared_at: row.return_declared_at,
            returned_at: row.returned_at,
            closed_at: row.closed_at,
            closed_reason: row.closed_reason,
            condition: row.condition,
            note: row.note,
            resolved_at: row.resolved_at,
            extensions: row.extensions.unsigned_abs(),
            extension_requested: row.extension_asked.map(i16::unsigned_abs),
            version: row.version,
        };
        Ok(Shown { view, revision: row.revision })
    });
    shown.collect()
}

/// One borrow as it now is, for everybody's eyes: call [`BorrowView::shown_to`] before it leaves.
pub(crate) async fn one(connection: &mut PgConnection, id: BorrowId) -> Result<Option<BorrowView>, sqlx::Error> {
    Ok(load(connection, &[id.uuid()]).await?.pop().map(|shown| shown.view))
}

/// Borrows as they now are, in the order of `ids`.
pub(crate) async fn many(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<BorrowView>, sqlx::Error> {
    let mut views: Vec<BorrowView> = load(connection, ids).await?.into_iter().map(|shown| shown.view).collect();
    views.sort_by_key(|view| ids.iter().position(|id| *id == view.id.uuid()));
    Ok(views)
}

/// Microseconds, which a list's score holds exactly.
pub(crate) fn score(requested_at: OffsetDateTime) -> f64 {
    (requested_at.unix_timestamp_nanos() / 1_000) as f64
}

/// Whose borrows a list holds, in which role.
#[derive(Debug, Clone, Copy)]
pub(crate) enum List {
    Borrower(UserId),
    Owner(UserId),
    Either(UserId),
    All,
}

impl List {
    /// As the projection names it.
    pub(crate) fn name(self, status: Option<BorrowStatus>) -> String {
        let whose = match self {
            List::Borrower(user) => format!("borrower:{user}"),
            List::Owner(user) => format!("owner:{user}"),
            List::Either(user) => format!("party:{user}"),
            List::All => "all".to_owned(),
        };
        match status {
            Some(status) => format!("{whose}:{status}"),
            None => whose,
        }
    }
}

/// Books that went out: what a member's public profile counts.
pub(crate) fn borrowed(user: UserId) -> String {
    format!("borrowed:{user}")
}

pub(crate) fn lent(user: UserId) -> String {
    format!("lent:{user}")
}

fn document(shown: &Shown) -> Result<Document, serde_json::Error> {
    let view = &shown.view;
    let (taker, lender) = (view.borrower.id, view.owner.id);
    let kinds = [List::Borrower(taker), List::Owner(lender), List::Either(taker), List::Either(lender), List::All];
    let mut lists: Vec<String> =
        kinds.into_iter().flat_map(|list| [list.name(None), list.name(Some(view.status))]).collect();
    if view.handed_over_at.is_some() {
        lists.extend([borrowed(taker), lent(lender)]);
    }
    let score = score(view.requested_at);
    Ok(Document {
        id: view.id.to_string(),
        version: shown.revision,
        body: Some(serde_json::to_vec(view)?),
        lists: lists.into_iter().map(|list| Listing::new(list, score)).collect(),
    })
}

/// The borrows in Redis.
#[derive(Clone)]
pub(crate) struct View {
    pool: PgPool,
    pub(crate) projection: Projection,
}

impl View {
    pub(crate) fn new(pool: PgPool, projection: Projection) -> Self {
        Self { pool, projection }
    }

    /// Writes the borrows as they now are.
    pub(crate) async fn refresh(&self, ids: &[Uuid]) -> Result<(), HandlerError> {
        for ids in ids.chunks(CHUNK) {
            let mut connection = self.pool.acquire().await?;
            let shown = load(&mut connection, ids).await?;
            drop(connection);
            let documents: Result<Vec<Document>, _> = shown.iter().map(document).collect();
            self.projection.write(&documents?).await?;
        }
        Ok(())
    }

    /// What events about these things make stale: borrows, with the queues of their copies; all of a book; all of a member.
    async fn stale(&self, dirty: &Dirty) -> Result<Vec<Uuid>, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select unnest($1::uuid[]) as "id!"
            union select id from borrowing.borrow where book_id = any($2) and status = 'queued'
            union select id from borrowing.borrow where book_id = any($3)
            union select id from borrowing.borrow where borrower_id = any($4)
            union select id from borrowing.borrow where owner_id = any($4)"#,
            &dirty.borrows,
            &dirty.queues,
            &dirty.books,
            &dirty.members,
        )
        .fetch_all(&self.pool)
        .await
    }
}

#[derive(Debug, Default)]
struct Dirty {
    borrows: Vec<Uuid>,
    queues: Vec<Uuid>,
    books: Vec<Uuid>,
    members: Vec<Uuid>,
}

impl Dirty {
    fn hear(&mut self, event: &Recorded) -> Result<(), kernel::DecodeError> {
        if let Some(heard) = event.decode::<BorrowEvent>()? {
            let parties = heard.parties();
            self.borrows.push(parties.borrow_id.uuid());
            self.queues.push(parties.book_id.uuid());
        } else if let Some(heard) = event.decode::<BookEvent>()? {
            match heard {
                BookEvent::Updated(e) => self.books.push(e.book_id.uuid()),
                // Nobody can have borrowed a book before; its deletion leaves the borrows as they were shown.
                BookEvent::Created(_) | BookEvent::Deleted(_) => {}
                BookEvent::Borrowed(_) | BookEvent::Returned(_) => {}
            }
        } else if let Some(heard) = event.decode::<UserEvent>()? {
            match heard {
                UserEvent::Updated(e) => self.members.push(e.user_id.uuid()),
                UserEvent::Deleted(e) => self.members.push(e.user_id.uuid()),
                UserEvent::RoleChanged(_) => {}
            }
        } else if let Some(heard) = event.decode::<AuthEvent>()? {
            match heard {
                AuthEvent::Registered(e) => self.members.push(e.user_id.uuid()),
                AuthEvent::Verified(_) | AuthEvent::SessionRevoked(_) => {}
            }
        }
        Ok(())
    }
}

#[async_trait]
impl Project for View {
    async fn project(&self, events: &[Recorded]) -> Result<(), HandlerError> {
        let mut dirty = Dirty::default();
        for event in events {
            dirty.hear(event)?;
        }
        self.refresh(&self.stale(&dirty).await?).await
    }
}

#[async_trait]
impl Rebuild for View {
    fn name(&self) -> &'static str {
        "borrowing"
    }

    fn schema(&self) -> u32 {
        // 2: reasons that nobody gave are codes. 3: `resolvedAt`.
        3
    }

    async fn documents(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Document>, BoxError> {
        let mut connection = self.pool.acquire().await?;
        let ids = sqlx::query_scalar!(
            "select id from borrowing.borrow where id > $1 order by id limit $2",
            after.unwrap_or(Uuid::nil()),
            limit,
        )
        .fetch_all(&mut *connection)
        .await?;
        let mut shown = load(&mut connection, &ids).await?;
        shown.sort_by_key(|shown| shown.view.id);
        let documents: Result<Vec<Document>, _> = shown.iter().map(document).collect();
        Ok(documents?)
    }
}
