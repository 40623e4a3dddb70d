//! Who may answer from memory, and when all of them know of a change.
//!
//! # The lease
//!
//! Every [`BEAT`] a host publishes a *beat* to a channel of its own. Redis delivers to a listener in order: once the beat
//! has come back, so has every change that was published before it. A host therefore trusts what it keeps until the time
//! at which it **sent** the last beat that came back, plus [`SILENCE`]. When a message is read does not count: a process
//! that was stopped, or whose line was stalled, finds old messages in its socket, and each of them looks like news.
//!
//! So a writer knows without asking anybody: [`OVER`] after a change was published, nobody answers from memory who has not
//! heard of it. That is the longest wait, whatever is broken. It is for clocks that measure time alike, which machines do;
//! a virtual machine whose clock stands still while it is paused keeps its lease for that long.
//!
//! # The roll
//!
//! To wait less, a writer asks: the *roll call* goes through the channel of changes, behind them, and each host answers it.
//! A host that does not answer is waited for until its lease is over, and no longer. How long that is, the *roll* says: a
//! hash in Redis in which a beat leaves its number, in the step that publishes it. A number that has not moved for [`OVER`]
//! belongs to a host that trusts nothing; when it wakes, its next beat comes back behind the changes it has missed. So a
//! frozen host costs the writes of its last lease something, and the others nothing.
//!
//! A beat counts, and leaves its number, only after the one before it has come back. A host that sends and does not hear,
//! because one of its lines is stalled, goes off the roll as a frozen one does.
//!
//! Only clocks of one process are compared with each other: the writer's says for how long a number has stood. After Redis
//! lost the roll, or became another server, a writer that has seen the new one for less than [`OVER`] waits that long.
//!
//! # Older hosts
//!
//! Hosts of before this lease know neither beat nor roll. In a rolling upgrade they answer roll calls, without a name, and
//! are counted as *strangers*: listeners of the channel that do not listen to the one for hosts with a lease. They are
//! waited for as before; whoever listens and never answers is waited for once in [`STRANGERS_AGAIN`].

use std::collections::{HashMap, HashSet};
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

/// How often a host sends a beat.
pub(crate) const BEAT: Duration = Duration::from_millis(60);
/// How long a beat that came back is good for, from when it was sent.
pub(crate) const SILENCE: Duration = Duration::from_millis(200);
/// A lease that was seen this long ago is over, by whichever clock. A writer needs this long at most.
pub const OVER: Duration = Duration::from_millis(220);
/// A host whose beat has not moved for this long is taken off the roll.
const GONE: Duration = Duration::from_secs(60);
/// How long a stranger that has not answered is not waited for.
const STRANGERS_AGAIN: Duration = Duration::from_secs(5);
/// Ends the number of a roll call to which hosts answer with their names. Older hosts send the number back as it is.
const BY_NAME: char = '+';

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Our own right to answer from memory.
pub(crate) struct Lease {
    born: Instant,
    /// Microseconds after `born`.
    until: AtomicU64,
    beats: AtomicU64,
    /// The last beat that was sent; one at a time.
    out: Mutex<Option<Beat>>,
    last_back: AtomicU64,
    came_back: Notify,
}

#[derive(Clone, Copy)]
struct Beat {
    number: u64,
    sent: Instant,
    counts: bool,
}

impl Lease {
    pub fn new() -> Self {
        Self {
            born: Instant::now(),
            until: AtomicU64::new(0),
            beats: AtomicU64::new(0),
            out: Mutex::default(),
            last_back: AtomicU64::new(0),
            came_back: Notify::new(),
        }
    }

    pub fn is_held(&self) -> bool {
        self.is_held_at(Instant::now())
    }

    fn is_held_at(&self, now: Instant) -> bool {
        self.micros(now) < self.until.load(Ordering::Acquire)
    }

    /// The number of the next beat, sent at `now`.
    pub fn beat(&self, counts: bool, now: Instant) -> u64 {
        let number = self.beats.fetch_add(1, Ordering::Relaxed) + 1;
        *locked(&self.out) = Some(Beat { number, sent: now, counts });
        number
    }

    /// A beat has been heard. One that is not the last counts for nothing.
    pub fn heard(&self, number: u64) {
        let Some(beat) = locked(&self.out).take_if(|beat| beat.number == number) else { return };
        if beat.counts {
            self.until.store(self.micros(beat.sent + SILENCE), Ordering::Release);
        }
        self.last_back.store(number, Ordering::Release);
        self.came_back.notify_waiters();
    }

    /// Waits until the beat `number` has come back. `false`: the line was lost before.
    pub async fn is_back(&self, number: u64) -> bool {
        loop {
            let came_back = self.came_back.notified();
            tokio::pin!(came_back);
            came_back.as_mut().enable();
            if locked(&self.out).is_none_or(|out| out.number != number) {
                return self.last_back.load(Ordering::Acquire) == number;
            }
            came_back.await;
        }
    }

    /// The line is lost.
    pub fn end(&self) {
        locked(&self.out).take();
        self.until.store(0, Ordering::Release);
        self.came_back.notify_waiters();
    }

    fn micros(&self, at: Instant) -> u64 {
        u64::try_from(at.saturating_duration_since(self.born).as_micros()).unwrap_or(u64::MAX)
    }
}

/// The roll as Redis shows it at one moment: `epoch`, and the last beat of each host.
pub(crate) type Shown = HashMap<String, String>;

/// The roll as we have seen it.
#[derive(Default)]
pub(crate) struct Roll {
    /// Which roll of which server, and since when we know it.
    begun: Option<(String, Instant)>,
    hosts: HashMap<String, Seen>,
    /// Strangers that have not answered, and when that was.
    silent: Option<(u64, Instant)>,
}

