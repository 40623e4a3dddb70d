use async_trait::async_trait;
use cqrs::{Call, QueryHandler, Source};
use kernel::{Detail, ErrorKind, Page, PageRequest, Query, Refusal, UserId};
use read_store::Direction;
use sqlx::{PgPool, Postgres, QueryBuilder};
use uuid::Uuid;

use super::cursor::{Cursor, Key, UNKNOWN_YEAR};
use crate::domain::Language;
use crate::domain::keys::{author_words, category_key};
use crate::view::{self, BookView, View, ViewError};

/// Books of the whole community, for anybody. Filters narrow each other.
#[derive(Debug, Clone)]
pub struct ListBooks {
    /// Whatever its case.
    pub category: Option<String>,
    pub available: Option<bool>,
    pub owner: Option<UserId>,
    /// A code or name as [`crate::BookInput`] takes it.
    pub language: Option<String>,
    /// Words of authors' names, all of which a book must have.
    pub author: Option<String>,
    pub sort: BookSort,
    pub order: SortOrder,
    pub page: PageRequest,
}

impl ListBooks {
    /// All books, newest first.
    pub fn newest(page: PageRequest) -> Self {
        Self {
            category: None,
            available: None,
            owner: None,
            language: None,
            author: None,
            sort: BookSort::CreatedAt,
            order: SortOrder::Descending,
            page,
        }
    }
}

/// By what a list is ordered; ties are broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookSort {
    CreatedAt,
    /// Without regard to case and accents.
    Title,
    /// Books of unknown year count as the oldest.
    PublishedYear,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SortOrder {
    Ascending,
    Descending,
}

impl Query for ListBooks {
    const NAME: &'static str = "list_books";
    type Answer = Page<BookView>;
    type Error = ListBooksError;
}

#[derive(Debug, thiserror::Error)]
pub enum ListBooksError {
    #[error("the cursor is not one that a page of this list gave")]
    Cursor,
    #[error("the language is not known")]
    Language,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ListBooksError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Cursor | Self::Language => ErrorKind::Invalid,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Cursor | Self::Language => "VALIDATION_ERROR",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Cursor => vec![Detail::new("cursor", self.to_string())],
            Self::Language => vec![Detail::new("language", self.to_string())],
            Self::Database(_) => Vec::new(),
        }
    }
}

/// The query as it is looked up.
struct Wanted {
    category: Option<String>,
    available: Option<bool>,
    owner: Option<UserId>,
    language: Option<&'static str>,
    author: Option<Vec<String>>,
    sort: BookSort,
    order: SortOrder,
    offset: u64,
    limit: u32,
    cursor: Option<Cursor>,
}

impl Wanted {
    fn new(query: ListBooks) -> Result<Self, ListBooksError> {
        let language = query.language.as_deref().map(Language::parse).transpose();
        let cursor = match &query.page.cursor {
            Some(text) => Some(Cursor::decode(text, query.sort).ok_or(ListBooksError::Cursor)?),
            None => None,
        };
        Ok(Self {
            category: query.category,
            available: query.available,
            owner: query.owner,
            language: language.map_err(|_| ListBooksError::Language)?.map(Language::tag),
            author: query.author.map(|name| author_words([name.as_str()])),
            sort: query.sort,
            order: query.order,
            offset: query.page.offset(),
            limit: query.page.limit,
            cursor,
        })
    }

    /// The list of the projection that holds just these books. `None`: only PostgreSQL can tell.
    fn list(&self) -> Option<String> {
        if self.sort != BookSort::CreatedAt || self.author.is_some() || self.available == Some(false) {
            return None;
        }
        let filters = [
            self.category.as_deref().map(view::in_category),
            self.owner.map(view::of_owner),
            self.language.map(view::in_language),
            self.available.map(|_| view::AVAILABLE.to_owned()),
        ];
        let mut lists = filters.into_iter().flatten();
        let list = lists.next().unwrap_or_else(|| view::NEWEST.to_owned());
        lists.next().is_none().then_some(list)
    }

    /// `books` may hold one more than the page: then there is a next page.
    fn page(&self, mut books: Vec<BookView>, total: u64) -> Page<BookView> {
        let limit = self.limit as usize;
        let more = books.len() > limit;
        books.truncate(limit);
        let last = books.last().filter(|_| more);
        let next_cursor = last.map(|book| Cursor::behind(book, self.sort).encode());
        Page { items: books, total, next_cursor }
    }

