//! The server: routes, and what surrounds them.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use actix_cors::Cors;
use actix_web::http::header;
use actix_web::middleware::{Compress, Condition, from_fn};
use actix_web::rt::net::TcpStream;
use actix_web::{App, HttpServer, web};
use utoipa_actix_web::service_config::ServiceConfig;
use utoipa_actix_web::{AppExt, scope};
use utoipa_swagger_ui::SwaggerUi;

use super::community::CommunityView;
use super::drain::{self, Drain};
use super::gate::Gate;
use super::guard::{self, Patience};
use super::host::{Mount, mount};
use super::hot::{self, HotAnswers};
use super::internal::listener::{self, Internal};
use super::limits::RateLimits;
use super::openapi::{self, KnownPaths, KnownRoutes, no_route, refuse_unknown_methods};
use super::operations::{self, Machinery};
use super::overload::{self, Places};
use super::problem::RATE_HEADERS;
use super::routes::Routes;
use super::web_app::{self, WebApp};
use super::{caller, respond, trace, well_known};
use crate::settings::{Environment, Settings};

/// How long requests under way may take to end after the server was told to stop.
const LAST_REQUESTS: Duration = Duration::from_secs(20);

/// What all routes, and what surrounds them, work with.
pub struct Edge {
    pub gate: Gate,
    pub places: Arc<Places>,
    pub hot: HotAnswers,
    pub limits: RateLimits,
    pub community: CommunityView,
    pub machinery: web::Data<Machinery>,
    /// What other processes may ask, and where; `None`: nothing.
    pub internal: Option<(SocketAddr, Internal)>,
    /// What each context's routes work with.
    pub apis: Vec<Mount>,
}

/// The routes that this process answers, and those of all processes of the community, which the document describes.
pub struct Served {
    pub here: Routes,
    pub all: Routes,
}

impl Edge {
    fn mounts(self) -> Arc<[Mount]> {
        let (mut mounts, machinery) = (self.apis, self.machinery);
        mounts.extend([mount(self.gate), mount(self.hot), mount(self.limits), mount(self.community)]);
        mounts.push(Box::new(move |services| {
            services.app_data(machinery.clone());
        }));
        mounts.into()
    }
}

/// An answer that its client does not read stays in memory. The system ends the line when for so long nothing of what was
/// sent has arrived.
fn cut_off_when_nothing_is_read(line: &TcpStream, after: Duration) {
    #[cfg(target_os = "linux")]
    if let Err(error) = socket2::SockRef::from(line).set_tcp_user_timeout(Some(after)) {
        tracing::debug!(%error, "a line has no time limit");
    }
    #[cfg(not(target_os = "linux"))]
    let _ = (line, after);
}

