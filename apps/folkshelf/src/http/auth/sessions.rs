//! Where one is signed in, and ending that.

use actix_web::{HttpRequest, HttpResponse, delete, get, web};
use auth::{EndOtherSessions, EndSession, ListSessions, SessionView};
use kernel::SessionId;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::api::AuthApi;
use crate::http::edge::caller::InSession;
use crate::http::edge::input::{NoParams, Params, PathId};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, NoVersion};

pub(super) fn configure(services: &mut ServiceConfig) {
    services.service(list_sessions).service(end_other_sessions).service(end_session);
}

/// Where one is signed in.
#[utoipa::path(tag = "auth", security(("session" = [])), extensions(("x-session-only" = json!(true))), responses(
    (status = 200, body = Envelope<Vec<SessionView>>),
))]
#[get("/auth/sessions")]
async fn list_sessions(
    request: HttpRequest,
    api: web::Data<AuthApi>,
    caller: InSession,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let sessions = api.sessions.ask(&caller.0, ListSessions {}).await?;
    respond::found(&request, &sessions)
}

#[derive(Serialize, ToSchema)]
struct EndedSessions {
    count: u64,
}

/// Ends all of one's sessions but the one that asks; tells how many. What runs at that moment has no version.
#[utoipa::path(tag = "auth", security(("session" = [])), extensions(("x-session-only" = json!(true))), params(
    NoVersion), responses(
    (status = 200, body = Envelope<EndedSessions>),
))]
#[delete("/auth/sessions/others")]
async fn end_other_sessions(
    request: HttpRequest,
    api: web::Data<AuthApi>,
    caller: InSession,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let done = api.end_other_sessions.send(&caller.0, EndOtherSessions {}).await?;
    respond::done(done.position, &EndedSessions { count: done.output })
}

/// Ends one of one's sessions. It has no version: nothing of it changes that would make ending it wrong.
#[utoipa::path(tag = "auth", security(("session" = [])), extensions(("x-session-only" = json!(true))), params(("id" = Uuid, Path),
    NoVersion), responses(
    (status = 204, description = "It has ended"),
))]
#[delete("/auth/sessions/{id}")]
async fn end_session(
    request: HttpRequest,
    api: web::Data<AuthApi>,
    caller: InSession,
    id: PathId<SessionId>,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let done = api.end_session.send(&caller.0, EndSession { session: id.0 }).await?;
    Ok(respond::empty(&done))
}
