//! A host that is stopped gives its leases back, also in the middle of work: no subscription waits for them to run out.

mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use serde_json::json;
use sqlx::{Connection, PgConnection};
use support::{Host, Person, Place};

/// So many stops, unless `FOLKSHELF_TEST_STOPS` says otherwise.
const STOPS: usize = 8;
const WRITERS: usize = 8;

/// Lists books without a pause until `done`; a refusal or a lost connection is no failure here.
async fn write(client: reqwest::Client, url: String, person: Person, done: Arc<AtomicBool>, written: Arc<AtomicUsize>) {
    let body = json!({"title": "Emma", "authors": ["Jane Austen"], "lending": "lend"});
    while !done.load(Ordering::Relaxed) {
        let sent = client.post(&url).bearer_auth(&person.token).json(&body).send().await;
        match sent {
            Ok(reply) if reply.status().is_success() => drop(written.fetch_add(1, Ordering::Relaxed)),
            Ok(_) | Err(_) => tokio::time::sleep(Duration::from_millis(5)).await,
        }
    }
}

#[tokio::test]
async fn every_stop_under_load_gives_the_leases_back() {
    let stops = std::env::var("FOLKSHELF_TEST_STOPS").ok().and_then(|text| text.parse().ok()).unwrap_or(STOPS);
    let place = Place::new().await;
    let mut line = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    let mut person = None;
    for stop in 1..=stops {
        let mut host = Host::start_in(&place);
        let person = match &person {
            Some(person) => Person::clone(person),
            None => person.insert(host.register("Olga").await).clone(),
        };
        let (done, written) = (Arc::new(AtomicBool::new(false)), Arc::new(AtomicUsize::new(0)));
        let client = reqwest::Client::builder().timeout(Duration::from_secs(5)).build().expect("a client");
        let writers: Vec<_> = (0..WRITERS)
            .map(|_| {
                let (client, url, person) = (client.clone(), host.url("/books"), person.clone());
                tokio::spawn(write(client, url, person, Arc::clone(&done), Arc::clone(&written)))
            })
            .collect();
        testkit::eventually("the writers are at work", || async { written.load(Ordering::Relaxed) > 10 }).await;
        let stopped = tokio::task::spawn_blocking(move || (host.stop(), host.log())).await;
        let (ended_well, log) = stopped.expect("it stopped");
        done.store(true, Ordering::Relaxed);
        for writer in writers {
            writer.await.expect("a writer ends");
        }
        assert!(ended_well, "stop {stop}: the host ends without an error");
        let held: Vec<String> =
            sqlx::query_scalar("select name from event_bus.subscription where lease_holder is not null")
                .fetch_all(&mut line)
                .await
                .expect("the leases");
        assert!(held.is_empty(), "stop {stop}: leases were not given back: {held:?}");
        for trouble in ["leases were not given back", "it is being shutdown"] {
            assert!(!log.iter().any(|line| line.contains(trouble)), "stop {stop}: {trouble}");
        }
    }
}

/// As nginx would see it: eight clients that keep their connections, an inbox that is streamed, and what readiness says.
#[tokio::test]
async fn a_host_that_drains_says_so_and_cuts_nobody() {
    if support::shape::one_process_only("the lines are those of one process") {
        return;
    }
    let place = Place::new().await;
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_HTTP__DRAIN_SECONDS".to_owned(), "3".to_owned()));
    let mut host = Host::start_with(&environment);
    let olga = host.register("Olga").await;
    let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().expect("a client");
    let ready = host.url("/health/ready");
    assert_eq!(client.get(&ready).send().await.expect("an answer").status(), 200);
    let stream = client.get(host.url("/notifications/stream")).bearer_auth(&olga.token).send().await.expect("a stream");
    assert_eq!(stream.status(), 200);

    let done = Arc::new(AtomicBool::new(false));
    let busy: Vec<_> = (0..8)
        .map(|_| {
            let (url, token, done) = (host.url("/books"), olga.token.clone(), Arc::clone(&done));
            tokio::spawn(async move {
                let client = reqwest::Client::builder().timeout(Duration::from_secs(10)).build().expect("a client");
                let (mut answered, mut closed) = (0, 0);
                while !done.load(Ordering::Relaxed) {
                    let reply = client.get(&url).bearer_auth(&token).send().await.expect("nobody is cut off");
                    assert_eq!(reply.status(), 200);
                    closed += usize::from(reply.headers().get("connection").is_some_and(|value| value == "close"));
                    reply.bytes().await.expect("the whole answer");
                    answered += 1;
                    tokio::time::sleep(Duration::from_millis(20)).await;
                }
                (answered, closed)
            })
        })
        .collect();
    tokio::time::sleep(Duration::from_millis(300)).await;
    host.signal("TERM");
    testkit::eventually("it is not ready any more", || async {
        client.get(&ready).send().await.is_ok_and(|reply| reply.status() == 503)
    })
    .await;
    let last = stream.text().await.expect("a stream that ends in order");
    assert!(last.contains("retry: "), "{last}");
    let body = json!({"title": "Emma", "authors": ["Jane Austen"], "lending": "lend"});
    olga.post(&host, "/books", body).await.expect(201);
    // Long before the drain is over.
    done.store(true, Ordering::Relaxed);
    for client in busy {
        let (answered, closed) = client.await.expect("no client failed");
        assert!(answered > 5 && closed > 0, "{answered} answers, {closed} of them ended their connection");
    }
    let ended_well = tokio::task::spawn_blocking(move || host.stop()).await.expect("it stopped");
    assert!(ended_well);
}
