//! The borrowing context.
