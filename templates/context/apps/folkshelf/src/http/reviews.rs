//! Reviews.

pub mod api;

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use api::ReviewsApi;
use deserr::Deserr;
use kernel::ids::ReviewId;
use kernel::{BookId, Prose};
use reviews::{GetReview, ReviewView, WriteReview};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::edge::caller::SignedIn;
use crate::http::edge::input::{Body, FieldErrors, NoParams, Params, PathId};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope};

pub fn configure(services: &mut ServiceConfig) {
    services.service(get_review).service(write_review);
}

/// One review.
#[utoipa::path(tag = "reviews", security(("session" = [])), params(("id" = Uuid, Path)), responses(
    (status = 200, body = Envelope<ReviewView>),
))]
#[get("/reviews/{id}")]
async fn get_review(
    request: HttpRequest,
    api: web::Data<ReviewsApi>,
    caller: SignedIn,
    id: PathId<ReviewId>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let review = api.get.ask(&caller.0, GetReview { id: id.0 }).await?;
    respond::found(&request, &review)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct WriteBody {
    #[schema(value_type = Uuid)]
    book_id: BookId,
    #[schema(value_type = String, max_length = 2000)]
    text: Prose<2000>,
}

/// Writes a review.
#[utoipa::path(tag = "reviews", security(("session" = [])), request_body = WriteBody, responses(
    (status = 201, body = Envelope<ReviewView>),
))]
#[post("/reviews")]
async fn write_review(
    api: web::Data<ReviewsApi>,
    caller: SignedIn,
    body: Body<WriteBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = WriteReview { book: body.book_id, text: body.text };
    let done = api.write.send(&caller.0, command).await?;
    respond::created(done.position, &done.output)
}
