//! Hearing of every change, in every process.
//!
//! The script that writes documents also publishes their ids, in the same step. Every process listens and counts, for a
//! few thousand stripes of ids, how often something changed there; [`crate::Local`] compares.
//!
//! A process trusts what it keeps while it holds a lease, and a writer who is about to be answered waits until every
//! process has heard of the change or holds no lease: `roll.rs`. That makes "read your own write" hold on every replica,
//! with answers kept in memory. When all is well, a change is heard of in the time a message takes.

use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Duration;

use deadpool_redis::redis::{
    self, AsyncConnectionConfig, IntoConnectionInfo, Msg, ProtocolVersion, PushInfo, RedisResult,
};
use futures_util::{Stream, StreamExt, stream};
use tokio::sync::mpsc;
use tokio::time::{Instant, sleep_until, timeout, timeout_at};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::call::Caller;
use crate::generation::{BEAT as BEAT_SCRIPT, ROLL_CALL};
use crate::link::Connected;
use crate::roll::{BEAT, Calls, Lease, OVER, Roll, SILENCE, Shown, answer};
use crate::{ReadStoreError, Settings};

/// So many counters: two ids that share one cost a reading now and then, never a wrong answer.
const STRIPES: usize = 8192;
const _: () = assert!(STRIPES <= 1 << 16, "`Stamps` has two bytes for each");
/// A line on which nothing comes for so long, not even our own beats, is given up.
const LOST: Duration = Duration::from_secs(1);
/// How long a message may take to Redis.
const PUBLISH: Duration = Duration::from_secs(1);
/// How long to wait before listening is tried again.
const AGAIN: Duration = Duration::from_millis(200);

/// How often something had changed when this was taken.
#[derive(Debug, Clone, Copy)]
pub struct Stamp {
    /// Which time of listening it belongs to.
    session: u64,
    stripe: usize,
    count: u64,
}

/// As [`Stamp`], of several documents at once.
#[derive(Debug, Clone)]
pub struct Stamps {
    session: u64,
    /// Two bytes each: there may be thousands.
    stripes: Arc<[u16]>,
    /// Counts only grow, so their sum tells whether one of them has.
    sum: u64,
}

/// What an answer depends on.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'s> {
    /// One document of the projection, by its id.
    Document(&'s str),
    /// Any of them.
    Projection,
}

pub(crate) struct Changes {
    caller: Arc<Caller>,
    connect_timeout: Duration,
    /// Where changes and roll calls are published.
    channel: String,
    /// In a cluster: the channels are those of one slot, where what changes there is published too. Messages of other
    /// channels go from node to node, in no order that a beat could stand behind.
    sharded: bool,
    /// The key of the roll.
    roll_key: String,
    us: String,
    listening: AtomicBool,
    session: AtomicU64,
    stripes: Vec<AtomicU64>,
    hasher: RandomState,
    lease: Lease,
    roll: Mutex<Roll>,
    calls: Calls,
    announced: OnceLock<Announced>,
}

/// Told what any process announces, ourselves too.
pub(crate) type Announced = Box<dyn Fn(&str) + Send + Sync>;

impl Changes {
    /// `tag`: of which slot, in a cluster.
    pub fn new(caller: Arc<Caller>, settings: &Settings, tag: Option<&str>) -> Self {
        let base = tag.map_or_else(|| settings.prefix.clone(), |tag| format!("{}:{{{tag}}}", settings.prefix));
        Self {
            caller,
            connect_timeout: settings.connect_timeout,
            channel: format!("{base}:changes"),
            sharded: tag.is_some(),
            roll_key: format!("{base}:roll"),
            us: Uuid::new_v4().simple().to_string(),
            listening: AtomicBool::new(false),
            session: AtomicU64::new(0),
            stripes: std::iter::repeat_with(AtomicU64::default).take(STRIPES).collect(),
            hasher: RandomState::new(),
            lease: Lease::new(),
            roll: Mutex::default(),
            calls: Calls::default(),
            announced: OnceLock::new(),
        }
    }

