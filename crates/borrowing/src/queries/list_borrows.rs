use std::str::FromStr;

use async_trait::async_trait;
use cqrs::{Call, QueryHandler, Source};
use database::{Database, Reading};
use kernel::{Detail, ErrorKind, Page, PageRequest, Permission, Query, Refusal, UserId};
use read_store::{Direction, ReadStoreError};
use sqlx::{Postgres, QueryBuilder};
use time::OffsetDateTime;
use uuid::Uuid;

use crate::domain::{BorrowStatus, Part};
use crate::view::{self, BorrowView, List, View};

/// Whose borrows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// What the caller asked for or has.
    Borrower,
    /// Of the caller's books.
    Owner,
    /// Both.
    Either,
    /// Everybody's; for moderators.
    Any,
}

/// Borrows by the time of the request.
#[derive(Debug, Clone)]
pub struct ListBorrows {
    pub role: Role,
    /// In one of these; empty: in any.
    pub statuses: Vec<BorrowStatus>,
    pub overdue: Option<bool>,
    /// Only those in which a moderator has settled something, or only the others.
    pub resolved: Option<bool>,
    /// Otherwise the newest come first.
    pub oldest_first: bool,
    pub page: PageRequest,
}

impl ListBorrows {
    /// All of somebody's, newest first.
    pub fn newest(role: Role, page: PageRequest) -> Self {
        Self { role, statuses: Vec::new(), overdue: None, resolved: None, oldest_first: false, page }
    }

    /// Whether the same caller may be given the same page again until a borrow changes or [`BorrowView::next_due`] has come. Which
    /// borrows are overdue depends on the hour, and who may see any borrow on the role of the hour.
    pub fn holds_until_a_change(&self) -> bool {
        self.overdue.is_none() && self.role != Role::Any
    }
}

impl Query for ListBorrows {
    const NAME: &'static str = "list_borrows";
    type Answer = Page<BorrowView>;
    type Error = ListBorrowsError;
}

#[derive(Debug, thiserror::Error)]
pub enum ListBorrowsError {
    #[error("Sign in to see your borrows.")]
    NotSignedIn,
    #[error("Only moderators may see everybody's borrows.")]
    ModeratorsOnly,
    #[error("The cursor is none that a page has given.")]
    Cursor,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ListBorrowsError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::ModeratorsOnly => ErrorKind::Forbidden,
            Self::Cursor => ErrorKind::Invalid,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::ModeratorsOnly => "FORBIDDEN",
            Self::Cursor => "VALIDATION_ERROR",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Cursor => vec![Detail::new("cursor", self.to_string())],
            Self::NotSignedIn | Self::ModeratorsOnly | Self::Database(_) => Vec::new(),
        }
    }
}

/// The last borrow of the page before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    requested_at: OffsetDateTime,
    id: Uuid,
}

impl Cursor {
    fn behind(last: &BorrowView) -> String {
        format!("{}-{}", last.requested_at.unix_timestamp_nanos() / 1_000, last.id.uuid().simple())
    }
}

impl FromStr for Cursor {
    type Err = ListBorrowsError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let read = || {
            let (microseconds, id) = text.split_once('-')?;
            let microseconds: i64 = microseconds.parse().ok()?;
            let requested_at = OffsetDateTime::from_unix_timestamp_nanos(i128::from(microseconds) * 1_000).ok()?;
            Some(Self { requested_at, id: Uuid::try_parse(id).ok()? })
        };
        read().ok_or(ListBorrowsError::Cursor)
    }
}

/// A query whose caller is known and whose cursor is read.
struct Wanted {
    list: List,
    statuses: Vec<BorrowStatus>,
    overdue: Option<bool>,
    resolved: Option<bool>,
    oldest_first: bool,
    behind: Option<Cursor>,
    offset: u64,
    /// One more than shown: it tells whether a page follows.
    limit: u32,
}

pub(crate) struct ListBorrowsHandler {
    pool: Database,
    view: View,
}

