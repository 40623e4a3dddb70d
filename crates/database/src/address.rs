//! An address of PostgreSQL that may name several hosts, as libpq's does: `postgres://role:password@a:5432,b:5433/database`.
//! One of them is the primary; the others are its standbys, any of which may be promoted. sqlx reads only one host.

use std::str::FromStr;
use std::time::Duration;

use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Connection, Error};
use time::OffsetDateTime;
use tokio::time::timeout;

/// More hosts than this are a mistake.
const MOST_HOSTS: usize = 8;
/// How long one host may take to say whether it takes writes.
const WITHIN: Duration = Duration::from_secs(1);

/// How to connect to each host, in the order of the address.
#[derive(Debug, Clone)]
pub struct Address(Vec<PgConnectOptions>);

impl Address {
    /// The same hosts with other options, such as another role.
    #[must_use]
    pub fn map(&self, change: impl FnMut(&PgConnectOptions) -> PgConnectOptions) -> Self {
        Self(self.0.iter().map(change).collect())
    }

    pub fn hosts(&self) -> &[PgConnectOptions] {
        &self.0
    }

    /// Whether the host that takes writes has to be found.
    pub fn names_several(&self) -> bool {
        self.0.len() > 1
    }

    /// How to connect to the host that takes writes. Only asked where the address names several.
    pub async fn primary(&self) -> Result<PgConnectOptions, Error> {
        if let [only] = &self.0[..] {
            return Ok(only.clone());
        }
        let mut failed = None;
        for options in &self.0 {
            let found = async {
                let (connection, told) = open(options).await?;
                connection.close().await?;
                Ok::<_, Error>(told)
            };
            match timeout(WITHIN, found).await.unwrap_or(Err(Error::PoolTimedOut)) {
                Ok(told) if !told.is_read_only => return Ok(options.clone()),
                Ok(_) => {}
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(no_primary))
    }

    /// Of each host, whether it takes writes.
    pub async fn ask_all(&self) -> Vec<(String, Result<bool, Error>)> {
        let mut told = Vec::new();
        for options in &self.0 {
            let asked = timeout(WITHIN, open(options)).await.unwrap_or(Err(Error::PoolTimedOut));
            let name = format!("{}:{}", options.get_host(), options.get_port());
            told.push((name, asked.map(|(_, seen)| !seen.is_read_only)));
        }
        told
    }
}

impl From<PgConnectOptions> for Address {
    fn from(only: PgConnectOptions) -> Self {
        Self(vec![only])
    }
}

impl FromStr for Address {
    type Err = Error;

    fn from_str(address: &str) -> Result<Self, Error> {
        let wrong = |what: &str| Error::Configuration(what.to_owned().into());
        let (scheme, rest) = address.split_once("://").ok_or_else(|| wrong("it does not begin with postgres://"))?;
        let (authority, tail) = rest.split_at(rest.find(['/', '?']).unwrap_or(rest.len()));
        let hosts_at = authority.rfind('@').map_or(0, |at| at + 1);
        let (credentials, hosts) = authority.split_at(hosts_at);
        let (path, query) = tail.split_once('?').unwrap_or((tail, ""));
        let mut parameters = Vec::new();
        for parameter in query.split('&').filter(|parameter| !parameter.is_empty()) {
            match parameter.split_once('=') {
                // What we do anyway.
                Some(("target_session_attrs", "read-write" | "primary")) => {}
                Some(("target_session_attrs", _)) => {
                    return Err(wrong("its target_session_attrs can only be read-write"));
                }
                _ => parameters.push(parameter),
            }
        }
        let query = if parameters.is_empty() { String::new() } else { format!("?{}", parameters.join("&")) };
        let hosts: Vec<&str> = hosts.split(',').collect();
        if hosts.len() > MOST_HOSTS {
            return Err(wrong("it names more than 8 hosts"));
        }
        if hosts.len() > 1 && hosts.iter().any(|host| host.is_empty()) {
            return Err(wrong("a host between two commas is missing"));
        }
        let each = hosts.iter().map(|host| format!("{scheme}://{credentials}{host}{path}{query}").parse());
        each.collect::<Result<_, _>>().map(Self)
    }
}

/// What a server says of itself.
pub(crate) struct Told {
    pub time: OffsetDateTime,
    /// It is a standby, or its writes are switched off.
    pub is_read_only: bool,
}

pub(crate) async fn ask(connection: &mut PgConnection) -> Result<Told, Error> {
    let (time, is_read_only) = sqlx::query_as(
        "select clock_timestamp(), pg_is_in_recovery() or current_setting('transaction_read_only')::boolean",
    )
    .fetch_one(connection)
    .await?;
    Ok(Told { time, is_read_only })
}

pub(crate) async fn open(options: &PgConnectOptions) -> Result<(PgConnection, Told), Error> {
    let mut connection = options.connect().await?;
    let told = ask(&mut connection).await?;
    Ok((connection, told))
}

/// The error while all hosts that answer are standbys. A kind that callers take for a lost connection.
pub(crate) fn no_primary() -> Error {
    Error::Io(std::io::Error::new(std::io::ErrorKind::NotConnected, "none of PostgreSQL's hosts takes writes"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn places(address: &str) -> Vec<(String, u16)> {
        let address: Address = address.parse().expect("an address");
        address.hosts().iter().map(|host| (host.get_host().to_owned(), host.get_port())).collect()
    }

    #[test]
    fn an_address_names_one_host_or_several() {
        let place = |host: &str, port| (host.to_owned(), port);
        assert_eq!(places("postgres://u:p@a/d"), [place("a", 5432)]);
        assert_eq!(places("postgresql://a:1,b:2,[::1]:3/d"), [place("a", 1), place("b", 2), place("[::1]", 3)]);
        let several: Address =
            "postgres://u:p%2Cq@a:1,b/d?sslmode=disable&target_session_attrs=read-write".parse().unwrap();
        for (host, name) in several.hosts().iter().zip(["a", "b"]) {
            assert_eq!((host.get_host(), host.get_username(), host.get_database()), (name, "u", Some("d")));
            assert!(host.to_url_lossy().as_str().contains("p%2Cq"), "the password is that of all");
        }
    }

    #[test]
    fn an_address_that_cannot_be_meant_is_refused() {
        for wrong in [
            "a:5432,b:5432/d",
            "postgres://a,,b/d",
            "postgres://a:1,b:x/d",
            "postgres://a,b/d?target_session_attrs=standby",
            "postgres://1,2,3,4,5,6,7,8,9/d",
        ] {
            assert!(wrong.parse::<Address>().is_err(), "{wrong}");
        }
    }
}
