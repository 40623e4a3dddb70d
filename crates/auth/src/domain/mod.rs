//! What an address, a password and a token are. Pure.

mod email;
mod password;
mod token;

pub use email::{Email, EmailError};
pub(crate) use password::as_typed;
pub use password::{Password, PasswordError};
pub(crate) use token::{TokenHash, new_token, token_of};
