//! PostgreSQL is killed, and frozen: members read as fast as everybody, what needs PostgreSQL is refused at once, and all
//! goes on soon after it is back.

mod support;

use std::time::{Duration, Instant};

use serde_json::json;
use support::{Host, Person, Reply};
use testkit::{PrivatePostgres, eventually, eventually_within};

/// How long a frozen server may go unnoticed: an answer and a new connection may take a second each.
const NOTICED: Duration = Duration::from_secs(3);
/// With the roles' table older than it may be without another look.
const AWAY: Duration = Duration::from_secs(7);

fn median(mut took: Vec<Duration>) -> Duration {
    took.sort_unstable();
    took[took.len() / 2]
}

struct Scene {
    postgres: PrivatePostgres,
    host: Host,
    owner: Person,
    finn: Person,
    book: String,
    borrow: String,
    _mail: tempfile::TempDir,
}

impl Scene {
    async fn new() -> Self {
        let postgres = PrivatePostgres::start().await;
        let mail = tempfile::tempdir().expect("a folder");
        let folder = mail.path().to_string_lossy().into_owned();
        let (redis, prefix) = (testkit::redis_url(), testkit::redis_prefix());
        let mut environment = support::environment(&postgres.url(), &redis, &prefix, &folder);
        // One member reads here all the time, as fast as they are answered.
        environment.push(("FOLKSHELF_LIMITS__MEMBER".to_owned(), "off".to_owned()));
        let host = Host::start_with(&environment);
        let (owner, finn) = (host.register("Olga").await, host.register("Finn").await);
        let book = owner.lists(&host, "Emma").await;
        let borrow = finn.asks_for(&host, &book).await;
        support::served_from_redis(&host).await;
        let scene = Self { postgres, host, owner, finn, book, borrow, _mail: mail };
        scene.reads().await;
        scene
    }

    /// One round of reads that Redis can answer: how long each of a member's took, and an anonymous one.
    async fn reads(&self) -> (Vec<Duration>, Duration) {
        let host = &self.host;
        let (book, borrow) = (format!("/books/{}", self.book), format!("/borrows/{}", self.borrow));
        let mut took = Vec::new();
        for path in ["/borrows", &borrow, "/notifications", "/notifications/unread-count", &book, "/books", "/profile"]
        {
            let begun = Instant::now();
            self.finn.get(host, path).await.expect(200);
            took.push(begun.elapsed());
        }
        let begun = Instant::now();
        host.get("/books").await.expect(200);
        (took, begun.elapsed())
    }

    /// How long it takes to be refused what needs PostgreSQL.
    async fn refusals(&self) -> Vec<Duration> {
        let host = &self.host;
        let mut took = Vec::new();
        let refused = |reply: Reply| {
            let reply = reply.expect(503);
            assert_eq!((reply.code(), reply.header("retry-after")), ("UNAVAILABLE", "2"));
        };
        let begun = Instant::now();
        refused(host.get("/books/search?q=emma").await);
        took.push(begun.elapsed());
        let begun = Instant::now();
        refused(self.owner.post(host, &format!("/borrows/{}/approve", self.borrow), json!({})).await);
        took.push(begun.elapsed());
        took
    }

    async fn go_on_while_it_is_away(&self) {
        let begun = Instant::now();
        let (mut members, mut anonymous) = (Vec::new(), Vec::new());
        while begun.elapsed() < AWAY {
            let (took, one) = self.reads().await;
            assert!(took.iter().all(|took| *took < NOTICED), "{took:?}");
            members.extend(took);
            anonymous.push(one);
        }
        let (slowest, count) = (members.iter().max().copied(), members.len());
        let (members, anonymous) = (median(members), median(anonymous));
        println!("PostgreSQL away: members' p50 {members:?} of {count}, max {slowest:?}; anonymous p50 {anonymous:?}");
        assert!(members < anonymous + Duration::from_millis(50), "members {members:?}, anonymous {anonymous:?}");
        let mut refusals = Vec::new();
        for _ in 0..20 {
            refusals.extend(self.refusals().await);
        }
        println!("refused after p50 {:?}, max {:?}", median(refusals.clone()), refusals.iter().max());
        // A pool would wait for 3 s.
        assert!(refusals.iter().all(|took| *took < Duration::from_secs(2)), "{refusals:?}");
        assert!(median(refusals.clone()) < Duration::from_millis(500), "{refusals:?}");
    }

    async fn go_on_when_it_is_back(&self) {
        let approve = format!("/borrows/{}/approve", self.borrow);
        eventually_within(Duration::from_secs(5), "the approval is taken", || async {
            self.owner.post(&self.host, &approve, json!({})).await.status == 200
        })
        .await;
        self.host.get("/books/search?q=emma").await.expect(200);
        eventually("the borrower sees it", || async {
            self.finn.borrow(&self.host, &self.borrow).await["status"] == "approved"
        })
        .await;
    }
}

#[tokio::test]
async fn with_postgresql_killed_members_read_like_everybody_and_the_rest_is_refused_at_once() {
    let mut scene = Scene::new().await;
    scene.postgres.kill().await;
    scene.go_on_while_it_is_away().await;
    scene.postgres.start_again().await;
    scene.go_on_when_it_is_back().await;
}

#[tokio::test]
async fn with_postgresql_frozen_members_read_like_everybody_and_the_rest_is_refused_at_once() {
    let scene = Scene::new().await;
    scene.postgres.freeze().await;
    scene.go_on_while_it_is_away().await;
    scene.postgres.thaw().await;
    scene.go_on_when_it_is_back().await;
}
