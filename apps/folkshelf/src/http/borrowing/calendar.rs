//! The days of one's loans, for a calendar program: a file for one loan, or a secret address for all.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, web};
use borrowing::{BorrowCalendar, EndCalendarFeed, GetCalendarFeed, MemberCalendar, OpenCalendarFeed, Written};
use deserr::Deserr;
use kernel::{BorrowId, LanguageTag};
use secrecy::{ExposeSecret, SecretString};
use serde::Serialize;
use time::OffsetDateTime;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;
use wording::Language;

use super::api::BorrowingApi;
use crate::http::edge::caller::{Anyone, InSession, SignedIn};
use crate::http::edge::input::{FieldErrors, FromText, NoParams, Param, Params, PathId};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, Envelope};

pub(super) fn configure(services: &mut ServiceConfig) {
    services
        .service(get_borrow_calendar)
        .service(get_calendar)
        .service(get_calendar_feed)
        .service(open_calendar_feed)
        .service(end_calendar_feed);
}

#[derive(Debug, Clone)]
struct LanguageParam(LanguageTag);

impl FromText for LanguageParam {
    const MUST_BE: &'static str = "a language, as in en or fr-CA";

    fn from_text(text: &str) -> Option<Self> {
        LanguageTag::new(text).ok().map(Self)
    }
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct InLanguage {
    /// In which it is written; the community's without it, or where nothing is written in it.
    #[param(value_type = Option<String>, example = "fr", max_length = 35, pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
    #[deserr(default)]
    language: Option<Param<LanguageParam>>,
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct SecretAddress {
    /// As `POST /profile/calendar-feed` gave it.
    #[param(max_length = 64)]
    token: String,
    /// In which it is written; the community's without it, or where nothing is written in it.
    #[param(value_type = Option<String>, example = "fr", max_length = 35, pattern = "^[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
    #[deserr(default)]
    language: Option<Param<LanguageParam>>,
}

impl BorrowingApi {
    fn written(&self, language: Option<&Param<LanguageParam>>) -> Written {
        let language = language.and_then(|language| Language::of_tag(language.0.0.as_str()));
        Written { language: language.unwrap_or(self.written.language), ..self.written.clone() }
    }
}

fn calendar(file: String) -> HttpResponse {
    HttpResponse::Ok()
        .content_type("text/calendar; charset=utf-8")
        .insert_header((header::CONTENT_DISPOSITION, "attachment; filename=\"folkshelf.ics\""))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .body(file)
}

/// The next day of a borrow as a calendar file: until when it may be picked up, or when it is due. For its two parties.
#[utoipa::path(tag = "borrows", security(("session" = [])), params(("id" = Uuid, Path), InLanguage), responses(
    (status = 200, body = String, content_type = "text/calendar", description = "One event of one whole day"),
))]
#[get("/borrows/{id}/calendar.ics")]
async fn get_borrow_calendar(
    api: web::Data<BorrowingApi>,
    caller: SignedIn,
    id: PathId<BorrowId>,
    params: Params<InLanguage>,
) -> Result<HttpResponse, Problem> {
    let written = api.written(params.0.language.as_ref());
    Ok(calendar(api.borrow_calendar.ask(&caller.0, BorrowCalendar { borrow: id.0, written }).await?))
}

/// All days of one member's loans, 500 at most, at their secret address. Everybody who has the address can read them.
#[utoipa::path(tag = "borrows", params(SecretAddress), responses(
    (status = 200, body = String, content_type = "text/calendar", description = "An event of one whole day for each loan"),
))]
#[get("/calendar.ics")]
async fn get_calendar(
    api: web::Data<BorrowingApi>,
    caller: Anyone,
    params: Params<SecretAddress>,
) -> Result<HttpResponse, Problem> {
    let written = api.written(params.0.language.as_ref());
    let token = SecretString::from(params.0.token);
    Ok(calendar(api.member_calendar.ask(&caller.0, MemberCalendar { token, written }).await?))
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct CalendarFeed {
    /// Since when there is a secret address. Null: there is none.
    #[serde(with = "time::serde::rfc3339::option")]
    #[schema(required)]
    created_at: Option<OffsetDateTime>,
}

/// Whether one's calendar has a secret address. The address itself is shown only when it is made.
#[utoipa::path(tag = "borrows", security(("session" = [])), responses((status = 200, body = Envelope<CalendarFeed>)))]
#[get("/profile/calendar-feed")]
async fn get_calendar_feed(
    request: HttpRequest,
    api: web::Data<BorrowingApi>,
    caller: SignedIn,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    let created_at = api.calendar_feed.ask(&caller.0, GetCalendarFeed {}).await?;
    respond::found(&request, &CalendarFeed { created_at })
}

#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct OpenedFeed {
    #[serde(with = "time::serde::rfc3339")]
    created_at: OffsetDateTime,
    /// The address, shown this once. A calendar program fetches it without a session; `&language=fr` chooses a language.
    #[schema(format = "uri")]
    url: String,
}

/// Gives one's calendar a secret address. The one before, if there was one, leads nowhere any more.
#[utoipa::path(tag = "borrows", security(("session" = [])), extensions(("x-session-only" = json!(true))), responses(
    (status = 201, body = Envelope<OpenedFeed>),
))]
#[post("/profile/calendar-feed")]
async fn open_calendar_feed(api: web::Data<BorrowingApi>, caller: InSession) -> Result<HttpResponse, Problem> {
    let done = api.open_feed.send(&caller.0, OpenCalendarFeed {}).await?;
    let base = api.written.public_url.trim_end_matches('/');
    let url = format!("{base}/api/v1/calendar.ics?token={}", done.output.token.expose_secret());
    let mut response = respond::created(done.position, &OpenedFeed { created_at: done.output.created_at, url })?;
    response.headers_mut().insert(header::CACHE_CONTROL, header::HeaderValue::from_static("no-store"));
    Ok(response)
}

/// The secret address leads nowhere any more. Where there is none it stays so.
#[utoipa::path(tag = "borrows", security(("session" = [])), extensions(("x-session-only" = json!(true))),
    responses((status = 204, description = "There is no address")))]
#[delete("/profile/calendar-feed")]
async fn end_calendar_feed(
    request: HttpRequest,
    api: web::Data<BorrowingApi>,
    caller: InSession,
) -> Result<HttpResponse, Problem> {
    respond::refuse_versions(&request)?;
    let done = api.end_feed.send(&caller.0, EndCalendarFeed {}).await?;
    Ok(respond::empty(&done))
}
