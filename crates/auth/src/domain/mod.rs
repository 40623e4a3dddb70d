//! What an address, a password, a token and an API key are. Pure.

mod api_key;
mod email;
mod password;
mod scopes;
mod token;

pub(crate) use api_key::ApiKey;
pub use email::{Email, EmailError};
pub(crate) use password::as_typed;
pub use password::{Password, PasswordError};
pub use scopes::Scopes;
pub use token::TokenHash;
pub(crate) use token::{new_token, token_of};
