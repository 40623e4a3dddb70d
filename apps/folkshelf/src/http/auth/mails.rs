//! Letters that wait or were given up, for administrators.

use actix_web::{HttpRequest, HttpResponse, get, post, web};
use auth::{ListMails, MailState, MailView, RetryMail};
use deserr::Deserr;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use super::api::AuthApi;
use crate::http::edge::caller::{Admin, Permitted};
use crate::http::edge::input::{FieldErrors, FromText, Param, PathId};
use crate::http::edge::list::{List, PagesByNumber};
use crate::http::edge::problem::Problem;
use crate::http::edge::respond::{self, ListEnvelope};

pub(super) fn configure(services: &mut ServiceConfig) {
    services.service(list_mails).service(retry_mail);
}

impl FromText for MailState {
    const MUST_BE: &'static str = "waiting or given_up";

    fn from_text(text: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == text)
    }
}

#[derive(Deserr, IntoParams)]
#[deserr(error = FieldErrors, deny_unknown_fields)]
#[into_params(parameter_in = Query)]
struct Filters {
    /// Both without it.
    #[param(value_type = Option<MailState>, inline)]
    #[deserr(default)]
    state: Option<Param<MailState>>,
}

const FIELDS: &[&str] =
    &["id", "kind", "recipient", "state", "attempts", "error", "createdAt", "nextAttemptAt", "givenUpAt"];

/// Letters that wait or were given up, newest first. Of their recipients only the first letter and the domain are shown.
#[utoipa::path(tag = "admin", security(("session" = [])), params(PagesByNumber, Filters), responses(
    (status = 200, body = ListEnvelope<MailView>),
))]
#[get("/admin/mails")]
async fn list_mails(
    request: HttpRequest,
    api: web::Data<AuthApi>,
    admin: Permitted<Admin>,
    list: List<Filters>,
) -> Result<HttpResponse, Problem> {
    list.params.refuse_sorting()?;
    let state = list.filters.state.as_ref().map(|state| state.0);
    let query = ListMails { state, page: list.params.page_by_number()? };
    let page = api.mails.ask(&admin.0, query).await?;
    respond::listed(&request, &list.params, page, FIELDS)
}

/// Tries a letter again that was given up, at once. Where a newer one of its kind waits for the same address, that one stands
/// for both.
#[utoipa::path(tag = "admin", security(("session" = [])), params(("id" = Uuid, Path)), responses(
    (status = 204, description = "It waits again"),
))]
#[post("/admin/mails/{id}/retry")]
async fn retry_mail(
    api: web::Data<AuthApi>,
    admin: Permitted<Admin>,
    id: PathId<Uuid>,
) -> Result<HttpResponse, Problem> {
    let done = api.retry_mail.send(&admin.0, RetryMail { mail: id.0 }).await?;
    Ok(respond::empty(&done))
}
