//! PostgreSQL: where it is, and how much of it this host takes.

use database::Address;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// The owner's address: used to migrate; each context connects with a role of its own. May name several hosts.
    pub url: SecretString,
    /// The same around a pooler, where `url` leads to one. For migrations, LISTEN and whether PostgreSQL is there.
    pub direct_url: Option<SecretString>,
    /// What the passwords of the contexts' roles are made of.
    pub context_password: SecretString,
    /// All connections of this host.
    pub connections: u32,
    /// What each pool took, before. Refused, with what to write now.
    pub max_connections: Option<u32>,
}

impl Database {
    /// The way to PostgreSQL on which a session stays one's own.
    pub fn direct(&self) -> &SecretString {
        self.direct_url.as_ref().unwrap_or(&self.url)
    }

    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        if !(14..=1_202).contains(&self.connections) {
            faults.push("database.connections must be 14 to 1,202".to_owned());
        }
        for (name, url) in [("database.url", Some(&self.url)), ("database.direct_url", self.direct_url.as_ref())] {
            // The address may hold a password: what is said must not show it.
            if let Some(Err(error)) = url.map(|url| url.expose_secret().parse::<Address>()) {
                let what = match error {
                    sqlx::Error::Configuration(what) => what.to_string(),
                    _ => "it cannot be read".to_owned(),
                };
                faults.push(format!("{name} is not an address of PostgreSQL: {what}"));
            }
        }
        if let Some(each) = self.max_connections {
            let all = each.saturating_mul(6).saturating_add(2);
            faults
                .push(format!("database.max_connections is gone: all of a host are database.connections = {all} now"));
        }
        faults
    }
}
