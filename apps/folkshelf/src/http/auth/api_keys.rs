//! Keys for a member's programs. All of this is for sessions: no key makes, shows or ends a key.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use auth::{ApiKeyView, CreateApiKey, EndApiKey, ListApiKeys, Scopes};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kernel::{ApiKeyId, Line, Permission};
use secrecy::ExposeSecret;
use serde::Serialize;
use time::format_description::well_known::Rfc3339;
use time::{OffsetDateTime, UtcOffset};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::api::AuthApi;
use super::fields::SecretField;
use crate::http::edge::caller::InSession;
use crate::http::edge::input::{Body, FieldErrors, NoParams, Params, PathId, from_string};
use crate::http::edge::limits::{MakeKeyTry, PasswordTry, Tries};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, NoVersion};

/// In one request. There are fewer permissions than that; the schema says so much.
const MOST_SCOPES: usize = 20;

pub(super) fn configure(services: &mut ServiceConfig) {
    services.service(list_api_keys).service(create_api_key).service(end_api_key);
}

/// One's own keys, newest first, without the keys themselves. Ended ones are left out.
#[utoipa::path(tag = "auth", security(("session" = [])), extensions(("x-session-only" = json!(true))), responses(
    (status = 200, body = Envelope<Vec<ApiKeyView>>),
))]
#[get("/auth/api-keys")]
async fn list_api_keys(
    request: HttpRequest,
    api: web::Data<AuthApi>,
    caller: InSession,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let keys = api.api_keys.ask(&caller.0, ListApiKeys {}).await?;
    respond::found(&request, &keys)
}

struct ScopeField(Permission);

impl Deserr<FieldErrors> for ScopeField {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| {
            Permission::from_name(text).map(Self).ok_or_else(|| {
                let names: Vec<&str> = Permission::ALL.iter().map(|permission| permission.name()).collect();
                format!("must be one of: {}", names.join(", "))
            })
        })
    }
}

struct MomentField(OffsetDateTime);

impl Deserr<FieldErrors> for MomentField {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        let wrong = || "must be a time such as 2027-01-31T12:00:00Z".to_owned();
        from_string(value, at, |text| {
            let moment = OffsetDateTime::parse(text, &Rfc3339).ok();
            // The last hours of the year 9999 are no time of UTC.
            moment.and_then(|moment| moment.checked_to_offset(UtcOffset::UTC)).map(Self).ok_or_else(wrong)
        })
    }
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct CreateApiKeyBody {
    /// Your password: a key may outlive the session that makes it.
    #[schema(value_type = String, pattern = r"^(.|\s)+$", max_length = 1000)]
    current_password: SecretField,
    /// What you call it.
    #[schema(value_type = String, min_length = 1, max_length = 100, example = "Shelf scanner")]
    name: Line<100>,
    /// Permissions of your role that the key may use. A key without scopes only reads what you can read.
    #[schema(value_type = Vec<String>, example = json!(["write:book"]), max_items = 20)]
    scopes: Vec<ScopeField>,
    /// Without it the key lasts until you end it.
    #[schema(value_type = Option<String>, format = DateTime)]
    #[deserr(default)]
    expires_at: Option<MomentField>,
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CreatedApiKey {
    #[serde(flatten)]
    view: ApiKeyView,
    /// The key itself, shown this once. Send it as `X-API-Key`.
    #[schema(pattern = "^fsk_[0-9A-Za-z]{49}$")]
    key: String,
}

/// Makes a key for a program. The answer is the only one that shows it. A key lasts until its end or until you end it: a
/// changed password and ended sessions leave it alive; a reset of the password ends it.
#[utoipa::path(tag = "auth", security(("session" = [])), extensions(("x-session-only" = json!(true))),
    request_body = CreateApiKeyBody, responses((status = 201, body = Envelope<CreatedApiKey>)))]
#[post("/auth/api-keys")]
async fn create_api_key(
    api: web::Data<AuthApi>,
    caller: InSession,
    tries: Tries<MakeKeyTry>,
    password: Tries<PasswordTry>,
    body: Body<CreateApiKeyBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    if body.scopes.len() > MOST_SCOPES {
        return Err(Problem::invalid_field("scopes", format!("must be at most {MOST_SCOPES}")));
    }
    tries.of(caller.user()?).await?.spent();
    let attempt = password.of(caller.user()?).await?;
    let command = CreateApiKey {
        current_password: body.current_password.0,
        name: body.name,
        scopes: body.scopes.into_iter().map(|scope| scope.0).collect::<Scopes>(),
        expires_at: body.expires_at.map(|end| end.0),
    };
    let done = attempt.judged(api.create_api_key.send(&caller.0, command).await).await?;
    let created = CreatedApiKey { view: done.output.view, key: done.output.secret.expose_secret().to_owned() };
    let mut response = respond::created(done.position, &created)?;
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

/// Ends one of one's own keys, at once on every host. A key has no version.
#[utoipa::path(tag = "auth", security(("session" = [])), extensions(("x-session-only" = json!(true))),
    params(("id" = Uuid, Path), NoVersion), responses((status = 204, description = "It has ended")))]
#[delete("/auth/api-keys/{id}")]
async fn end_api_key(
    request: HttpRequest,
    api: web::Data<AuthApi>,
    caller: InSession,
    id: PathId<ApiKeyId>,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let done = api.end_api_key.send(&caller.0, EndApiKey { key: id.0 }).await?;
    Ok(respond::empty(&done))
}
