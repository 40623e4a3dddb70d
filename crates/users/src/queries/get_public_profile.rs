use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::{ErrorKind, Permission, Query, Refusal, UserId};

use crate::view::{PublicProfileView, View};

/// What others may know of a member. Of a deactivated one only those who look after members know.
#[derive(Debug, Clone)]
pub struct GetPublicProfile {
    pub id: UserId,
}

impl Query for GetPublicProfile {
    const NAME: &'static str = "get_public_profile";
    type Answer = PublicProfileView;
    type Error = GetPublicProfileError;
}

#[derive(Debug, thiserror::Error)]
pub enum GetPublicProfileError {
    #[error("there is no such member")]
    NotFound,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for GetPublicProfileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "USER_NOT_FOUND",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct GetPublicProfileHandler {
    pub view: View,
}

#[async_trait]
impl QueryHandler<GetPublicProfile> for GetPublicProfileHandler {
    async fn handle(&self, call: &Call, query: GetPublicProfile) -> Result<PublicProfileView, GetPublicProfileError> {
        let actor = call.actor();
        let profile = self.view.profile(query.id, call.source()).await?;
        profile
            .filter(|profile| profile.active || actor.may(Permission::ReadUser))
            .map(|profile| PublicProfileView::of(profile, actor.user_id().is_some()))
            .ok_or(GetPublicProfileError::NotFound)
    }
}
