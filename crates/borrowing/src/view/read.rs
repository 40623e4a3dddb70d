//! The one statement that reads borrows as they are shown.

use borrowing_events::DisputeOutcome;
use kernel::BorrowId;
use sqlx::PgConnection;
use time::OffsetDateTime;
use uuid::Uuid;

use super::shown::Unread;
use super::{BookPart, BorrowView, MemberPart, ResolutionPart};
use crate::domain::{BorrowStatus, Reported};

/// A borrow and the revision of what is shown of it. For everybody's eyes: call [`BorrowView::shown_to`] before it leaves.
pub(crate) struct Shown {
    pub view: BorrowView,
    pub(super) revision: i64,
}

/// What the statement below reads.
struct Row {
    id: Uuid,
    book_id: Uuid,
    title: String,
    authors: Vec<String>,
    borrower_id: Uuid,
    borrower_name: Option<String>,
    borrower_left: Option<bool>,
    owner_id: Uuid,
    owner_name: Option<String>,
    owner_left: Option<bool>,
    status: String,
    days: i16,
    message: Option<String>,
    requested_at: OffsetDateTime,
    approved_at: Option<OffsetDateTime>,
    pickup_by: Option<OffsetDateTime>,
    place: Option<String>,
    hand_over_code: Option<String>,
    handed_over_at: Option<OffsetDateTime>,
    due_at: Option<OffsetDateTime>,
    return_declared_at: Option<OffsetDateTime>,
    returned_at: Option<OffsetDateTime>,
    closed_at: Option<OffsetDateTime>,
    closed_reason: Option<String>,
    condition: Option<String>,
    note: Option<String>,
    note_by: Option<Uuid>,
    author_name: Option<String>,
    author_left: Option<bool>,
    resolved_at: Option<OffsetDateTime>,
    resolved_outcome: Option<String>,
    resolved_by: Option<Uuid>,
    moderator_name: Option<String>,
    moderator_left: Option<bool>,
    resolved_note: Option<String>,
    extensions: i16,
    extension_asked: Option<i16>,
    version: i64,
    revision: i64,
    queue_position: Option<i64>,
    unread_by_owner: i64,
    unread_by_borrower: i64,
    report_open: Option<bool>,
    report_answered_at: Option<OffsetDateTime>,
}

/// The statement, for those that `$which` names. Beside left joins sqlx takes any
/// column for one that may be null, or none, as the plan of the day has it: each is marked.
macro_rules! shown {
    ($which:literal, $argument:expr) => {
        sqlx::query_as!(
            Row,
            r#"select b.id as "id!", b.book_id as "book_id!", coalesce(b.agreed_title, k.title) as "title!",
            coalesce(b.agreed_authors, k.authors) as "authors!",
            b.borrower_id as "borrower_id!", taker.name as "borrower_name?",
            taker.version = 9223372036854775807 as "borrower_left?", b.owner_id as "owner_id!",
            lender.name as "owner_name?", lender.version = 9223372036854775807 as "owner_left?", b.status as "status!", b.days as "days!", b.message,
            b.requested_at as "requested_at!", b.approved_at, b.pickup_by, b.place, b.hand_over_code, b.handed_over_at,
            b.due_at, b.return_declared_at, b.returned_at, b.closed_at, b.closed_reason, b.condition, b.note,
            b.note_by, author.name as "author_name?", author.version = 9223372036854775807 as "author_left?", b.resolved_at, b.resolved_outcome, b.resolved_by,
            moderator.name as "moderator_name?", moderator.version = 9223372036854775807 as "moderator_left?",
            b.resolved_note, b.extensions as "extensions!", b.extension_asked,
            b.version as "version!", b.revision as "revision!",
            case when b.status = 'queued' then (
                select count(*) from borrowing.borrow q
                where q.book_id = b.book_id and q.status = 'queued' and (q.queued_at, q.id) <= (b.queued_at, b.id)
            ) end as queue_position,
            case when b.last_message = 0 then 0 else (
                select count(*) from borrowing.message m where m.borrow_id = b.id and m.unread_by_owner
            ) end as "unread_by_owner!",
            case when b.last_message = 0 then 0 else (
                select count(*) from borrowing.message m where m.borrow_id = b.id and m.unread_by_borrower
            ) end as "unread_by_borrower!",
            (select bool_or(r.answered_at is null) from borrowing.report r where r.borrow_id = b.id) as report_open,
            (select max(r.answered_at) from borrowing.report r where r.borrow_id = b.id) as report_answered_at
        from borrowing.borrow b
        join borrowing.lendable_book k on k.book_id = b.book_id
        left join borrowing.member taker on taker.id = b.borrower_id
        left join borrowing.member lender on lender.id = b.owner_id
        left join borrowing.member author on author.id = b.note_by
        left join borrowing.member moderator on moderator.id = b.resolved_by
        "# + $which,
            $argument,
        )
    };
}

