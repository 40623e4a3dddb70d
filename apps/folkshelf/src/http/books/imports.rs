//! Whole shelves from CSV files.

use std::time::Duration;

use actix_multipart::{Field, Multipart};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use bibliography::table::{self, ShelfColumns};
use books::{
    AddLeftOutRow, CancelImport, CountedShelves, GetImport, GetImportFile, ImportStarted, ImportSummary, ImportView,
    LayoutChoice, ListImports, MarkRowRepaired, OpenImportRows, OpenRows, ReviewShelves, RowAdded, StartImport,
    StartReviewedImport, Upload,
};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use futures_util::StreamExt;
use kernel::ImportId;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::api::BooksApi;
use crate::http::edge::caller::{Permitted, SignedIn, WriteBook};
use crate::http::edge::input::{FieldErrors, MaybeBody, NoParams, Param, Params, PathId, from_string};
use crate::http::edge::list::{List, PagesByNumber};
use crate::http::edge::overload::Unmeasured;
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, ListEnvelope, NoVersion};

/// How long a form may say nothing between two of its parts.
const BETWEEN_PARTS: Duration = Duration::from_secs(10);

pub(super) fn configure(services: &mut ServiceConfig) {
    services
        .service(import_books)
        .service(list_imports)
        .service(get_open_rows)
        .service(get_import)
        .service(download_import_file)
        .service(review_shelves)
        .service(start_import)
        .service(cancel_import)
        .service(add_left_out_row)
        .service(mark_row_repaired);
}

#[derive(ToSchema)]
#[allow(dead_code, reason = "describes the form")]
struct ImportForm {
    /// `true` or `false`, before the file; as the parameter.
    review: Option<bool>,
    #[schema(value_type = String, format = Binary, content_media_type = "text/csv")]
    file: String,
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ImportParams {
    /// The import waits until `POST /books/imports/{id}/start` says how to read the file. Without it a table that is not
    /// understood is refused.
    #[param(value_type = Option<bool>)]
    #[deserr(default)]
    review: Option<Param<bool>>,
}

/// Takes in a file of books: the export of another program (Goodreads, LibraryThing, StoryGraph, Calibre, Openreads, BookWyrm,
/// inventaire, Babelio, Libib), of Folkshelf itself, a list of ISBNs, or any table with a title and an author, in any usual
/// encoding. The rows are worked through in the background.
#[utoipa::path(tag = "books", security(("session" = [])), params(ImportParams),
    request_body(content = ImportForm, content_type = "multipart/form-data"),
    responses((status = 202, body = Envelope<ImportStarted>)))]
#[post("/books/import")]
async fn import_books(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: Permitted<WriteBook>,
    params: Params<ImportParams>,
    payload: web::Payload,
) -> Result<HttpResponse, Problem> {
    Unmeasured::mark(&request);
    let multipart = request
        .headers()
        .get("content-type")
        .and_then(|value| value.to_str().ok())
        .is_some_and(|value| value.trim().to_ascii_lowercase().starts_with("multipart/form-data"));
    if !multipart {
        return Err(Problem::unsupported_media_type("multipart/form-data with a part named file"));
    }
    let broken = || Problem::invalid_field("file", "could not be read to its end");
    let spool = api.spools.begin(caller.0.actor.user_id().ok_or_else(Problem::unauthenticated)?)?;
    let mut parts = Multipart::new(request.headers(), payload);
    let mut review = params.0.review.is_some_and(|review| review.0);
    let mut part = loop {
        let part = in_time(parts.next()).await?.ok_or_else(|| Problem::invalid_field("file", "is missing"))?;
        let mut part = part.map_err(|_| broken())?;
        match part.name() {
            Some("file") => break part,
            Some("review") => review = review_field(&mut part).await?,
            name => {
                let name: String = name.unwrap_or_default().chars().take(60).collect();
                return Err(Problem::invalid_field(name, "is not known; the file is the part named file"));
            }
        }
    };
    let spooled = spool.receive(&mut part, api.max_import_bytes, broken).await?;
    drop(part);
    if let Some(next) = in_time(parts.next()).await? {
        let name: String = next.ok().and_then(|part| part.name().map(str::to_owned)).unwrap_or_default();
        return Err(Problem::invalid_field(name.chars().take(60).collect::<String>(), "must come before the file"));
    }
    let digest = spooled.digest;
    let start = StartImport { upload: Upload::new(spooled, digest), review };
    let done = api.start_import.send(&caller.0, start).await?;
    respond::accepted(done.position, &done.output)
}

