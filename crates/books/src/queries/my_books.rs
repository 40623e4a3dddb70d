use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::{Detail, ErrorKind, Page, PageRequest, Query, Refusal};

use super::list_books::{ListBooks, ListBooksError, ListBooksHandler};
use crate::view::BookView;
use crate::{BookSort, SortOrder};

/// The caller's own shelf, also what they do not offer.
#[derive(Debug, Clone)]
pub struct MyBooks {
    /// Only what is found by this; blank counts as none.
    pub text: Option<String>,
    pub sort: BookSort,
    pub order: SortOrder,
    pub page: PageRequest,
}

impl Query for MyBooks {
    const NAME: &'static str = "my_books";
    type Answer = Page<BookView>;
    type Error = MyBooksError;
}

#[derive(Debug, thiserror::Error)]
pub enum MyBooksError {
    #[error("sign in to see your books")]
    NotSignedIn,
    #[error(transparent)]
    List(#[from] ListBooksError),
}

impl Refusal for MyBooksError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotSignedIn => ErrorKind::Unauthenticated,
            Self::List(error) => error.kind(),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotSignedIn => "UNAUTHENTICATED",
            Self::List(error) => error.code(),
        }
    }

    fn details(&self) -> Vec<Detail> {
        match self {
            Self::NotSignedIn => Vec::new(),
            Self::List(error) => error.details(),
        }
    }
}

pub(crate) struct MyBooksHandler {
    list: ListBooksHandler,
}

impl MyBooksHandler {
    pub(crate) fn new(list: ListBooksHandler) -> Self {
        Self { list }
    }
}

#[async_trait]
impl QueryHandler<MyBooks> for MyBooksHandler {
    async fn handle(&self, call: &Call, query: MyBooks) -> Result<Page<BookView>, MyBooksError> {
        let owner = call.actor().user_id().ok_or(MyBooksError::NotSignedIn)?;
        let mine = ListBooks {
            owner: Some(owner),
            whole_shelf: true,
            text: query.text,
            sort: query.sort,
            order: query.order,
            ..ListBooks::newest(query.page)
        };
        Ok(self.list.list(call, mine).await?.page)
    }
}
