use async_trait::async_trait;
use bibliography::search::{QueryText, QueryTextError};
use cqrs::{Call, QueryHandler, Source};
use database::{Database, Reading};
use kernel::{Actor, Detail, ErrorKind, Page, PageRequest, Query, Refusal, UserId};
use read_store::{Direction, LeftOut, ReadStoreError};
use sqlx::{PgConnection, Postgres, QueryBuilder};
use uuid::Uuid;

use super::cursor::{Cursor, Key, UNKNOWN_YEAR};
use super::filter::{Filter, UnknownLanguage};
use super::find::find;
use crate::hidden::{Hidden, HiddenOwners};
use crate::view::{self, BookView, View, ViewError};
use crate::visible::Eyes;

/// A total that only PostgreSQL can tell is counted so far; it then stands for as many or more.
const COUNTED: i64 = 1_000;

/// Books that everybody sees. Filters narrow each other. The total is exact up to 1,000, and beyond where at most one filter
/// is given that is neither `author` nor `available: false`.
#[derive(Debug, Clone)]
pub struct ListBooks {
    /// Whatever its case.
    pub category: Option<String>,
    pub available: Option<bool>,
    pub owner: Option<UserId>,
    /// With the caller as `owner`: also what they do not offer.
    pub whole_shelf: bool,
    /// A code or name as [`crate::BookInput`] takes it.
    pub language: Option<String>,
    /// Words of authors' names, all of which a book must have.
    pub author: Option<String>,
    /// Only what [`crate::SearchBooks`] finds by this. Blank counts as none.
    pub text: Option<String>,
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
            whole_shelf: false,
            language: None,
            author: None,
            text: None,
            sort: BookSort::CreatedAt,
            order: SortOrder::Descending,
            page,
        }
    }
}

/// By what a list is ordered; ties are broken by id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum BookSort {
    /// What fits `text` best is first. There are no cursors in this order, and without a text it is that of `CreatedAt`.
    Relevance,
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
    type Answer = CataloguePage;
    type Error = ListBooksError;
}

/// A page of the catalogue, for one reader.
#[derive(Debug, Clone)]
pub struct CataloguePage {
    pub page: Page<BookView>,
    /// Nothing was left out for this reader alone, and nothing would have been that came meanwhile.
    pub is_for_everybody: bool,
}

#[derive(Debug, thiserror::Error)]
pub enum ListBooksError {
    #[error("the cursor is not one that a page of this list gave")]
    Cursor,
    #[error("the language is not known")]
    Language,
    #[error(transparent)]
    Text(#[from] QueryTextError),
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for ListBooksError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::Cursor | Self::Language | Self::Text(_) => ErrorKind::Invalid,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::Cursor | Self::Language | Self::Text(_) => "VALIDATION_ERROR",
            Self::Database(_) => "INTERNAL",
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::Cursor => vec![Detail::new("cursor", self.to_string())],
            Self::Language => vec![Detail::new("language", self.to_string())],
            Self::Text(error) => vec![Detail::new("q", error.to_string())],
            Self::Database(_) => Vec::new(),
        }
    }
}

impl From<UnknownLanguage> for ListBooksError {
    fn from(_: UnknownLanguage) -> Self {
        Self::Language
    }
}

/// The query as it is looked up.
struct Wanted {
    filter: Filter,
    text: Option<QueryText>,
    sort: BookSort,
    order: SortOrder,
    offset: u64,
    limit: u32,
    cursor: Option<Cursor>,
}

impl Wanted {
    fn new(query: ListBooks, viewer: &Actor, hidden: HiddenOwners) -> Result<Self, ListBooksError> {
        let mut filter = Filter::new(
            query.category,
            query.available,
            query.owner,
            query.language.as_deref(),
            query.author.as_deref(),
        )?;
        filter.hidden = hidden;
        if let Some(owner) = query.owner.filter(|owner| query.whole_shelf && viewer.is(*owner)) {
            filter.eyes = Eyes::Owner(owner);
        }
        let text = QueryText::read_unless_blank(query.text.as_deref())?;
        let sort = match query.sort {
            BookSort::Relevance if text.is_none() => BookSort::CreatedAt,
            sort => sort,
        };
        let cursor = match &query.page.cursor {
            Some(text) => Some(Cursor::decode(text, sort).ok_or(ListBooksError::Cursor)?),
            None => None,
        };
        let (order, offset, limit) = (query.order, query.page.offset(), query.page.limit);
        Ok(Self { filter, text, sort, order, offset, limit, cursor })
    }

