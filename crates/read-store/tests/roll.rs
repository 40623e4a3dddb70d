//! Nothing old is given from memory after a writer was answered, whatever is stalled or frozen, and what that costs writers.

mod support;

use std::process::Stdio;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::{Duration, Instant};

use deadpool_redis::redis;
use futures_util::StreamExt;
use read_store::{LEASE_OVER, ReadStore, Settings};
use support::keeping::Process;
use support::line::{Line, Stall};
use support::{OwnRedis, Redis, book, eventually, id};
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader, Lines};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

/// Longer than the command bus gives: how long a wait takes is looked at apart, and a busy machine adds to it.
const WITHIN: Duration = Duration::from_secs(1);
/// What a roll call takes when nobody is waited for, on a machine with other work.
const SHORT: Duration = Duration::from_millis(150);

/// Waits as a writer does; how long.
async fn acknowledge(store: &ReadStore) -> Duration {
    let begun = Instant::now();
    assert!(store.known_everywhere(begun, WITHIN).await);
    begun.elapsed()
}

/// The shortest of ten waits for what was published at `since`, if that is given: what one takes on an idle machine.
async fn acknowledge_at_best(store: &ReadStore, since: Option<Instant>) -> Duration {
    let mut best = Duration::MAX;
    for _ in 0..10 {
        let begun = Instant::now();
        assert!(store.known_everywhere(since.unwrap_or(begun), WITHIN).await);
        best = best.min(begun.elapsed());
    }
    best
}

/// Reads over and over, from memory where it can, else anew; counts what was older than what a writer had been answered.
#[derive(Default)]
struct Reader {
    current: AtomicU64,
    acknowledged: AtomicU64,
    hits: AtomicU64,
    stale: AtomicU64,
    stopped: AtomicBool,
}

