//! How to reach Redis, and how patient to be.

use std::{fmt, time::Duration};

use breaker::BreakerSettings;

use crate::Tls;

#[derive(Clone)]
pub struct Settings {
    /// As in `redis://127.0.0.1:6379/0`, `rediss://user:password@redis.example` or `redis+unix:///run/redis.sock`.
    pub url: String,
    pub tls: Tls,
    pub deployment: Deployment,
    /// The community: begins every key, so that several can share a server. Letters, digits, `-`, `_` and `.`.
    pub prefix: String,
    /// What documents are sealed with: the same on every host.
    pub secret: Vec<u8>,
    /// What was sealed with these opens too: while the secret is changed, hosts have the old and the new one.
    pub other_secrets: Vec<Vec<u8>>,
    pub connect_timeout: Duration,
    /// After it a reader asks PostgreSQL, so it bounds what a slow Redis costs a request.
    pub read_timeout: Duration,
    pub write_timeout: Duration,
    /// How long a command that has committed waits for Redis to show what it did; an event shows it otherwise.
    pub through_timeout: Duration,
    pub breaker: BreakerSettings,
    /// How often the watcher looks after each projection.
    pub watch_interval: Duration,
    /// How long a rebuild stays reserved for a process that no longer shows a sign of life.
    pub rebuild_lease: Duration,
}

/// Which servers there are.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Deployment {
    /// The one at [`Settings::url`].
    One,
    /// A master and its replicas. Most of the Sentinels at these addresses name the master of that name; `url` says as whom
    /// and how it is spoken to.
    Sentinels { addresses: Vec<String>, master: String },
    /// A cluster, of which most of these nodes (`host:port`) know the masters; `url` says as whom and how they are spoken to.
    Cluster { nodes: Vec<String> },
}

impl Settings {
    pub fn new(url: impl Into<String>, prefix: impl Into<String>, secret: &[u8]) -> Self {
        Self {
            url: url.into(),
            tls: Tls::default(),
            deployment: Deployment::One,
            prefix: prefix.into(),
            secret: secret.to_vec(),
            other_secrets: Vec::new(),
            connect_timeout: Duration::from_secs(1),
            read_timeout: Duration::from_millis(200),
            write_timeout: Duration::from_secs(2),
            through_timeout: Duration::from_millis(100),
            breaker: BreakerSettings::default(),
            watch_interval: Duration::from_millis(500),
            rebuild_lease: Duration::from_secs(10),
        }
    }
}

// The address may hold a password, and there is the secret.
impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Settings").field("prefix", &self.prefix).finish_non_exhaustive()
    }
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("the Redis address is not usable")]
    Url(#[source] deadpool_redis::redis::RedisError),
    #[error("an address of Redis ends with #insecure: certificates are always checked here")]
    Insecure,
    #[error("a file with a certificate for Redis holds none: it must be PEM")]
    NoCertificate,
    #[error("the certificates or the key for Redis are not usable")]
    Certificate(#[source] deadpool_redis::redis::RedisError),
    #[error("a node of the Redis cluster must be HOST:PORT, and not {0:?}")]
    Node(String),
    #[error("the prefix {0:?} must be made of letters, digits, '-', '_' and '.'")]
    Prefix(String),
    #[error("the read store needs a tokio runtime to run its connection on")]
    NoRuntime,
}

/// Whether `name` can be a part of a key without being mistaken for a separator or a hash tag.
pub(crate) fn is_key_part(name: &str) -> bool {
    !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b))
}
