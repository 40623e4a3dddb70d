//! How letters leave the host.

use std::path::PathBuf;

use lettre::Address;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

/// Longest name of the sender, in characters.
const LONGEST_NAME: usize = 60;

/// Letters.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Mail {
    /// `smtp` sends letters to a mail server. With `file` each becomes a file, and nobody sends it.
    #[schema(inline)]
    pub transport: Transport,
    /// With `file`: the folder of the letters.
    #[schema(value_type = String)]
    pub directory: PathBuf,
    /// With `smtp`: the name of the mail server, as in its certificate.
    pub host: Option<String>,
    /// The server's port. Not set: 587 with `starttls`, 465 with `tls`, 25 with `none`.
    #[schema(minimum = 1, maximum = 65_535)]
    pub port: Option<u16>,
    /// With `starttls` the server must offer it, `tls` encrypts from the first byte. Production refuses `none` to another machine.
    #[schema(inline)]
    pub encryption: Encryption,
    /// The user at the mail server. Not set: the server asks for none.
    pub user: Option<String>,
    /// The user's password.
    #[schema(value_type = Option<String>)]
    pub password: Option<SecretString>,
    /// The address that letters come from, and that bounces go to.
    pub from: Option<String>,
    /// The name beside that address, at most 60 characters. Empty: none.
    pub from_name: String,
    /// How long it may take to connect, and as long again to hand a letter over.
    #[schema(minimum = 1, maximum = 25)]
    pub timeout_seconds: u32,
    /// So long a letter about a notification waits: who reads it meanwhile gets none.
    #[schema(minimum = 0, maximum = 86_400)]
    pub notification_delay_seconds: u32,
    /// The hour, where the community is, at which letters about several notifications go.
    #[schema(minimum = 0, maximum = 23)]
    pub digest_hour: i8,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Transport {
    File,
    Smtp,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Encryption {
    StartTls,
    Tls,
    None,
}

impl Mail {
    pub fn port(&self) -> u16 {
        self.port.unwrap_or(match self.encryption {
            Encryption::StartTls => 587,
            Encryption::Tls => 465,
            Encryption::None => 25,
        })
    }

    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut require = |holds: bool, what: &str| {
            if !holds {
                faults.push(what.to_owned());
            }
        };
        let name = &self.from_name;
        require(
            name.chars().count() <= LONGEST_NAME && !name.chars().any(char::is_control),
            "mail.from_name must be one line of at most 60 characters",
        );
        require(self.user.is_some() == self.password.is_some(), "mail.user and mail.password belong together");
        require(
            self.from.as_deref().is_none_or(|from| mail_address(from).is_some()),
            "mail.from must be a mail address, as in shelf@example.org",
        );
        if self.transport == Transport::Smtp {
            let named = self.host.as_deref().is_some_and(|host| !host.trim().is_empty());
            require(named, "mail.host must name the mail server when mail.transport is smtp");
            require(self.from.is_some(), "mail.from must be set when mail.transport is smtp");
        }
        faults
    }
}

/// An address as the envelope has it: the domain in ASCII, so that servers without SMTPUTF8 take it.
pub fn mail_address(text: &str) -> Option<Address> {
    let (user, domain) = text.rsplit_once('@')?;
    Address::new(user, idna::domain_to_ascii(domain).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_domain_is_ascii_in_the_envelope() {
        assert_eq!(mail_address("ada@bücher.example").expect("an address").to_string(), "ada@xn--bcher-kva.example");
        for none in ["ada", "@example.org", "ada@", "a b@example.org", "ada\r\nDATA@example.org", "ada@exa\nmple.org"] {
            assert!(mail_address(none).is_none(), "{none:?}");
        }
    }
}