    /// The list of the projection that holds just these books, in whatever order. `None`: only PostgreSQL can tell.
    fn list(&self) -> Option<String> {
        let filter = &self.filter;
        // Of one owner everything is hidden or nothing, which `find` and the database tell.
        let left_out = match filter.owner {
            Some(owner) => filter.hidden.hides(owner),
            None => filter.hidden.hides_shown_books(),
        };
        if left_out { None } else { self.list_for_everybody() }
    }

    /// As [`Self::list`], with the books that are hidden from this reader.
    fn list_for_everybody(&self) -> Option<String> {
        let filter = &self.filter;
        if self.text.is_some() || filter.names_author() || filter.available == Some(false) {
            return None;
        }
        let filters = [
            filter.category.as_deref().map(view::in_category),
            filter.owner.map(|owner| match filter.eyes {
                Eyes::Everybody => view::of_owner(owner),
                Eyes::Owner(_) => view::shelf_of(owner),
            }),
            filter.language.map(view::in_language),
            filter.available.map(|_| view::AVAILABLE.to_owned()),
        ];
        let mut lists = filters.into_iter().flatten();
        let list = lists.next().unwrap_or_else(|| view::NEWEST.to_owned());
        lists.next().is_none().then_some(list)
    }

    /// How many books there are at least, by what the page holds.
    fn shown_so_far(&self, books: &[BookView]) -> u64 {
        let before = if self.cursor.is_none() && !books.is_empty() { self.offset } else { 0 };
        before + books.len() as u64
    }

    /// `books` may hold one more than the page: then there is a next page.
    fn page(&self, mut books: Vec<BookView>, total: u64) -> Page<BookView> {
        let limit = self.limit as usize;
        let more = books.len() > limit;
        books.truncate(limit);
        let last = books.last().filter(|_| more);
        let next_cursor = last.and_then(|book| Cursor::behind(book, self.sort)).map(|cursor| cursor.encode());
        Page { items: books, total, next_cursor }
    }

