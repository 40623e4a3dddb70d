//! Who is counted, and under which name Redis knows them.

use std::net::IpAddr;

use hmac::{Hmac, KeyInit, Mac};
use sha2::{Digest, Sha256};

/// Whom one line reaches: an IPv4 address, or the /64 that a line has of IPv6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Network {
    V4(u32),
    V6(u64),
}

impl Network {
    /// Another one for each network.
    pub fn number(self) -> u128 {
        match self {
            Self::V4(address) => u128::from(address),
            Self::V6(prefix) => u128::from(prefix) + (1 << 64),
        }
    }
}

impl From<IpAddr> for Network {
    fn from(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V4(address) => Self::V4(address.to_bits()),
            IpAddr::V6(address) => Self::V6((address.to_bits() >> 64) as u64),
        }
    }
}

/// Who is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Subject {
    Member(u128),
    /// All API keys of a member together, apart from the member: a program that runs away does not shut its member out.
    Programs(u128),
    Network(Network),
    /// An account by its mail address: what is kept of that is a digest.
    Account([u8; 16]),
    /// An account as it is tried from one network: others are not locked out with it.
    AccountFrom([u8; 16], Network),
}

impl Subject {
    /// `address` in the form in which it is compared.
    pub fn account(address: &str) -> Self {
        Self::Account(digest(address))
    }

    /// As [`Self::account`], from one network.
    pub fn account_from(address: &str, network: Network) -> Self {
        Self::AccountFrom(digest(address), network)
    }

    /// The key in Redis: nobody reads addresses of members out of it.
    pub(crate) fn key(&self, limit: &str, secret: &[u8]) -> String {
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(secret) else { return limit.to_owned() };
        match self {
            Self::Member(id) => {
                mac.update(b"member");
                mac.update(&id.to_be_bytes());
            }
            Self::Programs(id) => {
                mac.update(b"programs");
                mac.update(&id.to_be_bytes());
            }
            Self::Network(network) => of_network(&mut mac, *network),
            Self::Account(account) => {
                mac.update(b"account");
                mac.update(account);
            }
            Self::AccountFrom(account, network) => {
                mac.update(b"account from");
                mac.update(account);
                of_network(&mut mac, *network);
            }
        }
        let name = mac.finalize().into_bytes();
        let name: String = name.iter().take(16).map(|byte| format!("{byte:02x}")).collect();
        format!("{limit}:{name}")
    }
}

fn of_network(mac: &mut Hmac<Sha256>, network: Network) {
    match network {
        Network::V4(address) => {
            mac.update(b"v4");
            mac.update(&address.to_be_bytes());
        }
        Network::V6(prefix) => {
            mac.update(b"v6");
            mac.update(&prefix.to_be_bytes());
        }
    }
}

fn digest(text: &str) -> [u8; 16] {
    let mut short = [0; 16];
    short.copy_from_slice(&Sha256::digest(text)[..16]);
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    fn network(text: &str) -> Network {
        text.parse::<IpAddr>().unwrap().into()
    }

    #[test]
    fn one_line_is_one_network_whichever_address_of_its_64_it_uses() {
        assert_eq!(network("2001:db8:1:2::1"), network("2001:db8:1:2:ffff::9"));
        assert_ne!(network("2001:db8:1:2::1"), network("2001:db8:1:3::1"));
        assert_ne!(network("192.0.2.1"), network("192.0.2.2"));
        assert_eq!(network("::ffff:192.0.2.1"), network("192.0.2.1"));
    }

    #[test]
    fn a_key_tells_who_from_whom_and_shows_no_address() {
        let from = |text| Subject::account_from("ada@example.org", network(text));
        let all = [
            Subject::Member(1),
            Subject::Member(2),
            Subject::Programs(1),
            Subject::Network(network("0.0.0.1")),
            Subject::Network(network("0:0:0:1::")),
            Subject::account("ada@example.org"),
            from("0.0.0.1"),
            from("0.0.0.2"),
        ];
        let keys: std::collections::BTreeSet<String> =
            all.iter().map(|subject| subject.key("log_in", b"secret")).collect();
        assert_eq!(keys.len(), all.len(), "{keys:?}");
        assert!(keys.iter().all(|key| key.starts_with("log_in:") && !key.contains("example") && key.len() == 39));
        assert_ne!(all[0].key("log_in", b"secret"), all[0].key("log_in", b"another"));
    }
}
