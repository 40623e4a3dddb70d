//! Which notifications reach a member, and how; and the link in letters that stops them.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, get, post, put, web};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use notifications::{GetPreferences, MailPace, Preference, PreferencesView, SetPreferences, Topic, Unsubscribe};
use secrecy::SecretString;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use super::api::NotificationsApi;
use crate::http::edge::caller::{Anyone, InSession, SignedIn};
use crate::http::edge::input::{Body, FieldErrors, NoParams, Params, from_string};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope, IfMatch};

pub(super) fn configure(services: &mut ServiceConfig) {
    services.service(get_preferences).service(set_preferences).service(show_unsubscribe).service(unsubscribe);
}

/// Which notifications reach oneself, and how.
#[utoipa::path(tag = "notifications", security(("session" = [])), responses(
    (status = 200, body = Envelope<PreferencesView>),
))]
#[get("/notifications/preferences")]
async fn get_preferences(
    request: HttpRequest,
    api: web::Data<NotificationsApi>,
    caller: SignedIn,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let preferences = api.preferences.ask(&caller.0, GetPreferences).await?;
    respond::found_version(&request, &preferences, preferences.version)
}

struct TopicField(Topic);

impl Deserr<FieldErrors> for TopicField {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| {
            Topic::from_name(text).map(Self).ok_or_else(|| one_of(&Topic::ALL.map(Topic::name)))
        })
    }
}

struct PaceField(MailPace);

impl Deserr<FieldErrors> for PaceField {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| {
            MailPace::from_name(text).map(Self).ok_or_else(|| one_of(&MailPace::ALL.map(MailPace::name)))
        })
    }
}

fn one_of(names: &[&str]) -> String {
    format!("must be one of: {}", names.join(", "))
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, rename_all = camelCase, deny_unknown_fields)]
#[schema(rename_all = "camelCase")]
struct PreferenceBody {
    #[schema(value_type = Topic)]
    topic: TopicField,
    /// Whether notifications about it stand in the inbox. Those that ask for something always do.
    in_app: bool,
    #[schema(value_type = MailPace)]
    mail: PaceField,
}

#[derive(Deserr, ToSchema)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
struct PreferencesBody {
    /// Topics that are not named stay as they are. Of two about one topic the last holds.
    topics: Vec<PreferenceBody>,
}

/// Chooses which notifications reach oneself, and how. `If-Match` refuses when the choice has changed since.
#[utoipa::path(tag = "notifications", security(("session" = [])), extensions(("x-session-only" = json!(true))), params(
    IfMatch), request_body = PreferencesBody, responses(
    (status = 200, body = Envelope<PreferencesView>),
))]
#[put("/notifications/preferences")]
async fn set_preferences(
    request: HttpRequest,
    api: web::Data<NotificationsApi>,
    caller: InSession,
    body: Body<PreferencesBody>,
) -> Result<HttpResponse, Problem> {
    let body = body.read()?;
    let topics = body.topics.into_iter();
    let topics = topics.map(|it| Preference { topic: it.topic.0, in_app: it.in_app, mail: it.mail.0 }).collect();
    let command = SetPreferences { expected_version: respond::expected_version(&request)?, topics };
    let done = api.set_preferences.send(&caller.0, command).await?;
    respond::changed(done.position, &done.output, done.output.version)
}

/// The link in a letter.
#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct StopLink {
    token: String,
}

/// Where the link leads that mail programs show: to the page that asks its reader. It changes nothing, because programs that
/// look for malice follow links.
#[utoipa::path(tag = "notifications", params(StopLink), responses(
    (status = 303, description = "See the page"),
))]
#[get("/notifications/unsubscribe")]
async fn show_unsubscribe(_caller: Anyone, link: Params<StopLink>) -> HttpResponse {
    // A parameter may hold anything, and none of it is to lead elsewhere.
    let plain = link.0.token.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'.' || byte == b'_');
    let token = if plain { link.0.token.as_str() } else { "" };
    HttpResponse::SeeOther().insert_header((header::LOCATION, format!("/unsubscribe?token={token}"))).finish()
}

/// Stops letters about a topic, with the token in one of them. It works without a login, and mail programs send it for their
/// readers (RFC 8058); what they send along is not read.
#[utoipa::path(tag = "notifications", params(StopLink), responses(
    (status = 204, description = "There will be no more of them"),
))]
#[post("/notifications/unsubscribe")]
async fn unsubscribe(
    api: web::Data<NotificationsApi>,
    caller: Anyone,
    link: Params<StopLink>,
) -> Result<HttpResponse, Problem> {
    let token = SecretString::from(link.0.token);
    let done = api.unsubscribe.send(&caller.0, Unsubscribe { token }).await?;
    Ok(respond::empty(&done))
}
