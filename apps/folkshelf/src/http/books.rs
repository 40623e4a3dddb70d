//! The catalogue and one's own shelf.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use books::{
    BookChanges, BookHistory, BookInput, BookSort, BookView, Change, CreateBook, DeleteBook, GetBook, GetImport,
    HistoryEntry, ImportStarted, ImportView, ListBooks, MyBooks, SortOrder, StartImport, UpdateBook, Upload,
};
use cqrs::{Ask, Caller, CommandBus, Dispatch, MissingHandler, QueryBus};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use futures_util::StreamExt;
use kernel::{Actor, BookId, Detail, ImportId, UserId};
use utoipa::{IntoParams, ToSchema};

use super::caller::{Anyone, Permitted, SignedIn, WriteBook};
use super::input::{Body, FieldErrors, List, NoParams, Order, Param, Params, PathId};
use super::problem::Problem;
use super::respond::{self, Envelope, ListEnvelope};
use super::{Api, ListQuery};

pub struct BooksApi {
    get: Ask<GetBook>,
    list: Ask<ListBooks>,
    mine: Ask<MyBooks>,
    history: Ask<BookHistory>,
    import: Ask<GetImport>,
    create: Dispatch<CreateBook>,
    update: Dispatch<UpdateBook>,
    delete: Dispatch<DeleteBook>,
    start_import: Dispatch<StartImport>,
}

impl BooksApi {
    pub fn new(commands: &CommandBus, queries: &QueryBus) -> Result<Self, MissingHandler> {
        Ok(Self {
            get: queries.asking()?,
            list: queries.asking()?,
            mine: queries.asking()?,
            history: queries.asking()?,
            import: queries.asking()?,
            create: commands.dispatch()?,
            update: commands.dispatch()?,
            delete: commands.dispatch()?,
            start_import: commands.dispatch()?,
        })
    }
}

pub(super) fn configure(services: &mut utoipa_actix_web::service_config::ServiceConfig) {
    services
        .service(list_books)
        .service(create_book)
        .service(list_my_books)
        .service(import_books)
        .service(get_import)
        .service(get_book)
        .service(update_book)
        .service(delete_book)
        .service(get_book_history);
}

/// Browsing needs no account unless the community closed its catalogue.
pub(super) fn may_browse(api: &Api, caller: &Caller) -> Result<(), Problem> {
    if api.closed_catalogue && caller.actor == Actor::Anonymous { Err(Problem::unauthenticated()) } else { Ok(()) }
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
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
    /// `createdAt` (without it), `title` or `publishedYear`.
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

fn sorting(list: &List<impl Sized>) -> Result<(BookSort, SortOrder), Problem> {
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
    let (sort, order) = sorting(&list)?;
    let query = ListBooks {
        category: list.filters.category.clone(),
        available: list.filters.available.as_ref().map(|available| available.0),
        owner: list.filters.owner.as_ref().map(|owner| owner.0),
        language: list.filters.language.clone(),
        author: list.filters.author.clone(),
        sort,
        order,
        page: list.params.page_request(),
    };
    let page = api.books.list.ask(&caller.0, query).await?;
    respond::listed(&request, &list.params, page, FIELDS)
}

#[derive(Deserr)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct NoFilters {}

/// One's own shelf.
#[utoipa::path(tag = "books", security(("session" = [])), params(ListQuery, Sorting), responses(
    (status = 200, body = ListEnvelope<BookView>),
))]
#[get("/books/mine")]
async fn list_my_books(
    request: HttpRequest,
    api: web::Data<Api>,
    caller: SignedIn,
    list: List<NoFilters>,
) -> Result<HttpResponse, Problem> {
    let (sort, order) = sorting(&list)?;
    let query = MyBooks { sort, order, page: list.params.page_request() };
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
    let book = api.books.get.ask(&caller.0, GetBook { book_id: id.0 }).await?;
    respond::found_version(&request, &book, book.version)
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

/// A field as it was given: reading never fails here, so that wrong types and broken rules are told together.
enum Given<T> {
    Nothing,
    Null,
    Value(T),
    Wrong(Vec<Detail>),
}

impl<T> Default for Given<T> {
    fn default() -> Self {
        Self::Nothing
    }
}

impl<T: Deserr<FieldErrors>> Deserr<FieldErrors> for Given<T> {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        Ok(match value {
            Value::Null => Self::Null,
            value => match T::deserialize_from_value(value, at) {
                Ok(value) => Self::Value(value),
                Err(errors) => Self::Wrong(errors.into_details()),
            },
        })
    }
}

