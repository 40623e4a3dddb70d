//! How NATS is reached, the road for events between databases.

use std::path::PathBuf;

use actix_web::http::Uri;
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

/// The fast road for events between databases. It holds nothing that PostgreSQL does not.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Nats {
    /// The addresses of NATS servers with JetStream, as `nats://USER:PASSWORD@10.0.0.7:4222`, or `tls://` for TLS. Not set:
    /// events go from process to process.
    #[schema(value_type = Vec<String>)]
    pub urls: Vec<SecretString>,
    /// On how many servers events are kept: 1, or 3 of a cluster.
    #[schema(minimum = 1, maximum = 5)]
    pub replicas: usize,
    /// Begins the name of the stream and its subjects, so that several communities can share servers. Not set: `redis.prefix`.
    pub prefix: Option<String>,
    /// With TLS: the file (PEM) of the authority that has signed the servers' certificates. Not set: those that the machine
    /// trusts.
    #[schema(value_type = Option<String>)]
    pub ca_file: Option<PathBuf>,
}

impl Nats {
    /// `others`: the prefix of Redis.
    pub fn prefix<'p>(&'p self, others: &'p str) -> &'p str {
        self.prefix.as_deref().unwrap_or(others)
    }

    pub(super) fn faults(&self, others: &str) -> Vec<String> {
        let mut faults = Vec::new();
        if self.urls.is_empty() {
            return faults;
        }
        // They may hold passwords: which one it is, a number says.
        let unreadable = self.urls.iter().zip(1..).filter(|(url, _)| !is_address(url.expose_secret()));
        faults.extend(unreadable.map(|(_, nth)| {
            format!(
                "nats.urls: the address with number {nth} must begin with nats:// or tls://, as in nats://10.0.0.7:4222"
            )
        }));
        if self.urls.len() > 32 {
            faults.push("nats.urls must name at most 32".to_owned());
        }
        let prefix = self.prefix(others);
        let fits = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '-' | '_');
        if prefix.is_empty() || prefix.len() > 64 || !prefix.chars().all(fits) {
            let fault = "nats.prefix (or redis.prefix, where it is not set) must be 1 to 64 letters, digits, - and _";
            faults.push(fault.to_owned());
        }
        if self.ca_file.is_some() && !self.urls.iter().any(|url| url.expose_secret().starts_with("tls://")) {
            faults.push("nats.ca_file is for TLS: nats.urls must begin with tls://".to_owned());
        }
        faults
    }
}

fn is_address(url: &str) -> bool {
    let uri = url.parse::<Uri>();
    uri.is_ok_and(|uri| {
        matches!(uri.scheme_str(), Some("nats" | "tls")) && uri.host().is_some() && matches!(uri.path(), "" | "/")
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn nats(urls: &[&str], prefix: Option<&str>) -> Nats {
        let urls = urls.iter().map(|url| SecretString::from(*url)).collect();
        Nats { urls, replicas: 1, prefix: prefix.map(str::to_owned), ca_file: None }
    }

    #[test]
    fn addresses_and_prefixes_that_cannot_be_are_named_and_no_password_with_them() {
        let good = ["nats://10.0.0.7:4222", "tls://user:secret@nats.example:4222", "nats://[::1]:4222"];
        assert_eq!(nats(&good, Some("shelf-1")).faults("books.are:here"), Vec::<String>::new());
        assert_eq!(nats(&[], Some("no.good")).faults("?"), Vec::<String>::new(), "nobody uses it");
        let faults = nats(&["nats://a:1", "http://user:secret@b:1"], None).faults("folkshelf:1");
        assert!(faults[0].starts_with("nats.urls: the address with number 2"), "{faults:?}");
        assert!(faults[1].starts_with("nats.prefix"), "{faults:?}");
        assert!(!faults.concat().contains("secret"), "{faults:?}");
    }
}
