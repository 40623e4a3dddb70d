#![expect(clippy::disallowed_methods, reason = "statements without a name are asked on a `Reading`")]

use std::collections::HashMap;

use async_trait::async_trait;
use bibliography::keys::category_key;
use bibliography::search::{QueryText, QueryTextError};
use cqrs::{Call, QueryHandler};
use database::{Database, Reading};
use kernel::{Detail, ErrorKind, Query, Refusal, UserId};
use serde::Serialize;
use sqlx::{PgConnection, Postgres, QueryBuilder};
use time::{Duration, OffsetDateTime};
use tokio::sync::Mutex;
use uuid::Uuid;

use super::filter::{Filter, UnknownLanguage};
use super::find::find;
use super::searches::Searches;
use crate::hidden::Hidden;
use crate::visible::TO_EVERYBODY;

/// How long the count of the whole catalogue is kept. It reads every book, which takes a second or two for a million.
const KEPT: Duration = Duration::minutes(1);
/// Categories shown.
const CATEGORIES: i64 = 100;
/// Categories of hidden books that are taken from the count of everything.
const LEFT_OUT: i64 = 1_000;
/// A narrowed catalogue is counted so far; its counts then stand for as many or more.
const COUNTED: i64 = 20_000;

/// By what the catalogue can be narrowed down: the categories used most and the languages, with how many of the books that
/// the filters and the text leave have each. The count by category ignores the category asked for, the count by language
/// ignores the language, so that each shows what another choice would find. Without any filter the counts are at most a
/// minute old.
#[derive(Debug, Clone, Default)]
pub struct CountFacets {
    /// Only what [`crate::SearchBooks`] finds by this. Blank counts as none.
    pub text: Option<String>,
    /// Whatever its case.
    pub category: Option<String>,
    pub available: Option<bool>,
    pub owner: Option<UserId>,
    /// A code or name as [`crate::BookInput`] takes it.
    pub language: Option<String>,
    /// Words of authors' names, all of which a book must have.
    pub author: Option<String>,
}

impl Query for CountFacets {
    const NAME: &'static str = "count_facets";
    type Answer = Facets;
    type Error = CountFacetsError;
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Facets {
    /// At most 100, those of most books first.
    pub categories: Vec<CategoryCount>,
    /// Those of most books first.
    pub languages: Vec<LanguageCount>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct CategoryCount {
    /// In the spelling that most of these books have.
    pub name: String,
    /// At least 1.
    pub count: i64,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, sqlx::FromRow)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LanguageCount {
    /// As in `en`.
    pub code: String,
    /// At least 1.
    pub count: i64,
}

#[derive(Debug, thiserror::Error)]
pub enum CountFacetsError {
    #[error("the language is not known")]
    Language,
    #[error(transparent)]
    Text(#[from] QueryTextError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for CountFacetsError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Language | Self::Text(_) => ErrorKind::Invalid,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Language | Self::Text(_) => "VALIDATION_ERROR",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Language => vec![Detail::new("language", self.to_string())],
            Self::Text(error) => vec![Detail::new("q", error.to_string())],
            Self::Database(_) => Vec::new(),
        }
    }
}

impl From<UnknownLanguage> for CountFacetsError {
    fn from(_: UnknownLanguage) -> Self {
        Self::Language
    }
}

/// Which books are counted.
#[derive(Clone)]
enum Among {
    Everything,
    /// Everything but what is hidden from the reader.
    EverythingBut(Filter),
    /// What was hidden from the reader when everything was counted, at that time.
    Hidden(Filter, OffsetDateTime),
    Filtered(Filter),
    Found(Vec<Uuid>),
}

impl Among {
    /// `columns` of these books as a table `counted`.
    fn push(&self, sql: &mut QueryBuilder<Postgres>, columns: &'static str) {
        // What is materialized is planned as if all were wanted, and read no further than the limit: see `find.rs`.
        sql.push("with found as materialized (select ").push(columns).push(" from books.book");
        match self {
            Self::Everything => {
                sql.push(" where ").push(TO_EVERYBODY);
            }
            Self::Hidden(filter, counted_at) => {
                filter.push_left_out(sql);
                sql.push(" and created_at <= ").push_bind(*counted_at);
            }
            Self::EverythingBut(filter) | Self::Filtered(filter) => filter.push(sql),
            Self::Found(ids) => {
                sql.push(" where id = any(").push_bind(ids.clone()).push(")");
            }
        }
        sql.push("), counted as (select * from found");
        if !matches!(self, Self::Everything | Self::Found(_)) {
            sql.push(" limit ").push_bind(COUNTED);
        }
        sql.push(")");
    }
}

async fn categories(
    connection: &mut PgConnection,
    among: &Among,
    most: i64,
) -> Result<Vec<CategoryCount>, sqlx::Error> {
    let mut sql = QueryBuilder::new("");
    among.push(&mut sql, "category_keys, categories");
    sql.push(
        ", spelling as (
            select key, name, count(*) as books
            from counted cross join unnest(category_keys, categories) as category (key, name) group by key, name
        )
        select (array_agg(name order by books desc, name))[1] as name, sum(books)::bigint as count
        from spelling group by key order by 2 desc, key limit ",
    );
    sql.push_bind(most);
    sql.build_query_as().persistent(false).fetch_all(connection).await
}

async fn languages(connection: &mut PgConnection, among: &Among) -> Result<Vec<LanguageCount>, sqlx::Error> {
    let mut sql = QueryBuilder::new("");
    among.push(&mut sql, "language");
    sql.push(
        " select language as code, count(*) as count from counted
        where language is not null group by language order by 2 desc, 1",
    );
    sql.build_query_as().persistent(false).fetch_all(connection).await
}

