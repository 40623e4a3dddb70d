//! What the mails say. Their texts are in `locales/`.

use std::sync::LazyLock;

use secrecy::{ExposeSecret, SecretString};
use time::Duration;
use uuid::Uuid;
use wording::{Args, Language, Texts};

use crate::mails::DAY;
use crate::ports::Mail;

static TEXTS: LazyLock<Texts> = LazyLock::new(|| Texts::new(source));

fn source(language: Language) -> &'static str {
    match language {
        Language::English => include_str!("../locales/en.ftl"),
        Language::French => include_str!("../locales/fr.ftl"),
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Letter {
    VerifyEmail,
    ResetPassword,
    /// For members whose account somebody else opened.
    ChoosePassword,
    /// For those who asked for an account and have none before they followed the link.
    OpenAccount,
    /// For those who asked for an account at an address that has one.
    HasAccount,
    /// Tells the owner of the account, with a link in case somebody else did it.
    PasswordChanged,
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
    pub(crate) const ALL: [Letter; 6] = [
        Self::VerifyEmail,
        Self::ResetPassword,
        Self::ChoosePassword,
        Self::OpenAccount,
        Self::HasAccount,
        Self::PasswordChanged,
    ];

    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify_email",
            Self::ResetPassword => "reset_password",
            Self::ChoosePassword => "choose_password",
            Self::OpenAccount => "open_account",
            Self::HasAccount => "has_account",
            Self::PasswordChanged => "password_changed",
        }
    }

    pub(crate) fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|letter| letter.name() == name)
    }

    pub(crate) fn purpose(self) -> Purpose {
        match self {
            Self::VerifyEmail | Self::OpenAccount => Purpose::VerifyEmail,
            Self::ResetPassword | Self::ChoosePassword | Self::HasAccount | Self::PasswordChanged => {
                Purpose::ResetPassword
            }
        }
    }

    pub(crate) fn valid_for(self) -> Duration {
        match self {
            Self::VerifyEmail | Self::ChoosePassword | Self::OpenAccount => Duration::days(7),
            // An address gets so many letters a day. A stranger can ask for all of them at once; the links in them work all
            // day, so the owner of the account still has one.
            Self::ResetPassword | Self::HasAccount | Self::PasswordChanged => DAY,
        }
    }

    /// As the texts call it.
    fn text(self) -> &'static str {
        match self {
            Self::VerifyEmail => "verify-email",
            Self::ResetPassword => "reset-password",
            Self::ChoosePassword => "choose-password",
            Self::OpenAccount => "open-account",
            Self::HasAccount => "has-account",
            Self::PasswordChanged => "password-changed",
        }
    }

    /// `name` is that of a member who has proved the address: a name that anybody may have typed is in no letter. The link
    /// leads to a page that sends the token on: following it changes nothing by itself.
    pub(crate) fn write(
        self,
        id: Uuid,
        language: Language,
        to: &str,
        name: Option<&str>,
        public_url: &str,
        token: &SecretString,
    ) -> Mail {
        let page = match self.purpose() {
            Purpose::VerifyEmail => "verify-email",
            Purpose::ResetPassword => "reset-password",
        };
        let base = public_url.trim_end_matches('/');
        let link = format!("{base}/{page}?token={}", token.expose_secret());
        let args = Args::from_iter([("name", name.unwrap_or_default())]);
        let part = |part: &str| TEXTS.write(language, &format!("{}.{part}", self.text()), &args);
        let greeting = TEXTS.write(language, if name.is_some() { "greeting" } else { "greeting-nobody" }, &args);
        let (subject, ask, button, end) = (part("subject"), part("ask"), part("button"), part("end"));
        let letter = wording::Letter {
            subject: &subject,
            greeting: &greeting,
            ask: &ask,
            items: &[],
            button: &button,
            link: &link,
            end: &end,
            stop: None,
        };
        let (text, html) = (letter.text(), letter.html(language));
        Mail { id, to: to.to_owned(), language: language.tag(), subject, text, html }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_letter_is_found_by_its_name_and_holds_its_link_in_every_language() {
        for letter in Letter::ALL {
            assert_eq!(Letter::from_name(letter.name()), Some(letter));
            for language in Language::ALL {
                let (to, url) = ("ada@example.org", "https://shelf.example/");
                let mail = letter.write(Uuid::nil(), language, to, Some("Ada <3"), url, &"t0k3n".into());
                assert!(mail.text.contains("https://shelf.example/"));
                assert!(mail.text.contains("?token=t0k3n\n"));
                assert!(mail.text.contains(" Ada <3,\n"), "{}", mail.text);
                assert!(mail.html.contains("?token=t0k3n\"") && mail.html.contains(" Ada &lt;3,"), "{}", mail.html);
                assert!(mail.html.contains(&format!("lang=\"{}\"", mail.language)));
                assert!(!format!("{mail:?}").contains("t0k3n"));
            }
        }
        assert_eq!(Letter::from_name("greeting"), None);
    }

    #[test]
    fn a_letter_in_french_is_french_throughout() {
        let (to, url) = ("a@b.example", "https://x.example");
        let mail = Letter::ResetPassword.write(Uuid::nil(), Language::French, to, Some("Zoé"), url, &"t".into());
        assert_eq!(mail.subject, "Choisissez un nouveau mot de passe");
        assert_eq!(
            mail.text,
            "Bonjour Zoé,\n\nUn nouveau mot de passe nous a été demandé, par vous nous l’espérons. Choisissez-le ici\u{a0}:\n\n\
            https://x.example/reset-password?token=t\n\nLe lien est valable un jour. Si ce n’était pas vous, vous n’avez rien \
            à faire\u{a0}: votre mot de passe reste inchangé.\n"
        );
    }

    #[test]
    fn every_language_has_every_text() {
        wording::assert_complete(source);
    }
}
