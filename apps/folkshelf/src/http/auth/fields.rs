//! Addresses and secrets, as they are read from bodies.

use auth::{Email, Password};
use deserr::{Deserr, IntoValue, Value, ValuePointerRef};
use secrecy::SecretString;

use crate::http::edge::input::{FieldErrors, from_string};

pub(super) struct EmailField(pub Email);

impl Deserr<FieldErrors> for EmailField {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| Email::new(text).map(Self).map_err(|error| error.to_string()))
    }
}

/// The address of an account that is made now.
pub struct NewEmailField(pub Email);

impl Deserr<FieldErrors> for NewEmailField {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| Email::chosen(text).map(Self).map_err(|error| error.to_string()))
    }
}

pub(super) struct PasswordField(pub Password);

impl Deserr<FieldErrors> for PasswordField {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| Password::new(text).map(Self).map_err(|error| error.to_string()))
    }
}

/// Something secret that somebody typed or was sent: a password that may be wrong, a token.
pub(super) struct SecretField(pub SecretString);

impl Deserr<FieldErrors> for SecretField {
    fn deserialize_from_value<V: IntoValue>(value: Value<V>, at: ValuePointerRef) -> Result<Self, FieldErrors> {
        from_string(value, at, |text| match text.len() {
            0 => Err("must not be empty".to_owned()),
            1..=1000 => Ok(Self(SecretString::from(text))),
            _ => Err("is too long".to_owned()),
        })
    }
}
