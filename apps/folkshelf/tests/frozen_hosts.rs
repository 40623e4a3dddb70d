//! Three hosts, of which one is frozen or cut off from Redis: the others go on, and nobody reads less than they wrote, on
//! whichever host, also in the moment in which it wakes.

mod support;

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::json;
use sqlx::{Connection, PgConnection};
use support::{Host, Person, Place, Reply};
use testkit::{Line, eventually, eventually_within};
use tokio::task::JoinSet;

/// After this long events reach everybody again: 6 s, and what a busy machine adds.
const MOVES_AGAIN: Duration = Duration::from_secs(9);
/// As long as a command waits for hosts that keep answers in memory.
const KEPT_WITHIN: Duration = Duration::from_millis(250);

/// Whether a session of this database has written something, and waits for the next statement of its process.
async fn somebody_waits_inside_a_transaction(line: &mut PgConnection) -> bool {
    sqlx::query_scalar(
        "select exists (select from pg_stat_activity where datname = current_database() and backend_xid is not null
            and state = 'idle in transaction' and state_change < clock_timestamp() - interval '100 milliseconds')",
    )
    .fetch_one(line)
    .await
    .expect("the sessions")
}

/// Freezes a host while one of its transactions is open: members write there until it is caught in one.
async fn freeze_inside_a_transaction(place: &Place, host: &Host, writers: &[Person]) {
    let mut line = PgConnection::connect_with(&place.database.owner_options()).await.expect("a connection");
    let mut writing = JoinSet::new();
    for writer in writers {
        for nth in 0..400 {
            let book = json!({"title": format!("Volume {nth}"), "authors": ["Anybody"], "lending": "lend"});
            let request = writer.request(host, Method::POST, "/books").json(&book).timeout(Duration::from_secs(20));
            let wait = Duration::from_millis(nth * 5);
            writing.spawn(async move {
                tokio::time::sleep(wait).await;
                drop(request.send().await);
            });
        }
    }
    for nth in 0..60 {
        tokio::time::sleep(Duration::from_millis(20 + nth % 7)).await;
        host.signal("STOP");
        tokio::time::sleep(Duration::from_millis(150)).await;
        if somebody_waits_inside_a_transaction(&mut line).await {
            return;
        }
        host.signal("CONT");
    }
    panic!("it was never caught inside a transaction");
}

async fn title_of(host: &Host, reader: &Person, book: &str) -> String {
    let reply = reader.get(host, &format!("/books/{book}")).await.expect(200);
    reply.data()["title"].as_str().unwrap_or_default().to_owned()
}

async fn rename(host: &Host, owner: &Person, book: &str, title: &str) -> Duration {
    let begun = Instant::now();
    owner.put(host, &format!("/books/{book}"), json!({"title": title})).await.expect(200);
    begun.elapsed()
}

#[tokio::test]
async fn a_leader_frozen_inside_a_transaction_holds_the_others_up_for_seconds_and_nobody_reads_less_than_they_wrote() {
    if support::shape::one_process_only("it has to freeze the one that is in a transaction") {
        return;
    }
    let place = Place::new().await;
    let leader = Host::start_in(&place);
    let (second, third) = (Host::start_in(&place), Host::start_in(&place));
    let (owner, taker) = (leader.register("Olga").await, leader.register("Finn").await);
    let writers = [leader.register("Ada").await, leader.register("Grace").await];
    let book = owner.lists(&leader, "Emma").await;
    let lent = owner.lists(&leader, "Persuasion").await;
    for _ in 0..5 {
        title_of(&leader, &owner, &book).await;
    }

    freeze_inside_a_transaction(&place, &leader, &writers).await;
    let frozen = Instant::now();
    let borrow = taker.asks_for(&second, &lent).await;
    let told = eventually_within(MOVES_AGAIN, "the owner is told", || async {
        owner.was_told(&third).await.contains(&"borrow.created".to_owned())
    });
    let writing = async {
        let mut waited = 0;
        for nth in 0..40 {
            let title = format!("Emma {nth}");
            waited += usize::from(rename(&second, &owner, &book, &title).await >= KEPT_WITHIN);
            assert_eq!(title_of(&third, &owner, &book).await, title);
            assert_eq!(title_of(&second, &owner, &book).await, title);
        }
        waited
    };
    let ((), waited) = tokio::join!(told, writing);
    println!("told after {:?}, {waited} of 40 writes waited", frozen.elapsed());
    assert!(waited <= 20, "{waited} of 40 writes waited");
    assert_eq!(taker.borrow(&third, &borrow).await["status"], "pending");

    // It wakes with questions waiting that were asked after the last write was answered.
    rename(&second, &owner, &book, "Emma, at last").await;
    let asked: Vec<_> =
        (0..10).map(|_| tokio::spawn(owner.request(&leader, Method::GET, &format!("/books/{book}")).send())).collect();
    tokio::time::sleep(Duration::from_millis(200)).await;
    leader.signal("CONT");
    for answer in asked {
        let answer = answer.await.expect("no panic").expect("an answer");
        if answer.status() == 200 {
            let body: serde_json::Value = answer.json().await.expect("a body");
            assert_eq!(body["data"]["title"], "Emma, at last");
        } else {
            assert_eq!(answer.status(), 503);
        }
    }
    eventually("it goes on as one of three", || async {
        owner.get(&leader, &format!("/books/{book}")).await.status == 200
    })
    .await;
    rename(&leader, &owner, &book, "Emma, and on").await;
    assert_eq!(title_of(&third, &owner, &book).await, "Emma, and on");
}

