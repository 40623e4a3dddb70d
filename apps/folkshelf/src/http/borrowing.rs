//! Borrows: asking, answering, handing over, bringing back.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use borrowing::{
    AnswerExtension, ApproveBorrow, BorrowStatus, BorrowTimeline, BorrowView, CancelBorrow, DeclareReturn, GetBorrow,
    HandOver, Happening, ListBorrows, MarkNotReceived, RejectBorrow, ReportLost, RequestBorrow, RequestExtension,
    ResolveDispute, ReturnBorrow, Role,
};
use borrowing_events::{DisputeOutcome, ReturnCondition};
use cqrs::{Ask, CommandBus, Dispatch, MissingHandler, QueryBus};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kernel::{BookId, BorrowId, Line, Prose};
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};

use super::caller::{Permitted, SignedIn, WriteBorrow};
use super::input::{Body, FieldErrors, FromText, List, Maybe, NoParams, Order, Param, Params, PathId, from_string};
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
    services
        .service(list_borrows)
        .service(request_borrow)
        .service(get_borrow)
        .service(get_borrow_timeline)
        .service(approve_borrow)
        .service(reject_borrow)
        .service(cancel_borrow)
        .service(hand_over)
        .service(request_extension)
        .service(answer_extension)
        .service(declare_return)
        .service(return_borrow)
        .service(mark_not_received)
        .service(report_lost)
        .service(resolve_dispute);
}

/// Days, 1 to 90.
#[derive(Debug, Clone, Copy)]
struct Days(u16);

impl Deserr<FieldErrors> for Days {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        match value {
            Value::Integer(days @ 1..=90) => Ok(Self(days as u16)),
            _ => Err(FieldErrors::one(at, "must be a whole number from 1 to 90")),
        }
    }
}

/// A moment as RFC 3339.
#[derive(Debug, Clone, Copy)]
struct Moment(OffsetDateTime);

impl Deserr<FieldErrors> for Moment {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| {
            OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339)
                .map(|moment| Self(moment.to_offset(time::UtcOffset::UTC)))
                .map_err(|_| "must be a moment as RFC 3339, as in 2026-11-28T18:00:00Z".to_owned())
        })
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
    #[param(value_type = Option<String>)]
    #[deserr(default)]
    role: Option<Param<RoleParam>>,
    #[param(value_type = Option<String>)]
    #[deserr(default)]
    status: Option<Param<BorrowStatus>>,
    /// Only loans past their due date, or only those that are not.
    #[param(value_type = Option<bool>)]
    #[deserr(default)]
    overdue: Option<Param<bool>>,
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
        oldest_first: list.params.order() == Some(Order::Ascending),
        page: list.params.page_request(),
    };
    let page = api.borrowing.list.ask(&caller.0, query).await?;
    respond::listed(&request, &list.params, page, FIELDS)
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
    let Body(body) = body;
    let command = RequestBorrow { book: body.book_id, days: body.days.0, message: body.message.0 };
    let done = api.borrowing.request.send(&caller.0, command).await?;
    respond::created(done.position, &done.output)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct ApproveBody {
    /// The last moment for the hand-over; some days from now without it.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[deserr(default)]
    pickup_by: Option<Moment>,
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    place: Maybe<Prose<1000>>,
}

/// Agrees: the copy is held for the borrower.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = ApproveBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/approve")]
async fn approve_borrow(
    api: web::Data<Api>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<ApproveBody>,
) -> Result<HttpResponse, Problem> {
    let Body(body) = body;
    let command = ApproveBorrow { borrow: id.0, pickup_by: body.pickup_by.map(|moment| moment.0), place: body.place.0 };
    let done = api.borrowing.approve.send(&caller.0, command).await?;
    respond::done(done.position, &done.output)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct ReasonBody {
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    reason: Maybe<Prose<1000>>,
}

/// Declines.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = ReasonBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/reject")]
async fn reject_borrow(
    api: web::Data<Api>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<ReasonBody>,
) -> Result<HttpResponse, Problem> {
    let command = RejectBorrow { borrow: id.0, reason: body.0.reason.0 };
    let done = api.borrowing.reject.send(&caller.0, command).await?;
    respond::done(done.position, &done.output)
}

/// Withdraws: the borrower until it is agreed to, either of the two until the hand-over.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = ReasonBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/cancel")]
async fn cancel_borrow(
    api: web::Data<Api>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<ReasonBody>,
) -> Result<HttpResponse, Problem> {
    let command = CancelBorrow { borrow: id.0, reason: body.0.reason.0 };
    let done = api.borrowing.cancel.send(&caller.0, command).await?;
    respond::done(done.position, &done.output)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct HandOverBody {
    /// The six digits the owner shows; the owner needs none.
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 20)]
    code: Maybe<Line<20>>,
}

