//! For administrators: events, subscriptions, dead letters, projections, jobs.

mod dead_letters;
mod events;
mod jobs;
pub mod months;
pub mod projections;
pub mod refusals;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use refusals::{DatabaseRefusal, ReadStoreRefusal};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::caller::{Admin, Permitted};
use super::input::{NoParams, Params};
use super::operations::Machinery;
use super::problem::Problem;
use super::respond::{self, Envelope};

pub(super) fn configure(services: &mut ServiceConfig) {
    services
        .service(events::list_events)
        .service(list_subscriptions)
        .service(dead_letters::list_dead_letters)
        .service(dead_letters::retry_dead_letter)
        .service(dead_letters::drop_dead_letter)
        .service(dead_letters::list_dead_letter_groups)
        .service(dead_letters::retry_dead_letter_group)
        .service(dead_letters::drop_dead_letter_group)
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

/// Lets every host read anew what it keeps in memory. Never needed for an answer to be right.
#[utoipa::path(tag = "admin", security(("session" = [])), responses((status = 204, description = "They all know")))]
#[post("/admin/cache/clear")]
async fn clear_cache(machinery: web::Data<Machinery>, _admin: Permitted<Admin>) -> Result<HttpResponse, Problem> {
    machinery.read_store.forget_kept().await.map_err(|error| Problem::from(ReadStoreRefusal(error)))?;
    Ok(HttpResponse::NoContent().finish())
}
