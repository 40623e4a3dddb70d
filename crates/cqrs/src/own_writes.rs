//! Writes that were answered before every view showed them, as happens while a context is blocked, and for some seconds after
//! the death of a process that ran subscriptions. The writer still sees the write in their next call: a query waits a
//! moment, then asks PostgreSQL; a command waits a moment, because its context may not know of the write yet.
//!
//! Kept in memory: a caller whom another process serves next sends the position along.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use event_bus::{EventBus, Heard, Scope};
use kernel::{Actor, Position, UserId};

use crate::command::KEPT_WITHIN;

/// So many members' writes are remembered at most.
const REMEMBERED: usize = 10_000;

/// A member's last write that was answered early.
struct Unseen {
    position: Position,
    /// Since when the views of a context are known to show it. What this process keeps in memory may be older for as long as
    /// it trusts its memory without hearing of changes: nobody has made sure of it, as is done before an answer in time.
    shown: HashMap<String, Instant>,
}

#[derive(Default)]
pub(crate) struct OwnWrites(Mutex<HashMap<UserId, Unseen>>);

impl OwnWrites {
    /// The views do not show what `actor` did at `position`.
    pub fn remember(&self, events: &EventBus, actor: &Actor, position: Position) {
        let Some(user) = actor.user_id() else { return };
        let mut unseen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if unseen.len() >= REMEMBERED {
            unseen.retain(|_, write| !events.has_passed(write.position, Scope::All));
        }
        if unseen.len() >= REMEMBERED && !unseen.contains_key(&user) {
            tracing::warn!("too many members wait for their own writes; one may read an older answer");
            return;
        }
        let last = unseen.get(&user).map_or(position, |write| position.max(write.position));
        unseen.insert(user, Unseen { position: last, shown: HashMap::new() });
    }

    /// Waits for the views of `context` to show what `actor` did last.
    pub async fn shown(&self, events: &EventBus, actor: &Actor, context: &str, within: Duration) -> Heard {
        let Some(position) = self.last(events, actor) else { return Heard::Yes };
        events.wait_for(position, Scope::Context(context), within).await
    }

    /// Waits for `context` to know what `actor` did last.
    pub async fn known(&self, events: &EventBus, actor: &Actor, context: &str, within: Duration) {
        if let Some(position) = self.last(events, actor) {
            events.wait_for(position, Scope::Applier(context), within).await;
        }
    }

    /// Whether the views of `context`, or what is kept of them in memory, may lack something that `actor` did.
    pub fn are_unseen(&self, events: &EventBus, actor: &Actor, context: &str) -> bool {
        let Some(position) = self.last(events, actor) else { return false };
        if !events.has_passed(position, Scope::Context(context)) {
            return true;
        }
        let Some(user) = actor.user_id() else { return false };
        let mut unseen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        unseen.get_mut(&user).is_some_and(|write| {
            write.shown.entry(context.to_owned()).or_insert_with(Instant::now).elapsed() < KEPT_WITHIN
        })
    }

    /// What everybody has known for long enough is forgotten here.
    fn last(&self, events: &EventBus, actor: &Actor) -> Option<Position> {
        let user = actor.user_id()?;
        let mut unseen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let write = unseen.get_mut(&user)?;
        let position = write.position;
        if events.has_passed(position, Scope::All)
            && write.shown.entry(String::new()).or_insert_with(Instant::now).elapsed() >= KEPT_WITHIN
        {
            unseen.remove(&user);
            return None;
        }
        Some(position)
    }
}
