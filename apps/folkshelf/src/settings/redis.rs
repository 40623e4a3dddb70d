//! How Redis is reached.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use read_store::{ClientCertificate, Deployment, Tls};
use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use utoipa::ToSchema;

/// The read side. It holds nothing that PostgreSQL does not.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Redis {
    /// The address of Redis, with the user and the password of this host; `rediss://` for TLS.
    #[schema(value_type = String)]
    pub url: SecretString,
    /// Addresses of Sentinels, each with its password if it has one. They say where the master is; `url` gives user,
    /// password, TLS and database. One, or 3 to 32.
    #[schema(value_type = Vec<String>)]
    pub sentinels: Vec<SecretString>,
    /// The Sentinels' name of the master. Belongs to `sentinels`.
    pub master: Option<String>,
    /// Nodes of a cluster, as `host:port`; `url` gives user, password and TLS. One, or 3 to 32.
    pub cluster: Vec<String>,
    /// Begins every key, so that several communities can share a server.
    pub prefix: String,
    /// With TLS: the file (PEM) of the authority that has signed Redis' certificate. Not set: those that the machine trusts.
    #[schema(value_type = Option<String>)]
    pub ca_file: Option<PathBuf>,
    /// With TLS, where Redis asks for one: the file (PEM) of this host's certificate.
    #[schema(value_type = Option<String>)]
    pub certificate_file: Option<PathBuf>,
    /// The file (PEM) of the key of that certificate.
    #[schema(value_type = Option<String>)]
    pub key_file: Option<PathBuf>,
}

impl Redis {
    pub(super) fn faults(&self) -> Vec<String> {
        let mut faults = Vec::new();
        let named = [
            ("ca_file", self.ca_file.is_some()),
            ("certificate_file", self.certificate_file.is_some()),
            ("key_file", self.key_file.is_some()),
        ];
        if !self.is_encrypted() {
            for (name, _) in named.into_iter().filter(|(_, is_set)| *is_set) {
                faults.push(format!("redis.{name} is for TLS: redis.url must begin with rediss://"));
            }
        }
        if self.certificate_file.is_some() != self.key_file.is_some() {
            faults.push("redis.certificate_file and redis.key_file must both be set, or neither".to_owned());
        }
        if self.sentinels.is_empty() == self.master.is_some() {
            faults.push("redis.sentinels and redis.master must both be set, or neither".to_owned());
        }
        if !self.sentinels.is_empty() && !self.cluster.is_empty() {
            faults
                .push("redis.sentinels and redis.cluster cannot both be set: a cluster needs no Sentinels".to_owned());
        }
        // Most of two are both: one that is away would be all of them.
        for (name, count) in [("sentinels", self.sentinels.len()), ("cluster", self.cluster.len())] {
            if count == 2 || count > 32 {
                faults.push(format!("redis.{name} must name one, or 3 to 32: most of them have to agree"));
            }
        }
        faults
    }

    pub fn deployment(&self) -> Deployment {
        match &self.master {
            Some(master) => Deployment::Sentinels {
                addresses: self.sentinels.iter().map(|address| address.expose_secret().to_owned()).collect(),
                master: master.clone(),
            },
            None if self.cluster.is_empty() => Deployment::One,
            None => Deployment::Cluster { nodes: self.cluster.clone() },
        }
    }

    fn is_encrypted(&self) -> bool {
        let url = self.url.expose_secret().to_ascii_lowercase();
        ["rediss:", "valkeys:"].iter().any(|scheme| url.starts_with(scheme))
    }

    /// Reads the files.
    pub fn tls(&self) -> anyhow::Result<Tls> {
        let read = |name: &str, file: &Path| {
            std::fs::read(file).with_context(|| format!("redis.{name} cannot be read: {}", file.display()))
        };
        let authority = self.ca_file.as_deref().map(|file| read("ca_file", file)).transpose()?;
        let client = match (&self.certificate_file, &self.key_file) {
            (Some(certificate), Some(key)) => Some(ClientCertificate {
                certificate: read("certificate_file", certificate)?,
                key: read("key_file", key)?,
            }),
            _ => None,
        };
        Ok(Tls { authority, client })
    }
}
