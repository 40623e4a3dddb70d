use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::{Database, Reading};
use kernel::text::{fold, fold_marking_elisions, is_blank};
use kernel::{ErrorKind, Page, PageRequest, Permission, Query, Refusal, UserId};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

use crate::view::{ProfileView, Row};

/// The members, for those who look after them. Asked rarely and by few, so PostgreSQL answers.
#[derive(Debug, Clone)]
pub struct ListUsers {
    /// A part of the name, without regard to case, accents and punctuation. Blank counts as none.
    pub q: Option<String>,
    /// Members who fit `q` by what others know of them.
    pub or_these: Vec<UserId>,
    pub role: Option<String>,
    pub active: Option<bool>,
    pub sort: UserSort,
    pub descending: bool,
    pub page: PageRequest,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum UserSort {
    MemberSince,
    Name,
}

impl UserSort {
    pub fn from_name(name: &str) -> Option<Self> {
        match name {
            "memberSince" => Some(Self::MemberSince),
            "name" => Some(Self::Name),
            _ => None,
        }
    }
}

impl Query for ListUsers {
    const NAME: &'static str = "list_users";
    type Answer = Page<ProfileView>;
    type Error = ListUsersError;
}

#[derive(Debug, thiserror::Error)]
pub enum ListUsersError {
    #[error("your role does not allow this")]
    NotAllowed,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ListUsersError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotAllowed => ErrorKind::Forbidden,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotAllowed => "FORBIDDEN",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct ListUsersHandler {
    pub pool: Database,
}

#[async_trait]
impl QueryHandler<ListUsers> for ListUsersHandler {
    async fn handle(&self, call: &Call, query: ListUsers) -> Result<Page<ProfileView>, ListUsersError> {
        if !call.actor().may(Permission::ReadUser) {
            return Err(ListUsersError::NotAllowed);
        }
        let query = &query;
        let found = |mut connection: Reading| async move {
            let mut count = QueryBuilder::new("select count(*) from users.member ");
            filter(&mut count, query);
            let total: i64 = count.build_query_scalar().fetch_one(&mut *connection).await?;
            let rows: Vec<Row> = page(query).build_query_as().fetch_all(&mut *connection).await?;
            Ok((total, rows))
        };
        let (total, rows) = call.read(&self.pool, found).await?;
        Ok(Page {
            items: rows.into_iter().map(ProfileView::from).collect(),
            total: u64::try_from(total).unwrap_or(0),
            next_cursor: None,
        })
    }
}

/// The folded name, as the index has it. A name that is not folded yet counts as it is.
const NAME_KEY: &str = r#"coalesce(name_key, lower(name) collate "C")"#;

fn filter(sql: &mut QueryBuilder<Postgres>, query: &ListUsers) {
    sql.push("where deleted_at is null");
    if let Some(q) = query.q.as_deref().filter(|q| !is_blank(q)) {
        // A sign is looked for in the name as it is. What a person types is text to find, not a pattern.
        let (column, q) = match fold_marking_elisions(q).is_empty() {
            true => ("name", q.to_owned()),
            false => (NAME_KEY, fold(q)),
        };
        let escaped = q.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
        let these: Vec<Uuid> = query.or_these.iter().map(|id| id.uuid()).collect();
        sql.push(" and (").push(column).push(" like ").push_bind(format!("%{escaped}%"));
        sql.push(" or id = any(").push_bind(these).push("))");
    }
    if let Some(role) = &query.role {
        sql.push(" and role = ").push_bind(role.clone());
    }
    if let Some(active) = query.active {
        sql.push(" and active = ").push_bind(active);
    }
}

/// A statement for each order, so that an index serves it.
fn page(query: &ListUsers) -> QueryBuilder<Postgres> {
    let mut sql = QueryBuilder::new(
        "select id, name, bio, location, show_bio, show_location, language, time_zone, preferences, role, active, verified,
                created_at, version
        from users.member ",
    );
    filter(&mut sql, query);
    let direction = if query.descending { " desc" } else { "" };
    let column = match query.sort {
        UserSort::MemberSince => "created_at",
        UserSort::Name => NAME_KEY,
    };
    sql.push(" order by ").push(column).push(direction).push(", id").push(direction);
    sql.push(" offset ").push_bind(i64::try_from(query.page.offset()).unwrap_or(i64::MAX));
    sql.push(" limit ").push_bind(i64::from(query.page.limit));
    sql
}
