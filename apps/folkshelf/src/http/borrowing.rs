//! Borrows: asking, and looking. What is done with them is in `borrowing/actions.rs`.

mod actions;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use borrowing::{
    AnswerExtension, ApproveBorrow, BorrowStatus, BorrowTimeline, BorrowView, CancelBorrow, DeclareReturn, GetBorrow,
    HandOver, Happening, ListBorrows, MarkNotReceived, RejectBorrow, ReportLost, RequestBorrow, RequestExtension,
    ResolveDispute, ReturnBorrow, Role,
};
use cqrs::{Ask, CommandBus, Dispatch, MissingHandler, QueryBus};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kernel::{BookId, BorrowId, Prose};
use read_store::Subject;
use utoipa::{IntoParams, ToSchema};

use super::caller::{Permitted, SignedIn, WriteBorrow};
use super::hot::Shared;
use super::input::{Body, FieldErrors, FromText, List, Maybe, NoParams, Order, Param, Params, PathId};
use super::problem::Problem;
use super::respond::{self, Envelope, ListEnvelope};
use super::{Api, ListQuery};

pub struct BorrowingApi {
    get: Ask<GetBorrow>,
    list: Ask<ListBorrows>,
    timeline: Ask<BorrowTimeline>,
    request: Dispatch<RequestBorrow>,
    approve: Dispatch<ApproveBorrow>,
    reject: Dispatch<RejectBorrow>,
    cancel: Dispatch<CancelBorrow>,
    hand_over: Dispatch<HandOver>,
    request_extension: Dispatch<RequestExtension>,
    answer_extension: Dispatch<AnswerExtension>,
    declare_return: Dispatch<DeclareReturn>,
    return_borrow: Dispatch<ReturnBorrow>,
    not_received: Dispatch<MarkNotReceived>,
    report_lost: Dispatch<ReportLost>,
    resolve: Dispatch<ResolveDispute>,
}

impl BorrowingApi {
    pub fn new(commands: &CommandBus, queries: &QueryBus) -> Result<Self, MissingHandler> {
        Ok(Self {
            get: queries.asking()?,
            list: queries.asking()?,
            timeline: queries.asking()?,
            request: commands.dispatch()?,
            approve: commands.dispatch()?,
            reject: commands.dispatch()?,
            cancel: commands.dispatch()?,
            hand_over: commands.dispatch()?,
            request_extension: commands.dispatch()?,
            answer_extension: commands.dispatch()?,
            declare_return: commands.dispatch()?,
            return_borrow: commands.dispatch()?,
            not_received: commands.dispatch()?,
            report_lost: commands.dispatch()?,
            resolve: commands.dispatch()?,
        })
    }
}

pub(super) fn configure(services: &mut utoipa_actix_web::service_config::ServiceConfig) {
    services.service(list_borrows).service(request_borrow).service(get_borrow).service(get_borrow_timeline);
    actions::configure(services);
}

/// Days, 1 to 90.
#[derive(Debug, Clone, Copy)]
pub(super) struct Days(u16);

impl Deserr<FieldErrors> for Days {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        match value {
            Value::Integer(days @ 1..=90) => Ok(Self(days as u16)),
            // To JSON, 14.0 is as whole as 14.
            Value::Float(days) if (1.0..=90.0).contains(&days) && days.fract() == 0.0 => Ok(Self(days as u16)),
            _ => Err(FieldErrors::one(at, "must be a whole number from 1 to 90")),
        }
    }
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
    "version",
];

/// The borrows one takes part in, newest first.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(ListQuery, Filters), responses(
    (status = 200, body = ListEnvelope<BorrowView>),
))]
#[get("/borrows")]
async fn list_borrows(
    request: HttpRequest,
    api: web::Data<Api>,
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
    // Which borrows are overdue depends on the hour, and who may see any borrow on the role of the hour.
    let lasting = query.overdue.is_none() && role != Role::Any;
    let stamp = api.hot.borrowing.stamp(Subject::Projection).filter(|_| lasting);
    let page = api.borrowing.list.ask(&caller.0, query).await?;
    let now = api.clock.now();
    let until = page.items.iter().filter_map(|borrow| borrow.due_at).filter(|due| *due > now).min();
    let shared = stamp.map(|stamp| Shared { stamp, except: Vec::new(), until });
    Ok(Shared::mark(shared, respond::listed(&request, &list.params, page, FIELDS)?))
}

/// One borrow, for its parties and for moderators.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), responses(
    (status = 200, body = Envelope<BorrowView>),
))]
#[get("/borrows/{id}")]
async fn get_borrow(
    request: HttpRequest,
    api: web::Data<Api>,
    caller: SignedIn,
    id: PathId<BorrowId>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let borrow = api.borrowing.get.ask(&caller.0, GetBorrow { borrow: id.0 }).await?;
    respond::found(&request, &borrow)
}

/// What happened to it, oldest first.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), responses(
    (status = 200, body = Envelope<Vec<Happening>>),
))]
#[get("/borrows/{id}/timeline")]
async fn get_borrow_timeline(
    request: HttpRequest,
    api: web::Data<Api>,
    caller: SignedIn,
    id: PathId<BorrowId>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let timeline = api.borrowing.timeline.ask(&caller.0, BorrowTimeline { borrow: id.0 }).await?;
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
    api: web::Data<Api>,
    caller: Permitted<WriteBorrow>,
    body: Body<RequestBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = RequestBorrow { book: body.book_id, days: body.days.0, message: body.message.0 };
    let done = api.borrowing.request.send(&caller.0, command).await?;
    respond::created(done.position, &done.output)
}
