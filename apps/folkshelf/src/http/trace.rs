//! Every request has a trace: the caller's W3C trace context, or one of ours. It is on every log line of the request, in
//! its commands and events, and in the body of every error.

use actix_web::body::MessageBody;
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::middleware::Next;
use tracing::Instrument;
use uuid::Uuid;

tokio::task_local! {
    static TRACE: String;
}

const HEADER: HeaderName = HeaderName::from_static("traceparent");

/// The trace context of the request being handled, as in `00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01`.
pub fn current() -> String {
    TRACE.try_with(Clone::clone).unwrap_or_default()
}

/// The id inside [`current`].
pub fn current_id() -> String {
    current().split('-').nth(1).unwrap_or_default().to_owned()
}

/// Runs the request inside its trace and says which it was.
pub async fn middleware<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<B>, actix_web::Error> {
    let given = request.headers().get(HEADER).and_then(|value| value.to_str().ok()).filter(|value| well_formed(value));
    let trace = given.map_or_else(fresh, str::to_owned);
    let span = tracing::info_span!(
        "request",
        method = %request.method(),
        path = request.path(),
        trace_id = trace.split('-').nth(1).unwrap_or_default(),
    );
    let header = HeaderValue::from_str(&trace);
    let mut response = TRACE.scope(trace, next.call(request)).instrument(span).await?;
    if let Ok(header) = header {
        response.headers_mut().insert(HEADER, header);
    }
    Ok(response)
}

fn fresh() -> String {
    let span = Uuid::new_v4().as_u128() >> 64;
    format!("00-{:032x}-{span:016x}-01", Uuid::now_v7().as_u128())
}

/// Version 00 of <https://www.w3.org/TR/trace-context/>: 2, 32, 16 and 2 small hexadecimal digits, ids not all zero.
fn well_formed(value: &str) -> bool {
    let parts: Vec<&str> = value.split('-').collect();
    let hex = |part: &str, length: usize| {
        part.len() == length && part.bytes().all(|b| b.is_ascii_digit() || (b'a'..=b'f').contains(&b))
    };
    let [version, trace, span, flags] = parts[..] else { return false };
    version == "00"
        && hex(trace, 32)
        && hex(span, 16)
        && hex(flags, 2)
        && trace.bytes().any(|b| b != b'0')
        && span.bytes().any(|b| b != b'0')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn a_trace_context_that_is_taken_over_can_be_sent_on(
            text in prop_oneof!["\\PC{0,80}", "[0-9a-f]{2}-[0-9a-f]{32}-[0-9a-f]{16}-[0-9a-f]{2}", "[0-9a-f-]{53,57}"],
        ) {
            if well_formed(&text) {
                prop_assert!(HeaderValue::from_str(&text).is_ok());
                prop_assert_eq!(text.len(), 55);
                let ids: Vec<_> = text.split('-').map(|part| u128::from_str_radix(part, 16)).collect();
                prop_assert!(matches!(ids[..], [Ok(0), Ok(1..), Ok(1..), Ok(_)]));
            }
        }
    }

    #[test]
    fn only_a_well_formed_trace_context_is_taken_over() {
        assert!(well_formed("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"));
        assert!(well_formed(&fresh()));
        for wrong in [
            "",
            "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
            "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
            "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
            "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
        ] {
            assert!(!well_formed(wrong), "{wrong}");
        }
    }
}
