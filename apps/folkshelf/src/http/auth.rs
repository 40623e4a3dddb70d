//! Accounts, and signing in. The list of one's sessions is in `auth/sessions.rs`, keys for programs in `auth/api_keys.rs`, letters
//! for administrators in `auth/mails.rs`.

pub mod api;
mod api_keys;
pub mod fields;
mod mails;
mod sessions;

use actix_web::cookie::{Cookie, SameSite, time::Duration as CookieDuration};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, post, web};
use api::AuthApi;
use auth::{
    Asker, ChangePassword, Email, ForgotPassword, GetAccount, LogIn, LogOut, RefreshTokens, Register, Registered,
    ResendProof, ResetPassword, SignedIn as Tokens, VerifyEmail,
};
use cqrs::Caller;
use deserr::Deserr;
use fields::{EmailField, NewEmailField, PasswordField, SecretField};
use kernel::{LanguageTag, Line, UserId};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use users::GetProfile;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::http::edge::caller::{Anyone, InSession};
use crate::http::edge::input::{Body, FieldErrors, MaybeBody};
use crate::http::edge::limits::{ForgotTry, LogInTry, Origin, PasswordTry, RegisterTry, Tries, VerifyTry};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope};
use crate::http::edge::trace;

pub fn configure(services: &mut ServiceConfig) {
    services
        .service(register)
        .service(log_in)
        .service(renew_tokens)
        .service(log_out)
        .service(forgot_password)
        .service(reset_password)
        .service(verify_email)
        .service(resend_proof)
        .service(change_password);
    sessions::configure(services);
    api_keys::configure(services);
    mails::configure(services);
}

