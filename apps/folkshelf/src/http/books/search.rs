//! Finding books by what people type, suggestions while they do, by what to narrow down, and a shelf as a file.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, web};
use books::{
    BookView, CountFacets, ExportPlace, ExportShelf, Facets, ListBooks, SearchBooks, SuggestBooks, Suggestion,
};
use cqrs::{Ask, Caller};
use deserr::Deserr;
use futures_util::stream;
use kernel::UserId;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::api::BooksApi;
use super::listing::{FIELDS, Filters};
use crate::http::edge::at_once::Turn;
use crate::http::edge::caller::{Anyone, SignedIn};
use crate::http::edge::input::{FieldErrors, NoParams, Param, Params};
use crate::http::edge::list::{List, PagesByNumber};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, ListEnvelope};

pub(super) fn configure(services: &mut ServiceConfig) {
    services.service(search_books).service(suggest_books).service(get_facets).service(export_books);
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SearchFilters {
    /// Words of titles, authors, series and categories in any order, or an ISBN in any form. Accents, case, punctuation
    /// and a slip or two in a word are forgiven, and the last word may be only begun.
    #[param(max_length = 200)]
    q: String,
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

/// Books found by what somebody typed, best first.
///
/// The whole title comes before the beginning of one, words as typed before words with slips, titles before authors, and of
/// equals the copies that can be had. The few hundred best are shown: `total` counts these, so that a total of 200 or more
/// stands for that many or more. There is no cursor; pages are by number.
#[utoipa::path(tag = "books", params(PagesByNumber, SearchFilters), responses(
    (status = 200, body = ListEnvelope<BookView>),
))]
#[get("/books/search")]
async fn search_books(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: Anyone,
    list: List<SearchFilters>,
) -> Result<HttpResponse, Problem> {
    api.community.may_browse(&caller.0)?;
    list.params.refuse_sorting()?;
    let filters = list.filters;
    let narrowed = ListBooks {
        whole_shelf: false,
        category: filters.category,
        available: filters.available.map(|available| available.0),
        owner: filters.owner.map(|owner| owner.0),
        language: filters.language,
        author: filters.author,
        ..ListBooks::newest(list.params.page_request())
    };
    let page = api.search.ask(&caller.0, SearchBooks { text: filters.q, list: narrowed }).await?;
    respond::listed(&request, &list.params, page, FIELDS)
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Typed {
    /// What is typed so far.
    #[param(max_length = 200)]
    q: String,
}

/// Up to ten titles and authors that begin with what is typed so far.
#[utoipa::path(tag = "books", params(Typed), responses((status = 200, body = Envelope<Vec<Suggestion>>)))]
#[get("/books/suggest")]
async fn suggest_books(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: Anyone,
    typed: Params<Typed>,
) -> Result<HttpResponse, Problem> {
    api.community.may_browse(&caller.0)?;
    let suggestions = api.suggest.ask(&caller.0, SuggestBooks { text: typed.0.q }).await?;
    respond::found(&request, &suggestions)
}

/// By what the catalogue can be narrowed down: the categories used most and the languages, with the number of their books.
///
/// Counted are the books that `q` and the filters leave. The count by category ignores `category`, the count by language
/// ignores `language`: each shows what another choice finds. A category or language without a book is left out. With a `q`
/// the few hundred best books are counted; with a filter alone, or for a reader from whom a block hides a book, a count is
/// exact up to 20,000. Otherwise each host counts once a minute at most: a book may take that long to count.
#[utoipa::path(tag = "books", params(Filters), responses((status = 200, body = Envelope<Facets>)))]
#[get("/books/facets")]
async fn get_facets(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: Anyone,
    filters: Params<Filters>,
) -> Result<HttpResponse, Problem> {
    api.community.may_browse(&caller.0)?;
    let filters = filters.0;
    let query = CountFacets {
        text: filters.q,
        category: filters.category,
        available: filters.available.map(|available| available.0),
        owner: filters.owner.map(|owner| owner.0),
        language: filters.language,
        author: filters.author,
    };
    respond::found(&request, &api.facets.ask(&caller.0, query).await?)
}

/// One's own shelf as a CSV file, which `POST /books/import` reads back unchanged.
///
/// Authors and categories are parted by `; ` (a semicolon within a name has a backslash before it). A cell that a
/// spreadsheet would run as a formula has an apostrophe before it, which the import takes away again.
#[utoipa::path(tag = "books", security(("session" = [])), responses(
    (status = 200, body = String, content_type = "text/csv", description = "The file, as it is read from the shelf"),
))]
#[get("/books/export")]
async fn export_books(
    api: web::Data<BooksApi>,
    caller: SignedIn,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let export = api.export.clone();
    // A piece is in memory for as long as the client takes to read it.
    let turn = api.exports.begin(caller.user()?).ok_or_else(|| Problem::too_many_at_once(2))?;
    // The first piece decides whether there is an answer; trouble later on breaks the file off, visibly to the client.
    let first = export.ask(&caller.0, ExportShelf::default()).await?;
    let shelf = Shelf { export, caller: caller.0, ready: Some(first.csv), next: first.next, _turn: turn };
    let body = stream::try_unfold(shelf, |mut shelf| async {
        Ok::<_, actix_web::Error>(shelf.piece().await?.map(|csv| (web::Bytes::from(csv), shelf)))
    });
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"books.csv\""))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .streaming(body))
}

/// A shelf being streamed, a piece at a time.
struct Shelf {
    export: Ask<ExportShelf>,
    caller: Caller,
    ready: Option<Vec<u8>>,
    next: Option<ExportPlace>,
    _turn: Turn,
}

impl Shelf {
    async fn piece(&mut self) -> Result<Option<Vec<u8>>, Problem> {
        if let Some(ready) = self.ready.take() {
            return Ok(Some(ready));
        }
        let Some(after) = self.next else { return Ok(None) };
        let piece = self.export.ask(&self.caller, ExportShelf { after: Some(after) }).await?;
        self.next = piece.next;
        Ok(Some(piece.csv))
    }
}
