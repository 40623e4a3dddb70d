//! The books context.
