//! What the Redis at the other end says of itself, for operators.

use std::collections::BTreeSet;

use crate::{ReadStore, ReadStoreError, link::field};

#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ServerInfo {
    /// As in `7.0.15`; empty when it does not tell.
    pub version: String,
    /// What it does when its memory is full; `noeviction` is right.
    pub eviction: String,
    pub used_bytes: u64,
    /// 0: as much as the machine has.
    pub limit_bytes: u64,
    /// A replica takes no writes.
    pub is_replica: bool,
    /// A cluster refuses keys of two slots at once.
    pub is_cluster: bool,
}

impl ServerInfo {
    fn read(info: &str) -> Self {
        let text = |name| field(info, name).unwrap_or_default();
        let number = |name| text(name).parse::<u64>().unwrap_or(0);
        Self {
            version: text("redis_version").to_owned(),
            eviction: text("maxmemory_policy").to_owned(),
            used_bytes: number("used_memory"),
            limit_bytes: number("maxmemory"),
            is_replica: text("role") == "slave",
            is_cluster: number("cluster_enabled") == 1,
        }
    }

    /// The first number of its version.
    pub fn major(&self) -> Option<u32> {
        self.version.split('.').next()?.parse().ok()
    }
}

impl ReadStore {
    /// Asks Redis what it is: each of its masters, where there are several.
    pub async fn server_info(&self) -> Result<Vec<ServerInfo>, ReadStoreError> {
        let mut infos = self.infos().await?;
        // Several slots may be on one.
        let mut runs = BTreeSet::new();
        infos.retain(|info| runs.insert(field(info, "run_id").unwrap_or_default().to_owned()));
        Ok(infos.iter().map(|info| ServerInfo::read(info)).collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_redis_says_is_read_and_what_it_does_not_say_is_nothing() {
        let info = "# Server\r\nredis_version:7.0.15\r\n# Memory\r\nused_memory:1048576\r\nmaxmemory:0\r\n\
            maxmemory_policy:allkeys-lru\r\n# Replication\r\nrole:slave\r\n# Cluster\r\ncluster_enabled:1\r\n";
        let seen = ServerInfo::read(info);
        assert_eq!((seen.major(), seen.eviction.as_str(), seen.used_bytes), (Some(7), "allkeys-lru", 1_048_576));
        assert!(seen.is_replica && seen.is_cluster && seen.limit_bytes == 0);
        let nothing = ServerInfo::read("");
        assert_eq!((nothing.major(), nothing.is_replica), (None, false));
    }
}
