//! Writes that were answered before every view showed them, as happens for some seconds after the death of a process that
//! ran subscriptions. Whoever made one meets it in their next call all the same: a query waits, then asks PostgreSQL; a
//! command waits, because the context that it goes to may know nothing of the write yet.
//!
//! Kept in memory: a caller whom another process serves next sends the position along.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use event_bus::{EventBus, Heard, Scope};
use kernel::{Actor, Position, UserId};

/// So many members' writes are remembered at most; with more of them waiting, everything is late anyway.
const REMEMBERED: usize = 10_000;

#[derive(Default)]
pub(crate) struct OwnWrites(Mutex<HashMap<UserId, Position>>);

impl OwnWrites {
    /// The views do not show what `actor` did at `position`.
    pub fn remember(&self, actor: &Actor, position: Position) {
        let Some(user) = actor.user_id() else { return };
        let mut unseen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if unseen.len() < REMEMBERED || unseen.contains_key(&user) {
            unseen.entry(user).and_modify(|last| *last = position.max(*last)).or_insert(position);
        }
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

    /// Whether the views of `context` may lack something that `actor` did.
    pub fn are_unseen(&self, events: &EventBus, actor: &Actor, context: &str) -> bool {
        self.last(events, actor).is_some_and(|position| !events.has_passed(position, Scope::Context(context)))
    }

    /// What everybody knows by now is forgotten here.
    fn last(&self, events: &EventBus, actor: &Actor) -> Option<Position> {
        let user = actor.user_id()?;
        let mut unseen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let position = unseen.get(&user).copied()?;
        if events.has_passed(position, Scope::All) {
            unseen.remove(&user);
            return None;
        }
        Some(position)
    }
}
