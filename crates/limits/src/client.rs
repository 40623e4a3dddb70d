//! The client's address, as far as trusted proxies vouch for it.
//!
//! A proxy appends to `Forwarded` or `X-Forwarded-For` the address that it was called from; what stands before that, its
//! caller may have written. So the headers are read from the right: the first address that is no trusted proxy is the
//! client. What cannot be read ends the walk: then the nearest proxy itself is counted, with all who hide behind it.
//!
//! A proxy writes one of the two headers and may let a client's own pass in the other. When they disagree, neither counts.
//!
//! Own code: `trusted-proxies` takes the second header where the first one fails, cuts `2001:db8::1` at its first colon and
//! splits `Forwarded` inside quotes, where a client's `Host` may stand; actix-web's `realip_remote_addr` reads from the left.

use std::net::{IpAddr, SocketAddr};

use ipnet::IpNet;

use crate::Network;

/// Proxies in a row; nobody has as many.
const HOPS: usize = 16;

/// Who asks, as far as we can know.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Client {
    pub network: Network,
    /// Called us from this machine, through no proxy that we know: everybody on it has the same address.
    pub local: bool,
}

/// The proxies whose headers are believed.
#[derive(Debug, Clone, Default)]
pub struct Proxies(Vec<IpNet>);

#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProxyError {
    #[error("{0:?} is neither an address nor a network, as in 10.0.0.0/8")]
    Unreadable(String),
    /// With everybody a proxy the client would be whoever it says it is.
    #[error("{0:?} is everybody")]
    Everybody(String),
}

impl Proxies {
    pub fn read(texts: &[String]) -> Result<Self, ProxyError> {
        let read = |text: &String| {
            let network = text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
            match network {
                Ok(network) if network.prefix_len() == 0 => Err(ProxyError::Everybody(text.clone())),
                Ok(network) => Ok(network),
                Err(_) => Err(ProxyError::Unreadable(text.clone())),
            }
        };
        texts.iter().map(read).collect::<Result<_, _>>().map(Self)
    }

    fn trusts(&self, address: IpAddr) -> bool {
        self.0.iter().any(|network| network.contains(&address))
    }

    /// `peer` is at the other end of the connection; the headers' lines come in their order.
    pub fn client<'h>(
        &self,
        peer: IpAddr,
        forwarded: impl DoubleEndedIterator<Item = &'h [u8]>,
        x_forwarded_for: impl DoubleEndedIterator<Item = &'h [u8]>,
    ) -> Client {
        let peer = peer.to_canonical();
        if !self.trusts(peer) {
            return Client { network: peer.into(), local: peer.is_loopback() };
        }
        let standard = self.walk(peer, forwarded.rev().flat_map(|line| FromRight::new(line, b',')).map(address_for));
        let usual = x_forwarded_for.rev().flat_map(|line| line.rsplit(|byte| *byte == b',')).map(address);
        let client = match (standard, self.walk(peer, usual)) {
            (Some(one), Some(other)) if one != other => peer,
            (Some(one), _) | (None, Some(one)) => one,
            (None, None) => peer,
        };
        Client { network: client.into(), local: false }
    }

    /// `None`: the header is not there.
    fn walk(&self, peer: IpAddr, hops: impl Iterator<Item = Option<IpAddr>>) -> Option<IpAddr> {
        let (mut there, mut nearest) = (false, peer);
        for hop in hops.take(HOPS) {
            there = true;
            let Some(hop) = hop else { break };
            nearest = hop;
            if !self.trusts(hop) {
                break;
            }
        }
        there.then_some(nearest)
    }
}

/// The address in `for=` of an element of `Forwarded`; `for="[2001:db8::1]:4711"`.
fn address_for(element: &[u8]) -> Option<IpAddr> {
    let mut found = None;
    for pair in FromRight::new(element, b';') {
        let Some(at) = pair.iter().position(|byte| *byte == b'=') else { continue };
        let (name, value) = (pair[..at].trim_ascii(), pair[at + 1..].trim_ascii());
        if name.eq_ignore_ascii_case(b"for") {
            if found.is_some() {
                return None;
            }
            let inner = value.strip_prefix(b"\"").and_then(|value| value.strip_suffix(b"\""));
            found = Some(address(inner.unwrap_or(value))?);
        }
    }
    found
}

