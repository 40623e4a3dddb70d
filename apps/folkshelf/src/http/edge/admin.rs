//! For administrators: events, subscriptions, dead letters, projections, jobs.

mod events;
mod jobs;
pub mod months;
pub mod projections;
pub mod refusals;

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use kernel::Page;
use refusals::{DatabaseRefusal, ReadStoreRefusal};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::caller::{Admin, Permitted};
use super::input::{NoParams, Params, PathId};
use super::list::{List, PagesByNumber};
use super::operations::Machinery;
use super::problem::Problem;
use super::respond::{self, Envelope, ListEnvelope, NoVersion};

pub(super) fn configure(services: &mut ServiceConfig) {
    services
        .service(events::list_events)
        .service(list_subscriptions)
        .service(list_dead_letters)
        .service(retry_dead_letter)
        .service(drop_dead_letter)
        .service(projections::list_projections)
        .service(projections::rebuild_projection)
        .service(clear_cache)
        .service(jobs::list_jobs)
        .service(jobs::get_job)
        .service(jobs::run_job)
        .service(jobs::cancel_job)
        .service(months::list_months)
        .service(months::get_month)
        .service(months::export_month);
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SubscriptionView {
    name: String,
    /// The last event handled.
    checkpoint: String,
    /// Events not handled yet, counted up to 10,000.
    behind: i64,
    /// Age in seconds of the oldest of them.
    lag_seconds: f64,
    /// Whether some process runs it.
    running: bool,
    dead_letters: i64,
    last_error: Option<String>,
    #[serde(with = "time::serde::rfc3339::option")]
    last_error_at: Option<OffsetDateTime>,
}

/// Every subscription with its checkpoint and lag.
#[utoipa::path(tag = "admin", security(("session" = [])), responses(
    (status = 200, body = Envelope<Vec<SubscriptionView>>),
))]
#[get("/admin/subscriptions")]
async fn list_subscriptions(
    request: HttpRequest,
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let subscriptions: Vec<SubscriptionView> = machinery
        .events
        .subscriptions()
        .await
        .map_err(|error| Problem::from(DatabaseRefusal(error)))?
        .into_iter()
        .map(|status| SubscriptionView {
            name: status.name,
            checkpoint: status.checkpoint.to_string(),
            behind: status.behind,
            lag_seconds: status.lag_seconds,
            running: status.running,
            dead_letters: status.dead_letters,
            last_error: status.last_error,
            last_error_at: status.last_error_at,
        })
        .collect();
    respond::found(&request, &subscriptions)
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct DeadLetterView {
    id: Uuid,
    subscription: String,
    event_id: Uuid,
    event: String,
    aggregate_type: String,
    aggregate_id: Uuid,
    error: String,
    attempts: i32,
    #[serde(with = "time::serde::rfc3339")]
    parked_at: OffsetDateTime,
    retry_requested: bool,
}

const DEAD_LETTER_FIELDS: &[&str] = &[
    "id",
    "subscription",
    "eventId",
    "event",
    "aggregateType",
    "aggregateId",
    "error",
    "attempts",
    "parkedAt",
    "retryRequested",
];

/// Events that a subscription could not handle, newest first.
#[utoipa::path(tag = "admin", security(("session" = [])), params(PagesByNumber), responses(
    (status = 200, body = ListEnvelope<DeadLetterView>),
))]
#[get("/admin/dead-letters")]
async fn list_dead_letters(
    request: HttpRequest,
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    list: List<NoParams>,
) -> Result<HttpResponse, Problem> {
    list.params.refuse_sorting()?;
    let asked = list.params.page_by_number()?;
    let offset = i64::try_from(asked.offset()).unwrap_or(i64::MAX);
    let (letters, total) = machinery
        .events
        .dead_letters(offset, i64::from(asked.limit))
        .await
        .map_err(|error| Problem::from(DatabaseRefusal(error)))?;
    let items = letters
        .into_iter()
        .map(|letter| DeadLetterView {
            id: letter.id,
            subscription: letter.subscription,
            event_id: letter.event_id.uuid(),
            event: letter.event_name,
            aggregate_type: letter.aggregate_type,
            aggregate_id: letter.aggregate_id,
            error: letter.error,
            attempts: letter.attempts,
            parked_at: letter.parked_at,
            retry_requested: letter.retry_requested,
        })
        .collect();
    respond::listed(&request, &list.params, Page { items, total, next_cursor: None }, DEAD_LETTER_FIELDS)
}

/// Tries the event again, wherever its subscription runs. The dead letter is gone once that works.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("id" = Uuid, Path)), responses(
    (status = 204, description = "It will be tried"),
))]
#[post("/admin/dead-letters/{id}/retry")]
async fn retry_dead_letter(
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    id: PathId<Uuid>,
) -> Result<HttpResponse, Problem> {
    let known =
        machinery.events.retry_dead_letter(id.0).await.map_err(|error| Problem::from(DatabaseRefusal(error)))?;
    if known { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::not_found()) }
}

/// Forgets the dead letter: its event stays unhandled for that subscription. It has no version: it is parked once.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("id" = Uuid, Path),
    NoVersion), responses(
    (status = 204, description = "It is gone"),
))]
#[delete("/admin/dead-letters/{id}")]
async fn drop_dead_letter(
    request: HttpRequest,
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    id: PathId<Uuid>,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let known = machinery.events.drop_dead_letter(id.0).await.map_err(|error| Problem::from(DatabaseRefusal(error)))?;
    if known { Ok(HttpResponse::NoContent().finish()) } else { Err(Problem::not_found()) }
}

/// Lets every host read anew what it keeps in memory. Never needed for an answer to be right.
#[utoipa::path(tag = "admin", security(("session" = [])), responses((status = 204, description = "They all know")))]
#[post("/admin/cache/clear")]
async fn clear_cache(machinery: web::Data<Machinery>, _admin: Permitted<Admin>) -> Result<HttpResponse, Problem> {
    machinery.read_store.forget_kept().await.map_err(|error| Problem::from(ReadStoreRefusal(error)))?;
    Ok(HttpResponse::NoContent().finish())
}
