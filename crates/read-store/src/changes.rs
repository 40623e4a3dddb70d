//! Hearing of every change, in every process.
//!
//! The script that writes documents also publishes their ids, in the same step. Every process listens and counts, for a
//! few thousand stripes of ids, how often something changed there; [`crate::Local`] compares.
//!
//! Redis delivers to each listener in order. So whoever wants to be sure that all processes know of a change, because its
//! writer is about to be answered, publishes a *roll call* behind it and waits for the answers: Redis says how many
//! listeners it went to. That makes "read your own write" hold on every replica, with answers kept in memory.
//!
//! A process that has heard nothing for [`SILENCE`] (each makes a roll call of its own more often than that) or has lost
//! its line trusts nothing it keeps until it listens again. That is the bound on how old a kept answer can be when Redis
//! itself is sick; when all is well it is the time a message takes.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use deadpool_redis::redis::{self, Client, RedisResult};
use futures_util::StreamExt;
use tokio::sync::oneshot;
use tokio::time::{Instant, timeout};
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::call::Caller;
use crate::link::Connected;
use crate::{ReadStoreError, Settings};

/// So many counters: two ids that share one cost a reading now and then, never a wrong answer.
const STRIPES: usize = 8192;
/// Who has heard nothing for so long does not know what has changed.
const SILENCE: Duration = Duration::from_secs(1);
/// How often each process makes a roll call of its own.
const BEAT: Duration = Duration::from_millis(300);
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

/// What an answer depends on.
#[derive(Debug, Clone, Copy)]
pub enum Subject<'s> {
    /// One document of the projection, by its id.
    Document(&'s str),
    /// Any of them.
    Projection,
}

pub(crate) struct Changes {
    client: Client,
    caller: Arc<Caller>,
    connect_timeout: Duration,
    /// Where changes and roll calls are published.
    channel: String,
    us: String,
    born: Instant,
    listening: AtomicBool,
    session: AtomicU64,
    /// Milliseconds after `born` at which we last heard something.
    heard_at: AtomicU64,
    stripes: Vec<AtomicU64>,
    hasher: RandomState,
    calls: AtomicU64,
    open: Mutex<HashMap<u64, RollCall>>,
}

/// Waits for answers.
struct RollCall {
    answered: u64,
    /// How many it went to; not known until the publishing has returned.
    of: Option<u64>,
    done: Option<oneshot::Sender<()>>,
}

impl RollCall {
    fn check(&mut self) {
        if self.of.is_some_and(|of| self.answered >= of)
            && let Some(done) = self.done.take()
        {
            // Nobody may wait any more.
            _ = done.send(());
        }
    }
}

