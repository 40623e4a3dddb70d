use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use kernel::{ErrorKind, Permission, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};

use crate::view::{ProfileView, View};

/// A whole profile: one's own, or anybody's with the permission to read members.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct GetProfile {
    pub id: UserId,
}

impl Query for GetProfile {
    const NAME: &'static str = "get_profile";
    type Answer = ProfileView;
    type Error = GetProfileError;
}

cqrs::travels_as_it_is!(GetProfile);

#[derive(Debug, thiserror::Error)]
pub enum GetProfileError {
    /// Absent, or not for this caller to see.
    #[error("there is no such member")]
    NotFound,
    /// Theirs, and not told of yet: they registered a moment ago.
    #[error("the profile is not there yet")]
    NotYet,
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for GetProfileError {
    fn kind(&self) -> ErrorKind {
        match self {
            Self::NotFound => ErrorKind::NotFound,
            Self::NotYet => ErrorKind::Unavailable,
            Self::Database(error) => event_bus::error_kind(error),
        }
    }

    fn code(&self) -> &'static str {
        match self {
            Self::NotFound => "USER_NOT_FOUND",
            Self::NotYet => "UNAVAILABLE",
            Self::Database(_) => "INTERNAL",
        }
    }
}

pub(crate) struct GetProfileHandler {
    pub view: View,
}

#[async_trait]
impl QueryHandler<GetProfile> for GetProfileHandler {
    async fn handle(&self, call: &Call, query: GetProfile) -> Result<ProfileView, GetProfileError> {
        let own = call.actor().is(query.id);
        if !own && !call.actor().may(Permission::ReadUser) {
            return Err(GetProfileError::NotFound);
        }
        let absent = if own { GetProfileError::NotYet } else { GetProfileError::NotFound };
        self.view.profile(query.id, call.source()).await?.ok_or(absent)
    }
}
