use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::{ErrorKind, Position, Query, Refusal, UserId};
use sqlx::types::Json;

use crate::domain::{Facts, NotificationData};
use crate::told::{NotificationView, Reader, Row, Told};

/// What came into the caller's inbox after a place in the log, oldest first. A stream asks it when it begins, with the
/// last id its client saw, and again whenever the bus's tail shows a `notification.created` for the caller: what was
/// missed and what is new take the same way. What was deleted meanwhile is not shown.
#[derive(Debug, Clone)]
pub struct NotificationsSince {
    /// `None`: nothing but a place to begin at.
    pub after: Option<Position>,
    /// Up to here the log is known to lie below the horizon ([`event_bus::EventBus::read_to`]), also in a moment in which
    /// this query's own horizon lies further back: that counts every transaction that it cannot prove to be foreign.
    pub shown: Position,
}

impl NotificationsSince {
    /// So many at most in one answer: ask again behind `resume_at` until nothing comes.
    pub const AT_MOST: i64 = 100;
}

impl Query for NotificationsSince {
    const NAME: &'static str = "notifications_since";
    type Answer = Arrivals;
    type Error = NotificationsSinceError;
}

/// A notification and its place in the log, which is the id of its frame in a stream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrival {
    pub position: Position,
    pub notification: NotificationView,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Arrivals {
    pub items: Vec<Arrival>,
    /// What to ask behind next.
    pub resume_at: Position,
}

impl Arrivals {
    /// Whether nothing more was there to be found.
    pub fn is_all(&self) -> bool {
        (self.items.len() as i64) < NotificationsSince::AT_MOST
    }
}

#[derive(Debug, thiserror::Error)]
pub enum NotificationsSinceError {
    #[error("sign in to see your notifications")]
    NotSignedIn,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for NotificationsSinceError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct NotificationsSinceHandler {
    pool: Database,
    reader: Reader,
}

impl NotificationsSinceHandler {
    pub(crate) fn new(pool: Database, reader: Reader) -> Self {
        Self { pool, reader }
    }

    /// Behind the newest of the inbox.
    async fn beginning(&self, user: UserId, shown: Position) -> Result<Position, sqlx::Error> {
        let newest = sqlx::query!(
            "select log_transaction, log_position from notifications.notification
            where user_id = $1 and deleted_at is null
                and (log_transaction < (select event_bus.horizon())::text::bigint
                    or (log_transaction, log_position) <= ($2, $3))
            order by log_transaction desc, log_position desc limit 1",
            user.uuid(),
            shown.transaction,
            shown.sequence,
        )
        .fetch_optional(&self.pool)
        .await?;
        Ok(newest
            .map_or(Position::START, |row| Position { transaction: row.log_transaction, sequence: row.log_position }))
    }

    /// As the log's own readers, it stops at the horizon: below it nothing can appear any more, so nothing is passed over.
    /// The tail wakes a stream only for what is below it.
    async fn after(&self, user: UserId, after: Position, shown: Position) -> Result<Vec<Arrival>, sqlx::Error> {
        let rows = sqlx::query!(
            r#"select id, kind, facts as "facts!: Json<Facts>", words, words_by, read as "read!",
                data as "data: Json<NotificationData>", created_at, log_transaction, log_position
            from notifications.notification
            where user_id = $1 and deleted_at is null
                and (log_transaction, log_position) > ($2, $3)
                and (log_transaction < (select event_bus.horizon())::text::bigint
                    or (log_transaction, log_position) <= ($5, $6))
            order by log_transaction, log_position
            limit $4"#,
            user.uuid(),
            after.transaction,
            after.sequence,
            NotificationsSince::AT_MOST,
            shown.transaction,
            shown.sequence,
        )
        .fetch_all(&self.pool)
        .await?;
        let (mut positions, mut told) = (Vec::new(), Vec::new());
        for row in rows {
            positions.push(Position { transaction: row.log_transaction, sequence: row.log_position });
            told.push(Told::from(Row {
                id: row.id,
                kind: row.kind,
                facts: row.facts,
                words: row.words,
                words_by: row.words_by,
                read: row.read,
                data: row.data,
                created_at: row.created_at,
            }));
        }
        let read: Vec<NotificationView> = self.reader.read(user, told).await?;
        let arrival = |(position, notification)| Arrival { position, notification };
        Ok(positions.into_iter().zip(read).map(arrival).collect())
    }
}

#[async_trait]
impl QueryHandler<NotificationsSince> for NotificationsSinceHandler {
    async fn handle(&self, call: &Call, query: NotificationsSince) -> Result<Arrivals, NotificationsSinceError> {
        let user = call.actor().user_id().ok_or(NotificationsSinceError::NotSignedIn)?;
        let Some(after) = query.after else {
            return Ok(Arrivals { items: Vec::new(), resume_at: self.beginning(user, query.shown).await? });
        };
        let items = self.after(user, after, query.shown).await?;
        let resume_at = items.last().map_or(after, |last| last.position);
        Ok(Arrivals { items, resume_at })
    }
}
