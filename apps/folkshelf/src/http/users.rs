//! Members and roles. One's own profile is in `users/profile.rs`, whom one blocks in `users/blocks.rs`, whom one
//! reports in `users/reports.rs`, what others see of a member in `users/page.rs`.

pub mod api;
mod blocks;
mod me;
mod page;
mod profile;
mod reports;

use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use api::UsersApi;
use auth::{CreateAccount, FindAccounts};
use deserr::Deserr;
use kernel::{LanguageTag, Line, Page, UserId};
use me::{MeView, me};
use serde::Serialize;
use users::{ChangeRole, DeleteUser, ListRoles, ListUsers, ProfileView, Proof, UpdateUser, UserSort};
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::auth::fields::NewEmailField;
use crate::http::edge::caller::{Admin, DeleteUser as MayDeleteUser, Permitted, ReadUser, SignedIn, WriteUser};
use crate::http::edge::input::{Body, FieldErrors, NoParams, Param, Params, PathId};
use crate::http::edge::list::{List, Order, PagesByNumber};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, IfMatch, ListEnvelope};

pub fn configure(services: &mut ServiceConfig) {
    services
        .service(get_me)
        .service(list_users)
        .service(create_user)
        .service(update_user)
        .service(change_role)
        .service(delete_user)
        .service(list_roles);
    profile::configure(services);
    blocks::configure(services);
    reports::configure(services);
    page::configure(services);
}

/// A role and what it permits.
#[derive(Serialize, ToSchema)]
struct RoleBody {
    #[schema(example = "moderator")]
    name: String,
    #[schema(example = json!(["write:book", "moderate:borrow"]))]
    permissions: Vec<&'static str>,
}

/// Oneself.
#[utoipa::path(tag = "users", security(("session" = [])), responses((status = 200, body = Envelope<MeView>)))]
#[get("/users/me")]
async fn get_me(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: SignedIn,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let me = me(&api, &caller).await?;
    respond::found_version(&request, &me, me.profile.version)
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// A part of the name; for administrators also the beginning of the mail address, three characters of it or more.
    #[deserr(default)]
    q: Option<String>,
    #[deserr(default)]
    role: Option<String>,
    #[param(value_type = Option<bool>)]
    #[deserr(default)]
    active: Option<Param<bool>>,
}

/// How members are sorted, for the OpenAPI document; read by `edge::list::ListParams`.
#[derive(IntoParams)]
#[into_params(parameter_in = Query)]
#[allow(dead_code, reason = "described here, read by edge::list::ListParams")]
struct Sorting {
    /// `memberSince` (without it) or `name`.
    #[param(pattern = "^(memberSince|name)$")]
    sort: Option<String>,
    /// `asc` or `desc`.
    order: Option<String>,
}

const FIELDS: &[&str] = &[
    "id",
    "name",
    "bio",
    "location",
    "showBio",
    "showLocation",
    "language",
    "timeZone",
    "preferences",
    "avatarUrl",
    "role",
    "active",
    "verified",
    "memberSince",
    "version",
];