/// The book changes hands.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = HandOverBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/hand-over")]
async fn hand_over(
    api: web::Data<Api>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<HandOverBody>,
) -> Result<HttpResponse, Problem> {
    let command = HandOver { borrow: id.0, code: body.0.code.0.map(Line::into_string) };
    let done = api.borrowing.hand_over.send(&caller.0, command).await?;
    respond::done(done.position, &done.output)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct ExtensionBody {
    /// Days more.
    #[schema(value_type = u16, minimum = 1, maximum = 90)]
    days: Days,
}

/// Asks to keep it longer.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = ExtensionBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/request-extension")]
async fn request_extension(
    api: web::Data<Api>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<ExtensionBody>,
) -> Result<HttpResponse, Problem> {
    let command = RequestExtension { borrow: id.0, days: body.0.days.0 };
    let done = api.borrowing.request_extension.send(&caller.0, command).await?;
    respond::done(done.position, &done.output)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct AnswerBody {
    approve: bool,
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    reason: Maybe<Prose<1000>>,
}

/// Agrees to an extension, or not.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = AnswerBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/answer-extension")]
async fn answer_extension(
    api: web::Data<Api>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<AnswerBody>,
) -> Result<HttpResponse, Problem> {
    let command = AnswerExtension { borrow: id.0, approve: body.0.approve, reason: body.0.reason.0 };
    let done = api.borrowing.answer_extension.send(&caller.0, command).await?;
    respond::done(done.position, &done.output)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct NothingBody {}

/// The borrower says that it is back: the late clock stops.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = NothingBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/declare-return")]
async fn declare_return(
    api: web::Data<Api>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    _body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    let done = api.borrowing.declare_return.send(&caller.0, DeclareReturn { borrow: id.0 }).await?;
    respond::done(done.position, &done.output)
}

#[derive(Debug, Clone, Copy, Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase)]
#[schema(rename_all = "camelCase")]
enum ConditionBody {
    Ok,
    Damaged,
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct ReturnBody {
    condition: ConditionBody,
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Maybe<Prose<1000>>,
}

/// The owner has it back.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = ReturnBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/return")]
async fn return_borrow(
    api: web::Data<Api>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<ReturnBody>,
) -> Result<HttpResponse, Problem> {
    let condition = match body.0.condition {
        ConditionBody::Ok => ReturnCondition::Ok,
        ConditionBody::Damaged => ReturnCondition::Damaged,
    };
    let command = ReturnBorrow { borrow: id.0, condition, note: body.0.note.0 };
    let done = api.borrowing.return_borrow.send(&caller.0, command).await?;
    respond::done(done.position, &done.output)
}

/// The owner says that it did not come back: a moderator will have to look.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = NothingBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/not-received")]
async fn mark_not_received(
    api: web::Data<Api>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    _body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    let done = api.borrowing.not_received.send(&caller.0, MarkNotReceived { borrow: id.0 }).await?;
    respond::done(done.position, &done.output)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct NoteBody {
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    note: Maybe<Prose<1000>>,
}

/// It is lost, says the borrower; the owner saying so opens a dispute.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = NoteBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/report-lost")]
async fn report_lost(
    api: web::Data<Api>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<NoteBody>,
) -> Result<HttpResponse, Problem> {
    let done = api.borrowing.report_lost.send(&caller.0, ReportLost { borrow: id.0, note: body.0.note.0 }).await?;
    respond::done(done.position, &done.output)
}

#[derive(Debug, Clone, Copy, Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase)]
#[schema(rename_all = "camelCase")]
enum OutcomeBody {
    Returned,
    Lost,
    Active,
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct ResolveBody {
    outcome: OutcomeBody,
    #[schema(value_type = String, min_length = 1, max_length = 1000)]
    note: Prose<1000>,
}

/// Settles a dispute, as a moderator who is neither party.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = ResolveBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/resolve")]
async fn resolve_dispute(
    api: web::Data<Api>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<ResolveBody>,
) -> Result<HttpResponse, Problem> {
    let Body(body) = body;
    let outcome = match body.outcome {
        OutcomeBody::Returned => DisputeOutcome::Returned,
        OutcomeBody::Lost => DisputeOutcome::Lost,
        OutcomeBody::Active => DisputeOutcome::Active,
    };
    let done = api.borrowing.resolve.send(&caller.0, ResolveDispute { borrow: id.0, outcome, note: body.note }).await?;
    respond::done(done.position, &done.output)
}