/// Browsers keep the refresh token here, out of reach of scripts, and send it to these routes alone.
const COOKIE: &str = "folkshelf_refresh";
const COOKIE_PATH: &str = "/api/v1/auth";

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct SignedInView {
    user: AccountUser,
    /// Send it as `Authorization: Bearer …`.
    access_token: String,
    /// Seconds until the access token expires.
    expires_in: u64,
    /// Worth one new pair of tokens.
    refresh_token: String,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct AccountUser {
    id: UserId,
    email: String,
    name: String,
    role: String,
    verified: bool,
}

async fn account_user(api: &AuthApi, id: UserId) -> Result<AccountUser, Problem> {
    let system = Caller::system("sign-in");
    let account = api.account.ask(&system, GetAccount { user: id }).await?;
    let profile = api.profile.ask(&system, GetProfile { id }).await?;
    Ok(AccountUser { id, email: account.email, name: profile.name, role: profile.role, verified: account.verified })
}

fn signed_in(
    api: &AuthApi,
    mut response: actix_web::HttpResponseBuilder,
    tokens: &Tokens,
    user: AccountUser,
) -> HttpResponse {
    let lifetime = tokens.session_expires_at - api.clock.now();
    let cookie = Cookie::build(COOKIE, tokens.refresh_token.expose_secret().to_owned())
        .path(COOKIE_PATH)
        .http_only(true)
        .secure(api.secure_cookies)
        .same_site(SameSite::Strict)
        .max_age(CookieDuration::seconds(lifetime.whole_seconds()))
        .finish();
    response.cookie(cookie).insert_header((header::CACHE_CONTROL, "no-store")).json(Envelope {
        success: true,
        data: SignedInView {
            user,
            access_token: tokens.access_token.expose_secret().to_owned(),
            expires_in: tokens.expires_in,
            refresh_token: tokens.refresh_token.expose_secret().to_owned(),
        },
    })
}

/// What the device calls itself, for the list of sessions.
fn device(request: &HttpRequest) -> Option<Line<200>> {
    let agent = request.headers().get(header::USER_AGENT)?.to_str().ok()?;
    Line::optional(&agent.chars().take(200).collect::<String>()).ok().flatten()
}

/// Who waits for a turn to hash.
fn asker(email: &Email, origin: Origin) -> Asker {
    Asker { account: Some(email.key().to_owned()), network: origin.network, at_home: origin.at_home }
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct RegisterBody {
    #[schema(value_type = String, format = Email, max_length = 254, example = "ada@example.org")]
    email: NewEmailField,
    /// At least 10 characters, at most 71 bytes. Needed where addresses are proved later; where they are proved first it is
    /// chosen with the letter, and one that is sent here is not kept.
    #[deserr(default)]
    #[schema(value_type = Option<String>, format = Password, min_length = 10, max_length = 71)]
    password: Option<PasswordField>,
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    name: Line<100>,
    /// In which to write to the member; the community's without it.
    #[deserr(default)]
    #[schema(value_type = Option<String>, example = "fr-CA", max_length = 35, pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
    language: Option<LanguageTag>,
}

/// Opens an account and signs in. Where addresses are proved first it sends a letter instead, and the answer does not tell
/// whether the address has an account.
#[utoipa::path(tag = "auth", request_body = RegisterBody, responses(
    (status = 201, body = Envelope<SignedInView>),
    (status = 202, description = "A letter is on its way"),
))]
#[post("/auth/register")]
async fn register(
    request: HttpRequest,
    api: web::Data<AuthApi>,
    caller: Anyone,
    tries: Tries<RegisterTry>,
    body: Body<RegisterBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let attempt = tries.at(body.email.0.key()).await?;
    let asker = asker(&body.email.0, attempt.origin);
    attempt.spent();
    let (email, name) = (body.email.0.as_str().to_owned(), body.name.as_str().to_owned());
    let command = Register {
        email: body.email.0,
        password: body.password.map(|password| password.0),
        name: body.name,
        language: body.language,
        device: device(&request),
        asker,
    };
    let done = api.register.send(&caller.0, command).await?;
    let Registered::Member(tokens) = &done.output else { return Ok(HttpResponse::Accepted().finish()) };
    let id = tokens.user_id;
    // The profile follows the account by event: if it is late, what was just written is the answer.
    let user = match account_user(&api, id).await {
        Ok(user) => user,
        Err(_) => AccountUser { id, email, name, role: "user".to_owned(), verified: false },
    };
    let mut response = HttpResponse::Created();
    if let Some(position) = done.position {
        response.insert_header((respond::POSITION, position.to_string()));
    }
    Ok(signed_in(&api, response, tokens, user))
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct LogInBody {
    #[schema(value_type = String, format = Email)]
    email: EmailField,
    #[schema(value_type = String, pattern = r"^(.|\s)+$", max_length = 1000)]
    password: SecretField,
}

/// Signs in. An unknown address and a wrong password are answered alike.
#[utoipa::path(tag = "auth", request_body = LogInBody, responses((status = 200, body = Envelope<SignedInView>)))]
#[post("/auth/login")]
async fn log_in(
    request: HttpRequest,
    api: web::Data<AuthApi>,
    caller: Anyone,
    tries: Tries<LogInTry>,
    body: Body<LogInBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let attempt = tries.at(body.email.0.key()).await?;
    let asker = asker(&body.email.0, attempt.origin);
    let command = LogIn { email: body.email.0, password: body.password.0, device: device(&request), asker };
    let done = attempt.judged(api.log_in.send(&caller.0, command).await).await?;
    let user = account_user(&api, done.output.user_id).await?;
    Ok(signed_in(&api, HttpResponse::Ok(), &done.output, user))
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct RefreshBody {
    /// Browsers leave it out: their cookie holds it.
    #[schema(value_type = Option<String>, pattern = r"^(.|\s)+$", max_length = 1000)]
    #[deserr(default)]
    refresh_token: Option<SecretField>,
}

/// A new pair of tokens for the old refresh token, which is dead then. Using it again ends the session.
#[utoipa::path(tag = "auth", request_body = Option<RefreshBody>, responses(
    (status = 200, body = Envelope<SignedInView>),
))]
#[post("/auth/refresh-token")]
async fn renew_tokens(
    request: HttpRequest,
    api: web::Data<AuthApi>,
    body: MaybeBody<RefreshBody>,
) -> Result<HttpResponse, Problem> {
    let given = body.0.and_then(|body| body.refresh_token).map(|token| token.0);
    let cookie = || request.cookie(COOKIE).map(|cookie| SecretString::from(cookie.value()));
    let refresh_token = given.or_else(cookie).ok_or_else(Problem::unauthenticated)?;
    // The access token that comes along has usually expired: it is not looked at.
    let caller = Caller::new(kernel::Actor::Anonymous, trace::current());
    let done = api.refresh.send(&caller, RefreshTokens { refresh_token }).await?;
    let user = account_user(&api, done.output.user_id).await?;
    Ok(signed_in(&api, HttpResponse::Ok(), &done.output, user))
}

