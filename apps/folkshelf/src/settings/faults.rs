//! What is wrong with settings, beside numbers out of their bounds (`reference`) and what production refuses (`production`).

use actix_web::http::Uri;
use limits::Proxies;
use secrecy::ExposeSecret;

use super::{DEVELOPMENT_SECRET, Environment, Settings};

impl Settings {
    pub(super) fn faults(&self) -> Vec<String> {
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
            self.jobs.faults(),
            self.contexts.faults(),
            self.peers.faults(),
            self.internal.faults(&self.contexts.here(), &self.peers),
            self.nats.faults(&self.redis.prefix),
            production,
        ];
        parts.iter().flatten().for_each(|fault| require(false, fault));
        require(self.auth.other_token_secrets.len() <= 4, "auth.other_token_secrets must name at most 4");
        require(
            self.environment == Environment::Development || self.auth.bcrypt_cost >= 10,
            "auth.bcrypt_cost must be at least 10 outside development",
        );
        require(
            self.uploads.spool_mib.saturating_mul(1_048_576) >= (self.imports.max_bytes as u64).saturating_mul(2),
            "uploads.spool_mib must be no less than twice imports.max_bytes",
        );
        require(self.community.name.chars().count() <= 60, "community.name must be at most 60 characters");
        require(
            wording::Language::ALL.iter().any(|language| language.tag() == self.community.language),
            "community.language must be en or fr",
        );
        require(
            self.traces.endpoint.as_ref().is_none_or(|endpoint| is_plain_http(endpoint)),
            "traces.endpoint must be an address that begins with http://, as in http://127.0.0.1:4318/v1/traces",
        );
        wrong
    }
}

/// The collector is on this machine or in the same private network: there is no TLS on the way.
fn is_plain_http(address: &str) -> bool {
    address.parse::<Uri>().is_ok_and(|uri| uri.scheme_str() == Some("http") && uri.host().is_some())
}
