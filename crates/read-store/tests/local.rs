//! Answers kept in memory: never older than what the process has heard of, and whoever waits knows that all have heard.

mod support;

use std::future::Future;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deadpool_redis::redis;
use futures_util::future::join_all;
use read_store::{Local, Settings, Subject};
use support::keeping::Process;
use support::{OwnRedis, Redis, book, eventually, id};
use tokio::sync::Notify;

#[tokio::test]
async fn an_answer_holds_until_what_it_was_made_of_changes_in_whichever_process() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let (here, there) = (Process::start(&settings).await, Process::start(&settings).await);
    // The second one's rebuild wrote the books anew: that is heard of before anything is kept.
    assert!(there.all_know().await);
    for process in [&here, &there] {
        process.keep("one", 1, 11).await;
        process.keep("two", 2, 22).await;
        process.kept.keep("all", 33, process.stamped(Subject::Projection).await);
    }
    here.books.write(&[book(1, 2)]).await.expect("Redis runs");
    assert!(here.all_know().await);
    for process in [&here, &there] {
        assert_eq!(process.kept.get("one"), None);
        assert_eq!(process.kept.get("all"), None);
        assert!(process.gives("two", 22).await);
    }
    // What was not newer has changed nothing.
    there.keep("one", 1, 12).await;
    here.books.write(&[book(1, 2)]).await.expect("Redis runs");
    assert!(here.all_know().await);
    assert!(there.gives("one", 12).await);

    here.store.forget_kept().await.expect("Redis runs");
    assert!(here.all_know().await);
    assert_eq!(there.kept.get("two"), None);
}

#[tokio::test]
async fn what_was_read_before_a_change_is_never_given_after_it() {
    let redis = Redis::get().await;
    let process = Process::start(&redis.settings()).await;
    let stamp = process.stamped(Subject::Document(&id(1))).await;
    process.books.write(&[book(1, 2)]).await.expect("Redis runs");
    assert!(process.all_know().await);
    process.kept.keep("one", 1, stamp);
    assert_eq!(process.kept.get("one"), None);
}

#[tokio::test]
async fn a_change_that_no_generation_could_hold_is_heard_of_too() {
    let redis = OwnRedis::start().await;
    let settings = Settings { watch_interval: Duration::from_secs(60), ..support::settings(&redis.url()) };
    let process = Process::start(&settings).await;
    redis.flush_all().await;
    process.keep("one", 1, 11).await;
    process.books.write(&[book(1, 2)]).await.expect("Redis runs");
    assert!(process.all_know().await);
    assert_eq!(process.kept.get("one"), None);
}

