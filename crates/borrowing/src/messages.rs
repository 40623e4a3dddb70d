//! The messages of borrows in PostgreSQL, and nowhere else: what they say is in no event, in no view and not in Redis.

use async_trait::async_trait;
use database::Database;
use jobs::{Job, JobError, Run};
use kernel::{BorrowId, MessageId, UserId};
use serde::{Deserialize, Serialize};
use sqlx::{PgConnection, PgExecutor};
use time::{Duration, OffsetDateTime};
use uuid::Uuid;

use crate::domain::{BorrowStatus, Conversation, Reported, Written};
use crate::reports;
use crate::view::MemberPart;

/// Conversations that are deleted in one transaction.
const BATCH: i64 = 100;

/// A message as the API shows it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "camelCase")]
pub struct MessageView {
    pub id: MessageId,
    pub author: AuthorPart,
    pub text: String,
    #[serde(with = "time::serde::rfc3339")]
    pub sent_at: OffsetDateTime,
    /// When the owner or the borrower, whoever did not write it, read it first.
    #[serde(with = "time::serde::rfc3339::option")]
    pub read_at: Option<OffsetDateTime>,
}

/// Who wrote a message.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct AuthorPart {
    pub id: UserId,
    /// Empty as long as nobody has told it.
    pub name: String,
    /// They wrote it as a moderator: they are neither the owner nor the borrower.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub moderator: bool,
}

impl AuthorPart {
    pub(crate) fn new(id: UserId, name: Option<String>, moderator: bool) -> Self {
        // The messages of who left went with them.
        let MemberPart { id, name, .. } = MemberPart::new(id, name, None);
        Self { id, name, moderator }
    }
}

/// The borrow that messages are about, and the two whose it is.
pub(crate) struct Talk {
    pub book: Uuid,
    pub owner: UserId,
    pub borrower: UserId,
    pub conversation: Conversation,
    pub last_message: i32,
}

struct TalkRow {
    book_id: Uuid,
    owner_id: Uuid,
    borrower_id: Uuid,
    status: String,
    handed_over: bool,
    settled: bool,
    closed_at: Option<OffsetDateTime>,
    last_message: i32,
    report_open: Option<bool>,
    report_answered_at: Option<OffsetDateTime>,
}

impl TryFrom<TalkRow> for Talk {
    type Error = sqlx::Error;

    fn try_from(row: TalkRow) -> Result<Self, sqlx::Error> {
        let status = BorrowStatus::from_name(&row.status);
        let conversation = Conversation {
            status: status.ok_or_else(|| sqlx::Error::Decode("unknown status in a row".into()))?,
            handed_over: row.handed_over,
            settled: row.settled,
            closed_at: row.closed_at,
            reported: Reported::of(row.report_open, row.report_answered_at),
        };
        let (owner, borrower) = (row.owner_id.into(), row.borrower_id.into());
        Ok(Self { book: row.book_id, owner, borrower, conversation, last_message: row.last_message })
    }
}

pub(crate) async fn find(executor: impl PgExecutor<'_>, borrow: BorrowId) -> Result<Option<Talk>, sqlx::Error> {
    let row = sqlx::query_as!(
        TalkRow,
        r#"select book_id, owner_id, borrower_id, status, handed_over_at is not null as "handed_over!",
            resolved_at is not null as "settled!", closed_at, last_message,
            (select bool_or(answered_at is null) from borrowing.report where borrow_id = borrow.id) as report_open,
            (select max(answered_at) from borrowing.report where borrow_id = borrow.id) as report_answered_at
        from borrowing.borrow where id = $1"#,
        borrow.uuid(),
    )
    .fetch_optional(executor)
    .await?;
    row.map(Talk::try_from).transpose()
}

