//! Whole shelves from CSV files.

use actix_multipart::Multipart;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use books::{GetImport, ImportStarted, ImportSummary, ImportView, ListImports, MarkRowRepaired, StartImport, Upload};
use futures_util::StreamExt;
use kernel::ImportId;
use utoipa::ToSchema;

use crate::http::caller::{Permitted, SignedIn, WriteBook};
use crate::http::input::{List, NoParams, Params, PathId};
use crate::http::problem::Problem;
use crate::http::respond::{self, Envelope, ListEnvelope};
use crate::http::{Api, PagesByNumber};

pub(super) fn configure(services: &mut utoipa_actix_web::service_config::ServiceConfig) {
    services.service(import_books).service(list_imports).service(get_import).service(mark_row_repaired);
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
    let part = parts.next().await.ok_or_else(|| Problem::invalid_field("file", "is missing"))?;
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
    respond::accepted(done.position, &done.output)
}

const FIELDS: &[&str] = &["id", "status", "total", "imported", "duplicates", "failed", "repaired", "createdAt"];

/// One's own imports, newest first.
#[utoipa::path(tag = "books", security(("session" = [])), params(PagesByNumber), responses(
    (status = 200, body = ListEnvelope<ImportSummary>),
))]
#[get("/books/imports")]
async fn list_imports(
    request: HttpRequest,
    api: web::Data<Api>,
    caller: SignedIn,
    list: List<NoParams>,
) -> Result<HttpResponse, Problem> {
    list.params.refuse_sorting()?;
    let page = list.params.page_by_number()?;
    let page = api.books.imports.ask(&caller.0, ListImports { page }).await?;
    respond::listed(&request, &list.params, page, FIELDS)
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

/// Says that a row which could not be taken has been dealt with, as by `POST /books` with its repaired values: it is shown
/// and counted as failed no more. A row has no version: it is what the file said.
#[utoipa::path(tag = "books", security(("session" = [])), params(("id" = Uuid, Path),
    ("row" = i32, Path, minimum = 1, description = "As in `errors`"),
    ("If-Match" = Option<String>, Header, description = "There is no version to name: only * fits")), responses(
    (status = 204, description = "It is dealt with"),
))]
#[delete("/books/imports/{id}/errors/{row}")]
async fn mark_row_repaired(
    request: HttpRequest,
    api: web::Data<Api>,
    caller: SignedIn,
    id: PathId<ImportId>,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let row = request.match_info().get("row").and_then(|text| text.parse().ok()).filter(|row| *row > 0);
    let row = row.ok_or_else(|| Problem::invalid_field("row", "must be the number of a row"))?;
    let done = api.books.mark_row_repaired.send(&caller.0, MarkRowRepaired { import_id: id.0, row }).await?;
    Ok(respond::empty(&done))
}
