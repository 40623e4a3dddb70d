//! Pure rules: no I/O.

mod facts;
pub(crate) mod letter;
mod telling;
mod topic;
mod words;

pub use facts::NotificationData;
pub(crate) use facts::{AT_WILL, Facts, Known, People, Words, WordsAre};
pub(crate) use telling::{Cast, Telling, about_borrow, report};
pub(crate) use topic::{Channels, Chosen, outdated_by};
pub use topic::{MailPace, Topic};
pub(crate) use words::{Pen, Text};
