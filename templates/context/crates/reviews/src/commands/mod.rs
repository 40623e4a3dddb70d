//! One file per command.

mod write_review;

pub use write_review::{WriteReview, WriteReviewError};

pub(crate) use write_review::WriteReviewHandler;
