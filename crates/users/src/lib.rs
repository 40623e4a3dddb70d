//! The users context.
