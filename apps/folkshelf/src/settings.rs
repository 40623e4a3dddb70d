//! Configuration: one typed structure, from a file and the environment. `docs/settings.md` is made of it; wrong values are
//! named at start-up, all at once.

mod database;
mod faults;
mod figures;
mod files;
mod jobs;
mod load;
mod mail;
mod nats;
mod processes;
mod production;
mod redis;
pub mod reference;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

pub use self::jobs::Jobs;
pub use database::Database;
pub use figures::{Figure, Limits};
pub use files::{Files, S3};
pub use mail::{Encryption, Mail, Transport, mail_address};
pub use nats::Nats;
pub use processes::{Contexts, Internal, Peers};
pub use redis::Redis;
use secrecy::SecretString;
use serde::Deserialize;
use utoipa::ToSchema;

/// The secrets a development set-up gets without asking. Refused everywhere else.
const DEVELOPMENT_SECRET: &str = "folkshelf-development-only-not-a-secret";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    Development,
    Production,
}

// The comments of the fields are the text of docs/settings.md, and the bounds below are checked when settings are read.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    /// In production the secrets must be your own, and what is unsafe is refused.
    #[schema(inline)]
    pub environment: Environment,
    /// Unsafe settings that production starts with all the same: `plain_http`, `unknown_proxies`, `open_metrics`,
    /// `open_redis`, `open_nats`, `plain_files`, `plain_mail`, `weak_secrets`.
    pub accepted_risks: Vec<String>,
    #[schema(inline)]
    pub http: Http,
    #[schema(inline)]
    pub database: Database,
    #[schema(inline)]
    pub redis: Redis,
    #[schema(inline)]
    pub auth: Auth,
    #[schema(inline)]
    pub accounts: Accounts,
    #[schema(inline)]
    pub mail: Mail,
    #[schema(inline)]
    pub community: Community,
    #[schema(inline)]
    pub imports: Imports,
    #[schema(inline)]
    pub uploads: Uploads,
    #[schema(inline)]
    pub files: Files,
    #[schema(inline)]
    pub streams: StreamBounds,
    #[schema(inline)]
    pub jobs: Jobs,
    #[schema(inline)]
    pub limits: Limits,
    #[schema(inline)]
    pub contexts: Contexts,
    #[schema(inline)]
    pub peers: Peers,
    #[schema(inline)]
    pub internal: Internal,
    #[schema(inline)]
    pub nats: Nats,
    #[schema(inline)]
    pub log: Log,
    #[schema(inline)]
    pub traces: Traces,
}

/// The web app and the API.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Http {
    /// Address and port of the web app and the API.
    #[schema(value_type = String)]
    pub listen: SocketAddr,
    /// Address and port of `/metrics`. Not set: those of `http.listen`, which production refuses.
    #[schema(value_type = Option<String>)]
    pub metrics_listen: Option<SocketAddr>,
    /// How members reach Folkshelf. Links in letters begin with it; with `https://` cookies travel encrypted only.
    pub public_url: String,
    /// Web pages of other origins that may call the API and open WebSockets.
    pub allowed_origins: Vec<String>,
    /// Proxies before this host, as addresses or networks. The host believes what they say of a request's origin.
    pub trusted_proxies: Vec<String>,
    /// Threads that answer requests.
    #[schema(minimum = 1, maximum = 64)]
    pub workers: usize,
    /// How long a request may take. Uploads get ten times as long.
    #[schema(minimum = 1, maximum = 300)]
    pub request_timeout_seconds: u64,
    /// How long a host that is asked to stop (SIGTERM) still answers. Not set: 5 in production, 0 in development.
    #[schema(minimum = 0, maximum = 300)]
    pub drain_seconds: Option<u64>,
    /// Requests of the API that the host works on at once. It refuses more with 503.
    #[schema(minimum = 1, maximum = 10_000)]
    pub max_requests_in_flight: usize,
    /// Memory for answers that many ask for. 0: none.
    #[schema(minimum = 0, maximum = 4096)]
    pub memory_cache_mib: u64,
    /// A folder with a built web app. Not set: the web app in this program.
    #[schema(value_type = Option<String>)]
    pub web_directory: Option<PathBuf>,
}

/// Passwords, sessions and tokens.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// The key that signs access tokens is made of it. At least 32 characters.
    #[schema(value_type = String)]
    pub token_secret: SecretString,
    /// Tokens that were signed with these are valid too, while the secret is changed. At most 4.
    #[schema(value_type = Vec<String>)]
    pub other_token_secrets: Vec<SecretString>,
    /// How long an access token is valid.
    #[schema(minimum = 1, maximum = 60)]
    pub access_token_minutes: u32,
    /// How long a session lasts.
    #[schema(minimum = 1, maximum = 365)]
    pub refresh_token_days: u32,
    /// The work of a log-in: each step doubles it. Outside development at least 10.
    #[schema(minimum = 4, maximum = 16)]
    pub bcrypt_cost: u32,
    /// Passwords that are hashed at the same time.
    #[schema(minimum = 1, maximum = 64)]
    pub hashing_threads: usize,
}

/// Registering.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Accounts {
    /// Whether a new member proves the mail address before the account acts. Not set: `required` in production, `later`
    /// in development.
    #[schema(inline)]
    pub proof: Option<Proof>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    Required,
    Later,
}

