//! What members tell the moderators about each other.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use deserr::Deserr;
use kernel::{BorrowId, Prose, ReportId, UserId};
use users::{
    AnswerReport, AnsweredReportView, FiledReportView, GetReport, ListReports, Measure, ReportMember, ReportView,
    Reports,
};
use users_events::ReportReason;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::api::UsersApi;
use crate::http::edge::caller::{InSession, ModerateBorrow, Permitted, SignedIn};
use crate::http::edge::input::{Body, FieldErrors, Maybe, NoParams, Params, PathId};
use crate::http::edge::list::{List, ListQuery};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, ListEnvelope};

pub(super) fn configure(services: &mut ServiceConfig) {
    services
        .service(report_member)
        .service(list_own_reports)
        .service(list_reports)
        .service(get_report)
        .service(answer_report);
}

#[derive(Debug, Clone, Copy, Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schema(rename_all = "lowercase")]
enum ReportReasonBody {
    Insults,
    Threats,
    Fraud,
    Spam,
    Unreliable,
    Other,
}

impl From<ReportReasonBody> for ReportReason {
    fn from(reason: ReportReasonBody) -> Self {
        match reason {
            ReportReasonBody::Insults => Self::Insults,
            ReportReasonBody::Threats => Self::Threats,
            ReportReasonBody::Fraud => Self::Fraud,
            ReportReasonBody::Spam => Self::Spam,
            ReportReasonBody::Unreliable => Self::Unreliable,
            ReportReasonBody::Other => Self::Other,
        }
    }
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct ReportAboutBody {
    #[schema(value_type = Uuid)]
    user_id: UserId,
    /// A borrow between the two. Moderators read its messages as long as the report is open, and for two weeks more.
    #[deserr(default)]
    #[schema(value_type = Option<Uuid>)]
    borrow_id: Option<BorrowId>,
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct ReportBody {
    about: ReportAboutBody,
    reason: ReportReasonBody,
    #[schema(value_type = String, min_length = 1, max_length = 1000)]
    text: Prose<1000>,
}

/// Tells the moderators about a member, or about what one did in a borrow of the two. The member is not told who did. One open
/// report about the same, ten a day.
#[utoipa::path(tag = "reports", security(("session" = [])), extensions(("x-session-only" = json!(true))),
    request_body = ReportBody, responses((status = 201, body = Envelope<FiledReportView>)))]
#[post("/reports")]
async fn report_member(
    api: web::Data<UsersApi>,
    caller: InSession,
    body: Body<ReportBody>,
) -> Result<HttpResponse, Problem> {
    let ReportBody { about, reason, text } = body.read()?;
    let command = ReportMember { member: about.user_id, borrow: about.borrow_id, reason: reason.into(), text };
    let done = api.file_report.send(&caller.0, command).await?;
    respond::created(done.position, &done.output)
}

const OWN_FIELDS: &[&str] = &["id", "state", "about", "borrowId", "reason", "text", "createdAt", "closedAt", "answer"];

/// The reports that one has made, the newest first, with what moderators answered.
#[utoipa::path(tag = "reports", security(("session" = [])), params(ListQuery), responses(
    (status = 200, body = ListEnvelope<ReportView>),
))]
#[get("/profile/reports")]
async fn list_own_reports(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: SignedIn,
    list: List<NoParams>,
) -> Result<HttpResponse, Problem> {
    list.params.refuse_sorting()?;
    let query = ListReports { of: Reports::Mine, page: list.params.page_request() };
    let page = api.reports.ask(&caller.0, query).await?;
    respond::listed(&request, &list.params, page, OWN_FIELDS)
}

#[derive(Debug, Clone, Copy, Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schema(rename_all = "lowercase")]
enum StateFilter {
    Open,
    Closed,
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Those that wait for an answer, or those that do not.
    #[param(inline)]
    #[deserr(default)]
    state: Option<StateFilter>,
}

const FIELDS: &[&str] = &[
    "id",
    "state",
    "about",
    "borrowId",
    "reason",
    "text",
    "createdAt",
    "closedAt",
    "answer",
    "reporter",
    "outcome",
    "answeredBy",
    "warning",
];

/// All reports, for moderators: those that wait for an answer first, the newest before the older. Without those about oneself.
#[utoipa::path(tag = "reports", security(("session" = [])), params(ListQuery, Filters), responses(
    (status = 200, body = ListEnvelope<ReportView>),
))]
#[get("/reports")]
async fn list_reports(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: Permitted<ModerateBorrow>,
    list: List<Filters>,
) -> Result<HttpResponse, Problem> {
    list.params.refuse_sorting()?;
    let open = list.filters.state.map(|state| matches!(state, StateFilter::Open));
    let query = ListReports { of: Reports::Everybodys { open }, page: list.params.page_request() };
    let page = api.reports.ask(&caller.0, query).await?;
    respond::listed(&request, &list.params, page, FIELDS)
}

/// A report, for whoever made it and for moderators.
#[utoipa::path(tag = "reports", security(("session" = [])), params(("id" = Uuid, Path)), responses(
    (status = 200, body = Envelope<ReportView>),
))]
#[get("/reports/{id}")]
async fn get_report(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: SignedIn,
    id: PathId<ReportId>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let report = api.report.ask(&caller.0, GetReport { id: id.0 }).await?;
    respond::found(&request, &report)
}

#[derive(Debug, Clone, Copy, Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = lowercase)]
#[schema(rename_all = "lowercase")]
enum ReportOutcomeBody {
    /// Nothing but the answer.
    Answered,
    /// The reported member reads `warning`, and not who reported them.
    Warned,
    /// The reported member is deactivated. Of those who look after others administrators alone decide.
    Deactivated,
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct ReportAnswerBody {
    outcome: ReportOutcomeBody,
    /// To the reporter.
    #[schema(value_type = String, min_length = 1, max_length = 1000)]
    text: Prose<1000>,
    /// To the reported member: with the outcome `warned`, and with no other.
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    warning: Maybe<Prose<1000>>,
}

fn measure(outcome: ReportOutcomeBody, warning: Option<Prose<1000>>) -> Result<Measure, Problem> {
    match (outcome, warning) {
        (ReportOutcomeBody::Warned, Some(words)) => Ok(Measure::Warn(words)),
        (ReportOutcomeBody::Warned, None) => Err(Problem::invalid_field("warning", "is missing: say what is wrong")),
        (ReportOutcomeBody::Answered | ReportOutcomeBody::Deactivated, Some(_)) => {
            Err(Problem::invalid_field("warning", "is read by nobody unless the outcome is warned"))
        }
        (ReportOutcomeBody::Answered, None) => Ok(Measure::Nothing),
        (ReportOutcomeBody::Deactivated, None) => Ok(Measure::Deactivate),
    }
}

/// Answers a report, as a moderator who has no part in it: once.
#[utoipa::path(tag = "reports", security(("session" = [])), params(("id" = Uuid, Path)), request_body = ReportAnswerBody,
    responses((status = 200, body = Envelope<AnsweredReportView>)))]
#[post("/reports/{id}/answer")]
async fn answer_report(
    api: web::Data<UsersApi>,
    caller: Permitted<ModerateBorrow>,
    id: PathId<ReportId>,
    body: Body<ReportAnswerBody>,
) -> Result<HttpResponse, Problem> {
    let ReportAnswerBody { outcome, text, warning } = body.read()?;
    let command = AnswerReport { report: id.0, answer: text, measure: measure(outcome, warning.0)? };
    let done = api.answer_report.send(&caller.0, command).await?;
    respond::done(done.position, &done.output)
}
