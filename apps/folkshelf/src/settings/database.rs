//! PostgreSQL: where it is, and how much of it this host takes.

use database::Address;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

/// PostgreSQL.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Database {
    /// The address of the database, with the role that owns it. Only `migrate` uses that role; each context has its own.
    /// Of several hosts (`postgres://…@a:5432,b:5432/folkshelf`) the one that takes writes is used.
    #[schema(value_type = String)]
    pub url: SecretString,
    /// The same address around PgBouncer, where `url` leads to one: for migrations, LISTEN and whether PostgreSQL is there.
    #[schema(value_type = Option<String>)]
    pub direct_url: Option<SecretString>,
    /// A standby, one host, that answers searches, exports and rare lists, up to 5 s late. Not set: the primary does.
    #[schema(value_type = Option<String>)]
    pub replica_url: Option<SecretString>,
    /// The passwords of the contexts' roles are made of it; `migrate` sets them. At least 32 characters.
    #[schema(value_type = String)]
    pub context_password: SecretString,
    /// Hosts use it where PostgreSQL refuses `context_password`: the next one, while it is changed. Not set: there is none.
    #[schema(value_type = Option<String>)]
    pub other_context_password: Option<SecretString>,
    /// All connections of this host: 2 for itself, a sixth of the rest for each context and for the event log. A process that does
    /// not run all contexts takes accordingly fewer.
    #[schema(minimum = 14, maximum = 1_202)]
    pub connections: u32,
    /// What each pool took, before. Refused, with what to write now.
    #[schema(deprecated)]
    pub max_connections: Option<u32>,
}

impl Database {
    /// The way to PostgreSQL on which a session stays one's own.
    pub fn direct(&self) -> &SecretString {
        self.direct_url.as_ref().unwrap_or(&self.url)
    }

    pub fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
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