    /// Where the script that writes documents publishes which.
    pub fn channel(&self) -> &str {
        &self.channel
    }

    /// To be taken before what depends on `subject` is read. `None`: we do not hear of changes at present.
    pub fn stamp(&self, projection: &str, subject: Subject<'_>) -> Option<Stamp> {
        let session = self.session()?;
        let stripe = self.stripe(projection, subject);
        Some(Stamp { session, stripe, count: self.stripes[stripe].load(Ordering::Acquire) })
    }

    /// Whether nothing has changed since.
    pub fn holds(&self, stamp: &Stamp) -> bool {
        self.session() == Some(stamp.session) && self.stripes[stamp.stripe].load(Ordering::Acquire) == stamp.count
    }

    /// As [`Self::stamp`], of the documents with these ids.
    pub fn stamps(&self, projection: &str, ids: impl IntoIterator<Item = impl AsRef<str>>) -> Option<Stamps> {
        let session = self.session()?;
        let stripe = |id: &str| u16::try_from(self.stripe(projection, Subject::Document(id))).unwrap_or(0);
        let stripes: Arc<[u16]> = ids.into_iter().map(|id| stripe(id.as_ref())).collect();
        let sum = self.sum(&stripes);
        Some(Stamps { session, stripes, sum })
    }

    /// Whether none of them has changed since.
    pub fn hold(&self, stamps: &Stamps) -> bool {
        self.session() == Some(stamps.session) && self.sum(&stamps.stripes) == stamps.sum
    }

    fn sum(&self, stripes: &[u16]) -> u64 {
        let counts = stripes.iter().map(|stripe| self.stripes[usize::from(*stripe)].load(Ordering::Acquire));
        counts.fold(0, u64::wrapping_add)
    }

    /// The time of listening: everything that was published in it until now has been heard. `None`: that is not certain.
    pub fn session(&self) -> Option<u64> {
        self.lease.is_held().then(|| self.session.load(Ordering::Acquire))
    }

    fn stripe(&self, projection: &str, subject: Subject<'_>) -> usize {
        let hash = match subject {
            Subject::Document(id) => self.hasher.hash_one((projection, id)),
            Subject::Projection => self.hasher.hash_one(projection),
        };
        usize::try_from(hash % STRIPES as u64).unwrap_or(0)
    }

    fn changed(&self, projection: &str, subject: Subject<'_>) {
        self.stripes[self.stripe(projection, subject)].fetch_add(1, Ordering::AcqRel);
    }

    /// Waits until every process has heard of all that was published before `since`, or trusts nothing it keeps. `false`:
    /// that is not certain within that time.
    pub async fn known_everywhere(&self, since: Instant, within: Duration) -> bool {
        let begun = Instant::now();
        let (over, deadline) = (begun + OVER, begun + within);
        if self.listening.load(Ordering::Acquire) {
            let call = self.calls.open();
            if let Ok(Ok(strangers)) = timeout_at(over, self.call_the_roll(&call.number())).await {
                let now = Instant::now();
                let (mut leases, expected) = {
                    let roll = self.roll();
                    (roll.leases(now), roll.expected(strangers, now))
                };
                if !self.lease.is_held() {
                    leases.forget(&self.us);
                }
                return match call.complete(&leases, expected, over, deadline).await {
                    Ok(()) => true,
                    Err(strangers) => {
                        if strangers > 0 {
                            self.roll().silent(strangers, Instant::now());
                        }
                        false
                    }
                };
            }
        }
        // Nobody can be asked, or can answer us: every lease of that time has to be over.
        timeout_at(deadline, sleep_until(since + OVER)).await.is_ok()
    }

