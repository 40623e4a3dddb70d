//! Who follows an inbox live on this host, within bounds.
//!
//! The inbox of a member is looked at once for all of that member's streams: one task reads the bus's tail for everybody
//! and wakes one task for each member with streams, which looks and hands on what came. Few of them look at once, so that
//! many members with streams do not slow others' requests.

use std::cmp::Reverse;
use std::collections::HashMap;
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use cqrs::{Ask, Caller};
use event_bus::EventBus;
use kernel::{Credential, Position, UserId};
use notifications::{Arrival, NotificationsSince};
use notifications_events::NotificationEvent;
use prometheus::{IntCounterVec, IntGauge, register_int_counter_vec, register_int_gauge};
use tokio::runtime::Handle;
use tokio::sync::broadcast::{self, error::RecvError};
use tokio::sync::{Notify, Semaphore};
use tokio_util::sync::{CancellationToken, DropGuard};

use crate::settings::StreamBounds;

/// Looks at inboxes at the same time.
const LOOKS: usize = 2;
/// Batches of arrivals that a stream may be behind. A slower one looks for itself.
const BEHIND: usize = 16;
/// An inbox is looked at this often also without a word of the bus.
const LOOK_EVERY: Duration = Duration::from_secs(60);
/// After a failure: PostgreSQL is away.
const LOOK_AGAIN: Duration = Duration::from_secs(2);

static OPEN: LazyLock<IntGauge> = LazyLock::new(|| {
    register_int_gauge!("inbox_streams_open", "Inboxes that are streamed live.")
        .expect("each metric is registered once")
});

/// `why`: `replaced` by a newer stream, `full` when the host had no room.
static CLOSED: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("inbox_streams_refused_total", "Streams closed or refused by a bound.", &["why"])
        .expect("each metric is registered once")
});

pub struct Streams {
    followed: Mutex<Followed>,
    bounds: StreamBounds,
    events: EventBus,
    since: Ask<NotificationsSince>,
    looks: Semaphore,
    /// Of the host, which outlives the threads that answer requests.
    runtime: Handle,
}

#[derive(Default)]
struct Followed {
    open: usize,
    opened: u64,
    members: HashMap<UserId, Member>,
}

struct Member {
    /// The oldest first.
    streams: Vec<Stream>,
    inbox: Arc<Inbox>,
    /// Ends the task that looks.
    _looking: DropGuard,
}

/// What a member's streams share.
struct Inbox {
    wake: Notify,
    arrivals: broadcast::Sender<Arc<[Arrival]>>,
    /// Everything up to here was handed on, to the streams of that time.
    seen: Mutex<Position>,
}

impl Inbox {
    fn seen(&self) -> MutexGuard<'_, Position> {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

struct Stream {
    nth: u64,
    credential: Credential,
    replaced: CancellationToken,
}

/// The host has no room for one more stream.
#[derive(Debug)]
pub struct Full;

impl Followed {
    /// Which of a member's streams make room for one more of this session, or this key: the oldest.
    fn to_close(&self, user: UserId, credential: &Credential, bounds: &StreamBounds) -> Vec<u64> {
        let Some(member) = self.members.get(&user) else { return Vec::new() };
        let excess = |count: usize, bound: usize| (count + 1).saturating_sub(bound);
        let of_one =
            || member.streams.iter().filter(|stream| stream.credential == *credential).map(|stream| stream.nth);
        let mut closing: Vec<u64> = of_one().take(excess(of_one().count(), bounds.per_session)).collect();
        let rest = member.streams.iter().map(|stream| stream.nth).filter(|nth| !closing.contains(nth));
        let rest: Vec<u64> = rest.collect();
        closing.extend(rest.iter().take(excess(rest.len(), bounds.per_member)));
        closing
    }

    /// Which stream makes room on a full host for somebody who will have so many: the oldest of the member who has most, and
    /// still has as many as the other without it.
    fn to_close_for(&self, count: usize) -> Option<(UserId, u64)> {
        let oldest = |member: &Member| member.streams.first().map(|stream| stream.nth);
        let most = self.members.iter().max_by_key(|(_, member)| (member.streams.len(), Reverse(oldest(member))));
        let (user, member) = most.filter(|(_, member)| member.streams.len() > count)?;
        Some((*user, oldest(member)?))
    }

    /// Closes a stream, and tells it why.
    fn replace(&mut self, user: UserId, nth: u64) {
        let streams = self.members.get(&user).map(|member| &member.streams);
        if let Some(stream) = streams.and_then(|streams| streams.iter().find(|stream| stream.nth == nth)) {
            CLOSED.with_label_values(&["replaced"]).inc();
            stream.replaced.cancel();
        }
        self.close(user, nth);
    }

    fn close(&mut self, user: UserId, nth: u64) {
        let Some(member) = self.members.get_mut(&user) else { return };
        let before = member.streams.len();
        member.streams.retain(|stream| stream.nth != nth);
        self.open -= before - member.streams.len();
        if member.streams.is_empty() {
            self.members.remove(&user);
        }
        OPEN.set(i64::try_from(self.open).unwrap_or(i64::MAX));
    }
}

impl Streams {
    /// To be called on the runtime that outlives the requests. Until `shutdown` a task there reads the bus's tail.
    pub fn new(
        bounds: StreamBounds,
        events: EventBus,
        since: Ask<NotificationsSince>,
        shutdown: CancellationToken,
    ) -> Arc<Self> {
        LazyLock::force(&OPEN);
        for why in ["replaced", "full"] {
            CLOSED.with_label_values(&[why]);
        }
        let runtime = Handle::current();
        let (followed, looks) = (Mutex::default(), Semaphore::new(LOOKS));
        let streams = Arc::new(Self { followed, bounds, events, since, looks, runtime });
        let waking = Arc::clone(&streams);
        streams.runtime.spawn(async move { shutdown.run_until_cancelled(waking.wake()).await });
        streams
    }

