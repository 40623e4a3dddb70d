//! The books context against a real PostgreSQL and Redis, in one program: linking is what costs.

#![allow(clippy::unwrap_used, reason = "a test panics where something is not as it must be")]

mod apart;
mod borrows;
mod catalogue;
mod deletion;
mod files;
mod forgotten;
mod full_shelf;
mod hidden;
mod imports;
mod real_books;
mod reports;
mod reviews;
mod search;
mod shelf;
mod spellings;
mod support;
mod turns;
mod unseen;
