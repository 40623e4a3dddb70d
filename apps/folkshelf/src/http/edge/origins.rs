//! Which web pages may open a WebSocket. A browser opens one to any host and asks nobody before, as CORS would.

use std::sync::Arc;

use actix_web::http::Uri;
use actix_web::http::header::HeaderValue;

use super::problem::Problem;
use crate::settings::Http;

/// The community's own origin and `http.allowed_origins`.
#[derive(Clone)]
pub struct Origins(Arc<[String]>);

impl Origins {
    pub fn new(http: &Http) -> Self {
        http.allowed_origins.iter().cloned().chain(origin(&http.public_url)).collect::<Vec<_>>().into()
    }

    /// Programs name no origin and browsers always do, so none is fine.
    pub fn admit<'v>(&self, mut named: impl Iterator<Item = &'v HeaderValue>) -> Result<(), Problem> {
        let known = |value: &HeaderValue| self.0.iter().any(|origin| value.as_bytes() == origin.as_bytes());
        if named.all(known) { Ok(()) } else { Err(Problem::foreign_origin()) }
    }
}

impl From<Vec<String>> for Origins {
    fn from(origins: Vec<String>) -> Self {
        Self(origins.into())
    }
}

/// As a browser writes it: in lower case, without the port that is the scheme's own.
fn origin(url: &str) -> Option<String> {
    let uri: Uri = url.parse().ok()?;
    let (scheme, host) = (uri.scheme_str()?.to_ascii_lowercase(), uri.host()?.to_ascii_lowercase());
    let port = uri
        .port_u16()
        .filter(|port| (scheme.as_str(), *port) != ("https", 443) && (scheme.as_str(), *port) != ("http", 80));
    Some(port.map_or_else(|| format!("{scheme}://{host}"), |port| format!("{scheme}://{host}:{port}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_community_has_the_origin_that_browsers_give_it() {
        for (url, seen) in [
            ("https://Shelf.example:443/", "https://shelf.example"),
            ("http://shelf.example:80", "http://shelf.example"),
            ("http://localhost:3000/books", "http://localhost:3000"),
            ("https://[2001:db8::1]:8443", "https://[2001:db8::1]:8443"),
        ] {
            assert_eq!(origin(url).as_deref(), Some(seen));
        }
    }

    #[test]
    fn another_origin_is_refused_and_none_is_not() {
        let origins = Origins::from(vec!["https://shelf.example".to_owned()]);
        let admit = |named: &[&'static str]| {
            let values: Vec<_> = named.iter().map(|origin| HeaderValue::from_static(origin)).collect();
            origins.admit(values.iter()).is_ok()
        };
        assert!(admit(&[]) && admit(&["https://shelf.example"]));
        for foreign in
            ["https://evil.example", "https://shelf.example.evil.example", "http://shelf.example", "null", ""]
        {
            assert!(!admit(&[foreign]), "{foreign}");
        }
        assert!(!admit(&["https://shelf.example", "https://evil.example"]));
    }
}
