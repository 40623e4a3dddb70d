//! The OpenAPI document, gathered from the routes, with what is the same for all of them added in one place.

mod precise;

use actix_web::body::{EitherBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::middleware::Next;
use actix_web::{HttpRequest, HttpResponse, web};
use utoipa::openapi::path::{Operation, PathItem};
use utoipa::openapi::security::{HttpAuthScheme, HttpBuilder, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Ref, RefOr, ResponseBuilder, Schema};
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
    }
}

/// The whole document, of what the routes say of themselves: what `GET /api-docs/openapi.json` and `folkshelf openapi` show.
pub fn document(mut document: utoipa::openapi::OpenApi) -> Result<serde_json::Value, serde_json::Error> {
    for item in document.paths.paths.values_mut() {
        for operation in operations(item) {
            add_errors(operation);
        }
    }
    serde_json::to_value(document).map(precise::precise)
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [&mut item.get, &mut item.post, &mut item.put, &mut item.delete].into_iter().flatten()
}

/// The errors that any route may answer with, where it does not describe them itself.
fn add_errors(operation: &mut Operation) {
    let secured = operation.security.is_some();
    let path_or_state = operation.tags.as_ref().is_some_and(|tags| tags.iter().all(|tag| tag != "operations"));
    let mut errors = vec![("500", "Something went wrong on our side")];
    if path_or_state {
        errors.extend([
            ("400", "Something you sent is not as it should be; details name each field"),
            ("401", "Sign in first"),
            ("404", "It does not exist, or not for you to know of"),
            ("408", "The request was not complete in time"),
            ("503", "Not possible at the moment; try again after Retry-After"),
        ]);
    }
    if secured {
        errors.push(("403", "You may not"));
    }
    if operation.request_body.is_some() {
        errors.extend([("413", "The body is too large"), ("415", "Another content type is expected")]);
    }
    if path_or_state
        && operation.operation_id.as_ref().is_some_and(|id| !id.starts_with("get") && !id.starts_with("list"))
    {
        errors.extend([("409", "A rule or the present state refuses it"), ("412", "If-Match does not fit")]);
    }
    for (status, description) in errors {
        operation.responses.responses.entry(status.to_owned()).or_insert_with(|| {
            let body = RefOr::<Schema>::Ref(Ref::from_schema_name(ErrorBody::name()));
            let content = ContentBuilder::new().schema(Some(body)).build();
            RefOr::T(ResponseBuilder::new().description(description).content("application/json", content).build())
        });
    }
}

/// The paths of the document, to tell a wrong method from a wrong path.
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
    let known = request.app_data::<web::Data<KnownPaths>>();
    let unknown =
        known.and_then(|known| known.methods_of(request.path())).filter(|known| !known.contains(request.method()));
    match unknown {
        Some(methods) if request.method() != Method::OPTIONS => {
            let response = method_not_allowed(&methods.iter().collect::<Vec<_>>());
            Ok(request.into_response(response).map_into_right_body())
        }
        _ => Ok(next.call(request).await?.map_into_left_body()),
    }
}

/// Where no route fits: 405 with `Allow` when another method would, 404 otherwise.
pub async fn no_route(request: HttpRequest, known: web::Data<KnownPaths>) -> HttpResponse {
    use actix_web::ResponseError;
    let methods = known.methods(request.path());
    if methods.is_empty() {
        return Problem::not_found().error_response();
    }
    method_not_allowed(&methods)
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
