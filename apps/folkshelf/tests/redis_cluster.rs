//! A cluster of three masters, one of them with a replica: members notice neither the cluster nor the death of a node.

mod support;

use std::time::Instant;

use serde_json::json;
use support::round::{a_book_goes_round, admin, both_read_from_redis, reads_from_redis};
use support::{Host, Person, Place};
use testkit::{RedisCluster, eventually};

fn host(place: &Place, cluster: &RedisCluster) -> Host {
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_REDIS__CLUSTER".to_owned(), cluster.addresses()));
    environment.push(("FOLKSHELF_REDIS__URL".to_owned(), "redis://not.used.example".to_owned()));
    Host::start_with(&environment)
}

/// Own writes and those of others, at once on both hosts, for as long as `goes_on`.
async fn every_write_is_seen_while(hosts: [&Host; 2], ada: &Person, mut goes_on: impl AsyncFnMut() -> bool) -> usize {
    let path = format!("/books/{}", ada.lists(hosts[0], "Edition 0").await);
    let mut edition = 0;
    while goes_on().await {
        edition += 1;
        let title = format!("Edition {edition}");
        ada.put(hosts[edition % 2], &path, json!({"title": title})).await.expect(200);
        for host in hosts {
            assert_eq!(ada.get(host, &path).await.expect(200).data()["title"], title.as_str());
        }
    }
    edition
}

#[tokio::test]
async fn a_community_lives_on_three_masters_through_the_death_of_each() {
    let (place, mut cluster) = (Place::new().await, RedisCluster::start().await);
    let (one, two) = (host(&place, &cluster), host(&place, &cluster));
    let hosts = [&one, &two];
    let ada = admin(&one).await;
    both_read_from_redis(hosts, &ada).await;
    a_book_goes_round(&one, &two, "Emma").await;
    for node in &cluster.nodes[..3] {
        let keys = node.tell(&["DBSIZE"]).await;
        assert!(keys.starts_with(':') && !keys.starts_with(":0"), "a master that keeps nothing: {keys}");
    }

    // One that nobody can take the place of, and that comes back empty.
    cluster.nodes[1].kill().await;
    eventually("it is missed", || async { !reads_from_redis(&one, &ada).await }).await;
    let mut times = 0..20;
    every_write_is_seen_while(hosts, &ada, async || times.next().is_some()).await;
    a_book_goes_round(&one, &two, "Without a node").await;
    cluster.nodes[1].start_again().await;
    both_read_from_redis(hosts, &ada).await;
    a_book_goes_round(&one, &two, "With all nodes again").await;

    // One whose replica is made master.
    let begun = Instant::now();
    cluster.nodes[0].kill().await;
    eventually("it is missed", || async { !reads_from_redis(&one, &ada).await }).await;
    let writes = every_write_is_seen_while(hosts, &ada, async || {
        assert!(begun.elapsed().as_secs() < 30, "the replica is not found");
        !(reads_from_redis(&one, &ada).await && reads_from_redis(&two, &ada).await)
    });
    println!("{} writes until both hosts read from the replica, {:?}", writes.await, begun.elapsed());
    a_book_goes_round(&one, &two, "With the replica").await;
}

#[tokio::test]
async fn limits_hold_over_both_hosts_in_a_cluster() {
    let (place, cluster) = (Place::new().await, RedisCluster::start().await);
    let (one, two) = (host(&place, &cluster), host(&place, &cluster));
    let ada = admin(&one).await;
    both_read_from_redis([&one, &two], &ada).await;
    // A host that has counted nothing yet has no connection for it, and counts its first tries alone. The right password
    // costs none.
    for host in [&one, &two] {
        eventually("tries are counted in the cluster", || async {
            let alone = host.metric("rate_limits_counted_alone_total").await;
            host.log_in(&ada.email, support::PASSWORD).await.expect(200);
            host.metric("rate_limits_counted_alone_total").await == alone
        })
        .await;
    }
    let mut wrong = 0;
    while [&one, &two][wrong % 2].log_in(&ada.email, &format!("wrong {wrong}")).await.status == 401 {
        wrong += 1;
        assert!(wrong < 25, "nobody said stop");
    }
    let counts = cluster.nodes.iter().map(|node| node.tell(&["KEYS *{limits}*"]));
    let found = futures_util::future::join_all(counts).await;
    assert!(found.iter().any(|keys| keys.contains("{limits}")), "it is the cluster that counts: {found:?}");
}
