//! Pure rules: no I/O.

mod telling;

pub use telling::NotificationData;
pub(crate) use telling::{Names, Telling, about_borrow};