impl Changes {
    pub fn new(client: Client, caller: Arc<Caller>, settings: &Settings) -> Self {
        Self {
            client,
            caller,
            connect_timeout: settings.connect_timeout,
            channel: channel(&settings.prefix),
            us: Uuid::new_v4().simple().to_string(),
            born: Instant::now(),
            listening: AtomicBool::new(false),
            session: AtomicU64::new(0),
            heard_at: AtomicU64::new(0),
            stripes: std::iter::repeat_with(AtomicU64::default).take(STRIPES).collect(),
            hasher: RandomState::new(),
            calls: AtomicU64::new(0),
            open: Mutex::default(),
        }
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

    fn session(&self) -> Option<u64> {
        let silent = self.age().saturating_sub(self.heard_at.load(Ordering::Relaxed));
        let hearing = self.listening.load(Ordering::Acquire) && silent < millis(SILENCE);
        hearing.then(|| self.session.load(Ordering::Acquire))
    }

    fn age(&self) -> u64 {
        millis(self.born.elapsed())
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

    /// Waits until every process that listens has heard of all that was written before. `false`: not all answered within
    /// that time. Without Redis, or when we do not listen ourselves, nobody trusts what they keep, or we cannot tell.
    pub async fn known_everywhere(&self, within: Duration) -> bool {
        if self.session().is_none() {
            return true;
        }
        let (done, all_answered) = oneshot::channel();
        let number = self.calls.fetch_add(1, Ordering::Relaxed);
        self.open().insert(number, RollCall { answered: 0, of: None, done: Some(done) });
        let outcome = match self.publish(&self.channel, format!("?{} {number}", self.us)).await {
            Ok(listeners) => {
                if let Some(call) = self.open().get_mut(&number) {
                    call.of = Some(listeners);
                    call.check();
                }
                timeout(within, all_answered).await.is_ok()
            }
            Err(_) => true,
        };
        self.open().remove(&number);
        outcome
    }

    /// Lets every process read anew whatever it keeps.
    pub async fn forget(&self) -> Result<(), ReadStoreError> {
        self.publish(&self.channel, "*".to_owned()).await.map(|_| ())
    }

    /// Answers how many listeners it went to.
    async fn publish(&self, channel: &str, message: String) -> Result<u64, ReadStoreError> {
        let publish = async |mut at: Connected| {
            redis::cmd("PUBLISH").arg(channel).arg(message).query_async::<u64>(&mut at.connection).await
        };
        self.caller.call("publish", SILENCE, publish).await
    }

    fn open(&self) -> std::sync::MutexGuard<'_, HashMap<u64, RollCall>> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens until `shutdown`.
    pub async fn run(self: &Arc<Self>, shutdown: &CancellationToken) {
        while !shutdown.is_cancelled() {
            tokio::select! {
                ended = self.listen() => {
                    self.listening.store(false, Ordering::Release);
                    let cause = ended.err().map(|error| error.to_string());
                    tracing::debug!(cause, "changes are not heard of at present");
                }
                () = self.beat() => {}
                () = shutdown.cancelled() => break,
            }
            tokio::select! {
                () = tokio::time::sleep(AGAIN) => {}
                () = shutdown.cancelled() => break,
            }
        }
        self.listening.store(false, Ordering::Release);
    }

    /// Makes sure that there is something to hear. Never ends.
    async fn beat(&self) {
        loop {
            tokio::time::sleep(BEAT).await;
            if self.listening.load(Ordering::Acquire) {
                // A failure shows as silence.
                drop(self.publish(&self.channel, "!".to_owned()).await);
            }
        }
    }

    async fn listen(self: &Arc<Self>) -> RedisResult<()> {
        let mut line = timeout(self.connect_timeout, self.client.get_async_pubsub())
            .await
            .map_err(|_| redis::RedisError::from((redis::ErrorKind::Io, "no connection in time")))??;
        line.subscribe(&[&self.channel, &self.answers(&self.us)]).await?;
        // What was kept before belongs to another time: changes may have been missed since.
        self.session.fetch_add(1, Ordering::AcqRel);
        self.heard_at.store(self.age(), Ordering::Relaxed);
        self.listening.store(true, Ordering::Release);
        let mut messages = line.on_message();
        while let Ok(Some(message)) = timeout(SILENCE, messages.next()).await {
            let payload: String = message.get_payload()?;
            self.heard_at.store(self.age(), Ordering::Relaxed);
            if message.get_channel_name() == self.channel {
                self.heard(&payload);
            } else if let Ok(number) = payload.parse() {
                self.answered(number);
            }
        }
        Ok(())
    }

    fn answers(&self, caller: &str) -> String {
        format!("{}:{caller}", self.channel)
    }

    fn answered(&self, number: u64) {
        if let Some(call) = self.open().get_mut(&number) {
            call.answered += 1;
            call.check();
        }
    }

    /// `!` is a sign of life, `?<who> <number>` a roll call, `*` lets everything be read anew; anything else is the name of
    /// a projection and a JSON list of the ids that changed in it.
    fn heard(self: &Arc<Self>, message: &str) {
        match message.split_at_checked(1) {
            Some(("!", "")) => {}
            Some(("?", call)) => self.asked(call),
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
        if caller == self.us {
            if let Ok(number) = number.parse() {
                self.answered(number);
            }
            return;
        }
        let (us, channel, number) = (Arc::clone(self), self.answers(caller), number.to_owned());
        tokio::spawn(async move { drop(us.publish(&channel, number).await) });
    }

    fn all_changed(&self) {
        for stripe in &self.stripes {
            stripe.fetch_add(1, Ordering::AcqRel);
        }
    }
}

/// The channel of a community.
pub(crate) fn channel(prefix: &str) -> String {
    format!("{prefix}:changes")
}

fn millis(duration: Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
