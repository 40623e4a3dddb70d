//! A member as others see them.

use actix_web::{HttpRequest, HttpResponse, get, web};
use books::CountBooks;
use borrowing::CountBorrows;
use kernel::UserId;
use serde::Serialize;
use time::OffsetDateTime;
use users::GetPublicProfile;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::api::UsersApi;
use crate::http::edge::caller::Anyone;
use crate::http::edge::input::{NoParams, Params, PathId};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope};

pub(super) fn configure(services: &mut ServiceConfig) {
    services.service(get_user);
}

/// A member as others see them. The mail address is never shown.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MemberView {
    id: UserId,
    name: String,
    /// For members alone, where the member shows it.
    location: Option<String>,
    /// For members alone, where the member shows it.
    bio: Option<String>,
    avatar_url: Option<String>,
    #[serde(with = "time::serde::rfc3339")]
    member_since: OffsetDateTime,
    counts: MemberCounts,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct MemberCounts {
    /// Books on the shelf.
    books: u64,
    /// Loans of other members' books, present and past.
    borrowed: u64,
    /// Loans of their books, present and past.
    lent: u64,
    /// Of those lent: the book is back.
    came_back: u64,
    /// Of those lent: somebody has the book. What is neither back nor out is lost.
    out: u64,
    /// Books that they gave away for good.
    given: u64,
}

/// The public part of a member. A deactivated member is shown only to those who may read members.
#[utoipa::path(tag = "users", params(("id" = Uuid, Path)), responses((status = 200, body = Envelope<MemberView>)))]
#[get("/users/{id}")]
async fn get_user(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: Anyone,
    id: PathId<UserId>,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    api.community.may_browse(&caller.0)?;
    let caller = &caller.0;
    let (profile, books, borrows) = tokio::join!(
        api.public_profile.ask(caller, GetPublicProfile { id: id.0 }),
        api.count_books.ask(caller, CountBooks { owner: id.0 }),
        api.count_borrows.ask(caller, CountBorrows { user: id.0 }),
    );
    let (profile, books, borrows) = (profile?, books?, borrows?);
    let member = MemberView {
        id: profile.id,
        name: profile.name,
        location: profile.location,
        bio: profile.bio,
        avatar_url: profile.avatar_url,
        member_since: profile.member_since,
        counts: MemberCounts {
            books,
            borrowed: borrows.borrowed,
            lent: borrows.lent,
            came_back: borrows.came_back,
            out: borrows.out,
            given: borrows.given,
        },
    };
    respond::found(&request, &member)
}
