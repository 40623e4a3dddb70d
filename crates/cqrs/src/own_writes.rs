//! Writes that were answered before every view showed them, as happens for some seconds after the death of a process that
//! ran subscriptions. Whoever made one meets it in their next call all the same: a query waits, then asks PostgreSQL; a
//! command waits, because the context that it goes to may know nothing of the write yet.
//!
//! Kept in memory: a caller whom another process serves next sends the position along.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use event_bus::{EventBus, Heard};
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

    /// Waits for the views to show what `actor` did last.
    pub async fn shown(&self, events: &EventBus, actor: &Actor, within: Duration) -> Heard {
        let Some((user, position)) = self.last(actor) else { return Heard::Yes };
        let heard = events.heard(position, within).await;
        if heard == Heard::Yes {
            let mut unseen = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            if unseen.get(&user) == Some(&position) {
                unseen.remove(&user);
            }
        }
        heard
    }

    /// Waits for every context to know what `actor` did last.
    pub async fn known(&self, events: &EventBus, actor: &Actor, within: Duration) {
        if let Some((_, position)) = self.last(actor) {
            events.applied(position, within).await;
        }
    }

    /// Whether there is something that the views did not show when it was answered.
    pub fn are_unseen(&self, actor: &Actor) -> bool {
        self.last(actor).is_some()
    }

    fn last(&self, actor: &Actor) -> Option<(UserId, Position)> {
        let user = actor.user_id()?;
        let position = self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&user).copied()?;
        Some((user, position))
    }
}
