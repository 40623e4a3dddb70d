//! For operators: health and metrics.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::{Duration, Instant};

use actix_web::{HttpResponse, get, web};
use database::Database;
use event_bus::EventBus;
use jobs::Jobs;
use kernel::Clock;
use read_store::ReadStore;
use serde::Serialize;
use time::OffsetDateTime;
use tokio_util::task::TaskTracker;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::drain;
use super::internal::peer::Peer;

/// What the routes for operators read and change.
pub struct Machinery {
    pub events: EventBus,
    pub jobs: Jobs,
    /// Each context's way to PostgreSQL, and the event log's, by name.
    pub pools: Vec<(String, Database)>,
    pub read_store: ReadStore,
    /// The projections that may be rebuilt here, by name.
    pub projections: Vec<&'static str>,
    /// The processes that run other contexts.
    pub peers: Vec<Arc<Peer>>,
    pub clock: Arc<dyn Clock>,
    pub started: Instant,
    /// Work that outlives its request and is finished before the process ends.
    pub background: TaskTracker,
}

/// Each part is asked at most this long.
const PATIENCE: Duration = Duration::from_secs(1);
/// Events older than this that nobody has handled are worth an operator's look.
const LATE: f64 = 60.0;
/// So are events of another database that came no nearer for so many seconds.
const NOTABLE: Duration = Duration::from_secs(5);

/// A clock further off than this is worth an operator's look.
const OFF: time::Duration = time::Duration::seconds(2);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Health {
    Healthy,
    /// Something is away; what can be done without it goes on.
    Degraded,
    Unhealthy,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct HealthReport {
    status: Health,
    #[serde(with = "time::serde::rfc3339")]
    timestamp: OffsetDateTime,
    /// Seconds since the start.
    uptime: u64,
    version: &'static str,
    checks: Checks,
    /// Seconds for which an open transaction has hidden what happened; absent below 5. The log names its session.
    #[serde(skip_serializing_if = "Option::is_none")]
    events_hidden_seconds: Option<u64>,
    /// Seconds by which the views of a context are late; absent below 5. Reads ask PostgreSQL meanwhile.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    views_late_seconds: BTreeMap<String, u64>,
    /// Seconds since all events of a context with another database were here; absent below 5.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    events_late_seconds: BTreeMap<String, u64>,
    /// The contexts, and `event_bus`, for which PostgreSQL has no connection. Asked for by `/health/ready` alone; absent when
    /// there are none.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    without_connection: Vec<String>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct Checks {
    /// PostgreSQL: without it there are no writes.
    database: Health,
    /// Redis: without it PostgreSQL answers the reads.
    cache: Health,
    /// Whether what happened is told in time.
    event_log: Health,
    /// The machine's clock: degraded when it is more than 2 s from PostgreSQL's, unhealthy beyond 30 s.
    clock: Health,
}

pub(super) fn configure(services: &mut ServiceConfig) {
    services.service(get_health).service(get_liveness).service(get_readiness);
}

async fn report(machinery: &Machinery) -> HealthReport {
    let health = |fine: bool| if fine { Health::Healthy } else { Health::Unhealthy };
    let (cache, log, sources) = tokio::join!(
        tokio::time::timeout(PATIENCE, machinery.read_store.ping()),
        tokio::time::timeout(PATIENCE, machinery.events.subscriptions()),
        tokio::time::timeout(PATIENCE, machinery.events.sources()),
    );
    let sources = sources.ok().and_then(Result::ok).unwrap_or_default();
    let late = sources.into_iter().map(|source| (source.context, Duration::from_secs_f64(source.lag_seconds.max(0.0))));
    let late_sources: BTreeMap<String, u64> =
        late.filter(|(_, late)| *late >= NOTABLE).map(|(context, late)| (context, late.as_secs())).collect();
    let cache = health(matches!(cache, Ok(Ok(()))));
    let (hidden, late_views) = (machinery.events.hidden(), machinery.events.late_views());
    let (database, event_log) = match log {
        Ok(Ok(subscriptions)) => {
            let late = hidden.is_some()
                || !late_views.is_empty()
                || !late_sources.is_empty()
                || subscriptions.iter().any(|s| !s.running || s.lag_seconds > LATE || s.dead_letters > 0);
            (Health::Healthy, if late { Health::Degraded } else { Health::Healthy })
        }
        Ok(Err(_)) | Err(_) => (Health::Unhealthy, Health::Unhealthy),
    };
    let clock = match machinery.clock.offset() {
        _ if !machinery.clock.is_trusted() => Health::Unhealthy,
        offset if offset.abs() > OFF => Health::Degraded,
        _ => Health::Healthy,
    };
    let status = match (database, cache, event_log, clock) {
        (Health::Healthy, Health::Healthy, Health::Healthy, Health::Healthy) => Health::Healthy,
        (Health::Unhealthy, Health::Unhealthy, _, _) => Health::Unhealthy,
        _ => Health::Degraded,
    };
    HealthReport {
        status,
        timestamp: machinery.clock.now(),
        uptime: machinery.started.elapsed().as_secs(),
        version: env!("CARGO_PKG_VERSION"),
        checks: Checks { database, cache, event_log, clock },
        events_hidden_seconds: hidden.map(|hidden| hidden.duration.as_secs()),
        views_late_seconds: late_views.into_iter().map(|(context, late)| (context, late.as_secs())).collect(),
        events_late_seconds: late_sources,
        without_connection: Vec::new(),
    }
}

fn answer(report: HealthReport) -> HttpResponse {
    let mut response =
        if report.status == Health::Unhealthy { HttpResponse::ServiceUnavailable() } else { HttpResponse::Ok() };
    response.insert_header(("Cache-Control", "no-store")).json(report)
}

/// How Folkshelf is.
#[utoipa::path(tag = "operations", responses(
    (status = 200, description = "It answers, perhaps not everything", body = HealthReport),
    (status = 503, description = "Neither PostgreSQL nor Redis can be reached", body = HealthReport),
))]
#[get("/health")]
async fn get_health(machinery: web::Data<Machinery>) -> HttpResponse {
    answer(report(&machinery).await)
}

/// Whether the process runs. Asks nobody else.
#[utoipa::path(tag = "operations", responses((status = 204, description = "It runs")))]
#[get("/health/live")]
async fn get_liveness() -> HttpResponse {
    HttpResponse::NoContent().finish()
}

/// Whether it can answer requests, and will go on. A host whose clock is more than 30 s off is not ready, nor one that stops,
/// nor one with a context for which PostgreSQL has no connection.
#[utoipa::path(tag = "operations", responses(
    (status = 200, description = "It can", body = HealthReport),
    (status = 503, description = "It cannot", body = HealthReport),
))]
#[get("/health/ready")]
async fn get_readiness(machinery: web::Data<Machinery>) -> HttpResponse {
    let (mut report, without_connection) =
        tokio::join!(report(&machinery), database::without_connection(&machinery.pools, PATIENCE));
    if report.checks.clock == Health::Unhealthy || drain::has_begun() || !without_connection.is_empty() {
        report.status = Health::Unhealthy;
    }
    report.without_connection = without_connection;
    answer(report)
}

/// Prometheus text. On the main address only where no other is configured.
pub async fn metrics() -> HttpResponse {
    HttpResponse::Ok().content_type("text/plain; version=0.0.4; charset=utf-8").body(telemetry::metrics_text())
}
