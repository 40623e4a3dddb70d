//! Where one is signed in, and ending that.

use actix_web::{HttpRequest, HttpResponse, delete, get, web};
use auth::{EndOtherSessions, EndSession, ListSessions, SessionView};
use kernel::SessionId;
use serde::Serialize;
use utoipa::ToSchema;

use crate::http::Api;
use crate::http::caller::SignedIn;
use crate::http::input::{NoParams, Params, PathId};
use crate::http::problem::Problem;
use crate::http::respond::{self, Envelope};

pub(super) fn configure(services: &mut utoipa_actix_web::service_config::ServiceConfig) {
    services.service(list_sessions).service(end_other_sessions).service(end_session);
}

/// Where one is signed in.
#[utoipa::path(tag = "auth", security(("session" = [])), responses(
    (status = 200, body = Envelope<Vec<SessionView>>),
))]
#[get("/auth/sessions")]
async fn list_sessions(
    request: HttpRequest,
    api: web::Data<Api>,
    caller: SignedIn,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let sessions = api.auth.sessions.ask(&caller.0, ListSessions {}).await?;
    respond::found(&request, &sessions)
}

#[derive(Serialize, ToSchema)]
struct EndedSessions {
    count: u64,
}

/// Ends all of one's sessions but the one that asks; tells how many. What runs at that moment has no version.
#[utoipa::path(tag = "auth", security(("session" = [])), params(
    ("If-Match" = Option<String>, Header, description = "There is no version to name: only * fits")), responses(
    (status = 200, body = Envelope<EndedSessions>),
))]
#[delete("/auth/sessions/others")]
async fn end_other_sessions(
    request: HttpRequest,
    api: web::Data<Api>,
    caller: SignedIn,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let done = api.auth.end_other_sessions.send(&caller.0, EndOtherSessions {}).await?;
    respond::done(done.position, &EndedSessions { count: done.output })
}

/// Ends one of one's sessions. It has no version: nothing of it changes that would make ending it wrong.
#[utoipa::path(tag = "auth", security(("session" = [])), params(("id" = Uuid, Path),
    ("If-Match" = Option<String>, Header, description = "There is no version to name: only * fits")), responses(
    (status = 204, description = "It has ended"),
))]
#[delete("/auth/sessions/{id}")]
async fn end_session(
    request: HttpRequest,
    api: web::Data<Api>,
    caller: SignedIn,
    id: PathId<SessionId>,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let done = api.auth.end_session.send(&caller.0, EndSession { session: id.0 }).await?;
    Ok(respond::empty(&done))
}
