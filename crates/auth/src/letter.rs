//! What the mails say.

use secrecy::{ExposeSecret, SecretString};
use time::Duration;

use crate::ports::Mail;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letter {
    VerifyEmail,
    ResetPassword,
    /// For members whose account somebody else opened.
    ChoosePassword,
}

/// What the token in a link may be used for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Purpose {
    VerifyEmail,
    ResetPassword,
}

impl Purpose {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
        }
    }
}

impl Letter {
    const ALL: [Letter; 3] = [Self::VerifyEmail, Self::ResetPassword, Self::ChoosePassword];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::ChoosePassword => "choose_password",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|letter| letter.name() == name)
    }

    pub(crate) fn purpose(self) -> Purpose {
        match self {
            Self::VerifyEmail => Purpose::VerifyEmail,
            Self::ResetPassword | Self::ChoosePassword => Purpose::ResetPassword,
        }
    }

    pub(crate) fn valid_for(self) -> Duration {
        match self {
            Self::VerifyEmail | Self::ChoosePassword => Duration::days(7),
            Self::ResetPassword => Duration::hours(1),
        }
    }

    /// The link leads to a page that sends the token on: following it changes nothing by itself.
    pub(crate) fn write(self, to: &str, name: &str, public_url: &str, token: &SecretString) -> Mail {
        let (subject, path, ask, end) = match self {
            Self::VerifyEmail => (
                "Please confirm your mail address",
                "verify-email",
                "please confirm that this mail address is yours:",
                "The link works for 7 days. If you have not joined Folkshelf, do nothing.",
            ),
            Self::ResetPassword => (
                "Choose a new password",
                "reset-password",
                "somebody, hopefully you, has forgotten your password. Choose a new one here:",
                "The link works for one hour. If it was not you, do nothing: your password stays as it is.",
            ),
            Self::ChoosePassword => (
                "Welcome to Folkshelf",
                "reset-password",
                "an account was opened for you. Choose a password to sign in with:",
                "The link works for 7 days. After that, ask for a new one where you sign in.",
            ),
        };
        let base = public_url.trim_end_matches('/');
        let link = format!("{base}/{path}?token={}", token.expose_secret());
        Mail {
            to: to.to_owned(),
            subject: subject.to_owned(),
            text: format!("Hello {name},\n\n{ask}\n\n{link}\n\n{end}\n"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_found_by_its_name_and_holds_its_link() {
        for letter in Letter::ALL {
            assert_eq!(Letter::from_name(letter.name()), Some(letter));
            let mail = letter.write("ada@example.org", "Ada", "https://shelf.example/", &"t0k3n".into());
            assert!(mail.text.contains("https://shelf.example/"));
            assert!(mail.text.contains("?token=t0k3n\n"));
            assert!(!format!("{mail:?}").contains("t0k3n"));
        }
        assert_eq!(Letter::from_name("greeting"), None);
    }
}