#[tokio::test]
async fn a_frozen_host_that_wakes_answers_nothing_old_to_those_who_wait() {
    let place = Place::new().await;
    let (first, frozen) = (Host::start_in(&place), Host::start_in(&place));
    let owner = first.register("Olga").await;
    let book = owner.lists(&first, "Emma").await;
    let mut answered = 0;
    for (round, freeze) in [300, 700, 900, 1_200, 2_500].into_iter().enumerate() {
        for _ in 0..5 {
            title_of(&frozen, &owner, &book).await;
            frozen.get(&format!("/books/{book}")).await.expect(200);
        }
        frozen.signal("STOP");
        let title = format!("Emma {round}");
        rename(&first, &owner, &book, &title).await;
        let path = format!("/books/{book}");
        let asked: Vec<_> = (0..15)
            .flat_map(|_| [owner.request(&frozen, Method::GET, &path), frozen.request(Method::GET, &path)])
            .map(|request| tokio::spawn(request.send()))
            .collect();
        tokio::time::sleep(Duration::from_millis(freeze)).await;
        frozen.signal("CONT");
        for answer in asked {
            let answer = answer.await.expect("no panic").expect("an answer");
            // One that has just woken may take PostgreSQL for away.
            if answer.status() == 503 {
                continue;
            }
            let body: serde_json::Value = answer.json().await.expect("a body");
            assert_eq!(body["data"]["title"], title, "after {freeze} ms");
            answered += 1;
        }
        eventually("it answers again", || async { frozen.get(&path).await.status == 200 }).await;
    }
    assert!(answered >= 30, "the canary: {answered} of 150 were answered");
}

#[tokio::test]
async fn a_host_whose_line_to_redis_stalls_gives_no_old_answer() {
    let place = Place::new().await;
    let first = Host::start_in(&place);
    let line = Line::to_redis(&testkit::redis_url()).await;
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_REDIS__URL".to_owned(), line.redis_url()));
    let cut_off = Host::start_with(&environment);
    let owner = first.register("Olga").await;
    let book = owner.lists(&first, "Emma").await;
    let path = format!("/books/{book}");
    let mut waited = 0;
    for (round, stalled) in [400, 800, 3_000, 400, 800].into_iter().enumerate() {
        for _ in 0..5 {
            title_of(&cut_off, &owner, &book).await;
            cut_off.get(&path).await.expect(200);
        }
        line.stall(true);
        let begun = Instant::now();
        let mut nth = 0;
        while begun.elapsed() < Duration::from_millis(stalled) {
            nth += 1;
            let title = format!("Emma {round}, {nth}");
            waited += usize::from(rename(&first, &owner, &book, &title).await >= KEPT_WITHIN);
            assert_eq!(title_of(&cut_off, &owner, &book).await, title, "to its writer, {:?}", begun.elapsed());
            let anybody = Reply::to(cut_off.request(Method::GET, &path)).await.expect(200);
            assert_eq!(anybody.data()["title"], title, "to anybody, {:?}", begun.elapsed());
        }
        line.stall(false);
    }
    assert!(waited <= 15, "{waited} writes waited in 5 stalls");
}
