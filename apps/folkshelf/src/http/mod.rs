//! HTTP: one file a context. Routes read input, send a command or ask a query, and answer; no SQL, no rule of the domain.
//! What is the same for all of them is in `edge`. Each context's `api.rs` lists the commands and queries its routes use.

pub mod auth;
pub mod books;
pub mod borrowing;
pub mod edge;
pub mod notifications;
pub mod users;