impl Reader {
    async fn read(&self, process: &Process) {
        while !self.stopped.load(Ordering::SeqCst) {
            let acknowledged = self.acknowledged.load(Ordering::SeqCst);
            if let Some(version) = process.kept.get("one") {
                self.hits.fetch_add(1, Ordering::SeqCst);
                if version < acknowledged {
                    self.stale.fetch_add(1, Ordering::SeqCst);
                }
            } else if let Some(stamp) = process.stamp(1) {
                process.kept.keep("one", self.current.load(Ordering::SeqCst), stamp);
            }
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
    }
}

/// Writes every 50 ms while the line of one process is stalled: how many reads from memory were too old, and how long each
/// writer waited, by when it began.
async fn write_beside_a_stalled_line(what: Stall, stalled: Duration) -> (u64, Vec<(Duration, Duration)>) {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let line = Line::to(&settings.url).await;
    let here = Process::start(&settings).await;
    let there = Arc::new(Process::start(&line.settings(&settings)).await);
    let reader = Arc::new(Reader::default());
    let reading = {
        let (reader, there) = (Arc::clone(&reader), Arc::clone(&there));
        tokio::spawn(async move { reader.read(&there).await })
    };
    let mut waits = Vec::new();
    for version in [2, 1_000, 2_000] {
        let hits = reader.hits.load(Ordering::SeqCst);
        eventually("it answers from memory", async || reader.hits.load(Ordering::SeqCst) > hits + 20).await;
        line.stall(what);
        let begun = Instant::now();
        for version in version.. {
            let at = begun.elapsed();
            if at >= stalled {
                break;
            }
            reader.current.store(version, Ordering::SeqCst);
            here.books.write(&[book(1, version as i64)]).await.expect("Redis runs");
            waits.push((at, acknowledge(&here.store).await));
            reader.acknowledged.store(version, Ordering::SeqCst);
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        line.stall(Stall::Nothing);
    }
    // What comes out of the line at its end is read, too.
    tokio::time::sleep(Duration::from_millis(300)).await;
    reader.stopped.store(true, Ordering::SeqCst);
    reading.await.expect("no panic");
    let (hits, longest) = (reader.hits.load(Ordering::SeqCst), waits.iter().map(|(_, wait)| *wait).max());
    println!("{what:?} {stalled:?}: {} writes, longest wait {longest:?}, {hits} reads from memory", waits.len());
    (reader.stale.load(Ordering::SeqCst), waits)
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn beside_a_stalled_line_nothing_old_is_given_and_few_writers_wait() {
    for (what, milliseconds) in [
        (Stall::Everything, 400),
        (Stall::Everything, 800),
        (Stall::Everything, 3_000),
        (Stall::Listening, 400),
        (Stall::Listening, 800),
        (Stall::Listening, 3_000),
    ] {
        let (stale, waits) = write_beside_a_stalled_line(what, Duration::from_millis(milliseconds)).await;
        assert_eq!(stale, 0, "{what:?} {milliseconds} ms");
        let late = waits.iter().filter(|(at, _)| *at > 2 * LEASE_OVER);
        let mut late: Vec<Duration> = late.map(|(_, wait)| *wait).collect();
        late.sort_unstable();
        if let Some(median) = late.get(late.len() / 2) {
            assert!(*median < SHORT, "{what:?} {milliseconds} ms: {waits:?}");
        }
    }
}

/// A real process that keeps answers: this very program again.
struct Other {
    child: Child,
    stdin: ChildStdin,
    lines: Lines<BufReader<ChildStdout>>,
}

const URL: &str = "READ_STORE_TEST_CHILD_URL";
const PREFIX: &str = "READ_STORE_TEST_CHILD_PREFIX";

impl Other {
    fn start(settings: &Settings) -> Self {
        let mut child = Command::new(std::env::current_exe().expect("this program"))
            .args(["the_other_process", "--exact", "--ignored", "--nocapture"])
            .env(URL, &settings.url)
            .env(PREFIX, &settings.prefix)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .expect("it starts");
        let lines = BufReader::new(child.stdout.take().expect("piped")).lines();
        let stdin = child.stdin.take().expect("piped");
        Self { child, stdin, lines }
    }

    async fn ask(&mut self, times: usize) {
        self.stdin.write_all("read\n".repeat(times).as_bytes()).await.expect("it reads");
    }

    /// Where its next answer comes from, and of which version it is.
    async fn answer(&mut self) -> (String, u64) {
        loop {
            let line = self.lines.next_line().await.expect("its output").expect("it runs");
            if let Some((from, version)) = line.strip_prefix("answer ").and_then(|rest| rest.split_once(' ')) {
                return (from.to_owned(), version.parse().expect("a version"));
            }
        }
    }

    /// Until it answers from memory.
    async fn warm_up(&mut self) {
        for _ in 0..2_000 {
            self.ask(1).await;
            if self.answer().await.0 == "memory" {
                return;
            }
            tokio::time::sleep(Duration::from_millis(2)).await;
        }
        panic!("it never answers from memory");
    }

    async fn signal(&self, name: &str) {
        let id = self.child.id().expect("it runs");
        let sent = Command::new("kill").args([&format!("-{name}"), &id.to_string()]).status().await;
        assert!(sent.expect("the kill command").success());
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "what the test below starts as its other process"]
async fn the_other_process() {
    let (Ok(url), Ok(prefix)) = (std::env::var(URL), std::env::var(PREFIX)) else { return };
    let process = Process::start(&Settings { prefix, ..support::settings(&url) }).await;
    let mut asked = BufReader::new(tokio::io::stdin()).lines();
    while let Ok(Some(_)) = asked.next_line().await {
        let (from, version) = match process.kept.get("one") {
            Some(version) => ("memory", version),
            None => {
                let stamp = process.stamp(1);
                let body = process.books.get(&id(1)).await.expect("Redis runs").expect("the book");
                let text = String::from_utf8(body).expect("text");
                let version = text.rsplit(' ').next().and_then(|word| word.parse().ok()).expect("a version");
                if let Some(stamp) = stamp {
                    process.kept.keep("one", version, stamp);
                }
                ("redis", version)
            }
        };
        println!("answer {from} {version}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_frozen_process_answers_nothing_old_when_it_wakes_and_costs_one_write() {
    const ASKED: usize = 30;
    let redis = Redis::get().await;
    let settings = redis.settings();
    let here = Process::start(&settings).await;
    let mut other = Other::start(&settings);
    let mut version = 1;
    for (milliseconds, rounds) in [(0, 10), (700, 8), (2_500, 3)] {
        for _ in 0..rounds {
            other.warm_up().await;
            other.signal("STOP").await;
            let frozen = Instant::now();
            let mut waits = Vec::new();
            for _ in 0..5 {
                version += 1;
                here.books.write(&[book(1, version)]).await.expect("Redis runs");
                waits.push(acknowledge(&here.store).await);
            }
            waits[1..].sort_unstable();
            assert!(waits[2] < SHORT, "{waits:?}");
            tokio::time::sleep(Duration::from_millis(milliseconds).saturating_sub(frozen.elapsed())).await;
            other.ask(ASKED).await;
            other.signal("CONT").await;
            for nth in 0..ASKED {
                let (from, seen) = other.answer().await;
                assert_eq!(seen, version as u64, "answer {nth} from {from} after {milliseconds} ms");
            }
        }
    }
}

#[tokio::test]
async fn who_listens_and_never_answers_is_waited_for_once() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let process = Process::start(&settings).await;
    // As a host of before the lease that is frozen, or somebody who watches.
    let client = redis::Client::open(settings.url.as_str()).expect("a good address");
    let mut frozen = client.get_async_pubsub().await.expect("Redis runs");
    frozen.subscribe(format!("{}:changes", settings.prefix)).await.expect("Redis runs");
    assert!(!process.store.known_everywhere(Instant::now(), WITHIN).await);
    let begun = Instant::now();
    for _ in 0..10 {
        acknowledge(&process.store).await;
    }
    assert!(begun.elapsed() < 10 * SHORT, "{:?}", begun.elapsed());
}

#[tokio::test]
async fn who_cannot_call_the_roll_waits_until_every_lease_is_over() {
    let mut redis = OwnRedis::start().await;
    let process = Process::start(&support::settings(&redis.url())).await;
    assert!(acknowledge_at_best(&process.store, None).await < SHORT);
    redis.stop();
    for _ in 0..3 {
        assert!(acknowledge(&process.store).await >= LEASE_OVER);
    }
    // What was published so long ago is known, or nobody trusts what they keep.
    let since = Instant::now() - LEASE_OVER;
    assert!(acknowledge_at_best(&process.store, Some(since)).await < SHORT);
}

/// In a rolling upgrade.
#[tokio::test]
async fn hosts_of_before_the_lease_are_waited_for_and_answered() {
    let redis = Redis::get().await;
    let settings = redis.settings();
    let process = Process::start(&settings).await;
    let channel = format!("{}:changes", settings.prefix);
    let client = redis::Client::open(settings.url.as_str()).expect("a good address");
    let mut line = client.get_async_pubsub().await.expect("Redis runs");
    line.subscribe(&[&channel, &format!("{channel}:old")]).await.expect("Redis runs");
    let mut publisher = redis.connection().await;

    // It answers a roll call with the number as it stands there …
    let (heard, may_answer) = (Arc::new(AtomicBool::new(false)), tokio::sync::Notify::new());
    let old = async {
        let mut messages = line.on_message();
        loop {
            let message = messages.next().await.expect("a message");
            let text: String = message.get_payload().expect("text");
            if message.get_channel_name() != channel {
                return text;
            }
            let Some((caller, number)) = text.strip_prefix('?').and_then(|call| call.split_once(' ')) else {
                continue;
            };
            if caller == "old" {
                continue;
            }
            heard.store(true, Ordering::SeqCst);
            may_answer.notified().await;
            let answer = redis::cmd("PUBLISH").arg(format!("{channel}:{caller}")).arg(number).to_owned();
            answer.exec_async(&mut publisher.clone()).await.expect("Redis runs");
            // … and calls the roll itself.
            let call = redis::cmd("PUBLISH").arg(&channel).arg("?old 17").to_owned();
            call.exec_async(&mut publisher.clone()).await.expect("Redis runs");
        }
    };
    let writer = async {
        let known = process.all_know();
        tokio::pin!(known);
        let early = tokio::time::timeout(2 * LEASE_OVER, &mut known).await;
        assert!(early.is_err() && heard.load(Ordering::SeqCst), "it was not waited for");
        may_answer.notify_one();
        assert!(known.await);
    };
    let (answer, ()) = tokio::join!(old, writer);
    assert_eq!(answer, "17");
    publisher = redis.connection().await;
    drop(publisher);
}
