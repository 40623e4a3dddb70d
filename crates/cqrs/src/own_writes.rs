//! Writes that were answered before every view showed them, as happens while a context is blocked, and for some seconds after
//! the death of a process that ran subscriptions. The writer still sees the write in their next call, whichever process
//! serves it: a query waits a moment, then asks PostgreSQL; a command waits a moment, because its context may not know of
//! the write yet.
//!
//! Such a write is announced to every process before its answer goes out. The roll call that every command ends with comes
//! behind it on the same channel: by the answer, each process has heard of it or knows that it may have missed something.
//! A process that may have missed something looks in PostgreSQL for every member. When it hears again, whatever it missed
//! stands in the log already: for each member it demands the views to show the log as it is then. So nothing is stored, and
//! a write whose views are in time costs nothing more.
//!
//! Where Redis cannot be reached by the process that answers, the others do not hear of it until it can: ADR 26.
//!
//! What was told in another database is waited for in the same way, once it was announced ([`elsewhere`]). A process that may
//! have missed an announcement knows no positions of other databases: there only the position that callers send helps.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use event_bus::{EventBus, Heard, Scope};
use kernel::name::lasting_name;
use kernel::{Actor, LogPosition, Position, UserId};

use crate::OtherHosts;
use crate::command::KEPT_WITHIN;

mod elsewhere;

use elsewhere::ToldElsewhere;

/// So many members' writes are remembered apart; with more, everybody counts as somebody who wrote.
const REMEMBERED: usize = 10_000;

/// Begins what is announced of a write that the views show and a replica may lack.
const WRITTEN: &str = "written ";

/// A write that was answered early.
struct Unseen {
    position: Position,
    /// Since when the views of a context are known to show it. What this process keeps in memory may be older for as long as
    /// it trusts its memory without hearing of changes: nobody has made sure of it, as is done before an answer in time.
    shown: HashMap<String, Instant>,
}

impl Unseen {
    fn at(position: Position) -> Self {
        Self { position, shown: HashMap::new() }
    }

    /// Whether the views, and memory too, show it.
    fn is_over(&mut self, events: &EventBus, scope: Scope<'_>) -> bool {
        let context = if let Scope::Context(context) = scope { context } else { "" };
        events.has_passed(self.position, scope)
            && self.shown.entry(context.to_owned()).or_insert_with(Instant::now).elapsed() >= KEPT_WITHIN
    }
}

#[derive(Default)]
struct Remembered {
    /// A member's last.
    of: HashMap<UserId, Unseen>,
    /// What anybody may have written.
    of_anybody: Option<Unseen>,
    /// What each member wrote last, which a replica may lack. Never demanded of the views.
    written: HashMap<UserId, Position>,
    /// The same of anybody, since a time of listening began.
    written_by_anybody: Position,
    /// That time; see [`OtherHosts::session`].
    listening: Option<Option<u64>>,
    /// In this time every announcement was heard, and every write announced that our views may lack.
    session: Session,
}

/// A time of listening ([`OtherHosts::session`]; `None` for a process that is alone), and which return to the subscriptions
/// ([`EventBus::returns`]; `None`: others may not announce yet what our views lack).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Session {
    listening: Option<u64>,
    returns: Option<u64>,
}

impl Default for Session {
    fn default() -> Self {
        Self { listening: None, returns: Some(0) }
    }
}

impl Session {
    /// Whether nothing can have been missed in it, once it has begun.
    fn is_sure(self) -> bool {
        self.returns.is_some()
    }
}

impl Remembered {
    fn all_of(&mut self, user: UserId) -> impl Iterator<Item = &mut Unseen> {
        self.of.get_mut(&user).into_iter().chain(&mut self.of_anybody)
    }

    /// Forgets what everybody has known for long enough.
    fn forget(&mut self, events: &EventBus, user: UserId) {
        if self.of.get_mut(&user).is_some_and(|write| write.is_over(events, Scope::All)) {
            self.of.remove(&user);
        }
        self.of_anybody.take_if(|write| write.is_over(events, Scope::All));
    }

    fn write(&mut self, user: UserId, position: Position) {
        if self.written.len() >= REMEMBERED {
            // A replica has all of it soon.
            let last = self.written.drain().map(|(_, position)| position).max();
            self.written_by_anybody = self.written_by_anybody.max(last.unwrap_or(Position::START));
        }
        let last = self.written.entry(user).or_insert(position);
        *last = position.max(*last);
    }

