//! Limits over a real Redis, as two hosts count together; and without one.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use limits::{Limit, Limits, Rate, Refused, Subject};
use read_store::{ReadStore, Settings};

fn url() -> String {
    std::env::var("REDIS_URL").expect("REDIS_URL names a Redis for tests; `just test` starts one")
}

fn prefix() -> String {
    format!("test-{}", uuid::Uuid::now_v7().simple())
}

/// A host's limits. Hosts of one prefix count together.
fn host(url: &str, prefix: &str) -> Limits {
    with_secrets(url, prefix, b"a secret of the community", &[])
}

fn with_secrets(url: &str, prefix: &str, secret: &[u8], others: &[&[u8]]) -> Limits {
    let store = ReadStore::connect(Settings::new(url, prefix, b"of the host")).expect("an address");
    Limits::new(&store, secret, others.iter().map(|other| other.to_vec()).collect())
}

fn rate(text: &str) -> Rate {
    text.parse().expect("a rate")
}

fn somebody() -> Subject {
    Subject::Member(uuid::Uuid::now_v7().as_u128())
}

/// How many of `tries` at the same time are granted.
async fn granted(limits: &Limits, limit: &Limit, subject: Subject, tries: usize) -> usize {
    let tries = (0..tries).map(|_| {
        let (limits, limit) = (limits.clone(), limit.clone());
        tokio::spawn(async move { limits.take(&limit, subject).await.is_ok() })
    });
    let mut granted = 0;
    for done in tries.collect::<Vec<_>>() {
        granted += usize::from(done.await.expect("no panic"));
    }
    granted
}

