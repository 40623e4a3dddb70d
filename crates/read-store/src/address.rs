//! Where a server is, who we are there, and whether the way is encrypted.

use std::fmt;

use deadpool_redis::redis::{
    Client, ClientTlsConfig, ConnectionAddr, IntoConnectionInfo, RedisResult, TlsCertificates,
};
use rustls::pki_types::{CertificateDer, pem::PemObject};

use crate::SettingsError;

/// What an address that begins with `rediss:` is checked against. All of it is PEM.
#[derive(Clone, Default)]
pub struct Tls {
    /// The authority that has signed the server's certificate. `None`: those that this machine trusts.
    pub authority: Option<Vec<u8>>,
    /// Who we are, for a server that asks.
    pub client: Option<ClientCertificate>,
}

#[derive(Clone)]
pub struct ClientCertificate {
    pub certificate: Vec<u8>,
    pub key: Vec<u8>,
}

// There is a key in it.
impl fmt::Debug for Tls {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Tls").finish_non_exhaustive()
    }
}

/// The client for one address; connects to nothing yet.
pub(crate) fn client(url: &str, tls: &Tls) -> Result<Client, SettingsError> {
    let address = url.into_connection_info().map_err(SettingsError::Url)?;
    // The library would send CLIENT SETINFO, which a user needs a right for and Redis 7.0 does not know.
    let who = address.redis_settings().clone().set_skip_set_lib_name();
    let address = address.set_redis_settings(who);
    let encrypted = match address.addr() {
        ConnectionAddr::TcpTls { insecure: true, .. } => return Err(SettingsError::Insecure),
        ConnectionAddr::TcpTls { .. } => true,
        _ => false,
    };
    if !encrypted {
        return Client::open(address).map_err(SettingsError::Url);
    }
    let certificates = [tls.authority.as_deref(), tls.client.as_ref().map(|client| client.certificate.as_slice())];
    if certificates.into_iter().flatten().any(|pem| CertificateDer::pem_slice_iter(pem).next().is_none()) {
        return Err(SettingsError::NoCertificate);
    }
    // The library takes the process's provider. Another one would have been chosen by somebody on purpose.
    drop(rustls::crypto::ring::default_provider().install_default());
    let client_tls = tls.client.clone();
    let certificates = TlsCertificates {
        client_tls: client_tls
            .map(|client| ClientTlsConfig { client_cert: client.certificate, client_key: client.key }),
        root_cert: tls.authority.clone(),
    };
    Client::build_with_tls(address, certificates).map_err(SettingsError::Certificate)
}

/// A client that speaks as `manner` does, to another server: `host:port`, in brackets what is an IPv6 address.
pub(crate) fn client_at(manner: &Client, address: &str) -> Result<Client, SettingsError> {
    let parsed = address.rsplit_once(':').and_then(|(host, port)| Some((host, port.parse().ok()?)));
    let (host, port) = parsed.ok_or_else(|| SettingsError::Node(address.to_owned()))?;
    speaking_as(manner, host.trim_matches(['[', ']']), port).map_err(SettingsError::Url)
}

pub(crate) fn speaking_as(manner: &Client, host: &str, port: u16) -> RedisResult<Client> {
    let info = manner.get_connection_info().clone();
    let host = host.to_owned();
    let address = match info.addr().clone() {
        ConnectionAddr::TcpTls { insecure, tls_params, .. } => {
            ConnectionAddr::TcpTls { host, port, insecure, tls_params }
        }
        _ => ConnectionAddr::Tcp(host, port),
    };
    Client::open(info.set_addr(address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_way_without_a_check_of_the_certificate_is_refused() {
        let refused = client("rediss://127.0.0.1:6379/#insecure", &Tls::default());
        assert!(matches!(refused, Err(SettingsError::Insecure)), "{refused:?}");
        client("rediss://127.0.0.1:6379", &Tls::default()).expect("with a check");
    }

    #[test]
    fn what_is_no_certificate_is_named() {
        let client_of = |authority: &[u8], key: &[u8]| {
            let ours = ClientCertificate { certificate: Vec::new(), key: key.to_vec() };
            let tls = Tls { authority: Some(authority.to_vec()), client: (!key.is_empty()).then_some(ours) };
            client("rediss://127.0.0.1:6379", &tls).map(drop)
        };
        let broken = b"-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
        let unusable = client_of(broken, b"");
        assert!(matches!(unusable, Err(SettingsError::Certificate(_))), "{unusable:?}");
        for (authority, key) in [(&b"no certificate"[..], &b""[..]), (broken, b"a key to no certificate")] {
            let refused = client_of(authority, key);
            assert!(matches!(refused, Err(SettingsError::NoCertificate)), "{refused:?}");
        }
    }
}
