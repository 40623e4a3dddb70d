//! Borrows: asking, and looking. What is done with them is in `borrowing/actions.rs`, what is said about them in
//! `borrowing/messages.rs`.

mod actions;
pub mod api;
mod calendar;
mod days;
mod messages;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use api::BorrowingApi;
use borrowing::{BorrowStatus, BorrowTimeline, BorrowView, GetBorrow, Happening, ListBorrows, RequestBorrow, Role};
use days::Days;
use deserr::Deserr;
use kernel::{BookId, BorrowId, Prose};
use read_store::Subject;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::edge::caller::{Permitted, SignedIn, WriteBorrow};
use crate::http::edge::hot::Shared;
use crate::http::edge::input::{Body, FieldErrors, FromText, Maybe, NoParams, Param, Params, PathId};
use crate::http::edge::list::{List, ListQuery, Order};
use crate::http::edge::moment::AsOf;
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, ListEnvelope};

pub fn configure(services: &mut ServiceConfig) {
    services.service(list_borrows).service(request_borrow).service(get_borrow).service(get_borrow_timeline);
    actions::configure(services);
    calendar::configure(services);
    messages::configure(services);
}

impl FromText for BorrowStatus {
    const MUST_BE: &'static str = "a state of a borrow, as in pending or active";

    fn from_text(text: &str) -> Option<Self> {
        BorrowStatus::from_name(text)
    }
}

#[derive(Debug, Clone, Copy)]
struct RoleParam(Role);

impl FromText for RoleParam {
    const MUST_BE: &'static str = "borrower, owner or any";

    fn from_text(text: &str) -> Option<Self> {
        match text {
            "borrower" => Some(Self(Role::Borrower)),
            "owner" => Some(Self(Role::Owner)),
            "any" => Some(Self(Role::Any)),
            _ => None,
        }
    }
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// As whom one takes part: `borrower`, `owner`, or both without it; moderators also see `any`.
    #[param(value_type = Option<String>, pattern = "^(borrower|owner|any)$")]
    #[deserr(default)]
    role: Option<Param<RoleParam>>,
    #[param(value_type = Option<BorrowStatus>, inline)]
    #[deserr(default)]
    status: Option<Param<BorrowStatus>>,
    /// Only loans past their due date, or only those that are not.
    #[param(value_type = Option<bool>)]
    #[deserr(default)]
    overdue: Option<Param<bool>>,
    /// Only those in which a moderator has settled a dispute, or only the others.
    #[param(value_type = Option<bool>)]
    #[deserr(default)]
    resolved: Option<Param<bool>>,
}

const FIELDS: &[&str] = &[
    "id",
    "book",
    "borrower",
    "owner",
    "status",
    "overdue",
    "days",
    "message",
    "queuePosition",
    "requestedAt",
    "approvedAt",
    "pickupBy",
    "place",
    "handOverCode",
    "handedOverAt",
    "dueAt",
    "returnDeclaredAt",
    "returnedAt",
    "closedAt",
    "closedReason",
    "condition",
    "note",
    "noteBy",
    "resolution",
    "resolvedAt",
    "extensions",
    "extensionRequested",
    "unreadMessages",
    "hasModerators",
    "version",
];

/// The borrows one takes part in, newest first.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(ListQuery, Filters), responses(
    (status = 200, body = ListEnvelope<BorrowView>),
))]
#[get("/borrows")]
async fn list_borrows(
    request: HttpRequest,
    api: web::Data<BorrowingApi>,
    caller: SignedIn,
    list: List<Filters>,
) -> Result<HttpResponse, Problem> {
    if list.params.sort.as_deref().is_some_and(|sort| sort != "requestedAt") {
        return Err(Problem::invalid_field("sort", "must be requestedAt"));
    }
    let role = list.filters.role.as_ref().map_or(Role::Either, |role| role.0.0);
    let query = ListBorrows {
        role,
        statuses: list.filters.status.iter().map(|status| status.0).collect(),
        overdue: list.filters.overdue.as_ref().map(|overdue| overdue.0),
        resolved: list.filters.resolved.as_ref().map(|resolved| resolved.0),
        oldest_first: list.params.order() == Some(Order::Ascending),
        page: list.params.page_request(),
    };
    let stamp = api.projection.stamp(Subject::Projection).filter(|_| query.holds_until_a_change());
    let page = api.list.ask(&caller.0, query).await?;
    let until = BorrowView::next_due(&page.items, api.clock.now());
    let shared = stamp.map(|stamp| Shared { stamp, owners: Vec::new(), until });
    Ok(Shared::mark(shared, respond::listed(&request, &list.params, page, FIELDS)?))
}

/// One borrow, for its parties and for moderators.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), responses(
    (status = 200, body = Envelope<BorrowView>),
))]
#[get("/borrows/{id}")]
async fn get_borrow(
    request: HttpRequest,
    api: web::Data<BorrowingApi>,
    caller: SignedIn,
    id: PathId<BorrowId>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let borrow = api.get.ask(&caller.0, GetBorrow { borrow: id.0 }).await?;
    respond::found(&request, &borrow)
}

/// What happened to it, oldest first, and where it stood after each step. With `at` up to that moment; 404
/// `BORROW_NOT_YET_REQUESTED` before there was anything.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path), AsOf), responses(
    (status = 200, body = Envelope<Vec<Happening>>),
))]
#[get("/borrows/{id}/timeline")]
async fn get_borrow_timeline(
    request: HttpRequest,
    api: web::Data<BorrowingApi>,
    caller: SignedIn,
    id: PathId<BorrowId>,
    as_of: Params<AsOf>,
) -> Result<HttpResponse, Problem> {
    let at = as_of.0.moment(api.clock.now())?;
    let timeline = api.timeline.ask(&caller.0, BorrowTimeline { borrow: id.0, at }).await?;
    respond::found(&request, &timeline)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct RequestBody {
    #[schema(value_type = Uuid)]
    book_id: BookId,
    /// For how long.
    #[schema(value_type = u16, minimum = 1, maximum = 90)]
    days: Days,
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    message: Maybe<Prose<1000>>,
}

/// Asks for a book. The request is `pending`, or `queued` when others come first.
#[utoipa::path(tag = "borrows", security(("session" = [])), request_body = RequestBody, responses(
    (status = 201, body = Envelope<BorrowView>),
))]
#[post("/borrows")]
async fn request_borrow(
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    body: Body<RequestBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = RequestBorrow { book: body.book_id, days: body.days.0, message: body.message.0 };
    let done = api.request.send(&caller.0, command).await?;
    respond::created(done.position, &done.output)
}