impl TryFrom<Row> for Shown {
    type Error = sqlx::Error;

    fn try_from(row: Row) -> Result<Self, Self::Error> {
        let status = BorrowStatus::from_name(&row.status)
            .ok_or_else(|| sqlx::Error::Decode("unknown status in a row".into()))?;
        let member = |id: Uuid, name, left| MemberPart::new(id.into(), name, left);
        let resolution = match (row.resolved_at, row.resolved_outcome.as_deref().and_then(DisputeOutcome::from_name)) {
            (Some(at), Some(outcome)) => Some(ResolutionPart {
                outcome: outcome.into(),
                by: row.resolved_by.map(|id| member(id, row.moderator_name, row.moderator_left)),
                note: row.resolved_note,
                at,
            }),
            _ => None,
        };
        let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
        let view = BorrowView {
            id: row.id.into(),
            book: BookPart { id: row.book_id.into(), title: row.title, authors: row.authors, cover_url: None },
            borrower: member(row.borrower_id, row.borrower_name, row.borrower_left),
            owner: member(row.owner_id, row.owner_name, row.owner_left),
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
            note_by: row.note_by.map(|id| member(id, row.author_name, row.author_left)),
            resolution,
            resolved_at: row.resolved_at,
            extensions: row.extensions.unsigned_abs(),
            extension_requested: row.extension_asked.map(i16::unsigned_abs),
            unread_messages: 0,
            unread: Some(Unread { owner: count(row.unread_by_owner), borrower: count(row.unread_by_borrower) }),
            has_moderators: false,
            reported: Reported::of(row.report_open, row.report_answered_at),
            version: row.version,
        };
        Ok(Shown { view, revision: row.revision })
    }
}

/// Borrows as they now are, in no particular order.
pub(super) async fn load(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<Shown>, sqlx::Error> {
    let rows = shown!("where b.id = any($1)", ids).fetch_all(connection).await?;
    rows.into_iter().map(Shown::try_from).collect()
}

/// One borrow as it now is. Not `any`: PostgreSQL takes that for ten borrows and plans it anew each time, which costs
/// fifteen times what reading it does.
pub(crate) async fn one(connection: &mut PgConnection, id: BorrowId) -> Result<Option<Shown>, sqlx::Error> {
    let row = shown!("where b.id = $1", id.uuid()).fetch_optional(connection).await?;
    row.map(Shown::try_from).transpose()
}

/// Borrows as they now are, in the order of `ids`.
pub(crate) async fn many(connection: &mut PgConnection, ids: &[Uuid]) -> Result<Vec<BorrowView>, sqlx::Error> {
    let mut views: Vec<BorrowView> = load(connection, ids).await?.into_iter().map(|shown| shown.view).collect();
    views.sort_by_key(|view| ids.iter().position(|id| *id == view.id.uuid()));
    Ok(views)
}