    /// Answers how many listeners without a lease the call went to.
    async fn call_the_roll(&self, number: &str) -> Result<u64, ReadStoreError> {
        let call = async |mut at: Connected| {
            let mut script = ROLL_CALL.key(&self.roll_key);
            script.arg(&self.channel).arg(format!("?{} {number}", self.us));
            script.arg(self.leased()).arg(Uuid::new_v4().simple().to_string());
            let (strangers, shown): (i64, Shown) = script.invoke_async(&mut at.connection).await?;
            Ok((strangers, shown, at.run))
        };
        let (strangers, shown, run) = self.caller.call("roll_call", PUBLISH, call).await?;
        self.roll().see(&run, shown, Instant::now());
        Ok(u64::try_from(strangers).unwrap_or(0))
    }

    /// Tells every process a text. Whoever has answered a later roll call has heard it; whoever has not has no session.
    pub async fn announce(&self, text: &str) -> Result<(), ReadStoreError> {
        self.publish(&self.channel, format!("@{text}")).await
    }

    /// Tells every process that something changed there, as the script does that writes documents.
    pub async fn outdate(&self, projection: &str, ids: &[String]) -> Result<(), ReadStoreError> {
        let ids = serde_json::Value::from(ids);
        self.publish(&self.channel, format!("{projection} {ids}")).await
    }

    /// The first hearer counts.
    pub fn on_announcement(&self, hearer: Announced) {
        drop(self.announced.set(hearer));
    }

    /// Lets every process read anew whatever it keeps.
    pub async fn forget(&self) -> Result<(), ReadStoreError> {
        self.publish(&self.channel, "*".to_owned()).await
    }

    async fn publish(&self, channel: &str, message: String) -> Result<(), ReadStoreError> {
        let mut publish = if self.sharded { redis::cmd("SPUBLISH") } else { redis::cmd("PUBLISH") };
        publish.arg(channel).arg(message);
        let publish = async |mut at: Connected| publish.exec_async(&mut at.connection).await;
        self.caller.call("publish", PUBLISH, publish).await
    }

