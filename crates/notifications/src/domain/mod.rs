//! Pure rules: no I/O.

mod facts;
mod telling;
mod words;

pub use facts::NotificationData;
pub(crate) use facts::{AT_WILL, Facts, Known, People, Words};
pub(crate) use telling::{Cast, Telling, about_borrow};
pub(crate) use words::{Pen, Text};
