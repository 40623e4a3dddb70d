//! The life of a borrow as pure rules: no async, no SQL, no clock and no randomness of its own.
//!
//! A command is a method of [`Borrow`] (or [`Borrow::request`]) that answers with a [`Change`] or with a [`Refused`]. What a
//! change means for the others who wait for the same copy is said by [`Change::queue`]; [`queue`] holds those rules.
//!
//! | file | holds |
//! |---|---|
//! | `borrow.rs` | the borrow, who stands where towards it, and the request |
//! | `state.rs` | where a borrow stands, with what belongs there and nothing else |
//! | `answer.rs` | until the hand-over: approve, reject, cancel, wait, come first, run out |
//! | `loan.rs` | from the hand-over on: extend, return, lose, disagree, settle |
//! | `copy.rs` | the lendable copy |
//! | `queue.rs` | who comes next, and who must wait |
//! | `reminder.rs` | what is to be said when, once per due date |
//! | `calendar.rs` | days of the community's time zone |
//! | `code.rs` | the hand-over code |
//! | `conversation.rs` | who reads and writes the messages of a borrow, how many, and until when |
//! | `rules.rs` | the community's limits |
//! | `snapshot.rs` | a borrow as its events tell it |

mod answer;
mod borrow;
mod calendar;
mod code;
mod conversation;
mod copy;
mod loan;
pub mod queue;
mod refused;
mod reminder;
mod rules;
mod snapshot;
mod state;
mod status;
#[cfg(test)]
pub(crate) mod tests;

pub use answer::Approval;
pub use borrow::{Borrow, Change, CopyEffect, Part, Request};
pub use calendar::{CommunityZone, UnknownTimeZone};
pub use code::HandOverCode;
use code::MAX_WRONG_CODES;
pub use conversation::{Conversation, Reported, Written};
pub use copy::{Copy, Withdrawal};
#[cfg(test)]
pub use loan::HandOverBy;
pub use loan::{ExtensionAnswer, Finding, WrongCode};
pub use refused::Refused;
pub use reminder::Reminder;
pub use rules::{LendingRules, Recent};
pub use snapshot::BorrowSnapshot;
pub use state::{Active, Agreement, Closed, Ending, Held, Lent, Loan, Note, Requested, Resolution, Stage, State};
pub use status::BorrowStatus;