/// With or without a port: `192.0.2.1`, `192.0.2.1:4711`, `2001:db8::1`, `[2001:db8::1]`, `[2001:db8::1]:4711`.
fn address(text: &[u8]) -> Option<IpAddr> {
    let text = std::str::from_utf8(text.trim_ascii()).ok()?;
    let bare = text.strip_prefix('[').and_then(|text| text.strip_suffix(']')).unwrap_or(text);
    let address = bare.parse().ok().or_else(|| text.parse::<SocketAddr>().ok().map(|socket| socket.ip()))?;
    Some(address.to_canonical())
}

/// What stands between separators that are not quoted, from the right: a quotation mark that a client left open ends
/// before what a proxy wrote.
struct FromRight<'t> {
    rest: Option<&'t [u8]>,
    separator: u8,
}

impl<'t> FromRight<'t> {
    fn new(text: &'t [u8], separator: u8) -> Self {
        Self { rest: Some(text), separator }
    }
}

impl<'t> Iterator for FromRight<'t> {
    type Item = &'t [u8];

    fn next(&mut self) -> Option<&'t [u8]> {
        let text = self.rest.take()?;
        let mut quoted = false;
        for at in (0..text.len()).rev() {
            let escaped = || text[..at].iter().rev().take_while(|byte| **byte == b'\\').count() % 2 == 1;
            match text[at] {
                b'"' if !(quoted && escaped()) => quoted = !quoted,
                byte if byte == self.separator && !quoted => {
                    self.rest = Some(&text[..at]);
                    return Some(&text[at + 1..]);
                }
                _ => {}
            }
        }
        Some(text)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// The client behind proxies in 10.0.0.0/8 and 2001:db8:f::/48, of whom the nearest is 10.0.0.1.
    fn behind(forwarded: &[&str], x_forwarded_for: &[&str]) -> Client {
        seen_from("10.0.0.1", forwarded, x_forwarded_for)
    }

    fn seen_from(peer: &str, forwarded: &[&str], x_forwarded_for: &[&str]) -> Client {
        let proxies = Proxies::read(&["10.0.0.0/8".to_owned(), "2001:db8:f::/48".to_owned()]).unwrap();
        let lines = |lines: &[&str]| lines.iter().map(|line| line.as_bytes().to_vec()).collect::<Vec<_>>();
        let (forwarded, usual) = (lines(forwarded), lines(x_forwarded_for));
        proxies.client(peer.parse().unwrap(), forwarded.iter().map(Vec::as_slice), usual.iter().map(Vec::as_slice))
    }

    fn at(address: &str) -> Client {
        Client { network: address.parse::<IpAddr>().unwrap().into(), local: false }
    }

    #[test]
    fn a_stranger_is_who_they_are_whatever_they_say() {
        assert_eq!(seen_from("192.0.2.7", &["for=127.0.0.1"], &["10.0.0.1, 127.0.0.1"]), at("192.0.2.7"));
    }

    #[test]
    fn the_client_is_the_first_from_the_right_that_is_no_proxy() {
        assert_eq!(behind(&[], &["198.51.100.1, 192.0.2.7, 10.9.9.9"]), at("192.0.2.7"));
        assert_eq!(behind(&[], &["198.51.100.1", "192.0.2.7", "10.9.9.9, 10.0.0.2"]), at("192.0.2.7"));
        assert_eq!(behind(&["for=198.51.100.1, For=192.0.2.7;proto=https;by=10.0.0.1"], &[]), at("192.0.2.7"));
        assert_eq!(behind(&["for=198.51.100.1", "for=\"[2001:db8::7]:4711\", for=10.3.3.3"], &[]), at("2001:db8::7"));
    }

    #[test]
    fn an_address_is_read_in_every_form_that_proxies_write() {
        for written in ["192.0.2.7", " 192.0.2.7:4711", "::ffff:192.0.2.7", "[::ffff:192.0.2.7]:80"] {
            assert_eq!(behind(&[], &[written]), at("192.0.2.7"), "{written}");
        }
        for written in ["2001:db8::7", "[2001:db8::7]", "[2001:db8::7]:443", "2001:db8:0::8"] {
            assert_eq!(behind(&[], &[written]), at("2001:db8::7"), "{written}");
        }
    }

