//! Every request has a trace: the caller's W3C trace context, or one that begins here. It is on every log line of the
//! request, in its commands and events, in the body of every error and in the head of every answer.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::error::InternalError;
use actix_web::http::header::{HeaderMap, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use tracing::Span;
use tracing::field::Empty;

use super::guard;

pub const HEADER: HeaderName = HeaderName::from_static("traceparent");

/// The trace context of the request being handled, as in `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
pub fn current() -> String {
    trace::current().map(|context| context.to_string()).unwrap_or_default()
}

/// Runs the request inside its trace and says which it was.
pub async fn middleware<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok()).map(str::to_owned);
    let span = span(&request);
    let work = async {
        let answered = next.call(request).await;
        if trace::recorded() {
            let status = match &answered {
                Ok(response) => response.status(),
                Err(error) => error.as_response_error().status_code(),
            };
            let span = Span::current();
            span.record("http.response.status_code", status.as_u16());
            if status.is_server_error() {
                span.record("otel.status_code", "ERROR");
            }
        }
        match answered {
            Ok(mut response) => {
                say_which(response.headers_mut());
                Ok(response)
            }
            // Written now: further out nobody knows the trace any more.
            Err(error) => {
                let mut response = error.error_response();
                say_which(response.headers_mut());
                Err(InternalError::from_response(error, response).into())
            }
        }
    };
    trace::within(given.as_deref(), span, work).await
}

fn say_which(headers: &mut HeaderMap) {
    if let Ok(header) = HeaderValue::from_str(&current()) {
        headers.insert(HEADER, header);
    }
}

/// The request's span; what only an exporter shows of it is left out unless the trace is recorded.
fn span(request: &ServiceRequest) -> impl FnOnce() -> Span + use<> {
    // Gone again before the request is routed, which takes it to be held by nobody else.
    let request = request.request().clone();
    move || {
        let span = tracing::info_span!(
            "request",
            method = %request.method(),
            path = request.path(),
            otel.name = Empty,
            otel.kind = Empty,
            otel.status_code = Empty,
            http.request.method = Empty,
            http.route = Empty,
            http.response.status_code = Empty,
        );
        if trace::recorded() {
            // Never the path: it may name anything, and names are to be few.
            let route = guard::route(&request);
            span.record("otel.name", format_args!("request {} {route}", request.method()));
            span.record("otel.kind", "server");
            span.record("http.request.method", request.method().as_str());
            span.record("http.route", route);
        }
        span
    }
}