#[derive(Debug, thiserror::Error)]
enum ViewError {
    #[error(transparent)]
    Store(#[from] ReadStoreError),
    #[error("a document cannot be read")]
    Document(#[from] serde_json::Error),
}

impl ListBorrowsHandler {
    pub(crate) fn new(pool: Database, view: View) -> Self {
        Self { pool, view }
    }

    /// `None`: there is no such list.
    async fn in_projection(&self, wanted: &Wanted) -> Result<Option<(Vec<BorrowView>, u64)>, ViewError> {
        let list = match (&wanted.statuses[..], wanted.overdue.or(wanted.resolved)) {
            ([], None) => wanted.list.name(None),
            ([status], None) => wanted.list.name(Some(*status)),
            _ => return Ok(None),
        };
        let direction = if wanted.oldest_first { Direction::Ascending } else { Direction::Descending };
        let projection = &self.view.projection;
        let page = match wanted.behind {
            None => projection.page(&list, wanted.offset, wanted.limit, direction).await?,
            Some(Cursor { requested_at, id }) => {
                let id = id.to_string();
                projection.page_after(&list, (view::score(requested_at), &id), wanted.limit, direction).await?
            }
        };
        let items: Result<_, _> = page.bodies.iter().map(|body| serde_json::from_slice(body)).collect();
        Ok(Some((items?, page.total)))
    }

    async fn in_database(
        mut connection: Reading,
        wanted: &Wanted,
        now: OffsetDateTime,
    ) -> Result<(Vec<BorrowView>, u64), sqlx::Error> {
        let mut count = wanted.filtered("select count(*)", now);
        let total: i64 = count.build_query_scalar().fetch_one(&mut *connection).await?;
        let mut page = wanted.filtered("select id", now);
        let (than, order) = if wanted.oldest_first { (">", "asc") } else { ("<", "desc") };
        if let Some(behind) = wanted.behind {
            page.push(format_args!(" and (requested_at, id) {than} ("));
            page.push_bind(behind.requested_at).push(", ").push_bind(behind.id).push(")");
        }
        page.push(format_args!(" order by requested_at {order}, id {order} limit "));
        page.push_bind(i64::from(wanted.limit));
        if wanted.behind.is_none() {
            page.push(" offset ").push_bind(i64::try_from(wanted.offset).unwrap_or(i64::MAX));
        }
        let ids: Vec<Uuid> = page.build_query_scalar().fetch_all(&mut *connection).await?;
        Ok((view::many(&mut connection, &ids).await?, total.unsigned_abs()))
    }
}

impl Wanted {
    /// Put together rather than one statement for all: each of these wants an index of its own.
    fn filtered(&self, select: &'static str, now: OffsetDateTime) -> QueryBuilder<Postgres> {
        let mut sql = QueryBuilder::new(select);
        sql.push(" from borrowing.borrow where ");
        match self.list {
            List::Borrower(user) => sql.push("borrower_id = ").push_bind(user.uuid()),
            List::Owner(user) => sql.push("owner_id = ").push_bind(user.uuid()),
            List::Either(user) => {
                sql.push("(borrower_id = ").push_bind(user.uuid());
                sql.push(" or owner_id = ").push_bind(user.uuid()).push(")")
            }
            List::All => sql.push("true"),
        };
        match &self.statuses[..] {
            [] => {}
            [status] => {
                sql.push(" and status = ").push_bind(status.as_str());
            }
            statuses => {
                let names: Vec<&str> = statuses.iter().map(|status| status.as_str()).collect();
                sql.push(" and status = any(").push_bind(names).push(")");
            }
        }
        match self.overdue {
            None => {}
            Some(true) => {
                sql.push(" and status = 'active' and due_at < ").push_bind(now);
            }
            Some(false) => {
                sql.push(" and not (status = 'active' and due_at < ").push_bind(now).push(")");
            }
        }
        match self.resolved {
            None => {}
            Some(true) => {
                sql.push(" and resolved_at is not null");
            }
            Some(false) => {
                sql.push(" and resolved_at is null");
            }
        }
        sql
    }
}

fn list_of(role: Role, user: UserId) -> List {
    match role {
        Role::Borrower => List::Borrower(user),
        Role::Owner => List::Owner(user),
        Role::Either => List::Either(user),
        Role::Any => List::All,
    }
}

#[async_trait]
impl QueryHandler<ListBorrows> for ListBorrowsHandler {
    async fn handle(&self, call: &Call, query: ListBorrows) -> Result<Page<BorrowView>, ListBorrowsError> {
        let user = call.actor().user_id().ok_or(ListBorrowsError::NotSignedIn)?;
        if query.role == Role::Any && !call.actor().may(Permission::ModerateBorrow) {
            return Err(ListBorrowsError::ModeratorsOnly);
        }
        let shown = query.page.limit as usize;
        let wanted = Wanted {
            list: list_of(query.role, user),
            statuses: query.statuses,
            overdue: query.overdue,
            resolved: query.resolved,
            oldest_first: query.oldest_first,
            behind: query.page.cursor.as_deref().map(str::parse).transpose()?,
            offset: query.page.offset(),
            limit: query.page.limit.saturating_add(1),
        };
        let found = match call.source() {
            Source::ReadStore => self
                .in_projection(&wanted)
                .await
                .inspect_err(|error| tracing::debug!(%error, "listed from PostgreSQL"))
                .unwrap_or(None),
            Source::Database => None,
        };
        let now = call.now();
        let (mut items, total) = match found {
            Some(found) => found,
            None => call.read(&self.pool, |connection| Self::in_database(connection, &wanted, now)).await?,
        };
        let more = items.len() > shown;
        items.truncate(shown);
        let next_cursor = items.last().filter(|_| more).map(Cursor::behind);
        let page = Page { items, total, next_cursor };
        Ok(page.map(|view| {
            let part = Part::of(call.actor(), view.owner.id, view.borrower.id);
            view.shown_to(part, now)
        }))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn whatever_is_taken_as_a_cursor_is_an_exact_place_in_the_list(
            text in prop_oneof!["\\PC{0,60}", "[-+]?[0-9]{0,20}-[0-9a-fA-F-]{32,36}"],
        ) {
            if let Ok(cursor) = text.parse::<Cursor>() {
                let micros = cursor.requested_at.unix_timestamp_nanos() / 1_000;
                let again: Cursor = format!("{micros}-{}", cursor.id.simple()).parse().unwrap();
                prop_assert_eq!((again.requested_at, again.id), (cursor.requested_at, cursor.id));
            }
        }
    }

    #[test]
    fn what_no_page_gave_is_no_cursor() {
        for wrong in ["", "-", "12", "x-00000000000000000000000000000007", "12-7", "9223372036854775807-7"] {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
        let cursor: Cursor = "1763719200000000-00000000000000000000000000000007".parse().unwrap();
        assert_eq!(cursor.id, Uuid::from_u128(7));
    }
}