    fn demand_of_anybody(&mut self, position: Position) {
        let before = self.of_anybody.as_ref().map_or(position, |write| write.position);
        self.of_anybody = Some(Unseen::at(position.max(before)));
    }
}

pub(crate) struct OwnWrites {
    events: EventBus,
    others: Option<Arc<dyn OtherHosts>>,
    /// The contexts of this database, where there are several.
    own: Option<Vec<&'static str>>,
    remembered: Mutex<Remembered>,
    told_elsewhere: Mutex<ToldElsewhere>,
}

impl OwnWrites {
    pub fn new(events: EventBus, others: Option<Arc<dyn OtherHosts>>, own: Option<Vec<&'static str>>) -> Self {
        Self { events, others, own, remembered: Mutex::default(), told_elsewhere: Mutex::default() }
    }

    fn remembered(&self) -> MutexGuard<'_, Remembered> {
        self.remembered.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn told_elsewhere(&self) -> MutexGuard<'_, ToldElsewhere> {
        self.told_elsewhere.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn is_own(&self, at: LogPosition) -> bool {
        self.own.as_ref().is_none_or(|own| at.log.is_none_or(|log| own.contains(&log)))
    }

    /// A replica may not have yet what `actor` did at `position`: every process is told, at most `within`.
    pub async fn announce_to_readers_of_replicas(&self, actor: &Actor, at: LogPosition, within: Duration) {
        let Some(user) = actor.on_behalf_of() else { return };
        self.remembered().write(user, at.position);
        self.tell(format!("{WRITTEN}{user} {at}"), at, within).await;
    }

    /// The views do not show what `actor` did at `position`: every process is told, at most `within`.
    pub async fn announce(&self, actor: &Actor, at: LogPosition, within: Duration) {
        let Some(user) = actor.on_behalf_of() else { return };
        self.remember(user, at.position);
        self.tell(format!("{user} {at}"), at, within).await;
    }

    async fn tell(&self, text: String, at: LogPosition, within: Duration) {
        let Some(others) = &self.others else { return };
        if tokio::time::timeout(within, others.announce(&text)).await != Ok(true) {
            tracing::warn!(position = %at, "other hosts were not told of a write that they may not show yet");
        }
    }

    /// Takes over what another process has announced: a member and a position, with a blank between.
    pub fn announced(&self, text: &str) {
        let (views_show_it, text) = text.strip_prefix(WRITTEN).map_or((false, text), |text| (true, text));
        let parsed = text.split_once(' ').map(|(user, at)| (user.parse(), LogPosition::read(at, lasting_name)));
        let Some((Ok(user), Ok(at))) = parsed else { return };
        match (self.is_own(at), views_show_it) {
            (true, true) => self.remembered().write(user, at.position),
            (true, false) => self.remember(user, at.position),
            (false, false) => self.told_elsewhere().remember(user, at),
            // The views of this database show it: it stands in what was read of the log, and a replica may lack that.
            (false, true) => self.remembered().write(user, self.events.read_to()),
        }
    }

    /// Waits for `scope` to know of what `user` told in other databases.
    async fn told_elsewhere_is_known(&self, user: UserId, scope: Scope<'_>, within: Duration) -> Heard {
        let deadline = Instant::now() + within;
        let all = self.told_elsewhere().all_of(user);
        for at in all {
            let Some(log) = at.log else { continue };
            let left = deadline.saturating_duration_since(Instant::now());
            let heard = self.events.wait_for_source(log, at.position, scope, left).await;
            if heard != Heard::Yes {
                return heard;
            }
            if self.events.wait_for_source(log, at.position, Scope::All, Duration::ZERO).await == Heard::Yes {
                self.told_elsewhere().is_over(user, at);
            }
        }
        Heard::Yes
    }

    /// What a replica must have for `actor` to see in it what they did. `None`: that is not known.
    pub async fn last_write(&self, actor: &Actor) -> Option<Position> {
        let Some(user) = actor.on_behalf_of() else { return Some(Position::START) };
        if self.hears().await != Heard::Yes {
            return None;
        }
        let remembered = self.remembered();
        Some(remembered.written.get(&user).copied().unwrap_or(Position::START).max(remembered.written_by_anybody))
    }