    fn roll(&self) -> MutexGuard<'_, Roll> {
        self.roll.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens until `shutdown`.
    pub async fn run(self: &Arc<Self>, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            tokio::select! {
                ended = self.listen() => {
                    let cause = ended.err().map(|error| error.to_string());
                    tracing::debug!(cause, "changes are not heard of at present");
                }
                () = self.beat() => {}
                () = shutdown.cancelled() => break,
            }
            self.stop_trusting();
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => {}
                () = shutdown.cancelled() => break,
            }
        }
        self.stop_trusting();
    }

    fn stop_trusting(&self) {
        self.listening.store(false, Ordering::Release);
        self.lease.end();
    }

    /// Renews our lease. Never ends.
    async fn beat(&self) {
        // The first beat, and any behind one that has not come back, only finds out whether we hear.
        let mut hears = false;
        loop {
            let sent = Instant::now();
            let mut next = sent + BEAT;
            if self.listening.load(Ordering::Acquire) {
                let (counts, number) = (hears, self.lease.beat(hears, sent));
                let back = async { self.send_beat(number, counts).await.is_ok() && self.lease.is_back(number).await };
                hears = timeout_at(sent + SILENCE, back).await.unwrap_or(false);
                if hears && !counts {
                    next = sent;
                }
            } else {
                hears = false;
            }
            sleep_until(next).await;
        }
    }

    async fn send_beat(&self, number: u64, counts: bool) -> Result<(), ReadStoreError> {
        let beat = async |mut at: Connected| {
            let mut script = BEAT_SCRIPT.key(&self.roll_key);
            script.arg(&self.us).arg(number).arg(self.answers(&self.us)).arg(u8::from(counts));
            script.arg(Uuid::new_v4().simple().to_string());
            for (host, last) in self.roll().gone(Instant::now()) {
                script.arg(host).arg(last);
            }
            let shown: Shown = script.invoke_async(&mut at.connection).await?;
            Ok((shown, at.run))
        };
        let (shown, run) = self.caller.call("beat", PUBLISH, beat).await?;
        self.roll().see(&run, shown, Instant::now());
        Ok(())
    }

    async fn listen(self: &Arc<Self>) -> RedisResult<()> {
        let late = |_| redis::RedisError::from((redis::ErrorKind::Io, "no connection in time"));
        let client = timeout(self.connect_timeout, self.caller.client()).await.map_err(late)??;
        let channels = [self.channel.clone(), self.answers(&self.us), self.leased()];
        if self.sharded {
            // The library subscribes to such channels in its cluster connection alone; as commands they are its version 3.
            let (pushed, messages) = mpsc::unbounded_channel::<PushInfo>();
            let config =
                AsyncConnectionConfig::new().set_connection_timeout(Some(self.connect_timeout)).set_push_sender(pushed);
            let address = client.get_connection_info().clone();
            let version = address.redis_settings().clone().set_protocol(ProtocolVersion::RESP3);
            let client = redis::Client::open(address.set_redis_settings(version).into_connection_info()?)?;
            let mut line = client.get_multiplexed_async_connection_with_config(&config).await?;
            for channel in channels {
                redis::cmd("SSUBSCRIBE").arg(channel).exec_async(&mut line).await?;
            }
            let messages = stream::unfold(messages, async |mut messages| Some((messages.recv().await?, messages)));
            return self.hear(messages.filter_map(async |pushed| Msg::from_push_info(pushed))).await;
        }
        let mut line = timeout(self.connect_timeout, client.get_async_pubsub()).await.map_err(late)??;
        line.subscribe(&channels).await?;
        self.hear(line.on_message()).await
    }

    async fn hear(self: &Arc<Self>, messages: impl Stream<Item = Msg>) -> RedisResult<()> {
        // What was kept before belongs to another time: changes may have been missed since.
        self.session.fetch_add(1, Ordering::AcqRel);
        self.listening.store(true, Ordering::Release);
        tokio::pin!(messages);
        while let Ok(Some(message)) = timeout(LOST, messages.next()).await {
            let payload: String = message.get_payload()?;
            if message.get_channel_name() == self.channel {
                self.heard(&payload);
            } else if let Some(beat) = payload.strip_prefix('!') {
                if let Ok(number) = beat.parse() {
                    self.lease.heard(number);
                }
            } else {
                self.calls.answered(&payload);
            }
        }
        Ok(())
    }

    /// Nothing is published there: Redis counts who keeps a lease.
    fn leased(&self) -> String {
        format!("{}:leased", self.channel)
    }

    /// Where a process hears answers to its roll calls, and its own beats.
    fn answers(&self, caller: &str) -> String {
        format!("{}:{caller}", self.channel)
    }

    /// `!` is a sign of life of an older host, `?<who> <number>` a roll call, `@<text>` an announcement, `*` lets everything
    /// be read anew, as an announcement does on older hosts; anything else is the name of a projection and a JSON list of the ids that changed in it.
    fn heard(self: &Arc<Self>, message: &str) {
        match message.split_at_checked(1) {
            Some(("!", "")) => {}
            Some(("?", call)) => self.asked(call),
            Some(("@", text)) => {
                if let Some(hearer) = self.announced.get() {
                    hearer(text);
                }
            }
            Some(("*", "")) => self.all_changed(),
            _ => match message.split_once(' ').map(|(projection, ids)| (projection, serde_json::from_str(ids))) {
                Some((projection, Ok(ids))) => {
                    let ids: Vec<String> = ids;
                    self.changed(projection, Subject::Projection);
                    ids.iter().for_each(|id| self.changed(projection, Subject::Document(id)));
                }
                // From a program of another time: whatever it means, it is safe to read anew.
                Some((_, Err(_))) | None => self.all_changed(),
            },
        }
    }

    fn asked(self: &Arc<Self>, call: &str) {
        let Some((caller, number)) = call.split_once(' ') else { return };
        let answer = answer(number, &self.us);
        if caller == self.us {
            return self.calls.answered(&answer);
        }
        let (us, channel) = (Arc::clone(self), self.answers(caller));
        tokio::spawn(async move { drop(us.publish(&channel, answer).await) });
    }

    fn all_changed(&self) {
        for stripe in &self.stripes {
            stripe.fetch_add(1, Ordering::AcqRel);
        }
    }
}