/// The members, newest first. Mail addresses are in no list.
#[utoipa::path(tag = "users", security(("session" = [])), params(PagesByNumber, Sorting, Filters), responses(
    (status = 200, body = ListEnvelope<ProfileView>),
))]
#[get("/users")]
async fn list_users(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: Permitted<ReadUser>,
    list: List<Filters>,
) -> Result<HttpResponse, Problem> {
    let page = list.params.page_by_number()?;
    let sort = match list.params.sort.as_deref() {
        None => UserSort::MemberSince,
        Some(name) => {
            UserSort::from_name(name).ok_or_else(|| Problem::invalid_field("sort", "must be memberSince or name"))?
        }
    };
    let descending = match list.params.order() {
        Some(order) => order == Order::Descending,
        None => sort == UserSort::MemberSince,
    };
    for (field, value) in [("q", &list.filters.q), ("role", &list.filters.role)] {
        if value.as_ref().is_some_and(|text| text.chars().count() > 200) {
            return Err(Problem::invalid_field(field, "must be at most 200 characters"));
        }
    }
    let by_address = list.filters.q.as_deref().and_then(|typed| FindAccounts::by(&caller.0.actor, typed));
    let or_these = match by_address {
        Some(accounts) => api.find_accounts.ask(&caller.0, accounts).await?,
        None => Vec::new(),
    };
    let query = ListUsers {
        q: list.filters.q.clone(),
        or_these,
        role: list.filters.role.clone(),
        active: list.filters.active.as_ref().map(|active| active.0),
        sort,
        descending,
        page,
    };
    let page: Page<ProfileView> = api.list.ask(&caller.0, query).await?;
    respond::listed(&request, &list.params, page, FIELDS)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct CreateBody {
    #[schema(value_type = String, format = Email, max_length = 254)]
    email: NewEmailField,
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    name: Line<100>,
    /// In which to write to the member; the community's without it.
    #[deserr(default)]
    #[schema(value_type = Option<String>, example = "fr-CA", max_length = 35, pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
    language: Option<LanguageTag>,
}

#[derive(Serialize, ToSchema)]
struct CreatedUser {
    id: UserId,
}

/// Opens an account for somebody, who is sent a mail to set a password.
#[utoipa::path(tag = "users", security(("session" = [])), request_body = CreateBody, responses(
    (status = 201, body = Envelope<CreatedUser>),
))]
#[post("/users")]
async fn create_user(
    api: web::Data<UsersApi>,
    caller: Permitted<WriteUser>,
    body: Body<CreateBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = CreateAccount {
        email: body.email.0,
        name: body.name,
        language: body.language,
        password: None,
        verified: false,
    };
    let done = api.create.send(&caller.0, command).await?;
    respond::created(done.position, &CreatedUser { id: done.output })
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct UpdateBody {
    /// Stays as it is without it.
    #[schema(value_type = Option<String>, min_length = 1, max_length = 100)]
    #[deserr(default)]
    name: Option<Line<100>>,
    /// Who is not active cannot sign in, lend or borrow.
    #[deserr(default)]
    active: Option<bool>,
}

/// Changes a member's name, or deactivates and reactivates them. `If-Match` takes a member's `version` in quotation marks.
#[utoipa::path(tag = "users", security(("session" = [])), params(("id" = Uuid, Path),
    IfMatch), request_body = UpdateBody,
    responses((status = 200, body = Envelope<ProfileView>)))]
#[put("/users/{id}")]
async fn update_user(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: Permitted<WriteUser>,
    id: PathId<UserId>,
    body: Body<UpdateBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let expected_version = respond::expected_version(&request)?;
    let command = UpdateUser { id: id.0, expected_version, name: body.name, active: body.active };
    let done = api.update.send(&caller.0, command).await?;
    respond::changed(done.position, &done.output, done.output.version)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct ChangeRoleBody {
    #[schema(value_type = String, example = "moderator", pattern = "^(user|premium|moderator|admin)$")]
    role: Line<60>,
}

/// Gives a member a role, from their next request on. `If-Match` takes a member's `version` in quotation marks.
#[utoipa::path(tag = "users", security(("session" = [])), params(("id" = Uuid, Path),
    IfMatch), request_body = ChangeRoleBody,
    responses((status = 200, body = Envelope<ProfileView>)))]
#[put("/users/{id}/role")]
async fn change_role(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: Permitted<Admin>,
    id: PathId<UserId>,
    body: Body<ChangeRoleBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let expected_version = respond::expected_version(&request)?;
    let command = ChangeRole { id: id.0, expected_version, role: body.role.into_string() };
    let done = api.change_role.send(&caller.0, command).await?;
    respond::changed(done.position, &done.output, done.output.version)
}

/// Deletes a member. Refused while they have open loans. `If-Match` takes a member's `version` in quotation marks.
#[utoipa::path(tag = "users", security(("session" = [])), params(("id" = Uuid, Path),
    IfMatch), responses(
    (status = 204, description = "They are gone"),
))]
#[delete("/users/{id}")]
async fn delete_user(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: Permitted<MayDeleteUser>,
    id: PathId<UserId>,
) -> Result<HttpResponse, Problem> {
    let expected_version = respond::expected_version(&request)?;
    let command = DeleteUser { id: id.0, expected_version, proof: Proof::Permission };
    let done = api.delete.send(&caller.0, command).await?;
    Ok(respond::empty(&done))
}

/// The roles and what they permit.
#[utoipa::path(tag = "users", security(("session" = [])), responses((status = 200, body = Envelope<Vec<RoleBody>>)))]
#[get("/roles")]
async fn list_roles(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: SignedIn,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let roles: Vec<RoleBody> = api
        .roles
        .ask(&caller.0, ListRoles)
        .await?
        .into_iter()
        .map(|role| RoleBody {
            name: role.name,
            permissions: role.permissions.iter().map(|permission| permission.name()).collect(),
        })
        .collect();
    respond::found(&request, &roles)
}
