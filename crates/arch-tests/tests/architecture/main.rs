//! See `src/lib.rs`.

mod affected;
mod context_map;
mod dependencies;
mod events;
mod host;
mod identities;
mod modules;
mod readmes;
mod rights;
mod sources;
mod statuses;
mod tokens;
mod workspace;
