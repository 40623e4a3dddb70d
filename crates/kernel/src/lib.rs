//! The words that every context shares. Pure: no I/O, no async, no clock of its own.
//!
//! | module | holds |
//! |---|---|
//! | [`ids`] | one type per kind of id, all UUID v7 |
//! | [`actor`] | who is asking, and what their role permits |
//! | [`known_member`] | what is compared of members between contexts |
//! | [`message`] | [`Command`] and [`Query`]: the only way into a context |
//! | [`event`] | [`Event`]: what a context tells the others, and [`Position`] in the log |
//! | [`error`] | [`Refusal`]: a kind, a stable code, details; never an HTTP status |
//! | [`page`] | asking for a page of a list, and the page itself |
//! | [`text`] | what text is empty, what is allowed, what is the same; [`Line`] and [`Prose`] hold what is allowed |
//! | [`language`] | the language that somebody wants to be spoken to in |
//! | [`clock`] | time comes in from outside |
//! | [`name`] | names from outside that stand where ours stand |

pub mod actor;
pub mod clock;
pub mod error;
pub mod event;
pub mod ids;
pub mod known_member;
pub mod language;
pub mod message;
pub mod name;
pub mod page;
pub mod text;

pub use actor::{Actor, Credential, Permission, PermissionSet};
pub use clock::{Clock, CorrectedClock, ManualClock, SystemClock};
pub use error::{Detail, ErrorKind, Refusal};
pub use event::{DecodeError, Event, LogPosition, Position};
pub use ids::{ApiKeyId, BookId, BorrowId, EventId, ImportId, MessageId, NotificationId, ReportId, SessionId, UserId};
pub use known_member::KnownMember;
pub use language::{LanguageTag, LanguageTagError};
pub use message::{Command, Query};
pub use page::{Page, PageRequest};
pub use text::{Line, Prose, TextError};
