//! A standby answers what Redis cannot, and nobody notices: not who has just written, nor anybody when it stalls or dies.

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use sqlx::ConnectOptions;
use support::{Host, Person};
use testkit::{PrivatePostgres, eventually, eventually_within};

struct Scene {
    primary: PrivatePostgres,
    standby: PrivatePostgres,
    environment: Vec<(String, String)>,
    _mail: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let primary = PrivatePostgres::start().await;
        let standby = primary.standby("reads").await;
        let mail = tempfile::tempdir().expect("a folder");
        let folder = mail.path().to_string_lossy().into_owned();
        let mut environment =
            support::environment(&primary.url(), &testkit::redis_url(), &testkit::redis_prefix(), &folder);
        environment.push(("FOLKSHELF_DATABASE__REPLICA_URL".to_owned(), standby.url()));
        environment.push(("FOLKSHELF_LIMITS__MEMBER".to_owned(), "off".to_owned()));
        environment.push(("FOLKSHELF_LIMITS__ANONYMOUS".to_owned(), "off".to_owned()));
        Self { primary, standby, environment, _mail: mail }
    }
}

async fn metric(host: &Host, name: &str) -> f64 {
    host.metric_of("books", name).await.unwrap_or_else(|| panic!("no {name}"))
}

const BY_REPLICA: &str = "database_replica_reads_total{by=\"replica\"}";
const BY_PRIMARY: &str = "database_replica_reads_total{by=\"primary\"}";

async fn until_used(host: &Host, used: bool, within: Duration) {
    eventually_within(within, "the replica is used, or not", || async {
        metric(host, "database_replica_used").await == f64::from(u8::from(used))
    })
    .await;
}

/// Whether a search finds a book by its title.
async fn finds(person: &Person, host: &Host, title: &str) -> bool {
    let reply = person.get(host, &format!("/books/search?q={title}")).await.expect(200);
    reply.data().as_array().expect("a list").iter().any(|book| book["title"] == title)
}

#[tokio::test]
async fn a_replica_answers_searches_and_what_one_wrote_is_found_at_once_on_every_host() {
    let scene = Scene::new().await;
    let (one, two) = (Host::start_with(&scene.environment), Host::start_with(&scene.environment));
    let (ada, bob) = (one.register("Ada").await, one.register("Bob").await);
    ada.lists(&one, "Emma").await;
    until_used(&one, true, Duration::from_secs(5)).await;
    until_used(&two, true, Duration::from_secs(5)).await;

    // It is used: by the metric, and by the standby's own word.
    eventually("a search is answered by the replica", || async {
        let before = metric(&two, BY_REPLICA).await;
        finds(&bob, &two, "Emma").await && metric(&two, BY_REPLICA).await > before
    })
    .await;
    let mut superuser = scene.standby.superuser().connect().await.expect("a superuser");
    let sessions: i64 = sqlx::query_scalar("select count(*) from pg_stat_activity where usename = 'folkshelf_books'")
        .fetch_one(&mut superuser)
        .await
        .expect("a count");
    assert!(sessions > 0);
    for path in ["/books/facets?q=emma", "/books/suggest?q=em", "/books/export"] {
        let before = metric(&two, BY_REPLICA).await;
        bob.get(&two, path).await.expect(200);
        assert!(metric(&two, BY_REPLICA).await > before, "{path}");
    }

    // It stands still. Who writes finds it at once, on either host; others may not yet.
    scene.standby.command("select pg_wal_replay_pause()").await;
    let position = ada
        .post(&one, "/books", json!({"title": "Persuasion", "authors": ["Jane Austen"], "lending": "lend"}))
        .await
        .expect(201)
        .header("x-folkshelf-position")
        .to_owned();
    for host in [&one, &two] {
        let before = metric(host, BY_PRIMARY).await;
        assert!(finds(&ada, host, "Persuasion").await);
        assert!(metric(host, BY_PRIMARY).await > before, "the primary has answered");
    }
    assert!(!finds(&bob, &two, "Persuasion").await, "the test would see nothing if the replica were not asked");
    let asked = two.request(reqwest::Method::GET, "/books/search?q=Persuasion").bearer_auth(&bob.token);
    let demanded = support::Reply::to(asked.header("X-Folkshelf-Min-Position", &position)).await.expect(200);
    assert_eq!(demanded.ids().len(), 1, "a position that the replica lacks is answered by the primary");

    // Too far behind, it is not used at all.
    until_used(&two, false, Duration::from_secs(8)).await;
    assert!(metric(&two, "database_replica_lag_seconds").await > 5.0);
    assert!(metric(&two, "database_replica_lag_events").await >= 1.0);
    assert!(finds(&bob, &two, "Persuasion").await);
    scene.standby.command("select pg_wal_replay_resume()").await;
    until_used(&two, true, Duration::from_secs(5)).await;
    let before = metric(&two, BY_REPLICA).await;
    assert!(finds(&bob, &two, "Persuasion").await && finds(&ada, &two, "Persuasion").await);
    assert!(metric(&two, BY_REPLICA).await >= before + 2.0);
}

#[tokio::test]
async fn answers_go_on_without_the_replica_and_it_is_used_again_when_it_is_back() {
    let mut scene = Scene::new().await;
    let host = Host::start_with(&scene.environment);
    let ada = host.register("Ada").await;
    ada.lists(&host, "Emma").await;
    until_used(&host, true, Duration::from_secs(5)).await;

    let asked_until = |end: Duration| {
        let (host, ada) = (&host, &ada);
        async move {
            let begun = Instant::now();
            let mut slowest = Duration::ZERO;
            while begun.elapsed() < end {
                let asked = Instant::now();
                assert!(finds(ada, host, "Emma").await);
                slowest = slowest.max(asked.elapsed());
            }
            slowest
        }
    };
    // Killed in the middle of searches.
    let (slowest, ()) = tokio::join!(asked_until(Duration::from_secs(3)), async {
        tokio::time::sleep(Duration::from_millis(500)).await;
        scene.standby.kill().await;
    });
    assert!(slowest < Duration::from_secs(1), "{slowest:?}");
    until_used(&host, false, Duration::from_secs(2)).await;

    scene.standby.start_again().await;
    until_used(&host, true, Duration::from_secs(10)).await;
    let before = metric(&host, BY_REPLICA).await;
    assert!(finds(&ada, &host, "Emma").await);
    assert!(metric(&host, BY_REPLICA).await > before);

    // Frozen, it keeps connections and says nothing.
    scene.standby.freeze().await;
    let slowest = asked_until(Duration::from_secs(3)).await;
    assert!(slowest < Duration::from_millis(1_500), "{slowest:?}");
    until_used(&host, false, Duration::from_secs(2)).await;
    scene.standby.thaw().await;
    until_used(&host, true, Duration::from_secs(10)).await;

    // Promoted, it goes its own way: nobody reads there, although it answers.
    scene.standby.command("select pg_promote()").await;
    until_used(&host, false, Duration::from_secs(5)).await;
    assert!(finds(&ada, &host, "Emma").await);
    host.get("/health/ready").await.expect(200);
    drop(scene.primary);
}