/// Ends the session: both tokens are worth nothing from now on.
#[utoipa::path(tag = "auth", security(("session" = [])), extensions(("x-session-only" = json!(true))), responses((status = 204, description = "Signed out")))]
#[post("/auth/logout")]
async fn log_out(api: web::Data<AuthApi>, caller: InSession) -> Result<HttpResponse, Problem> {
    let done = api.log_out.send(&caller.0, LogOut {}).await?;
    let mut response = respond::empty(&done);
    let mut cookie = Cookie::build(COOKIE, "").path(COOKIE_PATH).http_only(true).finish();
    cookie.make_removal();
    // Only a malformed cookie could be refused, and this one is not.
    drop(response.add_cookie(&cookie));
    Ok(response)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct AddressBody {
    #[schema(value_type = String, format = Email)]
    email: EmailField,
}

/// Sends a mail to choose a new password with, if there is an account. The answer does not tell.
#[utoipa::path(tag = "auth", request_body = AddressBody, responses(
    (status = 202, description = "If there is an account, a mail is on its way"),
))]
#[post("/auth/forgot-password")]
async fn forgot_password(
    api: web::Data<AuthApi>,
    caller: Anyone,
    tries: Tries<ForgotTry>,
    body: Body<AddressBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    tries.at(body.email.0.key()).await?.spent();
    api.forgot_password.send(&caller.0, ForgotPassword { email: body.email.0 }).await?;
    Ok(HttpResponse::Accepted().finish())
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct ResetBody {
    #[schema(value_type = String, pattern = r"^(.|\s)+$", max_length = 1000)]
    token: SecretField,
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 71)]
    new_password: PasswordField,
}

/// Chooses a new password with the token of the mail. All sessions end.
#[utoipa::path(tag = "auth", request_body = ResetBody, responses((status = 204, description = "Changed")))]
#[post("/auth/reset-password")]
async fn reset_password(
    api: web::Data<AuthApi>,
    caller: Anyone,
    tries: Tries<VerifyTry>,
    body: Body<ResetBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let attempt = tries.at(body.token.0.expose_secret()).await?;
    let command = ResetPassword { token: body.token.0, new_password: body.new_password.0 };
    let done = attempt.judged(api.reset_password.send(&caller.0, command).await).await?;
    Ok(respond::empty(&done))
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct VerifyBody {
    #[schema(value_type = String, pattern = r"^(.|\s)+$", max_length = 1000)]
    token: SecretField,
    /// Needed outside a session of the account that is proved.
    #[deserr(default)]
    #[schema(value_type = Option<String>, format = Password, min_length = 10, max_length = 71)]
    new_password: Option<PasswordField>,
}

/// Proves that the mail address is one's own, with the token of the mail. Whoever is not signed in to the account chooses its
/// password anew, and all its sessions and API keys end. Where addresses are proved first this opens the account.
#[utoipa::path(tag = "auth", request_body = VerifyBody, responses((status = 204, description = "Proved")))]
#[post("/auth/verify-email")]
async fn verify_email(
    api: web::Data<AuthApi>,
    caller: Anyone,
    tries: Tries<VerifyTry>,
    body: Body<VerifyBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let attempt = tries.at(body.token.0.expose_secret()).await?;
    let command = VerifyEmail { token: body.token.0, new_password: body.new_password.map(|password| password.0) };
    let done = attempt.judged(api.verify_email.send(&caller.0, command).await).await?;
    Ok(respond::empty(&done))
}

/// Sends the letter that proves an address again, if somebody waits for it. The answer does not tell.
#[utoipa::path(tag = "auth", request_body = AddressBody, responses(
    (status = 202, description = "If somebody waits for it, a letter is on its way"),
))]
#[post("/auth/resend-proof")]
async fn resend_proof(
    api: web::Data<AuthApi>,
    caller: Anyone,
    tries: Tries<ForgotTry>,
    body: Body<AddressBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    tries.at(body.email.0.key()).await?.spent();
    api.resend_proof.send(&caller.0, ResendProof { email: body.email.0 }).await?;
    Ok(HttpResponse::Accepted().finish())
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct ChangePasswordBody {
    #[schema(value_type = String, pattern = r"^(.|\s)+$", max_length = 1000)]
    current_password: SecretField,
    #[schema(value_type = String, format = Password, min_length = 10, max_length = 71)]
    new_password: PasswordField,
}

/// Changes one's password. One's other sessions end. Keys of one's programs go on: `GET /auth/api-keys` names them.
#[utoipa::path(tag = "auth", security(("session" = [])), extensions(("x-session-only" = json!(true))), request_body = ChangePasswordBody, responses(
    (status = 204, description = "Changed"),
))]
#[post("/auth/change-password")]
async fn change_password(
    api: web::Data<AuthApi>,
    caller: InSession,
    tries: Tries<PasswordTry>,
    body: Body<ChangePasswordBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let attempt = tries.of(caller.user()?).await?;
    let command = ChangePassword { current_password: body.current_password.0, new_password: body.new_password.0 };
    let done = attempt.judged(api.change_password.send(&caller.0, command).await).await?;
    Ok(respond::empty(&done))
}
