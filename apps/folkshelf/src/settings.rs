//! Configuration: one typed structure, from a file and the environment. Every value is documented in
//! `deploy/config.example.toml`; wrong ones are named at start-up, all at once.

mod database;
mod figures;
mod files;
mod mail;
mod production;
mod redis;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::time::Duration;

use actix_web::http::Uri;
pub use database::Database;
pub use figures::{Figure, Limits};
pub use files::{Files, S3};
use limits::Proxies;
pub use mail::{Encryption, Mail, Transport, mail_address};
pub use redis::Redis;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

/// The secrets a development set-up gets without asking. Refused everywhere else.
const DEVELOPMENT_SECRET: &str = "folkshelf-development-only-not-a-secret";

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Environment {
    Development,
    Production,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Settings {
    pub environment: Environment,
    /// What production refuses to start with, and this community has on purpose.
    pub accepted_risks: Vec<String>,
    pub http: Http,
    pub database: Database,
    pub redis: Redis,
    pub auth: Auth,
    pub accounts: Accounts,
    pub mail: Mail,
    pub community: Community,
    pub imports: Imports,
    pub uploads: Uploads,
    pub files: Files,
    pub streams: StreamBounds,
    pub limits: Limits,
    pub log: Log,
    pub traces: Traces,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Http {
    pub listen: SocketAddr,
    /// `/metrics` answers only here when set, and at the main address otherwise.
    pub metrics_listen: Option<SocketAddr>,
    /// How members reach Folkshelf; links in mails begin with it.
    pub public_url: String,
    /// Web pages of other origins that may call the API.
    pub allowed_origins: Vec<String>,
    /// Proxies before this host, as addresses or networks: what they say of where a request came from is believed.
    pub trusted_proxies: Vec<String>,
    pub workers: usize,
    pub request_timeout_seconds: u64,
    /// A host that is asked to stop answers on for so long; not set: 5 in production, 0 in development.
    pub drain_seconds: Option<u64>,
    /// Requests that are worked on at once; more are told to come back.
    pub max_requests_in_flight: usize,
    /// How much of the answers that many ask for is kept in memory; 0: none.
    pub memory_cache_mib: u64,
    /// A built web app to give out instead of the one in this program.
    pub web_directory: Option<PathBuf>,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Auth {
    /// Signs access tokens. At least 32 characters.
    pub token_secret: SecretString,
    /// What they sign is taken too, while the secret is changed.
    pub other_token_secrets: Vec<SecretString>,
    pub access_token_minutes: u32,
    pub refresh_token_days: u32,
    pub bcrypt_cost: u32,
    /// Passwords hashed at the same time.
    pub hashing_threads: usize,
}

#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Accounts {
    /// When the mail address is proved; not set: first in production, later in development.
    pub proof: Option<Proof>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Proof {
    Required,
    Later,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Community {
    /// As its members call it, at most 60 characters; empty: it has no name.
    pub name: String,
    /// IANA name: days end at midnight there.
    pub time_zone: String,
    /// In which members are written to who did not choose one: `en` or `fr`.
    pub language: String,
    /// Whether one needs an account to browse.
    pub closed_catalogue: bool,
    /// On the shelf of one member.
    pub max_books: u32,
    pub max_open_requests: u32,
    /// Of one member, within 24 hours.
    pub max_requests_a_day: u32,
    /// Whether a member who asked an owner in vain waits before they ask again.
    pub cool_down: bool,
    pub max_extensions: u32,
    /// An extension is granted by itself when nobody waits for the copy.
    pub auto_extend: bool,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imports {
    pub max_bytes: usize,
    pub max_rows: usize,
    /// Rows times columns.
    pub max_cells: u64,
    /// Of one member, that are read or put on the shelf, or wait for that.
    pub per_member: i64,
}

/// Files on their way in.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Uploads {
    /// Files that one member sends at once.
    pub per_member: usize,
    /// All files that are on their way or being read.
    pub spool_mib: u64,
    /// A file that comes more slowly over ten seconds is given up.
    pub least_bytes_per_second: u64,
    /// Where they wait; the system's folder for temporary files when not set.
    pub directory: Option<PathBuf>,
}

/// Inboxes streamed live by one host. One more of a session or a member closes the oldest.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct StreamBounds {
    pub per_session: usize,
    pub per_member: usize,
    /// One more closes the oldest of the member who has most, or is told to come back.
    pub per_host: usize,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Log {
    /// `auto`, `json` or `pretty`.
    pub format: LogFormat,
    pub filter: String,
    /// A statement, a handler that takes this long is logged.
    pub slow_statement_milliseconds: u64,
    pub slow_handler_milliseconds: u64,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Traces {
    /// Where an OpenTelemetry collector takes OTLP over HTTP; nothing is recorded when not set.
    pub endpoint: Option<String>,
    /// The share of the traces beginning here that is recorded.
    pub sample_ratio: f64,
}

#[derive(Debug, Clone, Copy, Deserialize)]
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
    /// Defaults, then the file, then `FOLKSHELF_…` variables (`FOLKSHELF_HTTP__LISTEN` for `http.listen`).
    pub fn load(file: Option<&std::path::Path>) -> Result<Self, SettingsError> {
        let mut sources = config::Config::builder()
            .add_source(config::File::from_str(include_str!("../defaults.toml"), config::FileFormat::Toml));
        if let Some(file) = file {
            sources = sources.add_source(config::File::from(file).format(config::FileFormat::Toml));
        }
        // Of digits alone they would be read as a number, without its leading zeros.
        for name in ["user", "password"] {
            let given = std::env::var(format!("FOLKSHELF_MAIL__{}", name.to_uppercase())).ok();
            sources = sources.set_override_option(format!("mail.{name}"), given)?;
        }
        // Other variables of that prefix are not settings: FOLKSHELF_CONFIG names the file.
        let variables = std::env::vars_os().filter_map(|(name, value)| {
            let (name, value) = (name.into_string().ok()?, value.into_string().ok()?);
            let alone = ["FOLKSHELF_ENVIRONMENT", "FOLKSHELF_ACCEPTED_RISKS"].contains(&name.as_str());
            (alone || (name.starts_with("FOLKSHELF_") && name.contains("__"))).then_some((name, value))
        });
        let environment = config::Environment::with_prefix("FOLKSHELF")
            .source(Some(variables.collect()))
            .prefix_separator("_")
            .separator("__")
            .list_separator(",")
            .with_list_parse_key("accepted_risks")
            .with_list_parse_key("auth.other_token_secrets")
            .with_list_parse_key("http.allowed_origins")
            .with_list_parse_key("http.trusted_proxies")
            .with_list_parse_key("redis.cluster")
            .with_list_parse_key("redis.sentinels")
            .try_parsing(true);
        let mut settings: Self = sources.add_source(environment).build()?.try_deserialize()?;
        // From the environment they come as one text, with blanks behind the commas or with nothing in it.
        let http = &mut settings.http;
        let lists = [&mut settings.accepted_risks, &mut http.allowed_origins, &mut http.trusted_proxies];
        for list in lists.into_iter().chain([&mut settings.redis.cluster]) {
            *list = list.iter().map(|entry| entry.trim().to_owned()).filter(|entry| !entry.is_empty()).collect();
        }
        for secrets in [&mut settings.auth.other_token_secrets, &mut settings.redis.sentinels] {
            *secrets = secrets.iter().map(|secret| SecretString::from(secret.expose_secret().trim())).collect();
            secrets.retain(|secret| !secret.expose_secret().is_empty());
        }
        settings.files.folder.take_if(|folder| folder.as_os_str().is_empty());
        settings.check()?;
        Ok(settings)
    }

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
        secrets
    }

    fn check(&self) -> Result<(), SettingsError> {
        let mut wrong = Vec::new();
        let mut require = |holds: bool, what: &str| {
            if !holds {
                wrong.push(what.to_owned());
            }
        };
        for (name, secret) in self.secrets() {
            let secret = secret.expose_secret();
            let default = secret == DEVELOPMENT_SECRET;
            require(
                self.environment == Environment::Development || !default,
                &format!("{name} still has the value for development; set one of your own"),
            );
            require(secret.len() >= 32, &format!("{name} must have at least 32 characters"));
        }
        require(
            self.http.public_url.starts_with("http://") || self.http.public_url.starts_with("https://"),
            "http.public_url must begin with http:// or https://",
        );
        require((1..=64).contains(&self.http.workers), "http.workers must be 1 to 64");
        require(
            (1..=300).contains(&self.http.request_timeout_seconds),
            "http.request_timeout_seconds must be 1 to 300",
        );
        require(self.http.drain_seconds.is_none_or(|seconds| seconds <= 300), "http.drain_seconds must be at most 300");
        require(
            (1..=10_000).contains(&self.http.max_requests_in_flight),
            "http.max_requests_in_flight must be 1 to 10,000",
        );
        if let Err(error) = Proxies::read(&self.http.trusted_proxies) {
            require(false, &format!("http.trusted_proxies: {error}"));
        }
        for origin in &self.http.allowed_origins {
            let one = origin.parse::<Uri>().is_ok_and(|uri| {
                matches!(uri.scheme_str(), Some("http" | "https")) && uri.path() == "/" && !origin.ends_with('/')
            });
            require(one, "http.allowed_origins must name each origin, as in https://shelf.example; * is none");
        }
        let production =
            if self.environment == Environment::Production { self.production_faults() } else { Vec::new() };
        let parts = [
            self.limits.faults(),
            self.risk_faults(),
            self.database.faults(),
            self.redis.faults(),
            self.files.faults(),
            self.mail.faults(),
            production,
        ];
        parts.iter().flatten().for_each(|fault| require(false, fault));
        require(self.http.memory_cache_mib <= 4096, "http.memory_cache_mib must be 0 to 4096");
        require(self.auth.other_token_secrets.len() <= 4, "auth.other_token_secrets must name at most 4");
        require((4..=16).contains(&self.auth.bcrypt_cost), "auth.bcrypt_cost must be 4 to 16");
        require(
            self.environment == Environment::Development || self.auth.bcrypt_cost >= 10,
            "auth.bcrypt_cost must be at least 10 outside development",
        );
        require((1..=64).contains(&self.auth.hashing_threads), "auth.hashing_threads must be 1 to 64");
        require((1..=60).contains(&self.auth.access_token_minutes), "auth.access_token_minutes must be 1 to 60");
        require((1..=365).contains(&self.auth.refresh_token_days), "auth.refresh_token_days must be 1 to 365");
        require(
            (1_024..=1_073_741_824).contains(&self.imports.max_bytes),
            "imports.max_bytes must be 1,024 to 1,073,741,824",
        );
        require((1..=10_000_000).contains(&self.imports.max_rows), "imports.max_rows must be 1 to 10,000,000");
        require((1..=100).contains(&self.imports.per_member), "imports.per_member must be 1 to 100");
        require((1..=1_000_000_000).contains(&self.imports.max_cells), "imports.max_cells must be 1 to 1,000,000,000");
        require((1..=100).contains(&self.uploads.per_member), "uploads.per_member must be 1 to 100");
        require(
            (1..=1_000_000).contains(&self.uploads.spool_mib)
                && self.uploads.spool_mib * 1_048_576 >= self.imports.max_bytes as u64 * 2,
            "uploads.spool_mib must be 1 to 1,000,000, and no less than twice imports.max_bytes",
        );
        require(
            self.uploads.least_bytes_per_second <= 1_048_576,
            "uploads.least_bytes_per_second must be at most 1,048,576",
        );
        require((1..=1_000).contains(&self.streams.per_session), "streams.per_session must be 1 to 1,000");
        require((1..=1_000).contains(&self.streams.per_member), "streams.per_member must be 1 to 1,000");
        require((1..=20_000).contains(&self.streams.per_host), "streams.per_host must be 1 to 20,000");
        require(self.community.name.chars().count() <= 60, "community.name must be at most 60 characters");
        require((1..=1_000_000).contains(&self.community.max_books), "community.max_books must be 1 to 1,000,000");
        require(
            (1..=1_000).contains(&self.community.max_open_requests),
            "community.max_open_requests must be 1 to 1,000",
        );
        require(
            (1..=1_000_000).contains(&self.community.max_requests_a_day),
            "community.max_requests_a_day must be 1 to 1,000,000",
        );
        require(
            wording::Language::ALL.iter().any(|language| language.tag() == self.community.language),
            "community.language must be en or fr",
        );
        require(self.community.max_extensions <= 100, "community.max_extensions must be at most 100");
        require(
            self.traces.endpoint.as_ref().is_none_or(|endpoint| is_plain_http(endpoint)),
            "traces.endpoint must be an address that begins with http://, as in http://127.0.0.1:4318/v1/traces",
        );
        require((0.0..=1.0).contains(&self.traces.sample_ratio), "traces.sample_ratio must be 0 to 1");
        require(
            (1..=600_000).contains(&self.log.slow_statement_milliseconds),
            "log.slow_statement_milliseconds must be 1 to 600,000",
        );
        require(
            (1..=600_000).contains(&self.log.slow_handler_milliseconds),
            "log.slow_handler_milliseconds must be 1 to 600,000",
        );
        if wrong.is_empty() { Ok(()) } else { Err(SettingsError::Wrong(wrong)) }
    }
}

/// The collector is on this machine or in the same private network: there is no TLS on the way.
fn is_plain_http(address: &str) -> bool {
    address.parse::<Uri>().is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some())
}
