//! Events over NATS, on every version that is there, and what the road does to them on the way.
#![allow(clippy::unwrap_used, reason = "a test that cannot go on ends here")]

#[path = "../../event-bus/tests/support/mod.rs"]
mod support;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use async_nats::jetstream;
use async_trait::async_trait;
use event_bus::{EventBus, Owner, OwnerError, Page, Running};
use event_road::{Road, Settings};
use kernel::EventId;
use rand::random_range;
use support::apart::{Near, Site};
use testkit::{PrivateNats, eventually, eventually_within, nats_programs};
use tokio::task::JoinHandle;

const PREFIX: &str = "test";
const STREAM: &str = "test-events";

/// The owner of a context, which counts what it gives, and may be away.
struct Counting {
    near: Near,
    gave: AtomicUsize,
    is_away: AtomicBool,
}

impl Counting {
    fn new(bus: &EventBus) -> Arc<Self> {
        Arc::new(Self { near: Near(bus.clone()), gave: AtomicUsize::new(0), is_away: AtomicBool::new(false) })
    }

    fn gave(&self) -> usize {
        self.gave.load(Ordering::SeqCst)
    }
}

#[async_trait]
impl Owner for Counting {
    async fn events(
        &self,
        context: &str,
        after: Option<EventId>,
        limit: u32,
        wait: Duration,
    ) -> Result<Page, OwnerError> {
        if self.is_away.load(Ordering::SeqCst) {
            return Err(OwnerError::Unavailable("nobody is in".to_owned()));
        }
        let page = self.near.events(context, after, limit, wait).await?;
        self.gave.fetch_add(page.events.len(), Ordering::SeqCst);
        Ok(page)
    }
}

/// A database whose events of books and users go over the road to another one.
struct Ways {
    owner: Site,
    here: Site,
    asked: Arc<Counting>,
    running: Vec<Running>,
    relays: Vec<JoinHandle<()>>,
}

async fn road(nats: &PrivateNats, replicas: usize) -> Road {
    let settings = Settings {
        servers: nats.urls(),
        prefix: PREFIX.to_owned(),
        replicas,
        authority: None,
        name: "a test".to_owned(),
    };
    Road::connect(settings).await.unwrap()
}

impl Ways {
    /// `relays`: so many processes bring them onto the road.
    async fn over(nats: &PrivateNats, relays: usize) -> Self {
        let replicas = nats.len();
        let (owner, here) = (Site::new(500).await, Site::new(500).await);
        let owning = owner.start().await;
        let mut tasks = Vec::new();
        for _ in 0..relays {
            let road = road(nats, replicas).await;
            for context in ["books", "users"] {
                let (road, bus) = (road.clone(), owner.bus.clone());
                tasks.push(tokio::spawn(async move { road.relay(bus, context).await }));
            }
        }
        let asked = Counting::new(&owner.bus);
        let road = road(nats, replicas).await;
        let sources = ["books", "users"].map(|context| (context, road.from(context, asked.clone() as Arc<dyn Owner>)));
        let importing = here.import(&sources).await;
        Self { owner, here, asked, running: vec![owning, importing], relays: tasks }
    }

    async fn until_equal(&self) {
        for context in ["books", "users"] {
            self.here.until_equal(&self.owner, context).await;
        }
    }

    /// Waits until the road itself brings what is told.
    async fn until_it_brings(&self) {
        for context in ["books", "users"] {
            eventually_within(Duration::from_secs(30), "NATS brings what is told", || async {
                let before = self.asked.gave();
                self.owner.tell(context).await;
                self.here.until_equal(&self.owner, context).await;
                self.asked.gave() == before
            })
            .await;
        }
    }

    /// Tells many events, some of them at once.
    async fn tell_many(&self, count: usize) {
        for n in 0..count {
            self.owner.tell(if n % 3 == 0 { "users" } else { "books" }).await;
            if random_range(0..10) == 0 {
                tokio::time::sleep(Duration::from_millis(random_range(0..20))).await;
            }
        }
    }

    async fn stop(self) {
        self.relays.iter().for_each(JoinHandle::abort);
        for running in self.running {
            running.stop().await;
        }
    }
}

async fn context_of(nats: &PrivateNats) -> jetstream::Context {
    let client = async_nats::connect(nats.urls()).await.unwrap();
    jetstream::new(client)
}