    fn remember(&self, user: UserId, position: Position) {
        let mut remembered = self.remembered();
        remembered.write(user, position);
        if remembered.of.len() >= REMEMBERED {
            remembered.of.retain(|_, write| !self.events.has_passed(write.position, Scope::All));
        }
        if remembered.of.len() >= REMEMBERED {
            tracing::warn!("too many members wait for their own writes; everybody's reads wait");
            let last = remembered.of.drain().map(|(_, write)| write.position).max();
            remembered.demand_of_anybody(last.map_or(position, |last| last.max(position)));
            return;
        }
        let last = remembered.of.get(&user).map_or(position, |write| position.max(write.position));
        remembered.of.insert(user, Unseen::at(last));
    }

    /// Waits for the views of `context` to show what `actor` did last.
    pub async fn shown(&self, actor: &Actor, context: &str, within: Duration) -> Heard {
        let Some(user) = actor.on_behalf_of() else { return Heard::Yes };
        match self.hears().await {
            Heard::Yes => {}
            Heard::NotYet if self.events.is_away() => return Heard::Unknown,
            deaf => return deaf,
        }
        let position = {
            let mut remembered = self.remembered();
            remembered.forget(&self.events, user);
            remembered.all_of(user).map(|write| write.position).max()
        };
        if let Some(position) = position {
            let shown = self.events.wait_for(position, Scope::Context(context), within).await;
            if shown != Heard::Yes {
                return shown;
            }
        }
        self.told_elsewhere_is_known(user, Scope::Context(context), within).await
    }

    /// Whether `context` does not know yet what `actor` did, or nobody knows whether it does.
    pub fn are_unknown_to(&self, actor: &Actor, context: &str) -> bool {
        let Some(user) = actor.on_behalf_of() else { return false };
        let session = self.session();
        let mut remembered = self.remembered();
        session.is_none()
            || session != Some(remembered.session)
            || remembered.all_of(user).any(|write| !self.events.has_passed(write.position, Scope::Applier(context)))
            || !self.told_elsewhere().all_of(user).is_empty()
    }

    /// Waits for `context` to know what `actor` did last.
    pub async fn known(&self, actor: &Actor, context: &str, within: Duration) {
        let Some(user) = actor.on_behalf_of() else { return };
        // If we may have missed an announcement, we wait for what we remember.
        drop(tokio::time::timeout(within / 2, self.hears()).await);
        let position = {
            let mut remembered = self.remembered();
            remembered.forget(&self.events, user);
            remembered.all_of(user).map(|write| write.position).max()
        };
        if let Some(position) = position {
            self.events.wait_for(position, Scope::Applier(context), within).await;
        }
        self.told_elsewhere_is_known(user, Scope::Applier(context), within).await;
    }

    /// Whether the views of `context`, or what is kept of them in memory, may lack something that `actor` did.
    pub fn are_unseen(&self, actor: &Actor, context: &str) -> bool {
        let Some(user) = actor.on_behalf_of() else { return false };
        let session = self.session();
        let mut remembered = self.remembered();
        if session.is_none() || session != Some(remembered.session) {
            return true;
        }
        remembered.forget(&self.events, user);
        remembered.all_of(user).any(|write| !write.is_over(&self.events, Scope::Context(context)))
            || !self.told_elsewhere().all_of(user).is_empty()
    }

    /// `None`: we may miss announcements.
    fn session(&self) -> Option<Session> {
        let listening = match &self.others {
            None => None,
            Some(others) => Some(others.session()?),
        };
        Some(Session { listening, returns: self.events.returns() })
    }

    /// Whether we know of every write that was announced until now. `Unknown`: the database is away, perhaps since a moment
    /// ago.
    async fn hears(&self) -> Heard {
        let Some(session) = self.session() else { return Heard::NotYet };
        if session.is_sure() && self.remembered().session == session {
            return Heard::Yes;
        }
        if self.events.is_away() {
            return Heard::Unknown;
        }
        // Whatever was announced before this time began is in the log by now.
        let last = match self.events.latest().await {
            Ok(last) => last,
            Err(error) if event_bus::unavailable(&error) => return Heard::Unknown,
            Err(_) => return Heard::NotYet,
        };
        let mut remembered = self.remembered();
        remembered.demand_of_anybody(last);
        // Hosts that read on replicas are told of every write, also while others do not know our subscriptions.
        if remembered.listening != Some(session.listening) {
            remembered.written_by_anybody = remembered.written_by_anybody.max(last);
            remembered.listening = Some(session.listening);
        }
        if session.is_sure() {
            remembered.session = session;
        }
        Heard::Yes
    }
}
