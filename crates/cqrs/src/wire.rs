//! Messages that travel to another process: only those for which a context has written down how.

use serde::Serialize;
use serde::de::DeserializeOwned;

/// A command or query in the form in which it travels. A form is a contract between builds: fields may be added with a default,
/// and are never renamed, changed or taken away. A sample of each is checked in.
pub trait Wire: Sized {
    type Form: Serialize + DeserializeOwned + Send;

    fn into_form(self) -> Self::Form;

    /// What is wrong with the form, as an operator reads it.
    fn from_form(form: Self::Form) -> Result<Self, String>;
}

/// These travel as serde writes them. Not for what holds a secret: its form says by name that the secret travels.
#[macro_export]
macro_rules! travels_as_it_is {
    ($($message:ty),+ $(,)?) => {
        $(impl $crate::Wire for $message {
            type Form = Self;

            fn into_form(self) -> Self {
                self
            }

            fn from_form(form: Self) -> Result<Self, String> {
                Ok(form)
            }
        })+
    };
}
