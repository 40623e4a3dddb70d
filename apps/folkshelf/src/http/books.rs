//! The catalogue and one's own shelf. Imports are in `books/imports.rs`, searches and the export in `books/search.rs`; when
//! a book may be had is in `books/availability.rs`. How lists are filtered and sorted is in `books/listing.rs`.

pub mod api;
mod availability;
mod body;
mod imports;
mod listing;
mod search;

use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use api::BooksApi;
use body::{BookBody, BookChangesBody};
use books::{
    BookHistory, BookView, CataloguePage, CreateBook, DeleteBook, GetBook, HistoryEntry, ListBooks, MyBooks, UpdateBook,
};
use deserr::Deserr;
use kernel::BookId;
use listing::{FIELDS, Filters, Sorting, sorting};
use read_store::{Stamp, Subject};
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::edge::caller::{Anyone, Permitted, SignedIn, WriteBook};
use crate::http::edge::hot::Shared;
use crate::http::edge::input::{Body, FieldErrors, NoParams, Params, PathId};
use crate::http::edge::list::{List, ListQuery};
use crate::http::edge::moment::AsOf;
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, IfMatch, ListEnvelope};

pub fn configure(services: &mut ServiceConfig) {
    availability::configure(services);
    imports::configure(services);
    search::configure(services);
    services
        .service(list_books)
        .service(create_book)
        .service(list_my_books)
        .service(get_book)
        .service(update_book)
        .service(delete_book)
        .service(get_book_history);
}

/// The catalogue, newest first.
///
/// `total` is exact up to 1,000, and beyond where at most one filter is given and that is neither `author` nor
/// `available=false`; otherwise 1,000 stands for that many or more. With a `q` it counts the few hundred best.
#[utoipa::path(tag = "books", params(ListQuery, Sorting, Filters), responses(
    (status = 200, body = ListEnvelope<BookView>),
))]
#[get("/books")]
async fn list_books(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: Anyone,
    list: List<Filters>,
) -> Result<HttpResponse, Problem> {
    api.community.may_browse(&caller.0)?;
    let (sort, order) = sorting(&list, list.filters.q.as_deref())?;
    let query = ListBooks {
        whole_shelf: false,
        text: list.filters.q.clone(),
        category: list.filters.category.clone(),
        available: list.filters.available.as_ref().map(|available| available.0),
        owner: list.filters.owner.as_ref().map(|owner| owner.0),
        language: list.filters.language.clone(),
        author: list.filters.author.clone(),
        sort,
        order,
        page: list.params.page_request(),
    };
    let stamp = api.projection.stamp(Subject::Projection);
    let CataloguePage { page, is_for_everybody } = api.list.ask(&caller.0, query).await?;
    let shared = share(stamp.filter(|_| is_for_everybody), &page.items);
    Ok(Shared::mark(shared, respond::listed(&request, &list.params, page, FIELDS)?))
}

/// What was read for one caller may be given to everybody but those who would see more.
fn share(stamp: Option<Stamp>, books: &[BookView]) -> Option<Shared> {
    Some(Shared { stamp: stamp?, owners: BookView::owners_if_for_all(books)?, until: None })
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ShelfFilters {
    /// As in `/books/search`.
    #[param(max_length = 200)]
    #[deserr(default)]
    q: Option<String>,
}

/// One's own shelf.
#[utoipa::path(tag = "books", security(("session" = [])), params(ListQuery, Sorting, ShelfFilters), responses(
    (status = 200, body = ListEnvelope<BookView>),
))]
#[get("/books/mine")]
async fn list_my_books(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: SignedIn,
    list: List<ShelfFilters>,
) -> Result<HttpResponse, Problem> {
    let (sort, order) = sorting(&list, list.filters.q.as_deref())?;
    let query = MyBooks { text: list.filters.q.clone(), sort, order, page: list.params.page_request() };
    let page = api.mine.ask(&caller.0, query).await?;
    respond::listed(&request, &list.params, page, FIELDS)
}

/// One book.
#[utoipa::path(tag = "books", params(("id" = Uuid, Path)), responses((status = 200, body = Envelope<BookView>)))]
#[get("/books/{id}")]
async fn get_book(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: Anyone,
    id: PathId<BookId>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    api.community.may_browse(&caller.0)?;
    let stamp = api.projection.stamp(Subject::Document(&id.0.to_string()));
    let book = api.get.ask(&caller.0, GetBook { book_id: id.0 }).await?;
    let shared = share(stamp, std::slice::from_ref(&book));
    Ok(Shared::mark(shared, respond::found_version(&request, &book, book.version)?))
}

/// What happened to a book, oldest first, and how it was after each step; for its owner and moderators. With `at` up to
/// that moment; 404 `BOOK_NOT_YET_LISTED` before there was anything.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path), AsOf), responses(
    (status = 200, body = Envelope<Vec<HistoryEntry>>),
))]
#[get("/books/{id}/history")]
async fn get_book_history(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: SignedIn,
    id: PathId<BookId>,
    as_of: Params<AsOf>,
) -> Result<HttpResponse, Problem> {
    let at = as_of.0.moment(api.clock.now())?;
    let history = api.history.ask(&caller.0, BookHistory { book_id: id.0, at }).await?;
    respond::found(&request, &history)
}

/// Lists a book.
#[utoipa::path(tag = "books", security(("session" = [])), request_body = BookBody, responses(
    (status = 201, body = Envelope<BookView>),
))]
#[post("/books")]
async fn create_book(
    api: web::Data<BooksApi>,
    caller: Permitted<WriteBook>,
    body: Body<BookBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let book = body.description(api.clock.now())?;
    let done = api.create.send(&caller.0, CreateBook { book }).await?;
    respond::created(done.position, &done.output)
}

/// Changes a book: what is left out stays, null clears. `If-Match` refuses when somebody else was first.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path),
    IfMatch), request_body = BookChangesBody,
    responses((status = 200, body = Envelope<BookView>)))]
#[put("/books/{id}")]
async fn update_book(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: Permitted<WriteBook>,
    id: PathId<BookId>,
    body: Body<BookBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let expected_version = respond::expected_version(&request)?;
    let (changes, wrong) = body.changes();
    if !wrong.is_empty() {
        return Err(Problem::invalid(wrong));
    }
    let command = UpdateBook { book_id: id.0, expected_version, changes };
    let done = api.update.send(&caller.0, command).await?;
    respond::changed(done.position, &done.output, done.output.version)
}

/// Takes a book off the shelf. Refused while it is lent; requests that wait for it are cancelled.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path),
    IfMatch), responses(
    (status = 204, description = "It is gone"),
))]
#[delete("/books/{id}")]
async fn delete_book(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: Permitted<WriteBook>,
    id: PathId<BookId>,
) -> Result<HttpResponse, Problem> {
    let expected_version = respond::expected_version(&request)?;
    let done = api.delete.send(&caller.0, DeleteBook { book_id: id.0, expected_version }).await?;
    Ok(respond::empty(&done))
}
