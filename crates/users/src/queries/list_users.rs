use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::{ErrorKind, Page, PageRequest, Permission, Query, Refusal};
use sqlx::PgPool;

use crate::view::{ProfileView, Row};

/// The members, for those who look after them. Asked rarely and by few, so PostgreSQL answers.
#[derive(Debug, Clone)]
pub struct ListUsers {
    /// A part of the name, in any case.
    pub q: Option<String>,
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
    pub pool: PgPool,
}

#[async_trait]
impl QueryHandler<ListUsers> for ListUsersHandler {
    async fn handle(&self, call: &Call, query: ListUsers) -> Result<Page<ProfileView>, ListUsersError> {
        if !call.actor().may(Permission::ReadUser) {
            return Err(ListUsersError::NotAllowed);
        }
        // What a person types is text to find, not a pattern.
        let pattern = query.q.as_ref().map(|q| {
            let escaped = q.to_lowercase().replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
            format!("%{escaped}%")
        });
        let by = match (query.sort, query.descending) {
            (UserSort::MemberSince, true) => "newest",
            (UserSort::MemberSince, false) => "oldest",
            (UserSort::Name, false) => "name",
            (UserSort::Name, true) => "name_desc",
        };
        let rows = sqlx::query_as!(
            Row,
            "select id, name, bio, location, language, time_zone, preferences, role, active, verified, created_at,
                version
            from users.member
            where deleted_at is null and ($1::text is null or lower(name) like $1)
                and ($2::text is null or role = $2) and ($3::boolean is null or active = $3)
            order by case when $4 = 'newest' then created_at end desc, case when $4 = 'oldest' then created_at end,
                case when $4 = 'name' then lower(name) end, case when $4 = 'name_desc' then lower(name) end desc, id
            offset $5 limit $6",
            pattern,
            query.role,
            query.active,
            by,
            i64::try_from(query.page.offset()).unwrap_or(i64::MAX),
            i64::from(query.page.limit),
        )
        .fetch_all(&self.pool)
        .await?;
        let total = sqlx::query_scalar!(
            r#"select count(*) as "count!" from users.member
            where deleted_at is null and ($1::text is null or lower(name) like $1)
                and ($2::text is null or role = $2) and ($3::boolean is null or active = $3)"#,
            pattern,
            query.role,
            query.active,
        )
        .fetch_one(&self.pool)
        .await?;
        Ok(Page {
            items: rows.into_iter().map(ProfileView::from).collect(),
            total: u64::try_from(total).unwrap_or(0),
            next_cursor: None,
        })
    }
}
