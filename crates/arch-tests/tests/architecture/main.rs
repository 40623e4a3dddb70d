//! See `src/lib.rs`.

mod affected;
mod context_map;
mod dependencies;
mod events;
mod readmes;
mod rights;
mod sources;
mod statuses;
mod workspace;
