//! What one of the hosts does by the clock, as an administrator sees it.

use std::collections::BTreeMap;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use jobs::{Asked, JobStatus, RunStatus};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::ToSchema;
use uuid::Uuid;

use super::events::ActorView;
use super::refusals::DatabaseRefusal;
use crate::http::edge::caller::{Admin, Permitted};
use crate::http::edge::input::{NoParams, Params};
use crate::http::edge::operations::Machinery;
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope};

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct JobView {
    #[schema(example = "books.forget_words")]
    name: String,
    /// A cron pattern of five fields in the time zone of the community, or `off`.
    #[schema(example = "30 3 * * *")]
    schedule: String,
    /// When it is due; absent: it is off.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    due_at: Option<OffsetDateTime>,
    /// Since when somebody wants it to be done now; absent: nobody does, or it has begun.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    asked_at: Option<OffsetDateTime>,
    /// When it was last done; absent: never.
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    succeeded_at: Option<OffsetDateTime>,
    /// The run under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    current: Option<RunView>,
    /// The last run that ended.
    #[serde(skip_serializing_if = "Option::is_none")]
    last: Option<RunView>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RunView {
    id: Uuid,
    /// Who asked for it; absent: it was due.
    #[serde(skip_serializing_if = "Option::is_none")]
    asked_by: Option<ActorView>,
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
    #[serde(with = "time::serde::rfc3339::option", skip_serializing_if = "Option::is_none")]
    ended_at: Option<OffsetDateTime>,
    /// `done`, `failed` or `cancelled`; absent: it is under way.
    #[serde(skip_serializing_if = "Option::is_none")]
    outcome: Option<String>,
    /// Why it failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    code: Option<String>,
    /// The same with its causes, for operators.
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    done: u64,
    /// About how much there is to do, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    total: Option<u64>,
    /// What it did, by name.
    counts: BTreeMap<String, u64>,
    /// It ends at its next step.
    cancelling: bool,
}

impl From<RunStatus> for RunView {
    fn from(run: RunStatus) -> Self {
        Self {
            id: run.id,
            asked_by: run.asked_by.map(ActorView::from),
            started_at: run.started_at,
            ended_at: run.ended_at,
            outcome: run.outcome,
            code: run.code,
            error: run.error,
            done: run.progress.done,
            total: run.progress.total,
            counts: run.progress.counts,
            cancelling: run.cancel_asked,
        }
    }
}

impl From<JobStatus> for JobView {
    fn from(job: JobStatus) -> Self {
        Self {
            name: job.name,
            schedule: job.schedule,
            due_at: job.due_at,
            asked_at: job.asked_at,
            succeeded_at: job.succeeded_at,
            current: job.current.map(RunView::from),
            last: job.last.map(RunView::from),
        }
    }
}

#[derive(Serialize, ToSchema)]
struct JobWithRuns {
    #[serde(flatten)]
    job: JobView,
    /// The last fifty that ended, newest first.
    runs: Vec<RunView>,
}

fn failed(error: sqlx::Error) -> Problem {
    Problem::from(DatabaseRefusal(error))
}

/// Every job, with its run under way and the last one.
#[utoipa::path(tag = "admin", security(("session" = [])), responses((status = 200, body = Envelope<Vec<JobView>>)))]
#[get("/admin/jobs")]
pub(super) async fn list_jobs(
    request: HttpRequest,
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let jobs: Vec<JobView> = machinery.jobs.list().await.map_err(failed)?.into_iter().map(JobView::from).collect();
    respond::found(&request, &jobs)
}

/// One job with its last runs.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("job" = String, Path, example = "books.forget_words")), responses(
    (status = 200, body = Envelope<JobWithRuns>),
))]
#[get("/admin/jobs/{job}")]
pub(super) async fn get_job(
    request: HttpRequest,
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    _none: Params<NoParams>,
    job: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (status, runs) = machinery.jobs.get(&job).await.map_err(failed)?.ok_or_else(Problem::not_found)?;
    respond::found(&request, &JobWithRuns { job: status.into(), runs: runs.into_iter().map(RunView::from).collect() })
}

fn accepted(asked: Asked) -> Result<HttpResponse, Problem> {
    match asked {
        Asked::Yes | Asked::Already => Ok(HttpResponse::Accepted().finish()),
        Asked::Unknown => Err(Problem::not_found()),
    }
}

/// Lets a host begin the job now, also one that is off. Answers at once; the list of jobs shows how far it is.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("job" = String, Path, example = "books.forget_words")), responses(
    (status = 202, description = "A host begins it within seconds, or it is under way"),
))]
#[post("/admin/jobs/{job}/run")]
pub(super) async fn run_job(
    machinery: web::Data<Machinery>,
    admin: Permitted<Admin>,
    job: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    accepted(machinery.jobs.ask(&job, &admin.0.actor.recorded()).await.map_err(failed)?)
}

/// Lets the run under way end at its next step. What it has done stays; the next run does the rest.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("job" = String, Path, example = "books.forget_words")), responses(
    (status = 202, description = "It ends within seconds, or nothing was under way"),
))]
#[post("/admin/jobs/{job}/cancel")]
pub(super) async fn cancel_job(
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    job: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    accepted(machinery.jobs.cancel(&job).await.map_err(failed)?)
}
