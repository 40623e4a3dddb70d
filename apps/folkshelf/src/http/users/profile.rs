//! One's own profile.

use actix_web::{HttpRequest, HttpResponse, delete, get, put, web};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use kernel::{LanguageTag, Line, Prose};
use users::{DeleteUser, Preferences, ProfileView, Proof, TimeZoneName, UpdateProfile};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::api::UsersApi;
use super::me::{MeView, me};
use crate::http::edge::caller::{InSession, SignedIn};
use crate::http::edge::input::{Body, FieldErrors, Maybe, NoParams, Params, from_string};
use crate::http::edge::limits::{PasswordTry, Tries};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, IfMatch};

pub(super) fn configure(services: &mut ServiceConfig) {
    services.service(get_profile).service(update_profile).service(delete_profile);
}

/// One's own profile.
#[utoipa::path(tag = "users", security(("session" = [])), responses((status = 200, body = Envelope<MeView>)))]
#[get("/profile")]
async fn get_profile(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: SignedIn,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let me = me(&api, &caller).await?;
    respond::found_version(&request, &me, me.profile.version)
}

struct TimeZoneField(TimeZoneName);

impl Deserr<FieldErrors> for TimeZoneField {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| {
            TimeZoneName::new(text).map(Self).ok_or_else(|| "must be a time zone, as in Europe/Vienna".to_owned())
        })
    }
}

struct PreferencesField(Preferences);

impl Deserr<FieldErrors> for PreferencesField {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        match serde_json::Value::from(value) {
            serde_json::Value::Object(values) => {
                Preferences::new(values).map(Self).map_err(|message| FieldErrors::one(at, message))
            }
            _ => Err(FieldErrors::one(at, "must be an object")),
        }
    }
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct ProfileBody {
    #[schema(value_type = String, min_length = 1, max_length = 100)]
    name: Line<100>,
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 1000)]
    bio: Maybe<Prose<1000>>,
    #[deserr(default)]
    #[schema(value_type = Option<String>, max_length = 100)]
    location: Maybe<Line<100>>,
    /// Whether other members see the bio; stays as it is without it.
    #[deserr(default)]
    show_bio: Option<bool>,
    /// Whether other members see the location; stays as it is without it.
    #[deserr(default)]
    show_location: Option<bool>,
    #[schema(value_type = String, example = "fr-CA", max_length = 35, pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
    language: LanguageTag,
    #[schema(value_type = String, example = "Europe/Vienna", format = "time-zone")]
    time_zone: TimeZoneField,
    /// Settings of the member's programs; at most 10,000 bytes.
    #[schema(value_type = Option<Object>)]
    #[deserr(default)]
    preferences: Option<PreferencesField>,
}

/// Describes oneself anew. `If-Match` refuses when the profile has changed since.
#[utoipa::path(tag = "users", security(("session" = [])), extensions(("x-session-only" = json!(true))), params(
    IfMatch), request_body = ProfileBody, responses(
    (status = 200, body = Envelope<ProfileView>),
))]
#[put("/profile")]
async fn update_profile(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: InSession,
    body: Body<ProfileBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let command = UpdateProfile {
        expected_version: respond::expected_version(&request)?,
        name: body.name,
        bio: body.bio.0,
        location: body.location.0,
        show_bio: body.show_bio,
        show_location: body.show_location,
        language: body.language,
        time_zone: body.time_zone.0,
        preferences: body.preferences.map(|preferences| preferences.0).unwrap_or_default(),
    };
    let done = api.update_profile.send(&caller.0, command).await?;
    respond::changed(done.position, &done.output, done.output.version)
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct PasswordBody {
    #[schema(pattern = r"^(.|\s)*$")]
    password: String,
}

/// Deletes one's own account. Refused while there are open loans, and by `If-Match` when the profile has changed since.
#[utoipa::path(tag = "users", security(("session" = [])), extensions(("x-session-only" = json!(true))), params(
    IfMatch), request_body = PasswordBody, responses(
    (status = 204, description = "It is gone"),
))]
#[delete("/profile")]
async fn delete_profile(
    request: HttpRequest,
    api: web::Data<UsersApi>,
    caller: InSession,
    tries: Tries<PasswordTry>,
    body: Body<PasswordBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let expected_version = respond::expected_version(&request)?;
    let attempt = tries.of(caller.user()?).await?;
    let command = DeleteUser { id: caller.user()?, expected_version, proof: Proof::Password(body.password) };
    let done = attempt.judged(api.delete.send(&caller.0, command).await).await?;
    Ok(respond::empty(&done))
}
