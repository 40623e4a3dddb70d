//! Projections, also those of contexts that run in other processes.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use futures_util::future::join_all;
use read_store::ProjectionStatus;
use serde::{Deserialize, Serialize};
use time::OffsetDateTime;
use utoipa::ToSchema;

use super::refusals::ReadStoreRefusal;
use crate::http::edge::caller::{Admin, Permitted};
use crate::http::edge::input::{NoParams, Params};
use crate::http::edge::operations::Machinery;
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope};

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ProjectionView {
    name: String,
    /// Whether it is served from Redis; PostgreSQL answers meanwhile.
    ready: bool,
    documents: u64,
    rebuilding: Option<RebuildView>,
    /// The process that runs its context does not answer, so that nobody knows how it is.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    away: bool,
}

#[derive(Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct RebuildView {
    documents: u64,
    #[serde(with = "time::serde::rfc3339")]
    started_at: OffsetDateTime,
}

impl From<ProjectionStatus> for ProjectionView {
    fn from(status: ProjectionStatus) -> Self {
        let rebuilding = status
            .rebuilding
            .map(|progress| RebuildView { documents: progress.documents, started_at: progress.started_at });
        Self { name: status.name, ready: status.ready, documents: status.documents, rebuilding, away: false }
    }
}

impl ProjectionView {
    fn away(name: &str) -> Self {
        Self { name: name.to_owned(), ready: false, documents: 0, rebuilding: None, away: true }
    }
}

/// Those of the contexts that run in this process.
pub async fn here(machinery: &Machinery) -> Result<Vec<ProjectionView>, Problem> {
    let status = machinery.read_store.status().await.map_err(|error| Problem::from(ReadStoreRefusal(error)))?;
    Ok(status.into_iter().map(ProjectionView::from).collect())
}

/// Every projection, and how far a rebuild is.
#[utoipa::path(tag = "admin", security(("session" = [])), responses(
    (status = 200, body = Envelope<Vec<ProjectionView>>),
))]
#[get("/admin/projections")]
pub(super) async fn list_projections(
    request: HttpRequest,
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let elsewhere = machinery.peers.iter().map(|peer| async {
        let told = peer.projections().await;
        told.unwrap_or_else(|_| peer.contexts.iter().map(|context| ProjectionView::away(context)).collect())
    });
    let (here, elsewhere) = tokio::join!(here(&machinery), join_all(elsewhere));
    let mut projections = here?;
    projections.extend(elsewhere.into_iter().flatten());
    projections.sort_by(|one, other| one.name.cmp(&other.name));
    respond::found(&request, &projections)
}

/// `false`: its context does not run here.
pub fn begin_rebuild(machinery: &Machinery, name: &str) -> bool {
    if !machinery.projections.contains(&name) {
        return false;
    }
    let (read_store, name) = (machinery.read_store.clone(), name.to_owned());
    machinery.background.spawn(async move {
        if let Err(error) = read_store.rebuild(&name).await {
            tracing::warn!(projection = name, %error, "the rebuild that was asked for did not come to its end");
        }
    });
    true
}

/// Rebuilds a projection from PostgreSQL while the present one is served. Answers at once; the list of projections shows
/// how far it is.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("name" = String, Path)), responses(
    (status = 202, description = "It has begun, or one is under way"),
))]
#[post("/admin/projections/{name}/rebuild")]
pub(super) async fn rebuild_projection(
    machinery: web::Data<Machinery>,
    _admin: Permitted<Admin>,
    name: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    if !begin_rebuild(&machinery, &name) {
        let peer = machinery.peers.iter().find(|peer| peer.contexts.contains(&name.as_str()));
        peer.ok_or_else(Problem::not_found)?.rebuild(&name).await?;
    }
    Ok(HttpResponse::Accepted().finish())
}
