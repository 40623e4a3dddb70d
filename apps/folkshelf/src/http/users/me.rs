//! What members see of themselves.

use auth::GetAccount;
use serde::Serialize;
use users::{GetProfile, ProfileView};
use utoipa::ToSchema;

use super::api::UsersApi;
use crate::http::edge::caller::SignedIn;
use crate::http::edge::problem::Problem;

/// A member as they themselves see it.
#[derive(Serialize, ToSchema)]
#[serde(rename_all = "camelCase")]
pub struct MeView {
    pub email: String,
    #[serde(flatten)]
    pub profile: ProfileView,
}

pub(super) async fn me(api: &UsersApi, caller: &SignedIn) -> Result<MeView, Problem> {
    let id = caller.user()?;
    let profile = api.profile.ask(&caller.0, GetProfile { id }).await?;
    let account = api.account.ask(&caller.0, GetAccount { user: id }).await?;
    Ok(MeView { email: account.email, profile })
}
