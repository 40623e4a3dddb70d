use jiff::tz::TimeZone;
use secrecy::SecretString;
use time::Duration;
use wording::Language;

/// How members are told.
#[derive(Debug, Clone)]
pub struct Settings {
    /// The community's: days are told in it.
    pub zone: TimeZone,
    /// The community's: members whose language is not known read it.
    pub language: Language,
    /// What links in letters begin with.
    pub public_url: String,
    /// Links that stop letters are signed with it.
    pub token_secret: SecretString,
    /// Their signatures are good too.
    pub other_token_secrets: Vec<SecretString>,
    /// So long a letter waits: who reads the notification meanwhile gets none.
    pub letter_delay: Duration,
    /// When letters about several things go, in the community's time zone: 0 to 23.
    pub digest_hour: i8,
}

impl Settings {
    pub fn new(zone: TimeZone, language: Language, public_url: impl Into<String>, token_secret: SecretString) -> Self {
        Self {
            zone,
            language,
            public_url: public_url.into(),
            token_secret,
            other_token_secrets: Vec::new(),
            letter_delay: Duration::minutes(5),
            digest_hour: 7,
        }
    }
}
