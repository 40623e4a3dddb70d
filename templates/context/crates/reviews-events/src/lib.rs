//! What reviews publishes. No text: that is its author's own.

use kernel::ids::ReviewId;
use kernel::{BookId, UserId};
use serde::{Deserialize, Serialize};

/// A member wrote a review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct ReviewWritten {
    pub review_id: ReviewId,
    pub book_id: BookId,
    pub author_id: UserId,
}

kernel::events! {
    /// Everything reviews publishes.
    pub enum ReviewEvent of "reviews" {
        "review.written" 1 about "review" by review_id => Written(ReviewWritten),
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn every_event_writes_what_its_sample_says() {
        kernel::event::assert_samples_hold::<super::ReviewEvent>();
    }
}
