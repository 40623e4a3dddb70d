//! What a host for strangers does not start with, each named with what would allow it on purpose.

use std::net::IpAddr;

use actix_web::http::Uri;
use secrecy::ExposeSecret;

use super::{DEVELOPMENT_SECRET, Encryption, Settings, Transport};

/// Fewer guesses than this, as a power of ten, and somebody finds the secret: the most that the estimate tells of, some 64
/// bits.
const GUESSES_LOG10: f64 = 19.0;

/// The risks that `accepted_risks` may name.
const RISKS: [&str; 8] = [
    "plain_http",
    "unknown_proxies",
    "open_metrics",
    "open_redis",
    "open_nats",
    "plain_files",
    "plain_mail",
    "weak_secrets",
];

impl Settings {
    /// What is wrong with these settings where strangers can reach the host.
    pub(super) fn production_faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let mut refuse = |risk: &str, fault: String| {
            if !self.accepted_risks.iter().any(|accepted| accepted == risk) {
                faults.push(format!("{fault}; or name {risk} in accepted_risks"));
            }
        };
        // A host that listens for other machines but has a localhost address: public_url was not set.
        let for_others = !is_here(&self.http.public_url) || !self.http.listen.ip().is_loopback();
        if self.http.public_url.starts_with("http://") && for_others {
            let fault = "http.public_url is plain HTTP, so that passwords and sessions travel readable; use https://";
            refuse("plain_http", fault.to_owned());
        }
        // The host itself does not speak TLS, so there is a proxy. If it is not named, all clients share its address, and
        // anybody who guesses passwords shuts the owner out.
        if self.http.public_url.starts_with("https://") && self.http.trusted_proxies.is_empty() {
            let fault = "http.trusted_proxies does not name the proxy that serves http.public_url, so that everybody \
                counts as one client";
            refuse("unknown_proxies", fault.to_owned());
        }
        if self.http.metrics_listen.is_none() {
            let fault = "/metrics would answer whoever reaches the web app; set http.metrics_listen";
            refuse("open_metrics", fault.to_owned());
        }
        // A server that asks for our certificate lets nobody else in.
        if self.redis.certificate_file.is_none() && self.leads_to_open_redis() {
            let fault = "redis.url leads to another machine without a password; use rediss://USER:PASSWORD@…";
            refuse("open_redis", fault.to_owned());
        }
        if self.nats.urls.iter().any(|url| !has_password(url.expose_secret()) && !is_here(url.expose_secret())) {
            let fault = "nats.urls leads to another machine without a password; use tls://USER:PASSWORD@…";
            refuse("open_nats", fault.to_owned());
        }
        let endpoint = self.files.s3.as_ref().and_then(|s3| s3.endpoint.as_deref());
        if endpoint.is_some_and(|endpoint| endpoint.starts_with("http://") && !is_here(endpoint)) {
            let fault = "files.s3.endpoint is plain HTTP, so that members' files travel readable; use https://";
            refuse("plain_files", fault.to_owned());
        }
        let mail = &self.mail;
        let plain = mail.transport == Transport::Smtp && mail.encryption == Encryption::None;
        if plain && !mail.host.as_deref().is_some_and(is_this_machine) {
            let fault = "mail.encryption is none, so that links in letters travel readable to another machine; use \
                starttls or tls";
            refuse("plain_mail", fault.to_owned());
        }
        for (name, secret) in self.secrets() {
            let secret = secret.expose_secret();
            // That one is known to everybody: nothing allows it.
            if secret != DEVELOPMENT_SECRET && is_guessable(secret) {
                let fault = format!("{name} can be guessed; use one that was drawn, as by openssl rand -base64 33");
                refuse("weak_secrets", fault);
            }
        }
        faults
    }

    fn leads_to_open_redis(&self) -> bool {
        let (redis, url) = (&self.redis, self.redis.url.expose_secret());
        if redis.sentinels.is_empty() && redis.cluster.is_empty() {
            return is_open_redis(url);
        }
        // Where those lead, url does not say.
        let elsewhere = redis.sentinels.iter().any(|address| !is_here(address.expose_secret()))
            || redis.cluster.iter().any(|node| !is_here(&format!("redis://{node}")));
        elsewhere && !has_password(url)
    }

    pub(super) fn risk_faults(&self) -> Vec<String> {
        let unknown = self.accepted_risks.iter().filter(|risk| !RISKS.contains(&risk.as_str()));
        unknown.map(|risk| format!("accepted_risks: there is no {risk}, only {}", RISKS.join(", "))).collect()
    }
}

fn is_guessable(secret: &str) -> bool {
    zxcvbn::zxcvbn(secret, &["folkshelf"]).guesses_log10() < GUESSES_LOG10
}

/// Whether an address leads to this machine.
fn is_here(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else { return false };
    is_this_machine(uri.host().unwrap_or_default().trim_matches(['[', ']']))
}

fn is_this_machine(host: &str) -> bool {
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
}

fn is_open_redis(address: &str) -> bool {
    // A path to a socket is no address that `Uri` reads.
    let scheme = address.split(':').next().unwrap_or_default().to_ascii_lowercase();
    if ["unix", "redis+unix", "valkey+unix"].contains(&scheme.as_str()) {
        return false;
    }
    !has_password(address) && !is_here(address)
}

fn has_password(address: &str) -> bool {
    let Ok(uri) = address.parse::<Uri>() else { return false };
    let user = uri.authority().and_then(|authority| authority.as_str().rsplit_once('@')).map(|(user, _)| user);
    user.and_then(|user| user.split_once(':')).is_some_and(|(_, password)| !password.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_secret_that_was_drawn_passes_and_one_that_was_made_up_does_not() {
        for drawn in [
            "k3vJt0mXqS9wz1YhGf7uRb2NnPd8LcEaT5oVi6Hx",
            "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b",
            "7b1c0a52-9a0e-4c0f-8f4e-2f5d1f0b7a63",
        ] {
            assert!(!is_guessable(drawn), "{drawn}");
        }
        for made_up in [
            "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
            "passwordpasswordpasswordpasswordpassword",
            "folkshelf folkshelf folkshelf folkshelf",
            "1234567890123456789012345678901234567890",
            "qwertyuiopqwertyuiopqwertyuiopqwertyuiop",
            "abcabcabcabcabcabcabcabcabcabcabcabcabc!",
        ] {
            assert!(is_guessable(made_up), "{made_up}");
        }
    }

    #[test]
    fn redis_needs_a_password_where_it_is_not_on_this_machine() {
        for open in [
            "redis://redis:6379",
            "redis://10.0.0.7",
            "redis://user@10.0.0.7/0",
            "redis://:@cache",
            "valkey://cache",
            "Redis://10.0.0.7",
            "redis://bücher",
        ] {
            assert!(is_open_redis(open), "{open}");
        }
        for closed in [
            "redis://127.0.0.1:6379",
            "redis://localhost/0",
            "redis://[::1]:6379",
            "redis://:secret@redis:6379/0",
            "unix:///run/redis/redis.sock",
            "redis+unix:///run/redis/redis.sock",
        ] {
            assert!(!is_open_redis(closed), "{closed}");
        }
    }

    #[test]
    fn another_machine_is_no_loopback() {
        for there in ["http://shelf.example", "http://localhost.example", "http://128.0.0.1", "http://[2001:db8::1]"] {
            assert!(!is_here(there), "{there}");
        }
        for here in ["http://localhost:3000", "http://127.8.0.1/x", "http://[::1]:3000"] {
            assert!(is_here(here), "{here}");
        }
    }
}
