//! From a refusal to an answer: the only place where a kind of error becomes an HTTP status.

use std::fmt;
use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, HeaderName};
use actix_web::{HttpResponse, ResponseError};
use kernel::{Detail, ErrorKind, Permission, Refusal};
use limits::Refused;
use serde::Serialize;
use utoipa::ToSchema;

/// What went wrong, as a client is told.
#[derive(Debug, Clone)]
pub struct Problem {
    kind: Answered,
    code: &'static str,
    message: String,
    details: Vec<Detail>,
}

/// A kind of error, or one of the few that only HTTP knows.
#[derive(Debug, Clone, Copy)]
enum Answered {
    Kind(ErrorKind),
    MediaType,
    Method,
    TimedOut,
    Elsewhere,
    TooOften(Refused),
    /// A bound of the host is met; there may be room after so long.
    NoRoom(Duration),
}

/// As draft-ietf-httpapi-ratelimit-headers has them; `Retry-After` and the reset are the same moment.
const LIMIT: HeaderName = HeaderName::from_static("ratelimit-limit");
const REMAINING: HeaderName = HeaderName::from_static("ratelimit-remaining");
const RESET: HeaderName = HeaderName::from_static("ratelimit-reset");
const POLICY: HeaderName = HeaderName::from_static("ratelimit-policy");
/// What a page of another origin may read of a refusal.
pub const RATE_HEADERS: [HeaderName; 4] = [LIMIT, REMAINING, RESET, POLICY];

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct ErrorBody {
    #[schema(example = false)]
    success: bool,
    error: ErrorContent,
    #[schema(example = 409)]
    status_code: u16,
    #[schema(example = "4bf92f3577b34da6a3ce929d0e0e4736")]
    trace_id: String,
}

#[derive(Serialize, ToSchema)]
struct ErrorContent {
    /// Stable: programs may match on it.
    #[schema(example = "BOOK_ON_LOAN")]
    code: String,
    #[schema(example = "the book is on loan")]
    message: String,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    details: Vec<ErrorDetail>,
}

/// A field and what is wrong with it, or a part of the present state.
#[derive(Serialize, ToSchema)]
struct ErrorDetail {
    #[schema(example = "status")]
    field: String,
    #[schema(example = "active")]
    message: String,
}

impl Problem {
    /// The input breaks rules of form: one detail for each field.
    pub fn invalid(details: Vec<Detail>) -> Self {
        let message = "some of what you sent is not as it should be; see details".to_owned();
        Self { kind: Answered::Kind(ErrorKind::Invalid), code: "VALIDATION_ERROR", message, details }
    }

    pub fn invalid_field(field: impl Into<String>, message: impl Into<String>) -> Self {
        Self::invalid(vec![Detail::new(field, message)])
    }

    pub fn unauthenticated() -> Self {
        Self::plain(ErrorKind::Unauthenticated, "UNAUTHENTICATED", "sign in first")
    }

    pub fn forbidden() -> Self {
        Self::plain(ErrorKind::Forbidden, "FORBIDDEN", "your role does not allow this")
    }

    /// For a program whose member may do it, but whose key does not permit it.
    pub fn scope_missing(scope: Permission) -> Self {
        let message = "This API key does not permit it. Make one with the scope that details name.".to_owned();
        let details = vec![Detail::new("scope", scope.name())];
        Self { kind: Answered::Kind(ErrorKind::Forbidden), code: "SCOPE_MISSING", message, details }
    }

    /// For a program: no API key permits it.
    pub fn session_required() -> Self {
        let message = "No API key permits this. Log in and do it yourself.";
        Self::plain(ErrorKind::Forbidden, "SESSION_REQUIRED", message)
    }

    /// For a web page of another origin.
    pub fn foreign_origin() -> Self {
        let message = "Pages of this origin may not open a WebSocket here.";
        Self::plain(ErrorKind::Forbidden, "FOREIGN_ORIGIN", message)
    }

    pub fn is_unauthenticated(&self) -> bool {
        matches!(self.kind, Answered::Kind(ErrorKind::Unauthenticated))
    }

    pub fn not_found() -> Self {
        Self::plain(ErrorKind::NotFound, "NOT_FOUND", "there is nothing here")
    }

    /// For who asks for a page of an app that is not there.
    pub fn without_app() -> Self {
        let message = "this host was compiled without its web app: run scripts/web build, then compile it again";
        Self::plain(ErrorKind::NotFound, "WEB_APP_NOT_BUILT", message)
    }

    pub fn without_version() -> Self {
        let message = "this has no version that If-Match could name; leave it out, or send *";
        Self::plain(ErrorKind::VersionMismatch, "VERSION_MISMATCH", message)
    }

    pub fn too_large(limit: usize) -> Self {
        let message = format!("the body is larger than {limit} bytes");
        Self { kind: Answered::Kind(ErrorKind::TooLarge), code: "BODY_TOO_LARGE", message, details: Vec::new() }
    }

    /// As [`Self::too_large`], for a file in a form.
    pub fn file_too_large(limit: usize) -> Self {
        let message = format!("the file is larger than {limit} bytes");
        let details = vec![Detail::new("file", message.clone())];
        Self { kind: Answered::Kind(ErrorKind::TooLarge), code: "FILE_TOO_LARGE", message, details }
    }

    /// The caller has as many of these under way as a member may.
    pub fn too_many_at_once(most: usize) -> Self {
        let message = format!("You have {most} of these under way. Wait until one has ended.");
        Self { kind: Answered::Kind(ErrorKind::Conflict), code: "TOO_MANY_AT_ONCE", message, details: Vec::new() }
    }