/// A line of the counts.
trait Counted {
    fn key(&self) -> String;
    fn count(&mut self) -> &mut i64;
}

impl Counted for CategoryCount {
    fn key(&self) -> String {
        category_key(&self.name)
    }

    fn count(&mut self) -> &mut i64 {
        &mut self.count
    }
}

impl Counted for LanguageCount {
    fn key(&self) -> String {
        self.code.clone()
    }

    fn count(&mut self) -> &mut i64 {
        &mut self.count
    }
}

/// Counts of everything without those of what is hidden from the reader. They stay in their order, which few hidden books
/// would change. A hidden book that was added since everything was counted is in neither; one that was changed or deleted
/// since then makes a difference of one until everything is counted again.
fn without<T: Counted>(mut all: Vec<T>, hidden: Vec<T>) -> Vec<T> {
    let hidden: HashMap<String, i64> = hidden.into_iter().map(|mut one| (one.key(), *one.count())).collect();
    for one in &mut all {
        *one.count() -= hidden.get(&one.key()).copied().unwrap_or(0);
    }
    all.retain_mut(|one| *one.count() > 0);
    all
}

/// Redis has a list for each category and each language, but nothing tells which lists there are: PostgreSQL counts. The
/// count of the whole catalogue is kept.
pub(crate) struct CountFacetsHandler {
    pool: Database,
    hidden: Hidden,
    searches: Searches,
    /// Held while somebody counts, so that of those who ask at once one does.
    kept: Mutex<Option<(OffsetDateTime, Facets)>>,
}

impl CountFacetsHandler {
    pub(crate) fn new(pool: Database, hidden: Hidden, searches: Searches) -> Self {
        Self { pool, hidden, searches, kept: Mutex::default() }
    }

    /// The counts, and when everything was counted. On the primary, as what is hidden of it: one state.
    async fn of_everything(&self, now: OffsetDateTime) -> Result<(OffsetDateTime, Facets), sqlx::Error> {
        let mut kept = self.kept.lock().await;
        if let Some((counted_at, facets)) = &*kept
            && now < *counted_at + KEPT
        {
            return Ok((*counted_at, facets.clone()));
        }
        let mut reading = self.pool.reading().await?;
        let facets = Facets {
            categories: categories(&mut reading, &Among::Everything, CATEGORIES).await?,
            languages: languages(&mut reading, &Among::Everything).await?,
        };
        *kept = Some((now, facets.clone()));
        Ok((now, facets))
    }

    async fn among(&self, call: &Call, filter: Filter, text: Option<&QueryText>) -> Result<Among, sqlx::Error> {
        match text {
            Some(text) => {
                let filter = &filter;
                let _turn = self.searches.turn().await;
                let found = |mut at: Reading| async move { find(&mut at, filter, text).await };
                Ok(Among::Found(call.read(&self.pool, found).await?))
            }
            None if filter.is_empty() => Ok(Among::Everything),
            None if filter.only_hides() => Ok(Among::EverythingBut(filter)),
            None => Ok(Among::Filtered(filter)),
        }
    }

    async fn categories(&self, call: &Call, among: &Among) -> Result<Vec<CategoryCount>, sqlx::Error> {
        match among {
            Among::Everything => Ok(self.of_everything(call.now()).await?.1.categories),
            Among::EverythingBut(filter) => {
                let (counted_at, all) = self.of_everything(call.now()).await?;
                let among = Among::Hidden(filter.clone(), counted_at);
                let hidden = categories(&mut *self.pool.reading().await?, &among, LEFT_OUT).await?;
                Ok(without(all.categories, hidden))
            }
            _ => {
                let counted = |mut at: Reading| async move { categories(&mut at, among, CATEGORIES).await };
                call.read(&self.pool, counted).await
            }
        }
    }

    async fn languages(&self, call: &Call, among: &Among) -> Result<Vec<LanguageCount>, sqlx::Error> {
        match among {
            Among::Everything => Ok(self.of_everything(call.now()).await?.1.languages),
            Among::EverythingBut(filter) => {
                let (counted_at, all) = self.of_everything(call.now()).await?;
                let among = Among::Hidden(filter.clone(), counted_at);
                let hidden = languages(&mut *self.pool.reading().await?, &among).await?;
                Ok(without(all.languages, hidden))
            }
            _ => {
                let counted = |mut at: Reading| async move { languages(&mut at, among).await };
                call.read(&self.pool, counted).await
            }
        }
    }
}

#[async_trait]
impl QueryHandler<CountFacets> for CountFacetsHandler {
    async fn handle(&self, call: &Call, query: CountFacets) -> Result<Facets, CountFacetsError> {
        let text = QueryText::read_unless_blank(query.text.as_deref())?;
        let mut filter = Filter::new(
            query.category,
            query.available,
            query.owner,
            query.language.as_deref(),
            query.author.as_deref(),
        )?;
        filter.hidden = self.hidden.from(call).await?;
        let same = filter.category.is_none() && filter.language.is_none();
        let but_category = self.among(call, filter.without_category(), text.as_ref()).await?;
        let but_language = if same {
            but_category.clone()
        } else {
            self.among(call, filter.without_language(), text.as_ref()).await?
        };
        Ok(Facets {
            categories: self.categories(call, &but_category).await?,
            languages: self.languages(call, &but_language).await?,
        })
    }
}
