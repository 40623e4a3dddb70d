//! The notifications context.
