//! Redis with a replica and Sentinels: masters die, come back, and are behind. Nothing that was acknowledged is unseen.

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::round::{a_book_goes_round, admin, both_read_from_redis, reads_from_redis};
use support::{Host, Place};
use testkit::{MASTER, RedisGroup, eventually, eventually_within};

fn host(place: &Place, group: &RedisGroup) -> Host {
    let mut environment = place.environment();
    for (name, value) in [("SENTINELS", group.addresses()), ("MASTER", MASTER.to_owned())] {
        environment.push((format!("FOLKSHELF_REDIS__{name}"), value));
    }
    environment.push(("FOLKSHELF_REDIS__URL".to_owned(), "redis://not.used.example/0".to_owned()));
    Host::start_with(&environment)
}

#[tokio::test]
async fn when_the_master_dies_nothing_is_lost_and_both_hosts_find_the_next_one() {
    let (place, mut group) = (Place::new().await, RedisGroup::start().await);
    let (one, two) = (host(&place, &group), host(&place, &group));
    let ada = admin(&one).await;
    both_read_from_redis([&one, &two], &ada).await;
    a_book_goes_round(&one, &two, "Emma").await;

    let book = ada.lists(&one, "Edition 0").await;
    let path = format!("/books/{book}");
    for (round, dies) in [(1, 0), (2, 1)] {
        let begun = Instant::now();
        group.servers[dies].kill().await;
        let (mut edition, mut listed) = (0, Vec::new());
        // While nobody is master, while one is made, and after that.
        while !(reads_from_redis(&one, &ada).await && reads_from_redis(&two, &ada).await) {
            assert!(begun.elapsed().as_secs() < 30, "no master is found");
            edition += 1;
            let title = format!("Edition {round}.{edition}");
            let (writer, reader) = if edition % 2 == 0 { (&one, &two) } else { (&two, &one) };
            ada.put(writer, &path, json!({"title": title})).await.expect(200);
            listed.push(ada.lists(writer, &format!("Volume {round}.{edition}")).await);
            for host in [writer, reader] {
                assert_eq!(ada.get(host, &path).await.expect(200).data()["title"], title.as_str());
                let mine = ada.get(host, "/books/mine?limit=100").await.expect(200).ids();
                assert!(listed.iter().rev().take(100).all(|id| mine.contains(id)), "a book is not on the shelf");
            }
        }
        println!("{edition} writes until both hosts read from the next master, {:?}", begun.elapsed());
        assert!(group.is_master(1 - dies).await);
        a_book_goes_round(&one, &two, &format!("After the death of {dies}")).await;
        // It comes back empty and calls itself a master, until it is told to follow. Sentinels do that after ten seconds.
        if round == 2 {
            break;
        }
        group.servers[dies].start_again().await;
        assert!(reads_from_redis(&one, &ada).await && reads_from_redis(&two, &ada).await);
        follow(&group, dies).await;
        assert!(reads_from_redis(&one, &ada).await && reads_from_redis(&two, &ada).await);
    }
}

/// Cuts a replica off from its master, so that it is behind from now on. Sentinels put that right after ten seconds.
async fn cut_off(group: &RedisGroup, nth: usize) {
    assert_eq!(group.servers[nth].tell(&["REPLICAOF 127.0.0.1 1"]).await, "+OK\r\n+OK\r\n");
}

/// Has one follow the other.
async fn follow(group: &RedisGroup, nth: usize) {
    let other = group.servers[1 - nth].port();
    assert_eq!(group.servers[nth].tell(&[&format!("REPLICAOF 127.0.0.1 {other}")]).await, "+OK\r\n+OK\r\n");
    eventually("it follows", || async {
        group.servers[nth].tell(&["INFO replication"]).await.contains("master_link_status:up")
    })
    .await;
}

async fn fail_over_to(group: &RedisGroup, nth: usize) {
    let fail_over = format!("SENTINEL FAILOVER {MASTER}");
    // Refused while the one before is not over, and until Sentinels look at the replica: every ten seconds.
    eventually_within(Duration::from_secs(25), "a failover begins", || async {
        group.sentinels[0].tell(&[&fail_over]).await.starts_with("+OK")
    })
    .await;
    eventually("it is over", || group.is_master(nth)).await;
}

#[tokio::test]
async fn a_replica_that_was_behind_when_it_was_made_master_is_not_believed() {
    let (place, mut group) = (Place::new().await, RedisGroup::start().await);
    let one = host(&place, &group);
    let ada = admin(&one).await;
    let path = format!("/books/{}", ada.lists(&one, "First edition").await);
    eventually("all reads come from Redis", || reads_from_redis(&one, &ada)).await;
    eventually("the replica has it", || async {
        group.servers[1].tell(&[&format!("HGETALL {}:{{books}}:generation", place.prefix)]).await.contains("number")
    })
    .await;
    cut_off(&group, 1).await;
    ada.put(&one, &path, json!({"title": "Second edition"})).await.expect(200);
    group.servers[0].kill().await;
    eventually("the replica is made master", || group.is_master(1)).await;
    let keys = group.servers[1].tell(&[&format!("HGETALL {}:{{books}}:generation", place.prefix)]).await;
    for _ in 0..100 {
        assert_eq!(one.get(&path).await.expect(200).data()["title"], "Second edition");
        assert_eq!(one.get("/books").await.expect(200).data()[0]["title"], "Second edition");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert!(keys.contains("number"), "the canary: what it had was to be believed\n{keys}");
    eventually("all reads come from Redis", || reads_from_redis(&one, &ada)).await;
    assert_eq!(one.get(&path).await.expect(200).data()["title"], "Second edition");
}

#[tokio::test]
async fn a_master_of_before_that_took_over_older_data_is_not_believed_though_it_never_restarted() {
    let (place, group) = (Place::new().await, RedisGroup::start().await);
    let mut one = host(&place, &group);
    let ada = admin(&one).await;
    let path = format!("/books/{}", ada.lists(&one, "First edition").await);
    eventually("all reads come from Redis", || reads_from_redis(&one, &ada)).await;
    cut_off(&group, 1).await;
    ada.put(&one, &path, json!({"title": "Second edition"})).await.expect(200);
    // Nobody is there to notice.
    assert!(one.stop());
    fail_over_to(&group, 1).await;
    follow(&group, 0).await;
    fail_over_to(&group, 0).await;
    let run = group.servers[0].tell(&["INFO server"]).await;
    let run = run.lines().find_map(|line| line.strip_prefix("run_id:")).expect("a run id").to_owned();
    let marker = group.servers[0].tell(&[&format!("HGET {}:{{books}}:generation run", place.prefix)]).await;
    assert!(marker.contains(&run), "the canary: its marker names this very process\n{marker}");

    let one = host(&place, &group);
    for _ in 0..100 {
        assert_eq!(one.get(&path).await.expect(200).data()["title"], "Second edition");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    eventually("all reads come from Redis", || reads_from_redis(&one, &ada)).await;
    assert_eq!(one.get(&path).await.expect(200).data()["title"], "Second edition");
}
