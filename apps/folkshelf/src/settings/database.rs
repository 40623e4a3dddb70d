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
    /// A standby that answers reads which Redis cannot.
    pub replica_url: Option<SecretString>,
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
        let optional = [("database.direct_url", &self.direct_url), ("database.replica_url", &self.replica_url)];
        let optional = optional.into_iter().filter_map(|(name, url)| Some((name, url.as_ref()?)));
        for (name, url) in optional.chain([("database.url", &self.url)]) {
            // The address may hold a password: what is said must not show it.
            match url.expose_secret().parse::<Address>() {
                Ok(address) if name == "database.replica_url" && address.names_several() => {
                    faults.push(format!("{name} must name one host"));
                }
                Ok(_) => {}
                Err(sqlx::Error::Configuration(what)) => {
                    faults.push(format!("{name} is not an address of PostgreSQL: {what}"));
                }
                Err(_) => faults.push(format!("{name} is not an address of PostgreSQL")),
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
