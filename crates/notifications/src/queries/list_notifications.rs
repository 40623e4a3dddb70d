use std::str::FromStr;

use async_trait::async_trait;
use cqrs::{Call, QueryHandler, Source};
use database::Database;
use kernel::{Detail, ErrorKind, Page, PageRequest, Query, Refusal, UserId};
use read_store::Direction;
use sqlx::types::Json;
use time::OffsetDateTime;
use time::macros::datetime;
use uuid::Uuid;

use crate::domain::{Facts, NotificationData};
use crate::told::{NotificationView, Reader, Row, Told};
use crate::view::{self, View, ViewError};

/// The caller's inbox, newest first.
#[derive(Debug, Clone)]
pub struct ListNotifications {
    /// `Some(true)`: only what is unread; `Some(false)`: only what is read.
    pub unread: Option<bool>,
    pub page: PageRequest,
}

impl Query for ListNotifications {
    const NAME: &'static str = "list_notifications";
    type Answer = Page<NotificationView>;
    type Error = ListNotificationsError;
}

#[derive(Debug, thiserror::Error)]
pub enum ListNotificationsError {
    #[error("sign in to see your notifications")]
    NotSignedIn,
    #[error("the cursor is not one that a page of this list gave")]
    Cursor,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ListNotificationsError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::Cursor => ErrorKind::Invalid,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::Cursor => "VALIDATION_ERROR",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Cursor => vec![Detail::new("cursor", self.to_string())],
            Self::NotSignedIn | Self::Database(_) => Vec::new(),
        }
    }
}

/// The last notification of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    created_at: OffsetDateTime,
    id: Uuid,
}

impl Cursor {
    /// Before the newest that could be.
    const START: Cursor = Cursor { created_at: datetime!(9999-12-31 0:00 UTC), id: Uuid::max() };

    fn behind(last: &NotificationView) -> String {
        let microseconds = last.created_at.unix_timestamp_nanos() / 1_000;
        format!("{microseconds}-{}", last.id.uuid().simple())
    }
}

impl FromStr for Cursor {
    type Err = ListNotificationsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let wrong = ListNotificationsError::Cursor;
        let Some((microseconds, id)) = text.split_once('-') else {
            return Err(wrong);
        };
        let microseconds: i64 = microseconds.parse().map_err(|_| ListNotificationsError::Cursor)?;
        let created_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(microseconds) * 1_000);
        match (created_at, Uuid::try_parse(id)) {
            (Ok(created_at), Ok(id)) => Ok(Self { created_at, id }),
            (Err(_), _) | (_, Err(_)) => Err(wrong),
        }
    }
}

/// Where a page begins.
#[derive(Debug, Clone, Copy)]
enum Start {
    Offset(u64),
    Behind(Cursor),
}

pub(crate) struct ListNotificationsHandler {
    pool: Database,
    view: View,
    reader: Reader,
}

impl ListNotificationsHandler {
    pub(crate) fn new(pool: Database, view: View, reader: Reader) -> Self {
        Self { pool, view, reader }
    }

    async fn read_projection(
        &self,
        user: UserId,
        unread: Option<bool>,
        start: Start,
        limit: u32,
    ) -> Result<(Vec<NotificationView>, u64), ViewError> {
        let list = match unread {
            None => view::inbox(user),
            Some(true) => view::unread(user),
            Some(false) => view::read(user),
        };
        let projection = &self.view.projection;
        let page = match start {
            Start::Offset(offset) => projection.page(&list, offset, limit, Direction::Descending).await?,
            Start::Behind(Cursor { created_at, id }) => {
                let last = (view::score(created_at), id.to_string());
                let last = (last.0, last.1.as_str());
                projection.page_after(&list, last, limit, Direction::Descending).await?
            }
        };
        let told: Result<Vec<Told>, _> = page.bodies.iter().map(|body| serde_json::from_slice(body)).collect();
        Ok((self.reader.read_projected(projection, user, told?).await?, page.total))
    }