#[tokio::test(flavor = "multi_thread")]
async fn events_come_over_the_road_and_nobody_asks_their_owner() {
    for program in nats_programs() {
        let nats = PrivateNats::start(program).await;
        let ways = Ways::over(&nats, 1).await;
        ways.until_it_brings().await;
        let before = ways.asked.gave();
        ways.tell_many(1_200).await;
        ways.until_equal().await;
        // A machine that is busy for a second looks as if nothing came.
        assert!(ways.asked.gave() - before <= 20, "{} of 1,200 were asked for", ways.asked.gave() - before);
        ways.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn two_relays_of_one_context_are_as_good_as_one() {
    for program in nats_programs() {
        let nats = PrivateNats::start(program).await;
        let ways = Ways::over(&nats, 2).await;
        ways.until_it_brings().await;
        let before = ways.asked.gave();
        ways.tell_many(600).await;
        ways.until_equal().await;
        assert!(ways.asked.gave() - before <= 20, "{} of 600 were asked for", ways.asked.gave() - before);
        let mut stream = context_of(&nats).await.get_stream(STREAM).await.unwrap();
        let told = ways.owner.ids("books").await.len() + ways.owner.ids("users").await.len();
        assert!(stream.info().await.unwrap().state.messages <= told as u64, "each is kept once");
        ways.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_lost_doubled_and_swapped_on_the_way_arrives_once_and_in_order() {
    for program in nats_programs() {
        let nats = PrivateNats::start(program).await;
        let ways = Ways::over(&nats, 1).await;
        ways.until_it_brings().await;
        let context = context_of(&nats).await;
        let until = Instant::now() + Duration::from_secs(6);
        let spoiling = async {
            let mut kinds = (0..5).cycle();
            while Instant::now() < until {
                tokio::time::sleep(Duration::from_millis(random_range(20..200))).await;
                spoil(&context, kinds.next().unwrap()).await;
            }
        };
        let telling = async {
            while Instant::now() < until {
                ways.tell_many(10).await;
            }
        };
        tokio::join!(spoiling, telling);
        ways.until_equal().await;
        assert!(ways.owner.ids("books").await.len() > 100, "the canary: there was something to lose");
        ways.until_it_brings().await;
        ways.stop().await;
    }
}

/// Does something to the stream; what cannot be done at this moment is left.
async fn spoil(context: &jetstream::Context, kind: u32) {
    let Ok(mut stream) = context.get_stream(STREAM).await else { return };
    let Ok(info) = stream.info().await else { return };
    let (first, last) = (info.state.first_sequence, info.state.last_sequence);
    let somewhere = random_range(first.min(last)..=last);
    match kind {
        // Lost.
        0 => drop(stream.delete_message(last).await),
        1 => drop(stream.purge().sequence(somewhere).await),
        2 => drop(context.delete_stream(STREAM).await),
        // Doubled, and out of order.
        3 => {
            let Ok(message) = stream.get_raw_message(somewhere).await else { return };
            drop(context.publish(message.subject.clone(), message.payload.clone()).await);
        }
        // Gibberish.
        _ => drop(context.publish(format!("{PREFIX}.events.books.book.created"), "{\"event\": 7}".into()).await),
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn without_nats_events_come_from_their_owner_and_over_the_road_again_when_it_is_back() {
    for program in nats_programs() {
        let mut nats = PrivateNats::start(program).await;
        let ways = Ways::over(&nats, 1).await;
        ways.until_it_brings().await;
        for lose_store in [false, true] {
            nats.kill(0).await;
            if lose_store {
                nats.lose_store(0);
            }
            let begun = Instant::now();
            ways.owner.tell("books").await;
            ways.here.until_equal(&ways.owner, "books").await;
            assert!(begun.elapsed() < Duration::from_secs(4), "{:?}", begun.elapsed());
            ways.tell_many(300).await;
            ways.until_equal().await;
            nats.start_again(0).await;
            ways.until_it_brings().await;
            ways.until_equal().await;
        }
        nats.freeze(0).await;
        let begun = Instant::now();
        ways.tell_many(50).await;
        ways.until_equal().await;
        assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
        nats.thaw(0).await;
        ways.until_it_brings().await;
        ways.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_road_has_comes_also_while_the_owner_is_away() {
    for program in nats_programs() {
        let nats = PrivateNats::start(program).await;
        let ways = Ways::over(&nats, 1).await;
        ways.until_it_brings().await;
        ways.asked.is_away.store(true, Ordering::SeqCst);
        for _ in 0..3 {
            ways.owner.tell("books").await;
            ways.here.until_equal(&ways.owner, "books").await;
            tokio::time::sleep(Duration::from_millis(700)).await;
        }
        ways.asked.is_away.store(false, Ordering::SeqCst);
        ways.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_cluster_of_three_goes_on_without_one_and_the_events_without_all() {
    for program in nats_programs() {
        let mut nats = PrivateNats::start_cluster(program).await;
        let ways = Ways::over(&nats, 1).await;
        ways.until_it_brings().await;
        let one = random_range(0..nats.len());
        nats.kill(one).await;
        ways.tell_many(100).await;
        ways.until_equal().await;
        ways.until_it_brings().await;
        nats.start_again(one).await;
        for nth in 0..nats.len() {
            nats.kill(nth).await;
        }
        ways.tell_many(100).await;
        ways.until_equal().await;
        for nth in 0..nats.len() {
            nats.start_again(nth).await;
        }
        ways.until_it_brings().await;
        ways.until_equal().await;
        ways.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_event_larger_than_the_server_takes_comes_from_its_owner() {
    let nats = PrivateNats::start(nats_programs().remove(0)).await;
    let ways = Ways::over(&nats, 1).await;
    ways.until_it_brings().await;
    let what = serde_json::json!({"title": "é".repeat(700_000)});
    support::apart::tell(ways.owner.pool("books"), "books", &what).await;
    ways.owner.tell("books").await;
    ways.until_equal().await;
    ways.until_it_brings().await;
    ways.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stream_of_another_make_is_made_as_it_should_be() {
    for program in nats_programs() {
        let nats = PrivateNats::start(program).await;
        let context = context_of(&nats).await;
        let other = jetstream::stream::Config {
            name: STREAM.to_owned(),
            subjects: vec![format!("{PREFIX}.events.>")],
            max_messages: 7,
            ..Default::default()
        };
        context.create_stream(other).await.unwrap();
        let ways = Ways::over(&nats, 1).await;
        ways.until_it_brings().await;
        eventually("the stream is as it should be", || async {
            let mut stream = context.get_stream(STREAM).await.unwrap();
            let config = stream.info().await.unwrap().config.clone();
            (config.max_messages, config.max_age) == (-1, Duration::from_secs(24 * 60 * 60))
        })
        .await;
        ways.stop().await;
    }
}