#[tokio::test]
async fn of_those_who_ask_for_the_same_at_once_one_loads() {
    let redis = Redis::get().await;
    let process = Process::start(&redis.settings()).await;
    process.stamped(Subject::Projection).await;
    let loads = AtomicU64::new(0);
    let ask = async || {
        let load = async {
            loads.fetch_add(1, Ordering::SeqCst);
            let stamp = process.stamp(1)?;
            tokio::task::yield_now().await;
            Some((7, stamp))
        };
        process.kept.load("one", load).await
    };
    assert_eq!(join_all((0..100).map(|_| ask())).await, vec![Some(7); 100]);
    assert_eq!(loads.load(Ordering::SeqCst), 1);
    // An answer that does not hold any more is loaded anew.
    process.books.write(&[book(1, 2)]).await.expect("Redis runs");
    assert!(process.all_know().await);
    assert_eq!(ask().await, Some(7));
    assert_eq!(loads.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn whoever_cannot_hear_trusts_nothing_until_it_listens_again() {
    let mut redis = OwnRedis::start().await;
    let process = Process::start(&support::settings(&redis.url())).await;
    process.keep("one", 1, 11).await;
    let mut operator = redis.connection().await;
    redis::cmd("CLIENT").arg("KILL").arg("TYPE").arg("pubsub").exec_async(&mut operator).await.expect("a kill");
    eventually("it hears again", async || process.kept.get("one").is_none() && process.stamp(1).is_some()).await;

    process.keep("one", 1, 12).await;
    redis.stop();
    eventually("it has noticed", async || process.stamp(1).is_none()).await;
    assert_eq!(process.kept.get("one"), None);
    // Nobody can have heard of anything: a writer waits until nobody trusts what they keep, and no longer.
    let begun = Instant::now();
    assert!(process.store.known_everywhere(begun, Duration::from_secs(30)).await);
    assert!(begun.elapsed() < Duration::from_secs(5));
    redis.start_again().await;
    eventually("it listens again", async || process.stamp(1).is_some()).await;
    assert_eq!(process.kept.get("one"), None);
}

/// The bound that ADR 0013 states for readers who wait for nobody's write. The median, as the machine has other work too.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn another_process_stops_giving_an_old_answer_within_50_milliseconds() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let (here, there) = (Process::start(&settings).await, Process::start(&settings).await);
    let mut took = Vec::new();
    for version in 2..23 {
        there.keep("one", 1, 11).await;
        here.books.write(&[book(1, version)]).await.expect("Redis runs");
        let written = Instant::now();
        while there.kept.get("one").is_some() {
            tokio::task::yield_now().await;
        }
        took.push(written.elapsed());
    }
    took.sort_unstable();
    assert!(took[took.len() / 2] < Duration::from_millis(50), "{took:?}");
}

#[tokio::test]
async fn no_more_is_kept_than_there_is_room_for() {
    let redis = Redis::get().await;
    let process = Process::start(&redis.settings()).await;
    let small: Local<u64> = process.books.local(10_000, |_| 1_000);
    for nth in 0..200_u64 {
        small.keep(&format!("answer {nth}"), nth, process.stamped(Subject::Document(&id(1))).await);
    }
    let kept = (0..200).filter(|nth| small.get(&format!("answer {nth}")).is_some()).count();
    assert!((1..=10).contains(&kept), "{kept} are kept");
}

/// Two ask at once: the first has read when `between` happens, and answers after it. What each of them is given.
async fn two_at_once(process: &Process, kept: &Local<u64>, between: impl Future<Output = ()>) -> [Option<u64>; 2] {
    let (has_read, may_answer) = (Notify::new(), Notify::new());
    let first = async {
        let stamp = process.stamped(Subject::Document(&id(1))).await;
        has_read.notify_one();
        may_answer.notified().await;
        Some((1, stamp))
    };
    let second = async {
        has_read.notified().await;
        between.await;
        let second = kept.load("one", async { Some((2, process.stamped(Subject::Document(&id(1))).await)) });
        let release = async {
            // By now the second waits for the first, as both are polled in one task.
            tokio::task::yield_now().await;
            may_answer.notify_one();
        };
        tokio::join!(second, release).0
    };
    tokio::join!(kept.load("one", first), second).into()
}

#[tokio::test]
async fn who_asks_after_a_change_is_not_given_what_was_being_read_before_it() {
    let redis = Redis::get().await;
    let process = Process::start(&redis.settings()).await;
    eventually("both are given what the first has read", async || {
        process.kept.forget("one");
        two_at_once(&process, &process.kept, async {}).await == [Some(1), Some(1)]
    })
    .await;
    process.kept.forget("one");
    let changed = two_at_once(&process, &process.kept, async {
        process.books.write(&[book(1, 2)]).await.expect("Redis runs");
        assert!(process.all_know().await);
    });
    assert_eq!(changed.await, [None, None]);
}

#[tokio::test]
async fn with_no_room_nothing_is_kept_and_those_who_ask_at_once_still_share() {
    let redis = Redis::get().await;
    let process = Process::start(&redis.settings()).await;
    let none: Local<u64> = process.books.local(0, |_| 8);
    let shared = async || two_at_once(&process, &none, async {}).await == [Some(1), Some(1)];
    eventually("both are given what the first has read", shared).await;
    assert_eq!(none.get("one"), None);
    assert_eq!(none.load("one", async { None }).await, None);
}
