//! When a book may be had: what books shows of it, and what borrowing knows of its loan and its queue.

use actix_web::{HttpRequest, HttpResponse, get, web};
use books::{BookStatus, GetBook};
use borrowing::{LendingOutlook, OwnBorrow};
use kernel::BookId;
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::api::BooksApi;
use crate::http::edge::caller::Anyone;
use crate::http::edge::input::{NoParams, Params, PathId};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope};

pub(super) fn configure(services: &mut ServiceConfig) {
    services.service(get_availability);
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Availability {
    book_id: BookId,
    status: BookStatus,
    available: bool,
    /// When the loan that runs at present is due.
    #[serde(with = "time::serde::rfc3339::option")]
    due_at: Option<OffsetDateTime>,
    /// Requests that wait: for the owner's answer while nobody has the book, and in the queue.
    waiting: i64,
    /// One's own open borrow of it.
    mine: Option<OwnBorrow>,
}

/// Whether a book can be had, and if not, when it may be.
#[utoipa::path(tag = "books", params(("id" = Uuid, Path)), responses((status = 200, body = Envelope<Availability>)))]
#[get("/books/{id}/availability")]
async fn get_availability(
    request: HttpRequest,
    api: web::Data<BooksApi>,
    caller: Anyone,
    id: PathId<BookId>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    api.community.may_browse(&caller.0)?;
    let (book, outlook) = tokio::join!(
        api.get.ask(&caller.0, GetBook { book_id: id.0 }),
        api.outlook.ask(&caller.0, LendingOutlook { book: id.0 }),
    );
    let (book, outlook) = (book?, outlook?);
    let availability = Availability {
        book_id: book.id,
        status: book.status,
        available: book.available,
        due_at: outlook.due_at,
        waiting: outlook.waiting,
        mine: outlook.mine,
    };
    respond::found(&request, &availability)
}
