//! What an app has to know of a community before it can speak of days and limits: what its operator has set, no secret in it.

use actix_web::{HttpRequest, HttpResponse, get, web};
use cqrs::Caller;
use kernel::Actor;
use serde::Serialize;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use super::caller::Anyone;
use super::input::{NoParams, Params};
use super::problem::Problem;
use super::respond::{self, Envelope};
use crate::settings::Settings;

/// How a community is set up.
#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct CommunityView {
    /// As its members call it, where its operator named it.
    name: Option<String>,
    /// IANA name, as in `Europe/Paris`: days, and with them due dates and pick-up dates, end at midnight there.
    time_zone: String,
    /// In which members are written to who did not choose one.
    language: String,
    /// Whether one needs an account to browse.
    closed_catalogue: bool,
    /// Whether somebody who registers proves the mail address before they have an account.
    proof_required: bool,
    /// How many books a member may have on the shelf.
    max_books: u32,
    /// How many requests a member may have waiting at once.
    max_open_requests: u32,
    /// How often a loan can be extended.
    max_extensions: u32,
    imports: ImportLimits,
}

#[derive(Debug, Clone, Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
struct ImportLimits {
    /// Of the file.
    max_bytes: usize,
    max_rows: usize,
}

impl From<&Settings> for CommunityView {
    fn from(settings: &Settings) -> Self {
        let community = &settings.community;
        Self {
            name: Some(community.name.trim()).filter(|name| !name.is_empty()).map(str::to_owned),
            time_zone: community.time_zone.clone(),
            language: community.language.clone(),
            closed_catalogue: community.closed_catalogue,
            proof_required: settings.proof_required(),
            max_books: community.max_books,
            max_open_requests: community.max_open_requests,
            max_extensions: community.max_extensions,
            imports: ImportLimits { max_bytes: settings.imports.max_bytes, max_rows: settings.imports.max_rows },
        }
    }
}

impl CommunityView {
    pub fn has_closed_catalogue(&self) -> bool {
        self.closed_catalogue
    }

    /// Browsing needs no account unless the community closed its catalogue.
    pub fn may_browse(&self, caller: &Caller) -> Result<(), Problem> {
        if self.closed_catalogue && caller.actor == Actor::Anonymous { Err(Problem::unauthenticated()) } else { Ok(()) }
    }
}

pub(super) fn configure(services: &mut ServiceConfig) {
    services.service(get_community);
}

/// How this community is set up: where its days end, and what it limits.
#[utoipa::path(tag = "community", responses((status = 200, body = Envelope<CommunityView>)))]
#[get("/community")]
async fn get_community(
    request: HttpRequest,
    community: web::Data<CommunityView>,
    _caller: Anyone,
    _none: Params<NoParams>,
) -> Result<HttpResponse, Problem> {
    respond::found(&request, &**community)
}