impl<T> Given<T> {
    /// What the field becomes; what is wrong with it goes to `wrong`.
    fn change(self, wrong: &mut Vec<Detail>) -> Change<T> {
        match self {
            Self::Nothing => Change::Keep,
            Self::Null => Change::Clear,
            Self::Value(value) => Change::Set(value),
            Self::Wrong(mut details) => {
                wrong.append(&mut details);
                Change::Keep
            }
        }
    }
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct BookBody {
    #[deserr(default)]
    #[schema(value_type = String, min_length = 1, max_length = 500)]
    title: Given<String>,
    #[deserr(default)]
    #[schema(value_type = Vec<String>, min_items = 1, max_items = 50)]
    authors: Given<Vec<String>>,
    /// ISBN-10 or ISBN-13, with or without hyphens.
    #[deserr(default)]
    #[schema(value_type = Option<String>)]
    isbn: Given<String>,
    /// Negative: before our era.
    #[deserr(default)]
    #[schema(value_type = Option<i32>)]
    published_year: Given<i32>,
    /// As in `en` or `pt-BR`.
    #[deserr(default)]
    #[schema(value_type = Option<String>)]
    language: Given<String>,
    #[deserr(default)]
    #[schema(value_type = Option<Vec<String>>, max_items = 20)]
    categories: Given<Vec<String>>,
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 5000)]
    description: Given<String>,
    /// `new`, `like_new`, `good`, `fair` or `poor`.
    #[deserr(default)]
    #[schema(value_type = Option<String>)]
    condition: Given<String>,
    /// For the owner's eyes only.
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    notes: Given<String>,
    /// `lend`, `give` or `off`.
    #[deserr(default)]
    #[schema(value_type = String)]
    lending: Given<String>,
}

impl BookBody {
    /// The fields that were given, and what is wrong with their types.
    fn changes(self) -> (BookChanges, Vec<Detail>) {
        let mut wrong = Vec::new();
        let changes = BookChanges {
            title: self.title.change(&mut wrong),
            authors: self.authors.change(&mut wrong),
            isbn: self.isbn.change(&mut wrong),
            published_year: self.published_year.change(&mut wrong),
            language: self.language.change(&mut wrong),
            categories: self.categories.change(&mut wrong),
            description: self.description.change(&mut wrong),
            condition: self.condition.change(&mut wrong),
            notes: self.notes.change(&mut wrong),
            lending: self.lending.change(&mut wrong),
        };
        (changes, wrong)
    }

    /// A whole description. Its rules are books' own; they are asked here only to be told along with wrong types.
    fn description(self, api: &Api) -> Result<BookInput, Problem> {
        let (changes, mut wrong) = self.changes();
        let mut book = BookInput::default();
        changes.apply(&mut book);
        if wrong.is_empty() {
            return Ok(book);
        }
        let typed: Vec<String> = wrong.iter().map(|detail| field_root(&detail.field).to_owned()).collect();
        // A field of the wrong type is also missing; once is enough.
        let rules = book.check(api.clock.now()).err().unwrap_or_default();
        wrong.extend(rules.into_iter().filter(|rule| !typed.iter().any(|field| field == field_root(&rule.field))));
        Err(Problem::invalid(wrong))
    }
}

/// `authors` of `authors[1]`.
fn field_root(field: &str) -> &str {
    field.split(['[', '.']).next().unwrap_or(field)
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
    let book = body.0.description(&api)?;
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
    let expected_version = respond::expected_version(&request)?;
    let (changes, wrong) = body.0.changes();
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

#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the form")]
struct ImportForm {
    #[schema(value_type = String, format = Binary, content_media_type = "text/csv")]
    file: String,
}

/// Takes in a CSV file: a Goodreads or LibraryThing export, or one with headers title, authors, isbn, … The file is read as
/// it comes; the rows are worked through in the background.
#[utoipa::path(tag = "books", security(("session" = [])),
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 202, body = Envelope<ImportStarted>)))]
#[post("/books/import")]
async fn import_books(
    request: HttpRequest,
    api: web::Data<Api>,
    caller: Permitted<WriteBook>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    let multipart = request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim().to_ascii_lowercase().starts_with("multipart/form-data"));
    if !multipart {
        return Err(Problem::unsupported_media_type("multipart/form-data with a part named file"));
    }
    let broken = || Problem::invalid_field("file", "could not be read to its end");
    let mut parts = Multipart::new(request.headers(), payload);
    while let Some(part) = parts.next().await {
        let mut part = part.map_err(|_| broken())?;
        if part.name() != Some("file") {
            let name: String = part.name().unwrap_or_default().chars().take(60).collect();
            return Err(Problem::invalid_field(name, "is not known; the file is the part named file"));
        }
        let (sender, upload) = Upload::channel();
        let receive = async {
            while let Some(chunk) = part.next().await {
                let chunk = chunk.map_err(|_| broken())?;
                // Nobody reads on: the command has refused the file, and says why.
                if sender.send(chunk.to_vec()).await.is_err() {
                    return Ok(());
                }
            }
            drop(sender.finish().await);
            Ok::<_, Problem>(())
        };
        let start = api.books.start_import.send(&caller.0, StartImport { upload });
        let (received, started) = tokio::join!(receive, start);
        received?;
        let done = started?;
        return respond::accepted(done.position, &done.output);
    }
    Err(Problem::invalid_field("file", "is missing"))
}

/// How far an import is, and which rows could not be taken.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path)), responses(
    (status = 200, body = Envelope<ImportView>),
))]
#[get("/books/imports/{id}")]
async fn get_import(
    request: HttpRequest,
    api: web::Data<Api>,
    caller: SignedIn,
    id: PathId<ImportId>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let import = api.books.import.ask(&caller.0, GetImport { import_id: id.0 }).await?;
    respond::found(&request, &import)
}