    fn ordered(&self, sql: &mut QueryBuilder<Postgres>) {
        let (than, direction) = match self.order {
            SortOrder::Ascending => (" > (", " asc"),
            SortOrder::Descending => (" < (", " desc"),
        };
        let column = match self.sort {
            BookSort::CreatedAt | BookSort::Relevance => "created_at",
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
    pool: Database,
    view: View,
    hidden: Hidden,
}

impl ListBooksHandler {
    pub(crate) fn new(pool: Database, view: View, hidden: Hidden) -> Self {
        Self { pool, view, hidden }
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

    async fn in_database(
        &self,
        mut connection: Reading,
        wanted: &Wanted,
        source: Source,
    ) -> Result<Page<BookView>, sqlx::Error> {
        let found = match &wanted.text {
            Some(text) => Some(find(&mut connection, &wanted.filter, text).await?),
            None => None,
        };
        if let Some(found) = &found
            && wanted.sort == BookSort::Relevance
        {
            let offset = usize::try_from(wanted.offset).unwrap_or(usize::MAX);
            let ids: Vec<Uuid> = found.iter().skip(offset).take(wanted.limit as usize).copied().collect();
            let books = view::load(&mut connection, &ids).await?;
            return Ok(wanted.page(books, found.len() as u64));
        }
        let total = match &found {
            Some(found) => found.len() as u64,
            None => self.count(&mut connection, wanted, source).await?,
        };
        let mut page = QueryBuilder::new("select id from books.book");
        wanted.filter.push(&mut page);
        if let Some(found) = found {
            page.push(" and id = any(").push_bind(found).push(")");
        }
        wanted.ordered(&mut page);
        page.push(" limit ").push_bind(i64::from(wanted.limit) + 1);
        if wanted.cursor.is_none() {
            page.push(" offset ").push_bind(i64::try_from(wanted.offset).unwrap_or(i64::MAX));
        }
        let ids: Vec<Uuid> = page.build_query_scalar().fetch_all(&mut *connection).await?;
        let books = view::load(&mut connection, &ids).await?;
        // Of a list that Redis has it may have counted fewer than there are by now; of others as many are counted as is told.
        let at_least = wanted.list_for_everybody().map_or(0, |_| wanted.shown_so_far(&books));
        let total = total.max(at_least);
        Ok(wanted.page(books, total))
    }

    /// Redis knows the length of every list, also of one it cannot give in the order that is wanted, and without what is
    /// hidden from the reader: they are told a total as exactly as everybody else, or it would tell of a block.
    async fn count(&self, connection: &mut PgConnection, wanted: &Wanted, source: Source) -> Result<u64, sqlx::Error> {
        let list = wanted.list_for_everybody();
        if source == Source::ReadStore
            && let Some(list) = &list
        {
            match self.count_in_read_store(list, &wanted.filter).await {
                Ok(Some(total)) => return Ok(total),
                Ok(None) => tracing::debug!(list, "a list is counted in PostgreSQL: much of it is hidden"),
                Err(error) => tracing::debug!(%error, list, "a list is counted in PostgreSQL"),
            }
        }
        let mut count = QueryBuilder::new("select count(*) from (select from books.book");
        wanted.filter.push(&mut count);
        // What Redis knows exactly stays so without it.
        if list.is_none() {
            if wanted.filter.available == Some(false) {
                // PostgreSQL takes what is not lent for unavailable too, expects many and reads the whole table for few. The
                // order makes it walk along the index of those that are shown.
                count.push(" order by created_at desc");
            }
            count.push(" limit ").push_bind(COUNTED);
        }
        count.push(") counted");
        let total: i64 = count.build_query_scalar().fetch_one(connection).await?;
        Ok(u64::try_from(total).unwrap_or(0))
    }

    /// What there is and what is hidden of it, at one moment: Redis may be behind PostgreSQL, and is behind with both alike.
    async fn count_in_read_store(&self, list: &str, filter: &Filter) -> Result<Option<u64>, ReadStoreError> {
        let projection = &self.view.projection;
        match filter.owner {
            Some(owner) if filter.hidden.hides(owner) => Ok(Some(0)),
            None if !filter.hidden.is_empty() => {
                let hidden: Vec<String> =
                    filter.hidden.ids().iter().map(|owner| view::of_owner((*owner).into())).collect();
                let left_out = LeftOut { lists: &hidden, are_in_the_list: list == view::NEWEST };
                projection.count_without(list, left_out).await
            }
            _ => projection.count(list).await.map(Some),
        }
    }

    pub(super) async fn list(&self, call: &Call, query: ListBooks) -> Result<CataloguePage, ListBooksError> {
        let hidden = self.hidden.from(call).await?;
        let hides_nobody = hidden.is_empty();
        let (page, is_from_redis) = self.page(call, Wanted::new(query, call.actor(), hidden)?).await?;
        Ok(CataloguePage { page, is_for_everybody: hides_nobody || is_from_redis })
    }

    /// The page, and whether Redis gave it: there nothing is left out for one reader.
    async fn page(&self, call: &Call, wanted: Wanted) -> Result<(Page<BookView>, bool), ListBooksError> {
        if call.source() == Source::ReadStore
            && wanted.sort == BookSort::CreatedAt
            && let Some(list) = wanted.list()
        {
            match self.in_read_store(&list, &wanted).await {
                Ok(page) if wanted.filter.hidden.hides_one_of(&page.items) => {
                    tracing::debug!(list, "an owner who is hidden has begun to show books");
                    call.actor().user_id().into_iter().for_each(|user| self.hidden.forget(user));
                }
                Ok(page) => return Ok((shown_to(call.actor(), page), true)),
                Err(error) => tracing::debug!(%error, list, "a list is read from PostgreSQL"),
            }
        }
        let page = call.read(&self.pool, |connection| self.in_database(connection, &wanted, call.source())).await?;
        Ok((shown_to(call.actor(), page), false))
    }
}

#[async_trait]
impl QueryHandler<ListBooks> for ListBooksHandler {
    async fn handle(&self, call: &Call, query: ListBooks) -> Result<CataloguePage, ListBooksError> {
        self.list(call, query).await
    }
}

/// A book may have been hidden since the page was put together.
fn shown_to(viewer: &Actor, mut page: Page<BookView>) -> Page<BookView> {
    page.items.retain(|book| book.visible_to(viewer));
    page.map(|book| book.for_actor(viewer))
}

const _: () = assert!(UNKNOWN_YEAR == -32768, "the index says so too");