/// Calls to Redis for limits, by all tests of this process.
fn calls() -> f64 {
    let families = prometheus::gather();
    let calls = families.iter().filter(|family| family.name() == "redis_operations_total");
    let counts = calls.flat_map(|family| family.get_metric()).filter(|metric| {
        metric.get_label().iter().any(|label| label.name() == "operation" && label.value() == "limits")
    });
    counts.map(|metric| metric.get_counter().get_value()).sum()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_small_limit_is_exact_over_all_hosts() {
    let (url, prefix) = (url(), prefix());
    let (one, other) = (host(&url, &prefix), host(&url, &prefix));
    // Long enough that no permit comes back while the test runs.
    let thirty = rate("30 per 24h");
    let (here, there, who) = (one.limit("anonymous", thirty), other.limit("anonymous", thirty), somebody());
    let (at_one, at_other) = tokio::join!(granted(&one, &here, who, 60), granted(&other, &there, who, 60));
    assert_eq!(at_one + at_other, 30, "{at_one} and {at_other}");
    let refused = one.take(&here, who).await.expect_err("there are none left");
    assert_eq!((refused.class, refused.rate), ("anonymous", thirty));
    assert!(refused.retry_after <= Duration::from_secs(24 * 60 * 2) && refused.seconds() > 2_000, "{refused:?}");
    assert!(one.take(&here, somebody()).await.is_ok(), "others are counted apart");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_large_limit_is_passed_by_a_thirty_second_part_a_host_at_most() {
    let (url, prefix) = (url(), prefix());
    let (one, other) = (host(&url, &prefix), host(&url, &prefix));
    let many = rate("3200 per 24h");
    let (here, there, who) = (one.limit("members", many), other.limit("members", many), somebody());
    let (at_one, at_other) = tokio::join!(granted(&one, &here, who, 4_000), granted(&other, &there, who, 4_000));
    let all = at_one + at_other;
    // What Redis counts, and each host's allowance of 100.
    assert!((3_200..=3_400).contains(&all), "{at_one} and {at_other}");
}

#[tokio::test]
async fn whoever_goes_on_after_a_refusal_costs_redis_nothing() {
    let limits = host(&url(), &prefix());
    let (limit, who) = (limits.limit("hammered", rate("2 per 24h")), somebody());
    assert_eq!(granted(&limits, &limit, who, 3).await, 2);
    // Other tests of this process may call Redis too: nextest gives each test its own.
    let before = calls();
    for _ in 0..1_000 {
        limits.take(&limit, who).await.expect_err("there are none left");
    }
    assert!(calls() - before < 1_000.0, "{} calls", calls() - before);
}

#[tokio::test]
async fn whoever_waits_as_long_as_they_were_told_may_ask_again() {
    let limits = host(&url(), &prefix());
    let (limit, who) = (limits.limit("patient", rate("2 per 1s")), somebody());
    let mut refused: Option<Refused> = None;
    for _ in 0..1_000 {
        refused = limits.take(&limit, who).await.err();
        if refused.is_some() {
            break;
        }
    }
    let wait = refused.expect("nobody said stop").retry_after;
    assert!(wait <= Duration::from_millis(500), "{wait:?}");
    tokio::time::sleep(wait).await;
    limits.take(&limit, who).await.expect("a permit is back");
}

#[tokio::test]
async fn permits_of_several_limits_are_taken_together_or_not_at_all() {
    let limits = host(&url(), &prefix());
    let (account, network) = (limits.limit("account", rate("3 per 24h")), limits.limit("network", rate("5 per 24h")));
    let line = IpAddr::from([192, 0, 2, 7]).into();
    let tried = |name: &str| [(&account, Subject::account_from(name, line)), (&network, Subject::Network(line))];
    for _ in 0..3 {
        let _spent = limits.take_all(&tried("ada")).await.expect("within both");
    }
    for _ in 0..10 {
        assert_eq!(limits.take_all(&tried("ada")).await.expect_err("the account's are spent").class, "account");
    }
    // Ten refusals have cost the network nothing.
    let good = limits.take_all(&tried("bob")).await.expect("within both");
    let _spent = limits.take_all(&tried("bob")).await.expect("within both");
    assert_eq!(limits.take_all(&tried("bob")).await.expect_err("the network's are spent").class, "network");
    limits.give_back(good).await;
    let _spent = limits.take_all(&tried("bob")).await.expect("one is back");
    assert_eq!(limits.take_all(&tried("eve")).await.expect_err("it was the last").class, "network");
    let elsewhere = IpAddr::from([192, 0, 2, 8]).into();
    let others = [(&account, Subject::account_from("ada", elsewhere)), (&network, Subject::Network(elsewhere))];
    let _spent = limits.take_all(&others).await.expect("the same account from elsewhere");
}

#[tokio::test]
async fn what_is_given_back_never_becomes_more_than_there_was() {
    let limits = host(&url(), &prefix());
    let limit = limits.limit("account", rate("2 per 24h"));
    let who = somebody();
    for _ in 0..5 {
        let taken = limits.take_all(&[(&limit, who)]).await.expect("one at a time");
        limits.give_back(taken).await;
    }
    let _first = limits.take_all(&[(&limit, who)]).await.expect("the first");
    let _second = limits.take_all(&[(&limit, who)]).await.expect("the second");
    limits.take_all(&[(&limit, who)]).await.expect_err("there are two");
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_remembered_is_known_while_the_secret_is_exchanged() {
    let (url, prefix) = (url(), prefix());
    let (old, new): (&[u8], &[u8]) = (b"the secret of before", b"the secret from now on");
    let before = with_secrets(&url, &prefix, old, &[new]);
    let after = with_secrets(&url, &prefix, new, &[old]);
    let (ada, eve) = (somebody(), somebody());
    before.remember(ada).await;
    assert!(after.remembers(ada).await);
    // Hosts that have not exchanged them yet know those whom others remember.
    after.remember(eve).await;
    assert!(before.remembers(eve).await);
    assert!(!after.remembers(somebody()).await);
    let forgotten = with_secrets(&url, &prefix, new, &[]);
    assert!(forgotten.remembers(eve).await && !forgotten.remembers(ada).await, "the canary: it is by the secret");
}

#[tokio::test]
async fn whoever_was_remembered_is_known_on_every_host_and_nobody_else_is() {
    let (url, prefix) = (url(), prefix());
    let (one, other) = (host(&url, &prefix), host(&url, &prefix));
    let (here, there) = (IpAddr::from([192, 0, 2, 7]).into(), IpAddr::from([192, 0, 2, 8]).into());
    let ada = |network| Subject::account_from("ada", network);
    assert!(!one.remembers(ada(here)).await);
    one.remember(ada(here)).await;
    assert!(other.remembers(ada(here)).await);
    assert!(!other.remembers(ada(there)).await && !other.remembers(Subject::account("ada")).await);
    assert!(!host("redis://127.0.0.1:1", &prefix).remembers(ada(here)).await);
}

#[tokio::test(flavor = "multi_thread")]
async fn without_redis_each_host_counts_alone() {
    let limits = Arc::new(host("redis://127.0.0.1:1", &prefix()));
    let (limit, who) = (limits.limit("alone", rate("30 per 24h")), somebody());
    assert_eq!(granted(&limits, &limit, who, 100).await, 30);
    let refused = limits.take(&limit, who).await.expect_err("there are none left");
    assert!(refused.seconds() > 2_000, "{refused:?}");
    let account = limits.limit("account", rate("2 per 24h"));
    for _ in 0..2 {
        limits.give_back(limits.take_all(&[(&account, who)]).await.expect("alone")).await;
    }
    limits.take_all(&[(&account, who)]).await.expect_err("nothing is given back alone");
}