/// Waits for the next part of the form, and not longer than a moment: the file that has been received keeps its room on the
/// disk for as long as this waits.
async fn in_time<T>(next: impl Future<Output = T>) -> Result<T, Problem> {
    tokio::time::timeout(BETWEEN_PARTS, next).await.map_err(|_| Problem::timed_out())
}

/// The part `review` of the form.
async fn review_field(part: &mut Field) -> Result<bool, Problem> {
    let wrong = || Problem::invalid_field("review", "must be true or false");
    let mut text = Vec::new();
    while let Some(chunk) = part.next().await {
        text.extend_from_slice(&chunk.map_err(|_| wrong())?);
        if text.len() > "false".len() {
            return Err(wrong());
        }
    }
    match text.as_slice() {
        b"true" => Ok(true),
        b"false" => Ok(false),
        _ => Err(wrong()),
    }
}

const FIELDS: &[&str] = &[
    "id",
    "status",
    "format",
    "total",
    "imported",
    "duplicates",
    "skipped",
    "failed",
    "repaired",
    "superseded",
    "noted",
    "createdAt",
];

/// One's own imports, newest first.
#[utoipa::path(tag = "books", security(("session" = [])), params(PagesByNumber), responses(
    (status = 200, body = ListEnvelope<ImportSummary>),
))]
#[get("/books/imports")]
async fn list_imports(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: SignedIn,
    list: List<NoParams>,
) -> Result<HttpResponse, Problem> {
    list.params.refuse_sorting()?;
    let page = list.params.page_by_number()?;
    let page = api.imports.ask(&caller.0, ListImports { page }).await?;
    respond::listed(&request, &list.params, page, FIELDS)
}

/// What waits for the caller over all their imports: rows to repair, and files to say something of.
#[utoipa::path(tag = "books", security(("session" = [])), responses((status = 200, body = Envelope<OpenRows>)))]
#[get("/books/imports/open")]
async fn get_open_rows(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: SignedIn,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let open = api.open_rows.ask(&caller.0, OpenImportRows).await?;
    respond::found(&request, &open)
}

/// How far an import is, what was recognised of its file, and which rows could not be taken or were left out.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path)), responses(
    (status = 200, body = Envelope<ImportView>),
))]
#[get("/books/imports/{id}")]
async fn get_import(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: SignedIn,
    id: PathId<ImportId>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let import = api.import.ask(&caller.0, GetImport { import_id: id.0 }).await?;
    respond::found(&request, &import)
}

/// The file of an import as it was sent, until a day after the import has ended: to be saved, and shown by no browser.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path)), responses(
    (status = 200, body = String, content_type = "application/octet-stream", description = "The bytes that were sent"),
))]
#[get("/books/imports/{id}/file")]
async fn download_import_file(
    api: web::Data<BooksApi>,
    caller: SignedIn,
    id: PathId<ImportId>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    // A piece is in memory for as long as the client takes to read it.
    let turn = api.exports.begin(caller.user()?).ok_or_else(|| Problem::too_many_at_once(2))?;
    let file = api.import_file.ask(&caller.0, GetImportFile { import_id: id.0 }).await?;
    let body = file.map(move |piece| {
        let _turn = &turn;
        piece.map(web::Bytes::from).map_err(|error| actix_web::Error::from(Problem::internal(&error)))
    });
    Ok(HttpResponse::Ok()
        .content_type("application/octet-stream")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"import\""))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(body))
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct ShelfParams {
    /// The column that names the shelf, list or state, as in `review.columns`.
    #[param(value_type = Option<u16>, maximum = 299)]
    #[deserr(default)]
    shelf: Option<Param<u64>>,
    /// The column that says whether the book is owned.
    #[param(value_type = Option<u16>, maximum = 299)]
    #[deserr(default)]
    owned: Option<Param<u64>>,
    /// The column that counts copies.
    #[param(value_type = Option<u16>, maximum = 299)]
    #[deserr(default)]
    copies: Option<Param<u64>>,
}

/// The shelves of an import that waits for its review, as other columns than the recognised ones say. Without a parameter no
/// column is taken for it.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path), ShelfParams), responses(
    (status = 200, body = Envelope<CountedShelves>),
))]
#[get("/books/imports/{id}/shelves")]
async fn review_shelves(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: SignedIn,
    id: PathId<ImportId>,
    params: Params<ShelfParams>,
) -> Result<HttpResponse, Problem> {
    let index = |column: Option<Param<u64>>| column.map(|index| usize::try_from(index.0).unwrap_or(usize::MAX));
    let ShelfParams { shelf, owned, copies } = params.0;
    let columns = ShelfColumns { shelf: index(shelf), owned: index(owned), copies: index(copies) };
    let shelves = api.review_shelves.ask(&caller.0, ReviewShelves { import_id: id.0, columns }).await?;
    respond::found(&request, &shelves)
}

