//! What the routes of reviews send and ask.

use cqrs::{Ask, Dispatch, MissingHandler};
use reviews::{GetReview, WriteReview};

use crate::http::edge::host::Host;

pub struct ReviewsApi {
    pub(super) get: Ask<GetReview>,
    pub(super) write: Dispatch<WriteReview>,
}

impl ReviewsApi {
    pub fn new(host: &Host) -> Result<Self, MissingHandler> {
        Ok(Self { get: host.queries.asking()?, write: host.commands.dispatch()? })
    }
}