    pub fn unsupported_media_type(expected: &str) -> Self {
        let message = format!("send {expected}");
        Self { kind: Answered::MediaType, code: "UNSUPPORTED_MEDIA_TYPE", message, details: Vec::new() }
    }

    pub fn method_not_allowed() -> Self {
        let message = "this path knows other methods".to_owned();
        Self { kind: Answered::Method, code: "METHOD_NOT_ALLOWED", message, details: Vec::new() }
    }

    pub fn timed_out() -> Self {
        let message = "the request was not complete in time".to_owned();
        Self { kind: Answered::TimedOut, code: "REQUEST_TIMEOUT", message, details: Vec::new() }
    }

    /// Another process of the community answers this. The map of the proxy that sent it here is wrong.
    pub fn elsewhere() -> Self {
        let message = "another process of this community answers that".to_owned();
        Self { kind: Answered::Elsewhere, code: "ELSEWHERE", message, details: Vec::new() }
    }

    /// The caller asked too often. It does not tell whether the account exists.
    pub fn too_often(refused: Refused) -> Self {
        let message = format!("Too many requests. Try again in {} s.", refused.seconds());
        Self { kind: Answered::TooOften(refused), code: "RATE_LIMITED", message, details: Vec::new() }
    }

    /// More requests are under way than this host works on at once.
    pub fn overloaded() -> Self {
        Self::plain(ErrorKind::Unavailable, "UNAVAILABLE", "Too many requests are under way. Try again shortly.")
    }

    /// This host does as much of it as it may; another one, or this one later, has room.
    pub fn no_room(again: Duration) -> Self {
        let message = format!("There is no room at the moment. Try again in {} s.", again.as_secs());
        Self { kind: Answered::NoRoom(again), code: "UNAVAILABLE", message, details: Vec::new() }
    }

    /// A fault that is nobody's refusal; logged with its causes, shown without them.
    pub fn internal(error: &(dyn std::error::Error + 'static)) -> Self {
        tracing::error!(error = chain(error), "an unexpected error");
        Self::plain(ErrorKind::Internal, "INTERNAL", "something went wrong on our side")
    }

    fn plain(kind: ErrorKind, code: &'static str, message: &str) -> Self {
        Self { kind: Answered::Kind(kind), code, message: message.to_owned(), details: Vec::new() }
    }
}

impl<R: Refusal> From<R> for Problem {
    fn from(refusal: R) -> Self {
        match refusal.kind() {
            ErrorKind::Internal => Self::internal(&refusal),
            ErrorKind::Unavailable => {
                tracing::warn!(error = chain(&refusal), "something we need is away");
                Self::plain(ErrorKind::Unavailable, "UNAVAILABLE", "not possible at the moment; try again shortly")
            }
            kind => Self {
                kind: Answered::Kind(kind),
                code: refusal.code(),
                message: refusal.to_string(),
                details: refusal.details(),
            },
        }
    }
}

fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.code, self.message)
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        match self.kind {
            Answered::Kind(kind) => match kind {
                ErrorKind::Invalid => StatusCode::BAD_REQUEST,
                ErrorKind::Unauthenticated => StatusCode::UNAUTHORIZED,
                ErrorKind::Forbidden => StatusCode::FORBIDDEN,
                ErrorKind::NotFound => StatusCode::NOT_FOUND,
                ErrorKind::Conflict => StatusCode::CONFLICT,
                ErrorKind::VersionMismatch => StatusCode::PRECONDITION_FAILED,
                ErrorKind::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
                ErrorKind::Unavailable => StatusCode::SERVICE_UNAVAILABLE,
                ErrorKind::Internal => StatusCode::INTERNAL_SERVER_ERROR,
            },
            Answered::MediaType => StatusCode::UNSUPPORTED_MEDIA_TYPE,
            Answered::Method => StatusCode::METHOD_NOT_ALLOWED,
            Answered::TimedOut => StatusCode::REQUEST_TIMEOUT,
            Answered::Elsewhere => StatusCode::MISDIRECTED_REQUEST,
            Answered::TooOften(_) => StatusCode::TOO_MANY_REQUESTS,
            Answered::NoRoom(_) => StatusCode::SERVICE_UNAVAILABLE,
        }
    }

    fn error_response(&self) -> HttpResponse {
        let status = self.status_code();
        let mut response = HttpResponse::build(status);
        match status {
            StatusCode::UNAUTHORIZED => {
                response.insert_header((header::WWW_AUTHENTICATE, "Bearer"));
            }
            StatusCode::SERVICE_UNAVAILABLE => {
                response.insert_header((header::RETRY_AFTER, "2"));
            }
            _ => {}
        }
        if let Answered::NoRoom(again) = &self.kind {
            response.insert_header((header::RETRY_AFTER, again.as_secs().to_string()));
        }
        if let Answered::TooOften(refused) = &self.kind {
            let (wait, limit) = (refused.seconds().to_string(), refused.rate.burst().to_string());
            let policy = format!("{limit};w={}", refused.rate.period().as_secs());
            response.insert_header((header::RETRY_AFTER, wait.clone()));
            response.insert_header((LIMIT, limit)).insert_header((REMAINING, "0"));
            response.insert_header((RESET, wait)).insert_header((POLICY, policy));
        }
        response.insert_header((header::CACHE_CONTROL, "no-store")).json(ErrorBody {
            success: false,
            error: ErrorContent {
                code: self.code.to_owned(),
                message: self.message.clone(),
                details: self
                    .details
                    .iter()
                    .map(|d| ErrorDetail { field: d.field.clone(), message: d.message.clone() })
                    .collect(),
            },
            status_code: status.as_u16(),
            trace_id: trace::id().map(|id| id.to_string()).unwrap_or_default(),
        })
    }
}