    #[test]
    fn nobody_has_their_lines_free_by_being_called_from_this_machine_through_a_proxy() {
        let proxies = Proxies::read(&["127.0.0.1".to_owned()]).unwrap();
        let none = || std::iter::empty::<&[u8]>();
        let seen = proxies.client([127, 0, 0, 1].into(), none(), none());
        assert_eq!(seen, at("127.0.0.1"));
        let nobody = Proxies::default().client([127, 0, 0, 2].into(), none(), none());
        assert_eq!(nobody, Client { local: true, ..at("127.0.0.2") });
    }

    #[test]
    fn what_cannot_be_read_counts_for_the_proxy_that_passed_it_on() {
        let endless = "9,".repeat(40_000);
        for broken in ["", "unknown", "_hidden", "192.0.2.7.1", "192.0.2.7 192.0.2.8", ",", "\u{e9}", &endless] {
            assert_eq!(behind(&[], &[broken]), at("10.0.0.1"), "{broken:.20}");
            assert_eq!(behind(&[], &["198.51.100.1", broken, "10.5.5.5"]), at("10.5.5.5"), "{broken:.20}");
        }
        for broken in ["for=unknown", "for=_hidden", "proto=https", "for=", "for=192.0.2.7;for=192.0.2.8", "for", "=;,"]
        {
            assert_eq!(behind(&[broken], &[]), at("10.0.0.1"), "{broken}");
        }
    }

    #[test]
    fn what_a_client_quotes_is_not_read_as_a_proxys_word() {
        assert_eq!(behind(&["for=192.0.2.7;host=\"x,for=6.6.6.6\""], &[]), at("192.0.2.7"));
        assert_eq!(behind(&["for=192.0.2.7;host=\"x\\\",for=6.6.6.6\""], &[]), at("192.0.2.7"));
        assert_eq!(behind(&["for=\"6.6.6.6, for=192.0.2.7"], &[]), at("192.0.2.7"));
        assert_eq!(behind(&["for=6.6.6.6;x=\"", "for=192.0.2.7"], &[]), at("192.0.2.7"));
    }

    #[test]
    fn headers_that_disagree_count_for_the_proxy() {
        assert_eq!(behind(&["for=6.6.6.6"], &["192.0.2.7"]), at("10.0.0.1"));
        assert_eq!(behind(&["for=192.0.2.7"], &["6.6.6.6, 192.0.2.7"]), at("192.0.2.7"));
    }

    #[test]
    fn whoever_calls_from_among_the_proxies_is_the_farthest_that_is_named() {
        assert_eq!(behind(&[], &["10.1.1.1, 10.2.2.2"]), at("10.1.1.1"));
        assert_eq!(behind(&[], &["192.0.2.7, 10.0.0.1"]), at("192.0.2.7"), "two proxies of one address");
        let many = (0..100).map(|n| format!("10.7.7.{n}")).collect::<Vec<_>>().join(",");
        assert_eq!(behind(&[], &[&many]), at("10.7.7.84"), "after so many hops nobody reads on");
    }

    #[test]
    fn a_proxy_that_is_no_address_is_named() {
        let error = Proxies::read(&["10.0.0.0/8".to_owned(), "proxy.local".to_owned()]).unwrap_err();
        assert!(error.to_string().contains("\"proxy.local\""));
    }

    proptest! {
        /// Whatever a client sends, what the proxy appends decides.
        #[test]
        fn foreign_bytes_before_a_proxys_word_change_nothing(
            sent in proptest::collection::vec(prop_oneof![any::<u8>(), Just(b','), Just(b'"'), Just(b';'), Just(b'\\')], 0..60),
        ) {
            let proxies = Proxies::read(&["10.0.0.0/8".to_owned()]).unwrap();
            let peer = IpAddr::from([10, 0, 0, 1]);
            let none = || std::iter::empty::<&[u8]>();
            let with = |word: &[u8]| [&sent[..], word].concat();
            let usual = with(b", 192.0.2.7");
            prop_assert_eq!(proxies.client(peer, none(), std::iter::once(&usual[..])), at("192.0.2.7"));
            let standard = with(b", for=192.0.2.7;host=\"x,y\"");
            prop_assert_eq!(proxies.client(peer, std::iter::once(&standard[..]), none()), at("192.0.2.7"));
        }
    }
}
