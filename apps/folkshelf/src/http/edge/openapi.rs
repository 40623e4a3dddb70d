//! The OpenAPI document, gathered from the routes, with what is the same for all of them added in one place.

mod precise;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{
    ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme,
};
use utoipa::openapi::{ContentBuilder, Header, ObjectBuilder, Ref, RefOr, Response, ResponseBuilder, Schema, Type};
use utoipa::{Modify, OpenApi, ToSchema};

use super::problem::{ErrorBody, Problem};

#[derive(OpenApi)]
#[openapi(
    info(
        title = "Folkshelf",
        description = "Share the books that people near you own: list a book, ask for it, approve, hand over, bring back.",
        license(name = "MIT OR Apache-2.0", identifier = "MIT OR Apache-2.0")
    ),
    components(schemas(ErrorBody)),
    modifiers(&Security),
    tags(
        (name = "community", description = "How this community is set up"),
        (name = "auth", description = "Accounts and sessions"),
        (name = "users", description = "Members, their profiles and roles"),
        (name = "reports", description = "Telling the moderators about a member, and their answers"),
        (name = "books", description = "The catalogue and one's own shelf"),
        (name = "borrows", description = "Asking, lending, bringing back"),
        (name = "notifications", description = "What a member is told"),
        (name = "admin", description = "For administrators"),
        (name = "operations", description = "For operators")
    )
)]
pub struct Document;

struct Security;

impl Modify for Security {
    fn modify(&self, document: &mut utoipa::openapi::OpenApi) {
        let components = document.components.get_or_insert_default();
        let bearer = HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build();
        components.add_security_scheme("session", SecurityScheme::Http(bearer));
        let key = ApiKeyValue::with_description("X-API-Key", "A key for a program, as POST /auth/api-keys makes it");
        components.add_security_scheme("apiKey", SecurityScheme::ApiKey(ApiKey::Header(key)));
    }
}

/// An error that many routes may answer with, as `components.responses` describes it once.
struct CommonError {
    status: &'static str,
    name: &'static str,
    description: &'static str,
    /// Headers that it carries: name, description, pattern.
    headers: &'static [(&'static str, &'static str, &'static str)],
}

const fn error(status: &'static str, name: &'static str, description: &'static str) -> CommonError {
    CommonError { status, name, description, headers: &[] }
}

const INVALID: CommonError =
    error("400", "Invalid", "Something you sent is not as it should be; details name each field");
const UNAUTHENTICATED: CommonError = CommonError {
    headers: &[("WWW-Authenticate", "How to sign in", "^Bearer$")],
    ..error("401", "Unauthenticated", "Sign in first")
};
const FORBIDDEN: CommonError = error("403", "Forbidden", "You may not");
const NOT_FOUND: CommonError = error("404", "NotFound", "It does not exist, or not for you to know of");
const TIMED_OUT: CommonError = error("408", "TimedOut", "The request was not complete in time");
const CONFLICT: CommonError = error("409", "Conflict", "A rule or the present state refuses it");
const VERSION_MISMATCH: CommonError = error("412", "VersionMismatch", "If-Match does not fit");
const TOO_LARGE: CommonError = error("413", "TooLarge", "The body is too large");
const MEDIA_TYPE: CommonError = error("415", "MediaType", "Another content type is expected");
const INTERNAL: CommonError = error("500", "Internal", "Something went wrong on our side");
const TOO_OFTEN: CommonError = CommonError {
    headers: &[
        ("Retry-After", "Seconds to wait", "^[0-9]+$"),
        ("RateLimit-Limit", "Requests that the limit allows at once", "^[0-9]+$"),
        ("RateLimit-Remaining", "Requests that are left", "^0$"),
        ("RateLimit-Reset", "Seconds to wait", "^[0-9]+$"),
        ("RateLimit-Policy", "The limit, and the seconds in which as many are allowed again", "^[0-9]+;w=[0-9]+$"),
    ],
    ..error("429", "TooOften", "Too many requests, or tries at this account; try again after Retry-After")
};
const UNAVAILABLE: CommonError = CommonError {
    headers: &[("Retry-After", "Seconds to wait", "^[0-9]+$")],
    ..error("503", "Unavailable", "Not possible at the moment; try again after Retry-After")
};

impl CommonError {
    const ALL: [Self; 12] = [
        INVALID,
        UNAUTHENTICATED,
        FORBIDDEN,
        NOT_FOUND,
        TIMED_OUT,
        CONFLICT,
        VERSION_MISMATCH,
        TOO_LARGE,
        MEDIA_TYPE,
        TOO_OFTEN,
        INTERNAL,
        UNAVAILABLE,
    ];

    fn response(&self) -> Response {
        let body = RefOr::<Schema>::Ref(Ref::from_schema_name(ErrorBody::name()));
        let content = ContentBuilder::new().schema(Some(body)).build();
        let mut response = ResponseBuilder::new().description(self.description).content("application/json", content);
        for (name, description, pattern) in self.headers {
            let text = ObjectBuilder::new().schema_type(Type::String).pattern(Some(*pattern)).build();
            let mut header = Header::new(text);
            header.description = Some((*description).to_owned());
            response = response.header(*name, header);
        }
        response.build()
    }
}

