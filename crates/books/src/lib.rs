//! The books context.

mod domain;