/// What a column holds, as the member says.
struct ColumnField(table::Field);

impl Deserr<FieldErrors> for ColumnField {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| {
            table::Field::from_name(text).map(ColumnField).ok_or_else(|| {
                let known: Vec<&str> = table::Field::CHOICES.map(table::Field::as_str).to_vec();
                format!("must be one of: {}", known.join(", "))
            })
        })
    }
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct ColumnBody {
    /// As in `review.columns`.
    #[schema(maximum = 299)]
    index: u16,
    /// Null: it is not read.
    #[deserr(default)]
    #[schema(value_type = Option<table::Field>)]
    field: Option<ColumnField>,
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct StartBody {
    /// What columns are to be taken for; those that are not named stay as they were recognised.
    #[deserr(default)]
    #[schema(max_items = 300)]
    columns: Option<Vec<ColumnBody>>,
    /// The names of the shelves whose books are owned; without it those that `review.shelves` says.
    #[deserr(default)]
    #[schema(max_items = 200)]
    shelves: Option<Vec<String>>,
}

/// Begins an import that waits for its review.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path)),
    request_body(content = Option<StartBody>),
    responses((status = 202, body = Envelope<ImportView>)))]
#[post("/books/imports/{id}/start")]
async fn start_import(
    api: web::Data<BooksApi>,
    caller: Permitted<WriteBook>,
    id: PathId<ImportId>,
    body: MaybeBody<StartBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.0.unwrap_or(StartBody { columns: None, shelves: None });
    let columns = body.columns.unwrap_or_default().into_iter();
    let choice = LayoutChoice {
        columns: columns.map(|column| (usize::from(column.index), column.field.map(|field| field.0))).collect(),
        shelves: body.shelves,
    };
    let start = StartReviewedImport { import_id: id.0, choice };
    let done = api.start_reviewed_import.send(&caller.0, start).await?;
    let import = api.import.ask(&caller.0, GetImport { import_id: id.0 }).await?;
    respond::accepted(done.position, &import)
}

/// Forgets an import that waits for its review.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path),
    NoVersion), responses(
    (status = 204, description = "It is forgotten"),
))]
#[delete("/books/imports/{id}")]
async fn cancel_import(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: Permitted<WriteBook>,
    id: PathId<ImportId>,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let done = api.cancel_import.send(&caller.0, CancelImport { import_id: id.0 }).await?;
    Ok(respond::empty(&done))
}

/// The number of a row in a path.
fn row(request: &HttpRequest) -> Result<i32, Problem> {
    let row = request.match_info().get("row").and_then(|text| text.parse().ok()).filter(|row| *row > 0);
    row.ok_or_else(|| Problem::invalid_field("row", "must be the number of a row"))
}

/// Puts a row on the shelf that was left out: once, however often it is said.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path),
    ("row" = i32, Path, minimum = 1, description = "As in `leftOut`")), responses(
    (status = 200, body = Envelope<RowAdded>),
))]
#[post("/books/imports/{id}/rows/{row}/add")]
async fn add_left_out_row(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: Permitted<WriteBook>,
    id: PathId<ImportId>,
) -> Result<HttpResponse, Problem> {
    let row = row(&request)?;
    let done = api.add_left_out_row.send(&caller.0, AddLeftOutRow { import_id: id.0, row }).await?;
    respond::done(done.position, &done.output)
}

/// Says that a row which could not be taken has been dealt with, as by `POST /books` with its repaired values, or a note on
/// one that was, as by `PUT /books/{id}`: it is shown and counted no more. A row has no version: it is what the file said.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path),
    ("row" = i32, Path, minimum = 1, description = "As in `errors` and `notes`"),
    NoVersion), responses(
    (status = 204, description = "It is dealt with"),
))]
#[delete("/books/imports/{id}/errors/{row}")]
async fn mark_row_repaired(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: Permitted<WriteBook>,
    id: PathId<ImportId>,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let row = row(&request)?;
    let done = api.mark_row_repaired.send(&caller.0, MarkRowRepaired { import_id: id.0, row }).await?;
    Ok(respond::empty(&done))
}