    /// Two statements, so that each has its index.
    async fn read_database(
        &self,
        user: UserId,
        unread: Option<bool>,
        start: Start,
        limit: u32,
    ) -> Result<(Vec<NotificationView>, u64), sqlx::Error> {
        let (offset, behind) = match start {
            Start::Offset(offset) => (i64::try_from(offset).unwrap_or(i64::MAX), Cursor::START),
            Start::Behind(cursor) => (0, cursor),
        };
        let (rows, total) = match unread {
            None => (
                sqlx::query_as!(
                    Row,
                    r#"select id, kind, facts as "facts!: Json<Facts>", words, words_by, read as "read!",
                        data as "data: Json<NotificationData>", created_at
                    from notifications.notification
                    where user_id = $1 and deleted_at is null and (created_at, id) < ($2, $3)
                    order by created_at desc, id desc offset $4 limit $5"#,
                    user.uuid(),
                    behind.created_at,
                    behind.id,
                    offset,
                    i64::from(limit),
                )
                .fetch_all(&self.pool)
                .await?,
                sqlx::query_scalar!(
                    r#"select count(*) as "count!" from notifications.notification
                    where user_id = $1 and deleted_at is null"#,
                    user.uuid(),
                )
                .fetch_one(&self.pool)
                .await?,
            ),
            Some(unread) => (
                sqlx::query_as!(
                    Row,
                    r#"select id, kind, facts as "facts!: Json<Facts>", words, words_by, read as "read!",
                        data as "data: Json<NotificationData>", created_at
                    from notifications.notification
                    where user_id = $1 and read = $6 and deleted_at is null and (created_at, id) < ($2, $3)
                    order by created_at desc, id desc offset $4 limit $5"#,
                    user.uuid(),
                    behind.created_at,
                    behind.id,
                    offset,
                    i64::from(limit),
                    !unread,
                )
                .fetch_all(&self.pool)
                .await?,
                sqlx::query_scalar!(
                    r#"select count(*) as "count!" from notifications.notification
                    where user_id = $1 and read = $2 and deleted_at is null"#,
                    user.uuid(),
                    !unread,
                )
                .fetch_one(&self.pool)
                .await?,
            ),
        };
        let told = rows.into_iter().map(Told::from).collect();
        Ok((self.reader.read(user, told).await?, total.unsigned_abs()))
    }
}

#[async_trait]
impl QueryHandler<ListNotifications> for ListNotificationsHandler {
    async fn handle(
        &self,
        call: &Call,
        query: ListNotifications,
    ) -> Result<Page<NotificationView>, ListNotificationsError> {
        let user = call.actor().user_id().ok_or(ListNotificationsError::NotSignedIn)?;
        let ListNotifications { unread, page } = query;
        let start = match &page.cursor {
            Some(cursor) => Start::Behind(cursor.parse()?),
            None => Start::Offset(page.offset()),
        };
        // One more than asked for tells whether a page follows.
        let limit = page.limit.saturating_add(1);
        let found = match call.source() {
            Source::ReadStore => self
                .read_projection(user, unread, start, limit)
                .await
                .inspect_err(|error| tracing::debug!(%error, "listed from PostgreSQL"))
                .ok(),
            Source::Database => None,
        };
        let (mut items, total) = match found {
            Some(found) => found,
            None => self.read_database(user, unread, start, limit).await?,
        };
        let more = items.len() > page.limit as usize;
        items.truncate(page.limit as usize);
        let next_cursor = items.last().filter(|_| more).map(Cursor::behind);
        Ok(Page { items, total, next_cursor })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_cursor_leads_back_to_the_notification_it_was_made_of() {
        let last = NotificationView {
            id: Uuid::from_u128(7).into(),
            kind: "borrow.created".to_owned(),
            title: String::new(),
            body: String::new(),
            read: false,
            data: NotificationData::default(),
            created_at: datetime!(2026-11-21 10:00:00.123456 UTC),
        };
        let cursor: Cursor = Cursor::behind(&last).parse().unwrap();
        assert_eq!((cursor.created_at, cursor.id), (last.created_at, last.id.uuid()));
    }

    proptest! {
        #[test]
        fn whatever_is_taken_as_a_cursor_is_an_exact_place_in_the_list(
            text in prop_oneof!["\\PC{0,60}", "[-+]?[0-9]{0,20}-[0-9a-fA-F-]{32,36}"],
        ) {
            if let Ok(cursor) = text.parse::<Cursor>() {
                let micros = cursor.created_at.unix_timestamp_nanos() / 1_000;
                let again: Cursor = format!("{micros}-{}", cursor.id.simple()).parse().unwrap();
                prop_assert_eq!((again.created_at, again.id), (cursor.created_at, cursor.id));
            }
        }
    }

    #[test]
    fn what_no_page_gave_is_no_cursor() {
        for wrong in [
            "",
            "-",
            "12",
            "x-00000000000000000000000000000007",
            "12-7",
            "9223372036854775807-00000000000000000000000000000007",
        ] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
    }
}
