//! Reviews: what members write about books.
//!
//! | a use case | its file |
//! |---|---|
//! | write a review | `commands/write_review.rs` |
//! | read one | `queries/get_review.rs` |
//! | hearing users | `subscribers.rs` |
//! | the reviews in Redis | `view.rs` |

mod commands;
mod context;
mod queries;
mod subscribers;
mod view;

pub use commands::{WriteReview, WriteReviewError};
pub use context::{MIGRATIONS, PUBLISHES, Reviews};
pub use queries::{GetReview, GetReviewError};
pub use view::ReviewView;
