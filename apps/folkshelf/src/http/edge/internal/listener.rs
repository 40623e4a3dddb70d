//! What other processes may ask of this one.

use std::collections::HashMap;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_web::body::MessageBody;
use actix_web::dev::{Server, ServiceRequest, ServiceResponse};
use actix_web::http::header;
use actix_web::middleware::{Next, from_fn};
use actix_web::web::{Bytes, Data, Json, Path, PayloadConfig};
use actix_web::{App, HttpRequest, HttpResponse, HttpServer, web};
use cqrs::{CommandBus, Endpoint};
use event_bus::{FeedError, Heard, Scope};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use super::{ANSWERS, CONTEXTS, EVENTS, Fed, MESSAGES, PROJECTIONS, SHOWN, Told, WITHIN, Wanted};
use crate::http::edge::admin::projections;
use crate::http::edge::admin::refusals::DatabaseRefusal;
use crate::http::edge::operations::Machinery;
use crate::http::edge::problem::Problem;

/// The largest message: five hundred ids with room to spare.
const LARGEST: usize = 1024 * 1024;
/// No message may take longer, even if its sender would wait longer.
const LONGEST: Duration = Duration::from_secs(30);
/// Enough for what contexts ask each other while public requests are answered by `http.workers`.
const WORKERS: usize = 2;

/// What the answers are made of.
pub struct Internal {
    /// By the names of their messages.
    pub endpoints: HashMap<&'static str, Arc<dyn Endpoint>>,
    pub commands: CommandBus,
    pub machinery: Data<Machinery>,
    tokens: Vec<[u8; 32]>,
}

impl Internal {
    pub fn new<'t>(
        endpoints: HashMap<&'static str, Arc<dyn Endpoint>>,
        commands: CommandBus,
        machinery: Data<Machinery>,
        tokens: impl Iterator<Item = &'t SecretString>,
    ) -> Self {
        let tokens = tokens.map(|token| hash(token.expose_secret())).collect();
        Self { endpoints, commands, machinery, tokens }
    }

    fn takes(&self, token: &str) -> bool {
        self.tokens.contains(&hash(token))
    }
}

/// Of hashes it does not matter how long it takes to compare them.
fn hash(token: &str) -> [u8; 32] {
    Sha256::digest(token.as_bytes()).into()
}

/// Listens until it is stopped.
pub fn listen(at: SocketAddr, internal: Internal) -> anyhow::Result<Server> {
    let internal = Data::new(internal);
    let server = HttpServer::new(move || {
        App::new()
            .app_data(internal.clone())
            .app_data(PayloadConfig::new(LARGEST))
            .route(&format!("{MESSAGES}/{{name}}"), web::post().to(answer))
            .route(CONTEXTS, web::get().to(list_contexts))
            .route(PROJECTIONS, web::get().to(list_projections))
            .route(&format!("{PROJECTIONS}/{{name}}"), web::post().to(rebuild_projection))
            .route(&format!("{EVENTS}/{{context}}"), web::post().to(feed))
            .route(SHOWN, web::post().to(is_shown))
            .route(ANSWERS, web::post().to(forget_answers))
            .default_service(web::to(nothing))
            .wrap(from_fn(admit))
    })
    .workers(WORKERS)
    .client_request_timeout(Duration::from_secs(5))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(LONGEST.as_secs())
    .disable_signals()
    .bind(at)
    .map_err(|error| anyhow::anyhow!("cannot listen at {at}: {error}"))?;
    for address in server.addrs() {
        tracing::info!(%address, "other processes ask at http://{address}");
    }
    Ok(server.run())
}

/// Refuses a request without the token.
async fn admit(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<impl MessageBody>, actix_web::Error> {
    let shown = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let token = shown.and_then(|value| value.strip_prefix("Bearer ")).unwrap_or_default();
    if !request.app_data::<Data<Internal>>().is_some_and(|internal| internal.takes(token)) {
        tracing::warn!(peer = ?request.peer_addr(), "somebody without the token of internal.token was refused");
        return Err(Problem::unauthenticated().into());
    }
    next.call(request).await
}

/// How long the sender waits.
fn within(request: &HttpRequest) -> Duration {
    let told = request.headers().get(WITHIN).and_then(|value| value.to_str().ok()?.parse().ok());
    told.map_or(LONGEST, Duration::from_millis).min(LONGEST)
}

async fn answer(
    request: HttpRequest,
    internal: Data<Internal>,
    name: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let endpoint = internal.endpoints.get(name.as_str()).ok_or_else(Problem::elsewhere)?;
    let reply = tokio::time::timeout(within(&request), endpoint.reply(&body)).await;
    match reply {
        Ok(Ok(reply)) => Ok(HttpResponse::Ok().content_type("application/json").body(reply)),
        Ok(Err(why)) => Err(Problem::invalid_field("message", why)),
        Err(_) => Err(Problem::timed_out()),
    }
}

async fn nothing() -> Result<HttpResponse, Problem> {
    Err(Problem::elsewhere())
}

/// Each context has a projection of its name.
async fn list_contexts(internal: Data<Internal>) -> HttpResponse {
    HttpResponse::Ok().json(&internal.machinery.projections)
}

async fn list_projections(internal: Data<Internal>) -> Result<HttpResponse, Problem> {
    Ok(HttpResponse::Ok().json(projections::here(&internal.machinery).await?))
}

async fn rebuild_projection(internal: Data<Internal>, name: Path<String>) -> Result<HttpResponse, Problem> {
    match projections::begin_rebuild(&internal.machinery, &name) {
        true => Ok(HttpResponse::Accepted().json(())),
        false => Err(Problem::elsewhere()),
    }
}

async fn feed(internal: Data<Internal>, context: Path<String>, wanted: Json<Wanted>) -> Result<HttpResponse, Problem> {
    let (events, Wanted { after, limit, wait }) = (&internal.machinery.events, wanted.into_inner());
    let fed = match events.feed(&context, after, limit, Duration::from_millis(wait)).await {
        Ok(page) => Fed::Page(page),
        Err(FeedError::Unknown { .. }) => Fed::UnknownCursor,
        Err(FeedError::NotOwned(_)) => Fed::NotOwned,
        Err(refusal @ FeedError::Database { .. }) => return Err(refusal.into()),
    };
    Ok(HttpResponse::Ok().json(fed))
}

async fn is_shown(internal: Data<Internal>, told: Json<Told>) -> Result<HttpResponse, Problem> {
    let told = told.into_inner();
    let position = told.position.parse().map_err(|_| Problem::invalid_field("position", "is none"))?;
    let families: Vec<&str> = told.families.iter().map(String::as_str).collect();
    let (events, within) = (&internal.machinery.events, told.within.min(LONGEST));
    let heard = events.wait_for_source(&told.context, position, Scope::ConsumersOf(&families), within).await;
    Ok(HttpResponse::Ok().json(heard == Heard::Yes))
}

async fn forget_answers(internal: Data<Internal>) -> Result<HttpResponse, Problem> {
    let forgotten = internal.commands.sweep_idempotency_keys().await.map_err(DatabaseRefusal)?;
    Ok(HttpResponse::Ok().json(forgotten))
}