/// The whole document, of what the routes say of themselves: what `GET /api-docs/openapi.json` and `folkshelf openapi` show.
pub fn document(mut document: utoipa::openapi::OpenApi) -> Result<serde_json::Value, serde_json::Error> {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            add_errors(operation);
            add_keys(operation);
        }
    }
    let responses = &mut document.components.get_or_insert_default().responses;
    responses.extend(CommonError::ALL.iter().map(|error| (error.name.to_owned(), RefOr::T(error.response()))));
    serde_json::to_value(document).map(precise::precise)
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.delete].into_iter().flatten()
}

/// A program's key opens what a session opens, where the route does not say that it is for sessions alone.
fn add_keys(operation: &mut Operation) {
    let for_sessions =
        operation.extensions.as_ref().is_some_and(|extensions| extensions.contains_key("x-session-only"));
    if let (Some(security), false) = (&mut operation.security, for_sessions) {
        security.push(SecurityRequirement::new("apiKey", Vec::<String>::new()));
    }
}

/// The errors that any route may answer with, where it does not describe them itself.
fn add_errors(operation: &mut Operation) {
    let secured = operation.security.is_some();
    let within_api = operation.tags.as_ref().is_some_and(|tags| tags.iter().all(|tag| tag != "operations"));
    let reads = operation.operation_id.as_ref().is_some_and(|id| id.starts_with("get") || id.starts_with("list"));
    let mut errors = vec![INTERNAL];
    if within_api {
        errors.extend([INVALID, UNAUTHENTICATED, NOT_FOUND, TIMED_OUT, TOO_OFTEN, UNAVAILABLE]);
    }
    if secured {
        errors.push(FORBIDDEN);
    }
    if operation.request_body.is_some() {
        errors.extend([TOO_LARGE, MEDIA_TYPE]);
    }
    if within_api && operation.operation_id.is_some() && !reads {
        errors.extend([CONFLICT, VERSION_MISMATCH]);
    }
    for error in errors {
        let named = || RefOr::Ref(Ref::from_response_name(error.name));
        operation.responses.responses.entry(error.status.to_owned()).or_insert_with(named);
    }
}

/// The routes of this process, and those of all processes of the community.
pub struct KnownRoutes {
    pub here: KnownPaths,
    pub anywhere: KnownPaths,
}

/// The paths of a document, to tell a wrong method from a wrong path.
pub struct KnownPaths(Vec<(Vec<String>, Vec<Method>)>);

impl KnownPaths {
    pub fn of(document: &utoipa::openapi::OpenApi) -> Self {
        let paths = document.paths.paths.iter().map(|(path, item)| {
            let segments = path.split('/').map(str::to_owned).collect();
            let methods = [
                (Method::GET, item.get.is_some()),
                (Method::POST, item.post.is_some()),
                (Method::PUT, item.put.is_some()),
                (Method::DELETE, item.delete.is_some()),
            ];
            (segments, methods.into_iter().filter(|(_, there)| *there).map(|(method, _)| method).collect())
        });
        Self(paths.collect())
    }

    fn methods_of(&self, literal: &str) -> Option<&Vec<Method>> {
        let is_it = |known: &[String]| known.iter().map(String::as_str).eq(literal.split('/'));
        self.0.iter().find(|(known, _)| is_it(known)).map(|(_, methods)| methods)
    }

    /// The methods of the path that says exactly this, or else of those that have it as an example.
    fn methods(&self, path: &str) -> Vec<&Method> {
        if let Some(methods) = self.methods_of(path) {
            return methods.iter().collect();
        }
        let segments: Vec<&str> = path.split('/').collect();
        let fits = |known: &[String]| {
            known.len() == segments.len()
                && known.iter().zip(&segments).all(|(known, given)| known.starts_with('{') || known == given)
        };
        self.0.iter().filter(|(known, _)| fits(known)).flat_map(|(_, methods)| methods).collect()
    }
}

/// `/books/mine` is no book: a method it does not know is not tried on `/books/{id}`.
pub async fn refuse_unknown_methods<B: MessageBody>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B>>, actix_web::Error> {
    let known = request.app_data::<web::Data<KnownRoutes>>();
    let unknown =
        known.and_then(|known| known.here.methods_of(request.path())).filter(|known| !known.contains(request.method()));
    match unknown {
        Some(methods) if request.method() != Method::OPTIONS => {
            let response = method_not_allowed(&methods.iter().collect::<Vec<_>>());
            Ok(request.into_response(response).map_into_right_body())
        }
        _ => Ok(next.call(request).await?.map_into_left_body()),
    }
}

/// Where no route fits: 405 with `Allow` when another method would, 421 when another process has it, 404 otherwise.
pub async fn no_route(request: HttpRequest, known: web::Data<KnownRoutes>) -> HttpResponse {
    use actix_web::ResponseError;
    let methods = known.here.methods(request.path());
    if !methods.is_empty() {
        return method_not_allowed(&methods);
    }
    match known.anywhere.methods(request.path()).is_empty() {
        true => Problem::not_found().error_response(),
        false => Problem::elsewhere().error_response(),
    }
}

fn method_not_allowed(methods: &[&Method]) -> HttpResponse {
    use actix_web::ResponseError;
    let mut response = Problem::method_not_allowed().error_response();
    let allow = methods.iter().map(|method| method.as_str()).collect::<Vec<_>>().join(", ");
    if let Ok(allow) = actix_web::http::header::HeaderValue::from_str(&allow) {
        response.headers_mut().insert(actix_web::http::header::ALLOW, allow);
    }
    response
}
