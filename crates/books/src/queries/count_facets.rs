use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::{ErrorKind, Query, Refusal};
use serde::Serialize;
use sqlx::PgPool;
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;

/// How long a count is given again. It looks at every book, which takes a second or two where there are a million.
const KEPT: Duration = Duration::minutes(1);
/// Categories shown.
const CATEGORIES: i64 = 100;

/// By what the catalogue can be narrowed down: the categories used most and the languages, with how many books lists show
/// of each. As they were at most a minute ago.
#[derive(Debug, Clone)]
pub struct CountFacets;

impl Query for CountFacets {
    const NAME: &'static str = "count_facets";
    type Answer = Facets;
    type Error = CountFacetsError;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct Facets {
    /// At most 100, those of most books first.
    pub categories: Vec<CategoryCount>,
    /// Those of most books first.
    pub languages: Vec<LanguageCount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct CategoryCount {
    /// In the spelling that most of these books have.
    pub name: String,
    pub count: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, utoipa::ToSchema)]
pub struct LanguageCount {
    /// As in `en`.
    pub code: String,
    pub count: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum CountFacetsError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for CountFacetsError {
    fn kind(&self) -> ErrorKind {
        let Self::Database(error) = self;
        event_bus::error_kind(error)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

/// Redis has a list for each category and each language, but nothing tells which lists there are: PostgreSQL counts, and
/// the count is kept.
pub(crate) struct CountFacetsHandler {
    pool: PgPool,
    /// Held while somebody counts, so that of those who ask at once one does.
    kept: Mutex<Option<(OffsetDateTime, Facets)>>,
}

impl CountFacetsHandler {
    pub(crate) fn new(pool: PgPool) -> Self {
        Self { pool, kept: Mutex::default() }
    }

    async fn count(&self) -> Result<Facets, sqlx::Error> {
        let categories = sqlx::query_as!(
            CategoryCount,
            r#"with spelling as (
                select key, name, count(*) as books
                from books.book cross join unnest(category_keys, categories) as category (key, name)
                where owner_active group by key, name
            )
            select (array_agg(name order by books desc, name))[1] as "name!", sum(books)::bigint as "count!"
            from spelling group by key order by 2 desc, key limit $1"#,
            CATEGORIES,
        );
        let languages = sqlx::query_as!(
            LanguageCount,
            r#"select language as "code!", count(*) as "count!" from books.book
            where owner_active and language is not null group by language order by 2 desc, 1"#,
        );
        let mut connection = self.pool.acquire().await?;
        Ok(Facets {
            categories: categories.fetch_all(&mut *connection).await?,
            languages: languages.fetch_all(&mut *connection).await?,
        })
    }
}

#[async_trait]
impl QueryHandler<CountFacets> for CountFacetsHandler {
    async fn handle(&self, call: &Call, _query: CountFacets) -> Result<Facets, CountFacetsError> {
        let mut kept = self.kept.lock().await;
        if let Some((counted_at, facets)) = &*kept
            && call.now() < *counted_at + KEPT
        {
            return Ok(facets.clone());
        }
        let facets = self.count().await?;
        *kept = Some((call.now(), facets.clone()));
        Ok(facets)
    }
}
