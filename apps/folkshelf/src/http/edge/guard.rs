//! What surrounds every request: measures, a log line, a bound in time, security headers.

use std::sync::LazyLock;
use std::time::{Duration, Instant};

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{HttpMessage, HttpRequest, web};
use prometheus::{
    Histogram, HistogramVec, IntCounter, IntCounterVec, register_histogram_vec, register_int_counter_vec,
};

use super::credentials::KeyInUse;
use super::problem::Problem;
use super::web_app::{self, is_the_apps};

static REQUESTS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("http_requests_total", "Requests answered.", &["method", "route", "status"])
        .expect("each metric is registered once")
});

static SECONDS: LazyLock<HistogramVec> = LazyLock::new(|| {
    register_histogram_vec!(
        "http_request_duration_seconds",
        "Seconds from a request to the head of its answer.",
        &["method", "route"],
        vec![0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 5.0, 30.0]
    )
    .expect("each metric is registered once")
});

/// The measures of one route, looked up once: for answers that are given before any route is looked for.
pub struct Route {
    found: IntCounter,
    unchanged: IntCounter,
    seconds: Histogram,
}

impl Route {
    pub fn new(method: &str, route: &str) -> Self {
        let count = |status| REQUESTS.with_label_values(&[method, route, status]);
        Self { found: count("200"), unchanged: count("304"), seconds: SECONDS.with_label_values(&[method, route]) }
    }

    pub fn answered(&self, status: StatusCode, took: Duration) {
        if status == StatusCode::NOT_MODIFIED { &self.unchanged } else { &self.found }.inc();
        self.seconds.observe(took.as_secs_f64());
    }
}

/// What stands for a request's path where names are to be few: the pattern of its route.
pub fn route(request: &HttpRequest) -> String {
    if is_the_apps(request.path()) {
        return web_app::ROUTE.to_owned();
    }
    request.match_pattern().unwrap_or_else(|| "other".to_owned())
}

/// How long a request may take to be answered.
#[derive(Clone, Copy)]
pub struct Patience(pub Duration);

/// Uploads are given more time: they are as slow as the line they come over.
const UPLOADS: u32 = 10;

/// Measures, logs and bounds a request.
pub async fn watch<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let started = Instant::now();
    // Methods and routes are labels, and labels are bounded: what is not ours is "other".
    let method = match request.method().as_str() {
        "GET" => "GET",
        "HEAD" => "HEAD",
        "POST" => "POST",
        "PUT" => "PUT",
        "DELETE" => "DELETE",
        "OPTIONS" => "OPTIONS",
        _ => "other",
    };
    let route = route(request.request());
    let patience = request.app_data::<web::Data<Patience>>().map_or(Duration::from_secs(30), |patience| patience.0);
    let patience = if route.ends_with("/import") { patience * UPLOADS } else { patience };
    let outcome = match tokio::time::timeout(patience, next.call(request)).await {
        Ok(outcome) => outcome,
        Err(_) => Err(Problem::timed_out().into()),
    };
    let status = match &outcome {
        Ok(response) => response.status(),
        Err(error) => error.as_response_error().status_code(),
    };
    let seconds = started.elapsed().as_secs_f64();
    REQUESTS.with_label_values(&[method, &route, status.as_str()]).inc();
    SECONDS.with_label_values(&[method, &route]).observe(seconds);
    // Its id and the trace lead from a key that got into wrong hands to everything that was done with it.
    let key = outcome.as_ref().ok().and_then(|response| response.request().extensions().get::<KeyInUse>().copied());
    let api_key = key.map(|key| tracing::field::display(key.0));
    tracing::info!(route, status = status.as_u16(), milliseconds = seconds * 1000.0, api_key, "answered");
    outcome
}

const CONTENT_SECURITY_POLICY: HeaderName = HeaderName::from_static("content-security-policy");
const CROSS_ORIGIN_OPENER: HeaderName = HeaderName::from_static("cross-origin-opener-policy");
const CROSS_ORIGIN_RESOURCE: HeaderName = HeaderName::from_static("cross-origin-resource-policy");
const PERMISSIONS_POLICY: HeaderName = HeaderName::from_static("permissions-policy");
const REFERRER_POLICY: HeaderName = HeaderName::from_static("referrer-policy");

/// An answer of the API is no document.
const API_POLICY: &str = "default-src 'none'; frame-ancestors 'none'";
/// Swagger UI styles itself in line and draws its icons from data addresses; scripts come from here alone.
const DOCUMENTATION_POLICY: &str =
    "default-src 'self'; style-src 'self' 'unsafe-inline'; img-src 'self' data:; frame-ancestors 'none'";
/// The web app: its own files and the API, nothing in line. An image that was just chosen is a blob.
const APP_POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; \
    font-src 'self'; connect-src 'self'; manifest-src 'self'; worker-src 'self'; form-action 'self'; \
    base-uri 'none'; frame-ancestors 'none'";
/// What a page about books has no use for.
const NOTHING_OF_THE_DEVICE: &str =
    "camera=(), display-capture=(), geolocation=(), microphone=(), payment=(), serial=(), usb=()";

/// Tells browsers to be careful with our answers.
pub async fn security_headers<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let the_apps = is_the_apps(request.path());
    let policy = match request.path() {
        _ if the_apps => APP_POLICY,
        path if path.starts_with("/api-docs") => DOCUMENTATION_POLICY,
        _ => API_POLICY,
    };
    let mut response = next.call(request).await?;
    let headers = response.headers_mut();
    let mut say = |name, value| headers.insert(name, HeaderValue::from_static(value));
    say(header::X_CONTENT_TYPE_OPTIONS, "nosniff");
    say(header::X_FRAME_OPTIONS, "DENY");
    say(REFERRER_POLICY, "no-referrer");
    say(CONTENT_SECURITY_POLICY, policy);
    if the_apps {
        say(CROSS_ORIGIN_OPENER, "same-origin");
        say(CROSS_ORIGIN_RESOURCE, "same-origin");
        say(PERMISSIONS_POLICY, NOTHING_OF_THE_DEVICE);
    }
    Ok(response)
}