/// The rules of the community.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Community {
    /// Heads the catalogue, at most 60 characters. Empty: "All books" does.
    pub name: String,
    /// IANA name of a time zone. A book is due at the end of a day there.
    pub time_zone: String,
    /// `en` or `fr`: the language of members who did not choose one.
    pub language: String,
    /// Whether the catalogue needs an account.
    pub closed_catalogue: bool,
    /// Books on the shelf of one member. An import leaves out rows beyond it.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub max_books: u32,
    /// Requests that a member may have open.
    #[schema(minimum = 1, maximum = 1_000)]
    pub max_open_requests: u32,
    /// Requests of a member within 24 hours.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub max_requests_a_day: u32,
    /// Whether a member who asked an owner in vain several times waits before asking again.
    pub cool_down: bool,
    /// Messages of a member within an hour, to anybody.
    #[schema(minimum = 1, maximum = 10_000)]
    pub max_messages_an_hour: u32,
    /// Messages of a member within 24 hours, to anybody.
    #[schema(minimum = 1, maximum = 100_000)]
    pub max_messages_a_day: u32,
    /// Messages of a member about one loan.
    #[schema(minimum = 1, maximum = 10_000)]
    pub max_messages_a_loan: u32,
    /// Extensions of one loan, granted or refused.
    #[schema(minimum = 0, maximum = 100)]
    pub max_extensions: u32,
    /// Whether an extension is granted without the owner when nobody waits for the copy.
    pub auto_extend: bool,
}

/// Files with lists of books.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Imports {
    /// The size of a file.
    #[schema(minimum = 1_024, maximum = 1_073_741_824)]
    pub max_bytes: usize,
    /// The rows of a file.
    #[schema(minimum = 1, maximum = 10_000_000)]
    pub max_rows: usize,
    /// The rows of a file times its columns.
    #[schema(minimum = 1, maximum = 1_000_000_000)]
    pub max_cells: u64,
    /// Imports of one member that wait, are read or are put on the shelf.
    #[schema(minimum = 1, maximum = 100)]
    pub per_member: i64,
}

/// Files on their way in.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Uploads {
    /// Files that one member sends at once.
    #[schema(minimum = 1, maximum = 100)]
    pub per_member: usize,
    /// All files that arrive or are read at the moment. The host refuses more. At least twice `imports.max_bytes`.
    #[schema(minimum = 1, maximum = 1_000_000)]
    pub spool_mib: u64,
    /// A file that comes more slowly than this over ten seconds is given up.
    #[schema(minimum = 0, maximum = 1_048_576)]
    pub least_bytes_per_second: u64,
    /// The folder where files wait, not on a disk in memory. Not set: the system's folder for temporary files.
    #[schema(value_type = Option<String>)]
    pub directory: Option<PathBuf>,
}

/// Inboxes that one host streams live. Each takes a connection.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct StreamBounds {
    /// Streams of one session. One more closes the oldest.
    #[schema(minimum = 1, maximum = 1_000)]
    pub per_session: usize,
    /// Streams of one member. One more closes the oldest.
    #[schema(minimum = 1, maximum = 1_000)]
    pub per_member: usize,
    /// All streams. One more closes the oldest of the member who has most, or is refused.
    #[schema(minimum = 1, maximum = 20_000)]
    pub per_host: usize,
}

/// The host's log, on standard output.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `auto` is `pretty` on a terminal and `json` elsewhere.
    #[schema(inline)]
    pub format: LogFormat,
    /// Directives of tracing's EnvFilter.
    pub filter: String,
    /// A statement that takes this long is logged.
    #[schema(minimum = 1, maximum = 600_000)]
    pub slow_statement_milliseconds: u64,
    /// A command, a query or a subscription's work that takes this long is logged.
    #[schema(minimum = 1, maximum = 600_000)]
    pub slow_handler_milliseconds: u64,
}

/// Traces for OpenTelemetry.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Traces {
    /// The address of a collector that takes OTLP over `http://`. Not set: nothing is recorded.
    pub endpoint: Option<String>,
    /// The share of the traces beginning here that is recorded.
    #[schema(minimum = 0.0, maximum = 1.0)]
    pub sample_ratio: f64,
}

#[derive(Debug, Clone, Copy, Deserialize, ToSchema)]
#[serde(rename_all = "lowercase")]
pub enum LogFormat {
    Auto,
    Json,
    Pretty,
}

#[derive(Debug, thiserror::Error)]
pub enum SettingsError {
    #[error("the configuration cannot be read: {0}")]
    Unreadable(#[from] config::ConfigError),
    #[error("the configuration is wrong:\n{}", .0.iter().map(|line| format!("  - {line}")).collect::<Vec<_>>().join("\n"))]
    Wrong(Vec<String>),
}

impl Settings {
    /// Whether somebody who registers proves the mail address before they have an account.
    pub fn proof_required(&self) -> bool {
        let proof = self.accounts.proof;
        proof.unwrap_or(if self.environment == Environment::Production { Proof::Required } else { Proof::Later })
            == Proof::Required
    }

    /// How long a host that is asked to stop answers on.
    pub fn drain(&self) -> Duration {
        let usual = if self.environment == Environment::Production { 5 } else { 0 };
        Duration::from_secs(self.http.drain_seconds.unwrap_or(usual))
    }

    fn secrets(&self) -> Vec<(&'static str, &SecretString)> {
        let others = self.auth.other_token_secrets.iter().map(|secret| ("auth.other_token_secrets", secret));
        let mut secrets = vec![("auth.token_secret", &self.auth.token_secret)];
        secrets.extend(others);
        secrets.push(("database.context_password", &self.database.context_password));
        let other = &self.database.other_context_password;
        secrets.extend(other.iter().map(|secret| ("database.other_context_password", secret)));
        secrets.extend(self.internal.token.iter().map(|secret| ("internal.token", secret)));
        secrets.extend(self.internal.other_tokens.iter().map(|secret| ("internal.other_tokens", secret)));
        secrets
    }
}