/// Serves until the drain is over, then lets requests under way end.
pub async fn serve(settings: &Settings, served: Served, mut edge: Edge, drain: Drain) -> anyhow::Result<()> {
    let Served { here: routes, all } = served;
    let described = all.described();
    let here = KnownPaths::of(&routes.described());
    let known = web::Data::new(KnownRoutes { here, anywhere: KnownPaths::of(&described) });
    let document = openapi::document(described)?;
    let places = web::Data::from(Arc::clone(&edge.places));
    let internal = edge.internal.take();
    let mounts = edge.mounts();
    let app = web::Data::new(WebApp::load(settings.http.web_directory.as_deref())?);
    let patience = web::Data::new(Patience(Duration::from_secs(settings.http.request_timeout_seconds)));
    let origins = settings.http.allowed_origins.clone();
    let metrics_here = settings.http.metrics_listen.is_none();
    let encrypted = settings.http.public_url.starts_with("https://");

    let silence = patience.0;

    let server = HttpServer::new(move || {
        let cors = origins.iter().fold(Cors::default(), |cors, origin| cors.allowed_origin(origin));
        let cors = cors
            .allowed_methods(["GET", "POST", "PUT", "DELETE"])
            .allowed_headers([header::AUTHORIZATION, header::CONTENT_TYPE, header::IF_MATCH, header::IF_NONE_MATCH])
            .allowed_headers([
                "idempotency-key",
                "x-folkshelf-min-position",
                "last-event-id",
                "traceparent",
                "x-api-key",
            ])
            .expose_headers([header::ETAG, header::RETRY_AFTER, header::LOCATION])
            .expose_headers([respond::POSITION, respond::BEHIND])
            .expose_headers(RATE_HEADERS)
            .supports_credentials()
            .max_age(3600);
        let strict_transport =
            actix_web::middleware::DefaultHeaders::new().add((header::STRICT_TRANSPORT_SECURITY, "max-age=31536000"));
        App::new()
            .into_utoipa_app()
            .app_data(known.clone())
            .app_data(patience.clone())
            .app_data(places.clone())
            .app_data(app.clone())
            .service(
                scope("/api/v1")
                    .wrap(from_fn(caller::identify))
                    .wrap(from_fn(refuse_unknown_methods))
                    .wrap(from_fn(overload::admit))
                    .configure(|services: &mut ServiceConfig| routes.of_the_api(services)),
            )
            .configure(operations::configure)
            .configure(well_known::configure)
            .map(|app| {
                app.service(
                    SwaggerUi::new("/api-docs/{_:.*}")
                        .external_url_unchecked("/api-docs/openapi.json", document.clone()),
                )
                .service(web::redirect("/api-docs", "/api-docs/"))
                .configure(|services| {
                    mounts.iter().for_each(|mount| mount(services));
                    if metrics_here {
                        services.route("/metrics", web::get().to(operations::metrics));
                    }
                })
                .default_service(web::to(no_route))
                // The last one is the outermost.
                .wrap(Compress::default())
                .wrap(cors)
                .wrap(from_fn(web_app::answer))
                .wrap(Condition::new(encrypted, strict_transport))
                .wrap(from_fn(guard::security_headers))
                .wrap(from_fn(guard::watch))
                .wrap(from_fn(trace::middleware))
                .wrap(from_fn(hot::answer))
                .wrap(from_fn(drain::end_connections))
            })
            .into_app()
    })
    .on_connect(move |line, _| {
        if let Some(line) = line.downcast_ref::<TcpStream>() {
            cut_off_when_nothing_is_read(line, silence);
        }
    })
    .workers(settings.http.workers)
    .client_request_timeout(Duration::from_secs(10))
    .client_disconnect_timeout(Duration::from_secs(2))
    .keep_alive(Duration::from_secs(75))
    .shutdown_timeout(LAST_REQUESTS.as_secs())
    .disable_signals()
    .bind(settings.http.listen)
    .map_err(|error| anyhow::anyhow!("cannot listen at {}: {error}", settings.http.listen))?;

    let metrics = match settings.http.metrics_listen {
        None => None,
        Some(address) => Some(
            HttpServer::new(|| App::new().route("/metrics", web::get().to(operations::metrics)))
                .workers(1)
                .disable_signals()
                .bind(address)
                .map_err(|error| anyhow::anyhow!("cannot listen at {address}: {error}"))?
                .run(),
        ),
    };
    let metrics = metrics.map(|server| (server.handle(), tokio::spawn(server)));
    let internal = match internal {
        None => None,
        Some((at, internal)) => Some(listener::listen(at, internal)?),
    };
    let internal = internal.map(|server| (server.handle(), tokio::spawn(server)));

    for address in server.addrs() {
        tracing::info!(%address, environment = ?settings.environment, "listening on http://{address}");
    }
    if settings.environment == Environment::Development {
        tracing::info!("development: demo secrets are in use");
    }
    let server = server.run();
    let handle = server.handle();
    let stopping = tokio::spawn(async move {
        drain.over().await;
        handle.stop(true).await;
        // Others ask as long as there is somebody to answer.
        if let Some((handle, _)) = internal {
            handle.stop(true).await;
        }
        if let Some((handle, _)) = metrics {
            handle.stop(false).await;
        }
    });
    server.await?;
    stopping.await?;
    Ok(())
}
