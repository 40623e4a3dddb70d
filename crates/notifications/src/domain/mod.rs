//! Pure rules: no I/O.

mod telling;

pub use telling::NotificationData;
pub(crate) use telling::{Cast, Person, Telling, about_borrow};
