//! The host that runs the subscriptions dies. Until another takes over, no view is refreshed: writers still read what they
//! wrote, on whichever host.

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::{Host, Person, Place};
use testkit::eventually;

/// A dead host's leases have moved by then.
const MOVING: Duration = Duration::from_secs(4);

/// How often one of the writer's own reads lacked what they wrote, of how many.
#[derive(Default, Debug)]
struct Counted {
    reads: usize,
    stale: usize,
}

impl Counted {
    fn read(&mut self, shows_it: bool) {
        self.reads += 1;
        self.stale += usize::from(!shows_it);
    }
}

/// Reads on `host` what `owner` and `taker` wrote a moment ago.
async fn read_back(host: &Host, owner: &Person, taker: &Person, written: &Written, counted: &mut Counted) {
    let Written { book, title, borrow } = written;
    let path = format!("/books/{book}");
    let one = owner.get(host, &path).await;
    counted.read(one.status == 200 && one.data()["title"] == **title);
    for list in ["/books/mine?limit=100", "/books?limit=100"] {
        counted.read(owner.get(host, list).await.expect(200).ids().contains(book));
    }
    let one = taker.get(host, &format!("/borrows/{borrow}")).await;
    counted.read(one.status == 200 && one.data()["status"] == "pending");
    counted.read(taker.get(host, "/borrows?limit=100").await.expect(200).ids().contains(borrow));
    let profile = owner.get(host, "/profile").await.expect(200);
    counted.read(profile.data()["name"] == **title);
}

struct Written {
    book: String,
    title: String,
    borrow: String,
}

async fn write(host: &Host, owner: &Person, taker: &Person, nth: usize) -> Written {
    let title = format!("Edition {nth}");
    let book = owner.lists(host, "Draft").await;
    let borrow = taker.asks_for(host, &book).await;
    owner.put(host, &format!("/books/{book}"), json!({"title": title})).await.expect(200);
    let profile = json!({"name": title, "language": "en", "timeZone": "Europe/Berlin"});
    owner.put(host, "/profile", profile).await.expect(200);
    Written { book, title, borrow }
}

/// Without the pause after cancelled requests: the test asks and cancels all the time.
fn host(place: &Place) -> Host {
    let mut environment = place.environment();
    environment.push(("FOLKSHELF_COMMUNITY__COOL_DOWN".to_owned(), "false".to_owned()));
    environment.push(("FOLKSHELF_COMMUNITY__MAX_REQUESTS_A_DAY".to_owned(), "10000".to_owned()));
    Host::start_with(&environment)
}

#[tokio::test]
async fn a_writer_reads_their_own_write_on_every_host_after_the_leader_was_killed() {
    let place = Place::new().await;
    // The first one takes every subscription.
    let mut leader = host(&place);
    let (owner, taker) = (leader.register("Olga").await, leader.register("Finn").await);
    let (mut writers, mut reader) = (host(&place), host(&place));
    write(&writers, &owner, &taker, 0).await;
    let mut counted = Counted::default();
    for round in 0..2 {
        for host in [&writers, &reader] {
            eventually("the host knows the members", || async { owner.get(host, "/profile").await.status == 200 })
                .await;
            for _ in 0..5 {
                // Kept in its memory.
                host.get("/books?limit=100").await.expect(200);
                taker.get(host, "/borrows?limit=100").await.expect(200);
            }
        }
        leader.kill();
        let killed = Instant::now();
        let mut nth = 0;
        while killed.elapsed() < MOVING {
            nth += 1;
            let written = write(&writers, &owner, &taker, round * 1000 + nth).await;
            read_back(&reader, &owner, &taker, &written, &mut counted).await;
            read_back(&writers, &owner, &taker, &written, &mut counted).await;
            taker.does(&writers, &written.borrow, "cancel", json!({})).await;
        }
        // One of the two leads now. Their parts change, and a third one joins.
        leader = std::mem::replace(&mut writers, std::mem::replace(&mut reader, host(&place)));
        println!("round {round}: {nth} rounds of writes; so far {counted:?}");
    }
    assert_eq!(counted.stale, 0, "{counted:?}");
    assert!(counted.reads >= 24, "{counted:?}");
}
