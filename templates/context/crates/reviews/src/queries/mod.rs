//! One file per query.

mod get_review;

pub use get_review::{GetReview, GetReviewError};

pub(crate) use get_review::GetReviewHandler;
