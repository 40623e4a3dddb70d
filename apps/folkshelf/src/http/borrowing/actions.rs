//! What is done with a borrow: one route for each step of its life.

use actix_web::{HttpResponse, post, web};
use borrowing::{
    AnswerExtension, ApproveBorrow, BorrowView, CancelBorrow, DeclareReturn, HandOver, MarkNotReceived, RejectBorrow,
    ReportLost, RequestExtension, ResolveDispute, ReturnBorrow,
};
use borrowing_events::{DisputeOutcome, ReturnCondition};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kernel::{BorrowId, Line, Prose};
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::api::BorrowingApi;
use super::days::Days;
use crate::http::edge::caller::{Permitted, WriteBorrow};
use crate::http::edge::input::{Body, FieldErrors, Maybe, PathId, from_string};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope};

pub(super) fn configure(services: &mut ServiceConfig) {
    services
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

/// A moment as RFC 3339.
#[derive(Debug, Clone, Copy)]
struct Moment(OffsetDateTime);

impl Deserr<FieldErrors> for Moment {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| {
            let moment = OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok();
            // The last hours of the year 9999 are no time of UTC.
            moment
                .and_then(|moment| moment.checked_to_offset(time::UtcOffset::UTC))
                .map(Self)
                .ok_or_else(|| "must be a moment as RFC 3339, as in 2026-11-28T18:00:00Z".to_owned())
        })
    }
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct ApproveBody {
    /// The last moment for the hand-over; some days from now without it.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[deserr(default)]
    pickup_by: Option<Moment>,
    /// Without it the two agree on a place between them.
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    place: Maybe<Prose<1000>>,
}

/// Agrees: the copy is held for the borrower.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = ApproveBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/approve")]
async fn approve_borrow(
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<ApproveBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = ApproveBorrow { borrow: id.0, pickup_by: body.pickup_by.map(|moment| moment.0), place: body.place.0 };
    let done = api.approve.send(&caller.0, command).await?;
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
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<ReasonBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = RejectBorrow { borrow: id.0, reason: body.reason.0 };
    let done = api.reject.send(&caller.0, command).await?;
    respond::done(done.position, &done.output)
}

/// Withdraws: the borrower until it is agreed to, either of the two until the hand-over.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = ReasonBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/cancel")]
async fn cancel_borrow(
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<ReasonBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = CancelBorrow { borrow: id.0, reason: body.reason.0 };
    let done = api.cancel.send(&caller.0, command).await?;
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
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<HandOverBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = HandOver { borrow: id.0, code: body.code.0.map(Line::into_string) };
    let done = api.hand_over.send(&caller.0, command).await?;
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
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<ExtensionBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = RequestExtension { borrow: id.0, days: body.days.0 };
    let done = api.request_extension.send(&caller.0, command).await?;
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
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<AnswerBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = AnswerExtension { borrow: id.0, approve: body.approve, reason: body.reason.0 };
    let done = api.answer_extension.send(&caller.0, command).await?;
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
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    body.read()?;
    let done = api.declare_return.send(&caller.0, DeclareReturn { borrow: id.0 }).await?;
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
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<ReturnBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let condition = match body.condition {
        ConditionBody::Ok => ReturnCondition::Ok,
        ConditionBody::Damaged => ReturnCondition::Damaged,
    };
    let command = ReturnBorrow { borrow: id.0, condition, note: body.note.0 };
    let done = api.return_borrow.send(&caller.0, command).await?;
    respond::done(done.position, &done.output)
}

/// The owner says that it did not come back: a moderator will have to look.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path)), request_body = NothingBody,
    responses((status = 200, body = Envelope<BorrowView>)))]
#[post("/borrows/{id}/not-received")]
async fn mark_not_received(
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<NothingBody>,
) -> Result<HttpResponse, Problem> {
    body.read()?;
    let done = api.not_received.send(&caller.0, MarkNotReceived { borrow: id.0 }).await?;
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
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<NoteBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let done = api.report_lost.send(&caller.0, ReportLost { borrow: id.0, note: body.note.0 }).await?;
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
    api: web::Data<BorrowingApi>,
    caller: Permitted<WriteBorrow>,
    id: PathId<BorrowId>,
    body: Body<ResolveBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let outcome = match body.outcome {
        OutcomeBody::Returned => DisputeOutcome::Returned,
        OutcomeBody::Lost => DisputeOutcome::Lost,
        OutcomeBody::Active => DisputeOutcome::Active,
    };
    let done = api.resolve.send(&caller.0, ResolveDispute { borrow: id.0, outcome, note: body.note }).await?;
    respond::done(done.position, &done.output)
}
