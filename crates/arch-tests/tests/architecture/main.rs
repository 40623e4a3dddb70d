//! See `src/lib.rs`.

mod affected;
mod context_map;
mod dependencies;
mod events;
mod host;
mod identities;
mod items;
mod modules;
mod older_build;
mod promises;
mod public_surface;
mod readmes;
mod rights;
mod sources;
mod statuses;
mod surface;
mod tokens;
mod toy_context;
mod wire;
mod workspace;
