//! The catalogue and one's own shelf. Imports are in `books/imports.rs`, searches and the export in `books/search.rs`; when
//! a book may be had is in `books/availability.rs`.

mod availability;
mod body;
mod imports;
mod search;

use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use body::BookBody;
use books::{
    AddLeftOutRow, BookHistory, BookSort, BookView, CancelImport, CountFacets, CreateBook, DeleteBook, ExportShelf,
    GetBook, GetImport, HistoryEntry, ListBooks, ListImports, MarkRowRepaired, MyBooks, OpenImportRows, ReviewShelves,
    SearchBooks, SortOrder, StartImport, StartReviewedImport, SuggestBooks, UpdateBook,
};
use borrowing::LendingOutlook;
use cqrs::{Ask, Caller, CommandBus, Dispatch, MissingHandler, QueryBus};
use deserr::Deserr;
use kernel::{Actor, BookId, UserId};
use read_store::{Stamp, Subject};
use utoipa::IntoParams;

use super::caller::{Anyone, Permitted, SignedIn, WriteBook};
use super::hot::Shared;
use super::input::{Body, FieldErrors, List, NoParams, Order, Param, Params, PathId};
use super::problem::Problem;
use super::respond::{self, Envelope, ListEnvelope};
use super::{Api, ListQuery};

pub struct BooksApi {
    get: Ask<GetBook>,
    list: Ask<ListBooks>,
    mine: Ask<MyBooks>,
    search: Ask<SearchBooks>,
    suggest: Ask<SuggestBooks>,
    facets: Ask<CountFacets>,
    export: Ask<ExportShelf>,
    history: Ask<BookHistory>,
    outlook: Ask<LendingOutlook>,
    import: Ask<GetImport>,
    imports: Ask<ListImports>,
    review_shelves: Ask<ReviewShelves>,
    open_rows: Ask<OpenImportRows>,
    create: Dispatch<CreateBook>,
    update: Dispatch<UpdateBook>,
    delete: Dispatch<DeleteBook>,
    start_import: Dispatch<StartImport>,
    start_reviewed_import: Dispatch<StartReviewedImport>,
    cancel_import: Dispatch<CancelImport>,
    mark_row_repaired: Dispatch<MarkRowRepaired>,
    add_left_out_row: Dispatch<AddLeftOutRow>,
}

impl BooksApi {
    pub fn new(commands: &CommandBus, queries: &QueryBus) -> Result<Self, MissingHandler> {
        Ok(Self {
            get: queries.asking()?,
            list: queries.asking()?,
            mine: queries.asking()?,
            search: queries.asking()?,
            suggest: queries.asking()?,
            facets: queries.asking()?,
            export: queries.asking()?,
            history: queries.asking()?,
            outlook: queries.asking()?,
            import: queries.asking()?,
            imports: queries.asking()?,
            review_shelves: queries.asking()?,
            open_rows: queries.asking()?,
            create: commands.dispatch()?,
            update: commands.dispatch()?,
            delete: commands.dispatch()?,
            start_import: commands.dispatch()?,
            start_reviewed_import: commands.dispatch()?,
            cancel_import: commands.dispatch()?,
            mark_row_repaired: commands.dispatch()?,
            add_left_out_row: commands.dispatch()?,
        })
    }
}

pub(super) fn configure(services: &mut utoipa_actix_web::service_config::ServiceConfig) {
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

/// Browsing needs no account unless the community closed its catalogue.
pub(super) fn may_browse(api: &Api, caller: &Caller) -> Result<(), Problem> {
    if api.community.has_closed_catalogue() && caller.actor == Actor::Anonymous {
        Err(Problem::unauthenticated())
    } else {
        Ok(())
    }
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// As in `/books/search`.
    #[param(max_length = 200)]
    #[deserr(default)]
    q: Option<String>,
    #[deserr(default)]
    category: Option<String>,
    /// Only those that can be had now, or only those that cannot.
    #[param(value_type = Option<bool>)]
    #[deserr(default)]
    available: Option<Param<bool>>,
    #[param(value_type = Option<Uuid>)]
    #[deserr(default)]
    owner: Option<Param<UserId>>,
    /// As in `en`.
    #[param(format = "language")]
    #[deserr(default)]
    language: Option<String>,
    #[deserr(default)]
    author: Option<String>,
}

/// How a list of books is sorted, for the OpenAPI document; read by [`super::input::ListParams`].
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "described here, read by input::ListParams")]
struct Sorting {
    /// `createdAt` (without it), `title` or `publishedYear`. With a `q` and neither `sort` nor `order`, what fits best is
    /// first, and there is no cursor.
    #[param(pattern = "^(createdAt|title|publishedYear)$")]
    sort: Option<String>,
    /// `asc` or `desc`; newest first, titles from A without it.
    order: Option<String>,
}

const FIELDS: &[&str] = &[
    "id",
    "title",
    "authors",
    "isbn13",
    "isbn10",
    "publishedYear",
    "language",
    "categories",
    "description",
    "condition",
    "notes",
    "coverUrl",
    "lending",
    "status",
    "available",
    "owner",
    "createdAt",
    "updatedAt",
    "version",
];