/// As [`find`]; whoever else writes or reads about this borrow waits. Members are locked before.
pub(crate) async fn lock(connection: &mut PgConnection, borrow: BorrowId) -> Result<Option<Talk>, sqlx::Error> {
    let row = sqlx::query_as!(
        TalkRow,
        r#"select book_id, owner_id, borrower_id, status, handed_over_at is not null as "handed_over!",
            resolved_at is not null as "settled!", closed_at, last_message,
            (select bool_or(answered_at is null) from borrowing.report where borrow_id = borrow.id) as report_open,
            (select max(answered_at) from borrowing.report where borrow_id = borrow.id) as report_answered_at
        from borrowing.borrow where id = $1 for no key update"#,
        borrow.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    row.map(Talk::try_from).transpose()
}

/// A member as their row has them, which is locked.
pub(crate) struct Locked {
    pub id: Uuid,
    pub name: String,
    pub active: bool,
}

/// Locks them in the order of ids: the author, so that bounds hold for messages at once, and the parties, so that a block that
/// races is seen. Whoever we have not been told of has no row.
pub(crate) async fn lock_members(
    connection: &mut PgConnection,
    members: [UserId; 3],
) -> Result<Vec<Locked>, sqlx::Error> {
    sqlx::query_as!(
        Locked,
        r#"select id, name, active and closed_at is null as "active!" from borrowing.member
        where id = any($1) order by id for no key update"#,
        &members.map(UserId::uuid),
    )
    .fetch_all(connection)
    .await
}

pub(crate) async fn written_by(
    connection: &mut PgConnection,
    author: UserId,
    borrow: BorrowId,
    now: OffsetDateTime,
) -> Result<Written, sqlx::Error> {
    let row = sqlx::query!(
        r#"select count(*) filter (where sent_at > $3) as "last_hour!", count(*) as "last_day!",
            (select count(*) from borrowing.message where borrow_id = $2 and author_id = $1) as "here!"
        from borrowing.message where author_id = $1 and sent_at > $4"#,
        author.uuid(),
        borrow.uuid(),
        now - Duration::HOUR,
        now - Duration::DAY,
    )
    .fetch_one(connection)
    .await?;
    let count = |number: i64| u32::try_from(number).unwrap_or(u32::MAX);
    Ok(Written { last_hour: count(row.last_hour), last_day: count(row.last_day), here: count(row.here) })
}

/// The moderator who wrote last, unless the author did.
pub(crate) async fn moderator_before(
    connection: &mut PgConnection,
    borrow: BorrowId,
    author: UserId,
) -> Result<Option<UserId>, sqlx::Error> {
    let last = sqlx::query_scalar!(
        "select author_id from borrowing.message where borrow_id = $1 and by_moderator order by number desc limit 1",
        borrow.uuid(),
    )
    .fetch_optional(connection)
    .await?;
    Ok(last.map(UserId::from).filter(|moderator| *moderator != author))
}

/// The job that deletes every message of borrows that closed long ago.
pub(crate) struct ForgetMessages(pub Database);

#[async_trait]
impl Job for ForgetMessages {
    fn name(&self) -> &'static str {
        "borrowing.forget_messages"
    }

    async fn run(&self, run: &Run) -> Result<(), JobError> {
        let closed_before = run.now() - Conversation::KEPT;
        run.until_nothing_is_left("conversations", || self.forget_some(closed_before)).await?;
        let answered_before = run.now() - Conversation::MODERATORS_STAY;
        run.until_nothing_is_left("reports", || reports::forget_some(&self.0, answered_before, BATCH)).await
    }
}

impl ForgetMessages {
    async fn forget_some(&self, closed_before: OffsetDateTime) -> Result<u64, sqlx::Error> {
        let forgotten = sqlx::query!(
            "with ended as materialized (
                select id from borrowing.borrow where last_message > 0 and closed_at <= $1
                order by closed_at limit $2 for no key update skip locked
            ), gone as (
                delete from borrowing.message using ended where borrow_id = ended.id
            )
            update borrowing.borrow set last_message = 0 from ended where borrow.id = ended.id",
            closed_before,
            BATCH,
        )
        .execute(&self.0)
        .await?;
        Ok(forgotten.rows_affected())
    }
}
