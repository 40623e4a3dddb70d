//! What a request shows of who sends it: the access token of a session, or the API key of a program.

use std::borrow::Cow;

use actix_web::http::header::{self, HeaderMap, HeaderName, HeaderValue};

use kernel::ApiKeyId;

use super::problem::Problem;

pub const API_KEY: HeaderName = HeaderName::from_static("x-api-key");

/// Which API key a request came with, once it is known.
#[derive(Debug, Clone, Copy)]
pub struct KeyInUse(pub ApiKeyId);

/// No `Debug`: both are secrets.
#[derive(Clone)]
pub enum Shown<'r> {
    Token(Cow<'r, str>),
    Key(Cow<'r, str>),
}

impl<'r> Shown<'r> {
    /// `None`: the request shows nothing. Both at once are refused: they may be of two members.
    pub fn by(headers: &'r HeaderMap) -> Result<Option<Self>, Problem> {
        let shown = Self::with(headers.get(header::AUTHORIZATION), headers.get(API_KEY))?;
        match (shown, token_of_a_page(headers)) {
            (None, token) => Ok(token.map(|token| Self::Token(token.into()))),
            (shown, None) => Ok(shown),
            (Some(_), Some(_)) => {
                let message = "must not carry a token together with Authorization or X-API-Key";
                Err(Problem::invalid_field("Sec-WebSocket-Protocol", message))
            }
        }
    }

    /// As [`Self::by`], by what the two headers hold.
    pub fn with(
        authorization: Option<&'r HeaderValue>,
        api_key: Option<&'r HeaderValue>,
    ) -> Result<Option<Self>, Problem> {
        match (authorization, api_key) {
            (None, None) => Ok(None),
            (Some(value), None) => {
                bearer(value).map(|token| Some(Self::Token(token.into()))).ok_or_else(Problem::unauthenticated)
            }
            (None, Some(value)) => {
                let key = text(value).ok_or_else(Problem::unauthenticated)?;
                Ok(Some(Self::Key(key.trim().into())))
            }
            (Some(_), Some(_)) => {
                Err(Problem::invalid_field("X-API-Key", "must not be sent together with Authorization"))
            }
        }
    }

    /// To be kept longer than the request.
    pub fn into_owned(self) -> Shown<'static> {
        match self {
            Self::Token(token) => Shown::Token(token.into_owned().into()),
            Self::Key(key) => Shown::Key(key.into_owned().into()),
        }
    }
}

/// What a page offers as a subprotocol to show its token. A browser lets it set no header of a WebSocket, and a query would be
/// in the logs of all proxies.
const TOKEN_PROTOCOL: &str = "bearer.";

/// The token with which a page opens a WebSocket.
fn token_of_a_page(headers: &HeaderMap) -> Option<&str> {
    if !headers.contains_key(header::UPGRADE) {
        return None;
    }
    let offered = headers.get_all(header::SEC_WEBSOCKET_PROTOCOL).filter_map(|value| value.to_str().ok());
    offered.flat_map(|line| line.split(',')).find_map(|protocol| protocol.trim().strip_prefix(TOKEN_PROTOCOL))
}

/// The token in an `Authorization` header.
fn bearer(value: &HeaderValue) -> Option<&str> {
    let (scheme, token) = text(value)?.split_once(' ')?;
    scheme.eq_ignore_ascii_case("bearer").then(|| token.trim())
}

/// What `HeaderValue::to_str` answers (a value holds no control characters but tabs). That looks at one byte after the other,
/// and a token has some hundreds: 3 % of a hot read.
fn text(value: &HeaderValue) -> Option<&str> {
    let bytes = value.as_bytes();
    if bytes.is_ascii() { std::str::from_utf8(bytes).ok() } else { None }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_header_is_text_where_it_is_for_the_http_crate() {
        for bytes in 0..=u8::MAX {
            let Ok(value) = HeaderValue::from_bytes(&[b'a', bytes, b'z']) else { continue };
            assert_eq!(text(&value), value.to_str().ok(), "{bytes}");
        }
    }
}
