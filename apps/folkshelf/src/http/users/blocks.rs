//! Whom a member does not want to meet.

use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use deserr::Deserr;
use kernel::UserId;
use users::{BlockMember, BlockView, ListBlocks, UnblockMember};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::api::UsersApi;
use crate::http::edge::caller::{InSession, SignedIn};
use crate::http::edge::input::{Body, FieldErrors, NoParams, PathId};
use crate::http::edge::list::{List, PagesByNumber};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, ListEnvelope, NoVersion};

pub(super) fn configure(services: &mut ServiceConfig) {
    services.service(list_blocks).service(block_member).service(unblock_member);
}

const FIELDS: &[&str] = &["user", "blockedAt"];

/// Whom one blocks, newest first. Pages are by number.
#[utoipa::path(tag = "users", security(("session" = [])), params(PagesByNumber), responses(
    (status = 200, body = ListEnvelope<BlockView>),
))]
#[get("/profile/blocks")]
async fn list_blocks(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: SignedIn,
    list: List<NoParams>,
) -> Result<HttpResponse, Problem> {
    list.params.refuse_sorting()?;
    let page = list.params.page_by_number()?;
    let page = api.blocks.ask(&caller.0, ListBlocks { page }).await?;
    respond::listed(&request, &list.params, page, FIELDS)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct BlockBody {
    #[schema(value_type = Uuid)]
    user_id: UserId,
}

/// Blocks a member: neither sees the other's books or can ask for one, and what waits between the two is cancelled. Loans go
/// on. The member is not told. Whoever is blocked already stays so; one member blocks 1,000 at most.
#[utoipa::path(tag = "users", security(("session" = [])), extensions(("x-session-only" = json!(true))),
    request_body = BlockBody, responses((status = 201, body = Envelope<BlockView>)))]
#[post("/profile/blocks")]
async fn block_member(
    api: web::Data<UsersApi>,
    caller: InSession,
    body: Body<BlockBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let done = api.block.send(&caller.0, BlockMember { member: body.user_id }).await?;
    respond::created(done.position, &done.output)
}

/// Ends a block. Whoever was not blocked stays so.
#[utoipa::path(tag = "users", security(("session" = [])), extensions(("x-session-only" = json!(true))),
    params(("id" = Uuid, Path), NoVersion), responses((status = 204, description = "They are not blocked")))]
#[delete("/profile/blocks/{id}")]
async fn unblock_member(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: InSession,
    id: PathId<UserId>,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let done = api.unblock.send(&caller.0, UnblockMember { member: id.0 }).await?;
    Ok(respond::empty(&done))
}