    /// The conditions, as `where …`.
    fn filter(&self, sql: &mut QueryBuilder<Postgres>) {
        sql.push(" where owner_active");
        if let Some(category) = &self.category {
            sql.push(" and category_keys @> array[").push_bind(category_key(category)).push("]");
        }
        if let Some(available) = self.available {
            // Spelt so that the partial index is seen to fit.
            sql.push(if available { " and available" } else { " and not available" });
        }
        if let Some(owner) = self.owner {
            sql.push(" and owner_id = ").push_bind(owner.uuid());
        }
        if let Some(language) = self.language {
            sql.push(" and language = ").push_bind(language);
        }
        if let Some(author) = &self.author {
            sql.push(" and author_words @> ").push_bind(author.clone());
        }
    }

    fn ordered(&self, sql: &mut QueryBuilder<Postgres>) {
        let (than, direction) = match self.order {
            SortOrder::Ascending => (" > (", " asc"),
            SortOrder::Descending => (" < (", " desc"),
        };
        let column = match self.sort {
            BookSort::CreatedAt => "created_at",
            BookSort::Title => "title_sort",
            BookSort::PublishedYear => "coalesce(published_year, '-32768'::smallint)",
        };
        if let Some(cursor) = &self.cursor {
            sql.push(" and (").push(column).push(", id)").push(than);
            match &cursor.key {
                // Exact, where a timestamp out of a float would not be.
                Key::CreatedAt(micros) => sql
                    .push("'1970-01-01 00:00:00+00'::timestamptz + ")
                    .push_bind(*micros)
                    .push(" * interval '1 microsecond'"),
                Key::Title(title) => sql.push_bind(title.clone()),
                Key::Year(year) => sql.push_bind(*year),
            };
            sql.push(", ").push_bind(cursor.id).push(")");
        }
        sql.push(" order by ").push(column).push(direction).push(", id").push(direction);
    }
}

#[derive(Clone)]
pub(crate) struct ListBooksHandler {
    pool: PgPool,
    view: View,
}

impl ListBooksHandler {
    pub(crate) fn new(pool: PgPool, view: View) -> Self {
        Self { pool, view }
    }

    async fn in_read_store(&self, list: &str, wanted: &Wanted) -> Result<Page<BookView>, ViewError> {
        let projection = &self.view.projection;
        let direction = match wanted.order {
            SortOrder::Ascending => Direction::Ascending,
            SortOrder::Descending => Direction::Descending,
        };
        let limit = wanted.limit + 1;
        let page = match &wanted.cursor {
            Some(Cursor { key: Key::CreatedAt(micros), id }) => {
                #[allow(clippy::cast_precision_loss, reason = "microseconds stay below 2^53 until 2255")]
                let score = *micros as f64;
                projection.page_after(list, (score, &id.to_string()), limit, direction).await?
            }
            _ => projection.page(list, wanted.offset, limit, direction).await?,
        };
        let books: Result<Vec<BookView>, _> = page.bodies.iter().map(|body| serde_json::from_slice(body)).collect();
        Ok(wanted.page(books?, page.total))
    }

    async fn in_database(&self, wanted: &Wanted) -> Result<Page<BookView>, sqlx::Error> {
        let mut connection = self.pool.acquire().await?;
        let mut count = QueryBuilder::new("select count(*) from books.book");
        wanted.filter(&mut count);
        let total: i64 = count.build_query_scalar().fetch_one(&mut *connection).await?;

        let mut page = QueryBuilder::new("select id from books.book");
        wanted.filter(&mut page);
        wanted.ordered(&mut page);
        page.push(" limit ").push_bind(i64::from(wanted.limit) + 1);
        if wanted.cursor.is_none() {
            page.push(" offset ").push_bind(i64::try_from(wanted.offset).unwrap_or(i64::MAX));
        }
        let ids: Vec<Uuid> = page.build_query_scalar().fetch_all(&mut *connection).await?;
        let books = view::load(&mut connection, &ids).await?;
        Ok(wanted.page(books, u64::try_from(total).unwrap_or(0)))
    }
}

#[async_trait]
impl QueryHandler<ListBooks> for ListBooksHandler {
    async fn handle(&self, call: &Call, query: ListBooks) -> Result<Page<BookView>, ListBooksError> {
        let wanted = Wanted::new(query)?;
        if call.source() == Source::ReadStore
            && let Some(list) = wanted.list()
        {
            match self.in_read_store(&list, &wanted).await {
                Ok(page) => return Ok(page.map(|book| book.for_actor(call.actor()))),
                Err(error) => tracing::debug!(%error, list, "a list is read from PostgreSQL"),
            }
        }
        let page = self.in_database(&wanted).await?;
        Ok(page.map(|book| book.for_actor(call.actor())))
    }
}

const _: () = assert!(UNKNOWN_YEAR == -32768, "the index says so too");
