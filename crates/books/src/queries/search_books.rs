use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::text::is_blank;
use kernel::{Page, PageRequest, Query};

use super::list_books::{ListBooks, ListBooksError, ListBooksHandler};
use super::searches::Searches;
use crate::view::BookView;
use crate::{BookSort, SortOrder};

/// Books found by what somebody typed, best first: titles, authors, ISBNs, series, categories; slips are forgiven. The
/// narrowing filters are those of `list`, whose order counts for nothing. What was typed may be empty: nothing is found.
#[derive(Debug, Clone)]
pub struct SearchBooks {
    pub text: String,
    pub list: ListBooks,
}

impl SearchBooks {
    /// In all books.
    pub fn new(text: impl Into<String>, page: PageRequest) -> Self {
        Self { text: text.into(), list: ListBooks::newest(page) }
    }
}

impl Query for SearchBooks {
    const NAME: &'static str = "search_books";
    type Answer = Page<BookView>;
    type Error = ListBooksError;
}

pub(crate) struct SearchBooksHandler {
    list: ListBooksHandler,
    searches: Searches,
}

impl SearchBooksHandler {
    pub(crate) fn new(list: ListBooksHandler, searches: Searches) -> Self {
        Self { list, searches }
    }
}

#[async_trait]
impl QueryHandler<SearchBooks> for SearchBooksHandler {
    async fn handle(&self, call: &Call, query: SearchBooks) -> Result<Page<BookView>, ListBooksError> {
        if is_blank(&query.text) {
            return Ok(Page { items: Vec::new(), total: 0, next_cursor: None });
        }
        let list =
            ListBooks { text: Some(query.text), sort: BookSort::Relevance, order: SortOrder::Descending, ..query.list };
        let _turn = self.searches.turn().await;
        Ok(self.list.list(call, list).await?.page)
    }
}
