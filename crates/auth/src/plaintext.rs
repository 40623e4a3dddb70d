//! Passwords on the way to another process, the only place where they are serialised.

use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Serialize, Serializer};

use crate::domain::{Password, PasswordError};

/// A password that is written out when it is serialised: for the forms of messages alone. Has no `Debug`.
#[derive(Deserialize)]
#[serde(transparent)]
pub(crate) struct Plaintext(pub SecretString);

impl Serialize for Plaintext {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.0.expose_secret())
    }
}

impl From<Password> for Plaintext {
    fn from(password: Password) -> Self {
        Self(password.expose().into())
    }
}

impl TryFrom<Plaintext> for Password {
    type Error = PasswordError;

    fn try_from(password: Plaintext) -> Result<Self, PasswordError> {
        Self::new(password.0.expose_secret())
    }
}
