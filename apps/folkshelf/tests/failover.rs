//! The primary is killed and its standby promoted: writes come back by themselves, nothing that was acknowledged is lost, and
//! what stood in the log stands there in its order.

mod support;

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use kernel::Position;
use reqwest::Method;
use serde_json::json;
use sqlx::{ConnectOptions, Connection};
use support::shape::Shape;
use support::{Host, Person, Reply};
use testkit::{PrivatePostgres, eventually, eventually_within};

/// An acknowledged write.
struct Written {
    book: String,
    position: Position,
    at: Instant,
}

/// Writes one book after the other until told to stop. Each is sent again with its key until it is acknowledged.
async fn write(host: &Host, person: &Person, ended: &AtomicBool) -> Vec<Written> {
    let mut written = Vec::new();
    for nth in 0.. {
        if ended.load(Ordering::Relaxed) {
            break;
        }
        let book = json!({"title": format!("Volume {nth}"), "authors": ["Somebody"], "lending": "lend"});
        loop {
            let request = person.request(host, Method::POST, "/books").json(&book);
            let request = request.header("Idempotency-Key", format!("volume-{nth}-of-{}", person.id));
            let reply = Reply::to(request).await;
            match reply.status {
                201 => {
                    let position = reply.header("x-folkshelf-position").parse().expect("a position");
                    let book = reply.data()["id"].as_str().expect("an id").to_owned();
                    written.push(Written { book, position, at: Instant::now() });
                    break;
                }
                503 => tokio::time::sleep(Duration::from_millis(50)).await,
                other => panic!("{other}: {:#}", reply.body),
            }
        }
    }
    written
}

#[tokio::test]
async fn writes_come_back_by_themselves_and_nothing_acknowledged_is_lost() {
    let mut primary = PrivatePostgres::start().await;
    let standby = primary.standby("next").await;
    primary.acknowledge_with("next").await;
    let both = format!(
        "postgres://folkshelf:folkshelf@127.0.0.1:{},127.0.0.1:{}/folkshelf?target_session_attrs=read-write",
        primary.port(),
        standby.port()
    );
    let mail = tempfile::tempdir().expect("a folder");
    let folder = mail.path().to_string_lossy().into_owned();
    let mut environment = support::environment(&both, &testkit::redis_url(), &testkit::redis_prefix(), &folder);
    environment.push(("FOLKSHELF_LIMITS__MEMBER".to_owned(), "off".to_owned()));
    let (one, two) = (Host::start_with(&environment), Host::start_with(&environment));
    let (ada, bob) = (one.register("Ada").await, two.register("Bob").await);

    let ended = AtomicBool::new(false);
    let failover = async {
        tokio::time::sleep(Duration::from_secs(2)).await;
        primary.crash().await;
        let killed = Instant::now();
        // The time that a failover manager takes to be sure.
        tokio::time::sleep(Duration::from_secs(2)).await;
        standby.command("select pg_promote()").await;
        tokio::time::sleep(Duration::from_secs(8)).await;
        ended.store(true, Ordering::Relaxed);
        killed
    };
    let (of_ada, of_bob, killed) = tokio::join!(write(&one, &ada, &ended), write(&two, &bob, &ended), failover);

    let mut promoted = standby.owner_options().connect().await.expect("the new primary");
    for (person, host, written) in [(&ada, &one, &of_ada), (&bob, &two, &of_bob)] {
        let before: Vec<_> = written.iter().filter(|write| write.at < killed).collect();
        let first = written.iter().find(|write| write.at > killed).expect("writes came back");
        eprintln!(
            "{} before, {} after; back after {:?}",
            before.len(),
            written.len() - before.len(),
            first.at - killed
        );
        assert!(before.len() > 5 && first.at - killed < Duration::from_secs(15));
        assert!(written.is_sorted_by_key(|write| write.position), "the log's order holds");
        // Reads with a position of the old primary are answered by the new one, with what it promised.
        let last = before.last().expect("some");
        let read = person.request(host, Method::GET, &format!("/books/{}", last.book));
        let read = Reply::to(read.header("X-Folkshelf-Min-Position", last.position.to_string())).await.expect(200);
        assert_eq!(read.data()["id"], last.book);
        for write in written {
            person.get(host, &format!("/books/{}", write.book)).await.expect(200);
        }
        let page = person.get(host, "/books/mine?limit=1").await.expect(200);
        assert_eq!(page.body["pagination"]["total"], json!(written.len()), "each once");
    }

    // Subscriptions go on, and are told of what is new rather than looking for it.
    let borrow = bob.asks_for(&two, &of_ada[0].book).await;
    assert!(ada.was_told(&one).await.contains(&"borrow.created".to_owned()), "{borrow}");
    // Each process for itself.
    let listeners = 2 * i64::try_from(Shape::chosen().processes().len()).expect("a few");
    eventually_within(Duration::from_secs(5), "both hosts listen on the new primary", || async {
        let mut superuser = standby.superuser().connect().await.expect("a superuser");
        let listening = "select count(*) from pg_stat_activity where query ilike 'listen%'";
        sqlx::query_scalar::<_, i64>(listening).fetch_one(&mut superuser).await.expect("a count") == listeners
    })
    .await;
    let (events, distinct): (i64, i64) =
        sqlx::query_as("select count(*), count(distinct aggregate_id) from event_bus.log where name = 'book.created'")
            .fetch_one(&mut promoted)
            .await
            .expect("a count");
    assert_eq!((events, distinct), ((of_ada.len() + of_bob.len()) as i64, events), "each event once");
    promoted.close().await.expect("an end");
}

/// The host that is named first comes back as a standby of the other: nobody writes there.
#[tokio::test]
async fn a_host_that_starts_finds_the_primary_among_standbys() {
    let primary = PrivatePostgres::start().await;
    let standby = primary.standby("next").await;
    let wrong_order =
        format!("postgres://folkshelf:folkshelf@127.0.0.1:{},127.0.0.1:{}/folkshelf", standby.port(), primary.port());
    let mail = tempfile::tempdir().expect("a folder");
    let folder = mail.path().to_string_lossy().into_owned();
    let environment = support::environment(&wrong_order, &testkit::redis_url(), &testkit::redis_prefix(), &folder);
    let migrated = std::process::Command::new(env!("CARGO_BIN_EXE_folkshelf"))
        .arg("migrate")
        .envs(environment.iter().map(|(name, value)| (name, value)))
        .output()
        .expect("it runs");
    assert!(migrated.status.success(), "{}", String::from_utf8_lossy(&migrated.stderr));
    let host = Host::start_with(&environment);
    host.get("/health/ready").await.expect(200);
    let ada = host.register("Ada").await;
    let book = ada.lists(&host, "Emma").await;
    eventually("it is found", || async { ada.get(&host, &format!("/books/{book}")).await.status == 200 }).await;
}