struct Seen {
    beat: String,
    since: Instant,
}

impl Roll {
    /// `run` is the server's, `now` a moment after it has answered.
    pub fn see(&mut self, run: &str, mut shown: Shown, now: Instant) {
        let epoch = format!("{run} {}", shown.remove("epoch").unwrap_or_default());
        if self.begun.as_ref().is_none_or(|(known, _)| *known != epoch) {
            self.begun = Some((epoch, now));
        }
        // Whoever is not on a roll that was lost may trust its memory for a while yet.
        self.hosts.retain(|host, seen| shown.contains_key(host) || now < seen.since + OVER);
        for (host, beat) in shown {
            match self.hosts.get_mut(&host) {
                Some(seen) if seen.beat == beat => {}
                _ => drop(self.hosts.insert(host, Seen { beat, since: now })),
            }
        }
    }

    /// Until when each host may answer from memory without having heard of a change published by now.
    pub fn leases(&self, now: Instant) -> Leases {
        let unknown_until = self.begun.as_ref().map_or(now, |(_, since)| *since) + OVER;
        let hosts = self.hosts.iter().map(|(host, seen)| (host.clone(), seen.since + OVER));
        Leases { unknown_until, hosts: hosts.filter(|(_, until)| now < *until).collect() }
    }

    /// Hosts to be taken off the roll, with their last beats.
    pub fn gone(&self, now: Instant) -> impl Iterator<Item = (&str, &str)> {
        let gone = self.hosts.iter().filter(move |(_, seen)| now >= seen.since + GONE);
        gone.map(|(host, seen)| (host.as_str(), seen.beat.as_str()))
    }

    /// How many of so many strangers are worth waiting for.
    pub fn expected(&self, strangers: u64, now: Instant) -> u64 {
        let silent = self.silent.filter(|(_, since)| now < *since + STRANGERS_AGAIN).map_or(0, |(count, _)| count);
        strangers.saturating_sub(silent)
    }

    pub fn silent(&mut self, strangers: u64, now: Instant) {
        self.silent = Some((strangers, now));
    }
}

/// Whom a roll call waits for.
pub(crate) struct Leases {
    /// Before this there may be hosts that we have not seen.
    unknown_until: Instant,
    hosts: HashMap<String, Instant>,
}

impl Leases {
    /// Without one that is known to trust nothing.
    pub fn forget(&mut self, host: &str) {
        self.hosts.remove(host);
    }

    /// When everybody has heard or trusts nothing, if nobody else answers.
    fn over(&self, answered: &HashSet<String>) -> Instant {
        let missing = self.hosts.iter().filter(|(host, _)| !answered.contains(*host)).map(|(_, until)| *until);
        missing.fold(self.unknown_until, Instant::max)
    }
}

/// Roll calls that wait for answers.
#[derive(Default)]
pub(crate) struct Calls {
    last: AtomicU64,
    open: Mutex<HashMap<u64, Arc<Call>>>,
}

#[derive(Default)]
pub(crate) struct Call {
    answers: Mutex<Answers>,
    answered: Notify,
}

#[derive(Default)]
struct Answers {
    hosts: HashSet<String>,
    strangers: u64,
}

/// A roll call of ours, open until it is dropped.
pub(crate) struct Open<'c> {
    calls: &'c Calls,
    number: u64,
    call: Arc<Call>,
}

impl Calls {
    pub fn open(&self) -> Open<'_> {
        let number = self.last.fetch_add(1, Ordering::Relaxed);
        let call = Arc::<Call>::default();
        locked(&self.open).insert(number, Arc::clone(&call));
        Open { calls: self, number, call }
    }

    /// `17+host` from a host with a lease, the number alone from another one.
    pub fn answered(&self, answer: &str) {
        let (number, host) = answer.split_once(BY_NAME).unwrap_or((answer, ""));
        let Some(call) = number.parse().ok().and_then(|number: u64| locked(&self.open).get(&number).cloned()) else {
            return;
        };
        let mut answers = locked(&call.answers);
        if host.is_empty() {
            answers.strangers += 1;
        } else {
            answers.hosts.insert(host.to_owned());
        }
        drop(answers);
        call.answered.notify_waiters();
    }
}

/// What `us` answers to a roll call with this number.
pub(crate) fn answer(number: &str, us: &str) -> String {
    if number.ends_with(BY_NAME) { format!("{number}{us}") } else { number.to_owned() }
}

impl Open<'_> {
    pub fn number(&self) -> String {
        format!("{}{BY_NAME}", self.number)
    }

    /// Waits until every host has answered or its lease is over, which it is at `over` at the latest, and so many strangers
    /// have answered. Those that have not by `deadline`, as an error; 0 when it was hosts that were waited for.
    pub async fn complete(&self, leases: &Leases, strangers: u64, over: Instant, deadline: Instant) -> Result<(), u64> {
        loop {
            let answered = self.call.answered.notified();
            tokio::pin!(answered);
            answered.as_mut().enable();
            let (hosts_until, missing) = {
                let answers = locked(&self.call.answers);
                (leases.over(&answers.hosts).min(over), strangers.saturating_sub(answers.strangers))
            };
            let now = Instant::now();
            if now >= hosts_until && missing == 0 {
                return Ok(());
            }
            if now >= deadline {
                return Err(missing);
            }
            let next = if now < hosts_until { hosts_until.min(deadline) } else { deadline };
            // Answered or not: look again.
            drop(timeout_at(next, answered).await);
        }
    }
}

impl Drop for Open<'_> {
    fn drop(&mut self) {
        locked(&self.calls.open).remove(&self.number);
    }
}

#[cfg(test)]
mod tests;
