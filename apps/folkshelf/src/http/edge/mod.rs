//! What is no context's: who is asking, how input is read and answers are given, what surrounds every request, and the
//! routes for operators. Knows no context: `modules` gives it a list of their routes, and the two things it needs of them
//! as ports (`gate.rs`).

pub mod admin;
pub mod at_once;
pub mod caller;
pub mod community;
pub mod credentials;
pub mod drain;
pub mod gate;
pub mod guard;
pub mod host;
pub mod hot;
pub mod input;
pub mod internal;
pub mod limits;
pub mod list;
pub mod moment;
pub mod openapi;
pub mod operations;
pub mod origins;
pub mod overload;
pub mod problem;
pub mod refused_keys;
pub mod respond;
pub mod routes;
pub mod server;
pub mod spool;
pub mod trace;
pub mod web_app;
pub mod well_known;
