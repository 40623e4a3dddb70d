//! Redis: whether it is there, new enough, keeps what it was given and takes writes.

use read_store::ServerInfo;

use crate::app;
use crate::contexts::Context;
use crate::doctor::finding::Finding;
use crate::settings::Settings;

const REDIS: &str = "Redis";
/// The oldest that is tested.
const OLDEST: u32 = 7;
const MIB: u64 = 1_048_576;

pub async fn look(settings: &Settings) -> Vec<Finding> {
    let store = match app::read_store(settings) {
        Ok(store) => store,
        Err(error) => return vec![Finding::wrong(REDIS, format!("cannot be asked: {error:#}"), "Set it right.")],
    };
    // In a cluster each of them may have another server.
    for context in Context::ALL {
        store.projection(context.name());
    }
    let mut findings = match store.server_info().await {
        Ok(servers) => {
            let expects_cluster = !settings.redis.cluster.is_empty();
            servers.iter().flat_map(|info| server(info, expects_cluster)).collect()
        }
        Err(error) => {
            let cause = std::error::Error::source(&error).map(|cause| format!(": {cause}")).unwrap_or_default();
            let todo = "See that Redis runs, that redis.url names it, its user and its password, and that redis.ca_file \
                        has signed its certificate. Hosts go on without it, slower: PostgreSQL answers the reads.";
            vec![Finding::wrong(REDIS, format!("cannot be asked: {error}{cause}"), todo)]
        }
    };
    findings.extend(store.answering().filter(|(answering, all)| answering < all).map(|(answering, all)| {
        let (asked, what) =
            if settings.redis.cluster.is_empty() { ("sentinels", "Sentinels") } else { ("cluster", "nodes") };
        let todo =
            format!("See that all in redis.{asked} run and let this host in: without most of them it has no Redis.");
        Finding::look(REDIS, format!("{answering} of {all} {what} answer"), todo)
    }));
    findings
}

fn server(info: &ServerInfo, expects_cluster: bool) -> Vec<Finding> {
    let mut findings = Vec::new();
    let ServerInfo { version, eviction, used_bytes, limit_bytes, .. } = info;
    match info.major() {
        Some(major) if major < OLDEST => {
            findings.push(Finding::wrong(REDIS, format!("version {version}"), "Update it to 7 or newer."));
        }
        _ => findings.push(Finding::fine(REDIS, format!("version {version}, {} MiB used", used_bytes / MIB))),
    }
    if info.is_replica {
        let what = "redis.url leads to a replica, which takes no writes";
        findings.push(Finding::wrong(REDIS, what, "Name the primary in redis.url."));
    }
    if info.is_cluster && !expects_cluster {
        let what = "it is a node of a cluster, and redis.url leads to this one alone";
        findings.push(Finding::wrong(REDIS, what, "Name the cluster's nodes in redis.cluster."));
    }
    if eviction.starts_with("allkeys") {
        let what = format!(
            "maxmemory-policy is {eviction}: it may drop parts of a view, and lists look shorter than they are"
        );
        findings.push(Finding::wrong(REDIS, what, "Set maxmemory-policy noeviction."));
    } else if eviction.starts_with("volatile") {
        let what = format!("maxmemory-policy is {eviction}: it may forget early who has asked how often");
        findings.push(Finding::look(REDIS, what, "Set maxmemory-policy noeviction."));
    }
    // A rebuild holds a projection twice for some seconds.
    if *limit_bytes > 0 && used_bytes.saturating_mul(2) > *limit_bytes {
        let what =
            format!("{} of {} MiB are used, and a rebuild may need as much again", used_bytes / MIB, limit_bytes / MIB);
        findings.push(Finding::look(REDIS, what, "Raise maxmemory."));
    }
    findings
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::finding::Verdict;

    #[test]
    fn each_way_in_which_redis_may_be_unfit_is_named() {
        let info = || ServerInfo {
            version: "7.0.15".to_owned(),
            eviction: "noeviction".to_owned(),
            used_bytes: MIB,
            limit_bytes: 0,
            is_replica: false,
            is_cluster: false,
        };
        let worst = |info: ServerInfo| {
            let findings = server(&info, false);
            let has = |verdict| findings.iter().any(|finding| finding.verdict == verdict);
            [Verdict::Wrong, Verdict::Look].into_iter().find(|verdict| has(*verdict)).unwrap_or(Verdict::Fine)
        };
        assert_eq!(worst(info()), Verdict::Fine);
        assert_eq!(worst(ServerInfo { version: "6.2.1".to_owned(), ..info() }), Verdict::Wrong);
        let in_cluster = ServerInfo { is_cluster: true, ..info() };
        assert!(server(&in_cluster, true).iter().all(|finding| finding.verdict == Verdict::Fine));
        assert_eq!(worst(ServerInfo { eviction: "allkeys-lru".to_owned(), ..info() }), Verdict::Wrong);
        assert_eq!(worst(ServerInfo { eviction: "volatile-ttl".to_owned(), ..info() }), Verdict::Look);
        assert_eq!(worst(ServerInfo { is_replica: true, ..info() }), Verdict::Wrong);
        assert_eq!(worst(ServerInfo { is_cluster: true, ..info() }), Verdict::Wrong);
        assert_eq!(worst(ServerInfo { used_bytes: 60 * MIB, limit_bytes: 100 * MIB, ..info() }), Verdict::Look);
    }
}