    fn followed(&self) -> MutexGuard<'_, Followed> {
        self.followed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Takes a seat for one more stream. Where a session or a member has as many as they may, the oldest is closed. On a full
    /// host it is the oldest of the member who has most, unless nobody has more than the caller would have.
    pub fn open(self: &Arc<Self>, caller: &Caller, user: UserId, credential: Credential) -> Result<Seat, Full> {
        let mut followed = self.followed();
        let mut closing: Vec<(UserId, u64)> =
            followed.to_close(user, &credential, &self.bounds).into_iter().map(|nth| (user, nth)).collect();
        if followed.open - closing.len() >= self.bounds.per_host {
            let theirs = followed.members.get(&user).map_or(0, |member| member.streams.len());
            let Some(other) = followed.to_close_for(theirs + 1) else {
                CLOSED.with_label_values(&["full"]).inc();
                return Err(Full);
            };
            closing.push(other);
        }
        followed.opened += 1;
        let nth = followed.opened;
        let replaced = CancellationToken::new();
        let member = followed.members.entry(user).or_insert_with(|| self.member(caller));
        member.streams.push(Stream { nth, credential, replaced: replaced.clone() });
        // Listen first: what was handed on before is in `seen`, or comes.
        let arrivals = member.inbox.arrivals.subscribe();
        let seen = *member.inbox.seen();
        followed.open += 1;
        // After the new one has come, so that its member stays.
        for (user, nth) in closing {
            followed.replace(user, nth);
        }
        OPEN.set(i64::try_from(followed.open).unwrap_or(i64::MAX));
        drop(followed);
        Ok(Seat { streams: Arc::clone(self), user, nth, replaced, arrivals, seen })
    }

    /// A member who had no stream: begins to look at their inbox.
    fn member(self: &Arc<Self>, caller: &Caller) -> Member {
        // A stream looks for itself at what lies up to here, once it has its seat.
        let seen = Mutex::new(self.events.read_to());
        let inbox = Arc::new(Inbox { wake: Notify::new(), arrivals: broadcast::Sender::new(BEHIND), seen });
        let caller = Caller::new(caller.actor.clone(), caller.trace.clone());
        let follower = Follower { streams: Arc::clone(self), caller, inbox: Arc::clone(&inbox) };
        let end = CancellationToken::new();
        let ended = end.clone();
        self.runtime.spawn(async move { ended.run_until_cancelled(follower.run()).await });
        Member { streams: Vec::new(), inbox, _looking: end.drop_guard() }
    }

    /// Reads the tail for everybody, and wakes those whose inbox has something new.
    async fn wake(&self) {
        let mut tail = self.events.tail();
        loop {
            match tail.recv().await {
                Ok(event) => {
                    if let Ok(Some(NotificationEvent::Created(created))) = event.decode::<NotificationEvent>()
                        && let Some(member) = self.followed().members.get(&created.user_id)
                    {
                        member.inbox.wake.notify_one();
                    }
                }
                // Too much to follow one by one: everybody looks.
                Err(RecvError::Lagged(_)) => {
                    self.followed().members.values().for_each(|member| member.inbox.wake.notify_one());
                }
                Err(RecvError::Closed) => return,
            }
        }
    }
}

/// Looks at the inbox of one member for all of their streams.
struct Follower {
    streams: Arc<Streams>,
    caller: Caller,
    inbox: Arc<Inbox>,
}

impl Follower {
    async fn run(self) {
        loop {
            let after = *self.inbox.seen();
            let looked = {
                let _turn = self.streams.looks.acquire().await;
                let query = NotificationsSince { after: Some(after), shown: self.streams.events.read_to() };
                self.streams.since.ask(&self.caller, query).await
            };
            let Ok(found) = looked else {
                tokio::time::sleep(LOOK_AGAIN).await;
                continue;
            };
            let all = found.is_all();
            if !found.items.is_empty() {
                *self.inbox.seen() = found.resume_at;
                // Nobody there to take it: the last stream has just ended.
                drop(self.inbox.arrivals.send(found.items.into()));
            }
            if all {
                tokio::select! {
                    () = self.inbox.wake.notified() => {}
                    () = tokio::time::sleep(LOOK_EVERY) => {}
                }
            }
        }
    }
}

/// The place of one stream. Given back when it is dropped.
pub struct Seat {
    streams: Arc<Streams>,
    user: UserId,
    nth: u64,
    /// A newer stream has taken this one's place.
    pub replaced: CancellationToken,
    pub arrivals: broadcast::Receiver<Arc<[Arrival]>>,
    /// What lies up to here may not come through `arrivals`.
    seen: Position,
}

impl Seat {
    /// Up to where the stream can look for itself.
    pub fn shown(&self) -> Position {
        self.streams.events.read_to().max(self.seen)
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.streams.followed().close(self.user, self.nth);
    }
}
