use std::str::FromStr;

use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::{Database, Reading};
use kernel::{Detail, ErrorKind, Page, PageRequest, Permission, Query, Refusal, UserId};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::reports::{ReportView, Row, SELECT};

/// Reports: those that the caller made, the newest first; or, for moderators, those of everybody, the open ones first and of
/// these the newest. Nobody finds one about themself. PostgreSQL alone has them.
#[derive(Debug, Clone)]
pub struct ListReports {
    pub of: Reports,
    pub page: PageRequest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Reports {
    /// The caller's own.
    Mine,
    /// `open`: those that wait for an answer, or those that do not.
    Everybodys { open: Option<bool> },
}

impl Query for ListReports {
    const NAME: &'static str = "list_reports";
    type Answer = Page<ReportView>;
    type Error = ListReportsError;
}

#[derive(Debug, thiserror::Error)]
pub enum ListReportsError {
    #[error("Sign in first.")]
    NotSignedIn,
    #[error("Your role does not permit reading reports.")]
    ModeratorsOnly,
    #[error("The cursor is none that a page has given.")]
    Cursor,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ListReportsError {
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

/// The last report of the page before: `open-<id>` or `closed-<id>`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Cursor {
    open: bool,
    id: Uuid,
}

impl FromStr for Cursor {
    type Err = ListReportsError;

    fn from_str(text: &str) -> Result<Self, ListReportsError> {
        let (state, id) = text.split_once('-').ok_or(ListReportsError::Cursor)?;
        let open = match state {
            "open" => true,
            "closed" => false,
            _ => return Err(ListReportsError::Cursor),
        };
        let id = Some(id).filter(|id| id.len() == 32).and_then(|id| Uuid::try_parse(id).ok());
        id.map(|id| Self { open, id }).ok_or(ListReportsError::Cursor)
    }
}

impl Cursor {
    fn behind(last: &ReportView) -> String {
        let state = if last.closed_at.is_none() { "open" } else { "closed" };
        format!("{state}-{}", last.id.uuid().simple())
    }
}

pub(crate) struct ListReportsHandler {
    pub pool: Database,
}

struct Wanted {
    of: Reports,
    user: UserId,
    behind: Option<Cursor>,
    offset: u64,
    limit: u32,
}

impl Wanted {
    /// Put together: each of these wants an index of its own.
    fn filtered(&self, mut sql: QueryBuilder<Postgres>) -> QueryBuilder<Postgres> {
        match self.of {
            Reports::Mine => {
                sql.push(" where r.reporter_id = ").push_bind(self.user.uuid());
            }
            Reports::Everybodys { open } => {
                sql.push(" where r.member_id <> ").push_bind(self.user.uuid());
                if let Some(open) = open {
                    sql.push(" and r.is_open = ").push_bind(open);
                }
            }
        }
        sql
    }

    fn page(&self) -> QueryBuilder<Postgres> {
        let mut sql = self.filtered(QueryBuilder::new(SELECT));
        let everybodys = matches!(self.of, Reports::Everybodys { .. });
        if let Some(Cursor { open, id }) = self.behind {
            if everybodys {
                sql.push(" and (r.is_open, r.id) < (").push_bind(open).push(", ").push_bind(id).push(")");
            } else {
                sql.push(" and r.id < ").push_bind(id);
            }
        }
        sql.push(if everybodys { " order by r.is_open desc, r.id desc" } else { " order by r.id desc" });
        sql.push(" limit ").push_bind(i64::from(self.limit));
        if self.behind.is_none() {
            sql.push(" offset ").push_bind(i64::try_from(self.offset).unwrap_or(i64::MAX));
        }
        sql
    }
}

#[async_trait]
impl QueryHandler<ListReports> for ListReportsHandler {
    async fn handle(&self, call: &Call, query: ListReports) -> Result<Page<ReportView>, ListReportsError> {
        let user = call.actor().user_id().ok_or(ListReportsError::NotSignedIn)?;
        let mine = query.of == Reports::Mine;
        if !mine && !call.actor().may(Permission::ModerateBorrow) {
            return Err(ListReportsError::ModeratorsOnly);
        }
        let wanted = &Wanted {
            of: query.of,
            user,
            behind: query.page.cursor.as_deref().map(str::parse).transpose()?,
            offset: query.page.offset(),
            // One more than shown: it tells whether a page follows.
            limit: query.page.limit.saturating_add(1),
        };
        let found = |mut connection: Reading| async move {
            let mut count = wanted.filtered(QueryBuilder::new("select count(*) from users.report r"));
            let total: i64 = count.build_query_scalar().fetch_one(&mut *connection).await?;
            let rows: Vec<Row> = wanted.page().build_query_as().fetch_all(&mut *connection).await?;
            Ok((total, rows))
        };
        let (total, rows) = call.read(&self.pool, found).await?;
        let (shown, more) = (query.page.limit as usize, rows.len() > query.page.limit as usize);
        let show = if mine { Row::for_reporter } else { Row::for_moderator };
        let items: Vec<ReportView> = rows.into_iter().take(shown).map(show).collect();
        let next_cursor = items.last().filter(|_| more).map(Cursor::behind);
        Ok(Page { items, total: total.unsigned_abs(), next_cursor })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_no_page_gave_is_no_cursor() {
        let id = "0".repeat(32);
        for wrong in
            ["", "-", "open", "open-", "open-7", &format!("shut-{id}"), &id, "open-{00000000-0000-0000-0000-00}"]
        {
            assert!(wrong.parse::<Cursor>().is_err(), "{wrong}");
        }
        assert_eq!(format!("closed-{id}").parse::<Cursor>().unwrap(), Cursor { open: false, id: Uuid::nil() });
    }
}
