//! The books context against a real PostgreSQL and Redis, in one program: linking is what costs.

mod borrows;
mod catalogue;
mod deletion;
mod imports;
mod shelf;
mod support;