fn sorting(list: &List<impl Sized>, text: Option<&str>) -> Result<(BookSort, SortOrder), Problem> {
    if text.is_some() && list.params.sort.is_none() && list.params.order().is_none() {
        return Ok((BookSort::Relevance, SortOrder::Descending));
    }
    // Newest first, titles from A, latest year first.
    let (sort, natural) = match list.params.sort.as_deref() {
        None | Some("createdAt") => (BookSort::CreatedAt, SortOrder::Descending),
        Some("title") => (BookSort::Title, SortOrder::Ascending),
        Some("publishedYear") => (BookSort::PublishedYear, SortOrder::Descending),
        Some(_) => return Err(Problem::invalid_field("sort", "must be createdAt, title or publishedYear")),
    };
    let order = match list.params.order() {
        None => natural,
        Some(Order::Ascending) => SortOrder::Ascending,
        Some(Order::Descending) => SortOrder::Descending,
    };
    Ok((sort, order))
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
    api: web::Data<Api>,
    caller: Anyone,
    list: List<Filters>,
) -> Result<HttpResponse, Problem> {
    may_browse(&api, &caller.0)?;
    let (sort, order) = sorting(&list, list.filters.q.as_deref())?;
    let query = ListBooks {
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
    let stamp = api.hot.books.stamp(Subject::Projection);
    let page = api.books.list.ask(&caller.0, query).await?;
    let shared = share(stamp, &page.items);
    Ok(Shared::mark(shared, respond::listed(&request, &list.params, page, FIELDS)?))
}

/// What a page or a book may be shared with, if nothing in it is for this caller alone.
fn share(stamp: Option<Stamp>, books: &[BookView]) -> Option<Shared> {
    let mut except: Vec<UserId> = books.iter().map(|book| book.owner.id).collect();
    except.sort_unstable();
    except.dedup();
    stamp.filter(|_| books.iter().all(|book| book.notes.is_none())).map(|stamp| Shared { stamp, except, until: None })
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
    api: web::Data<Api>,
    caller: SignedIn,
    list: List<ShelfFilters>,
) -> Result<HttpResponse, Problem> {
    let (sort, order) = sorting(&list, list.filters.q.as_deref())?;
    let query = MyBooks { text: list.filters.q.clone(), sort, order, page: list.params.page_request() };
    let page = api.books.mine.ask(&caller.0, query).await?;
    respond::listed(&request, &list.params, page, FIELDS)
}

/// One book.
#[utoipa::path(tag = "books", params(("id" = Uuid, Path)), responses((status = 200, body = Envelope<BookView>)))]
#[get("/books/{id}")]
async fn get_book(
    request: HttpRequest,
    api: web::Data<Api>,
    caller: Anyone,
    id: PathId<BookId>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    may_browse(&api, &caller.0)?;
    let stamp = api.hot.books.stamp(Subject::Document(&id.0.to_string()));
    let book = api.books.get.ask(&caller.0, GetBook { book_id: id.0 }).await?;
    let shared = share(stamp, std::slice::from_ref(&book));
    Ok(Shared::mark(shared, respond::found_version(&request, &book, book.version)?))
}

/// What happened to a book, for its owner and moderators.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path)), responses(
    (status = 200, body = Envelope<Vec<HistoryEntry>>),
))]
#[get("/books/{id}/history")]
async fn get_book_history(
    request: HttpRequest,
    api: web::Data<Api>,
    caller: SignedIn,
    id: PathId<BookId>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let history = api.books.history.ask(&caller.0, BookHistory { book_id: id.0 }).await?;
    respond::found(&request, &history)
}

/// Lists a book.
#[utoipa::path(tag = "books", security(("session" = [])), request_body = BookBody, responses(
    (status = 201, body = Envelope<BookView>),
))]
#[post("/books")]
async fn create_book(
    api: web::Data<Api>,
    caller: Permitted<WriteBook>,
    body: Body<BookBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let book = body.description(&api)?;
    let done = api.books.create.send(&caller.0, CreateBook { book }).await?;
    respond::created(done.position, &done.output)
}

/// Changes a book: what is left out stays, null clears. `If-Match` refuses when somebody else was first.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path),
    ("If-Match" = Option<String>, Header, description = "The ETag that was read")), request_body = BookBody,
    responses((status = 200, body = Envelope<BookView>)))]
#[put("/books/{id}")]
async fn update_book(
    request: HttpRequest,
    api: web::Data<Api>,
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
    let done = api.books.update.send(&caller.0, command).await?;
    respond::changed(done.position, &done.output, done.output.version)
}

/// Takes a book off the shelf. Refused while it is lent; requests that wait for it are cancelled.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path),
    ("If-Match" = Option<String>, Header, description = "The ETag that was read")), responses(
    (status = 204, description = "It is gone"),
))]
#[delete("/books/{id}")]
async fn delete_book(
    request: HttpRequest,
    api: web::Data<Api>,
    caller: Permitted<WriteBook>,
    id: PathId<BookId>,
) -> Result<HttpResponse, Problem> {
    let expected_version = respond::expected_version(&request)?;
    let done = api.books.delete.send(&caller.0, DeleteBook { book_id: id.0, expected_version }).await?;
    Ok(respond::empty(&done))
}
