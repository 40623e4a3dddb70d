//! What this process holds, and whether the other processes know it.
//!
//! A subscription that nobody has run for a minute, or never, is no longer in the others' lists: their commands neither wait
//! for it nor announce what it does not show yet. When its process comes back, they go on so for as long as they rely on
//! such a list. Until then its process has to ask the log what was written last ([`Held::returns`]).

use std::collections::HashSet;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use crate::lease;
use crate::progress::LISTED_FOR;

/// Others list subscriptions for a minute after their lease has run out. A little less, for clocks that differ.
const LISTED_WITHOUT_LEASE: Duration = Duration::from_secs(50);
/// After this time every list is new, and every command that relied on an older one is answered.
const KNOWN_WITHIN: Duration = LISTED_FOR.saturating_add(Duration::from_secs(1));

#[derive(Default)]
pub(crate) struct Held(Mutex<State>);

#[derive(Default)]
struct State {
    names: HashSet<String>,
    /// When holding them stops being certain.
    until: Option<Instant>,
    returns: u64,
    /// The last return is no return: we have just started.
    is_first: bool,
    /// Before this, others may not know that we are back.
    known_from: Option<Instant>,
}

/// What a renewal has changed.
pub(crate) struct Renewed {
    /// There is a lease that we did not have.
    pub gained: bool,
    /// Others may have stopped waiting for us before it.
    pub is_back: bool,
}

impl State {
    fn has_been_away(&self, now: Instant) -> bool {
        self.until.is_none_or(|until| now >= until + LISTED_WITHOUT_LEASE)
    }
}

impl Held {
    fn state(&self) -> MutexGuard<'_, State> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub fn holds(&self, name: &str) -> bool {
        let state = self.state();
        state.until.is_some_and(|until| Instant::now() < until) && state.names.contains(name)
    }

    /// The leases, as of a renewal that was begun at `asked_at`.
    pub fn renewed(&self, names: HashSet<String>, asked_at: Instant) -> Renewed {
        let mut state = self.state();
        let (gained, is_back) = (!names.is_subset(&state.names), state.has_been_away(asked_at));
        if is_back {
            state.is_first = state.until.is_none();
            state.returns += 1;
            state.known_from = Some(Instant::now() + KNOWN_WITHIN);
        }
        state.names = names;
        state.until = Some(asked_at + lease::SPAN);
        Renewed { gained, is_back }
    }

    /// We are back, and nobody else runs subscriptions who would have to know of ours. Others may have written while we were
    /// away all the same, unless this is our first time.
    pub fn is_alone(&self) {
        let mut state = self.state();
        state.known_from = None;
        if std::mem::take(&mut state.is_first) {
            state.returns -= 1;
        }
    }

    pub fn names(&self) -> HashSet<String> {
        self.state().names.clone()
    }

    /// How often we have come back so far.
    pub fn count(&self) -> u64 {
        self.state().returns
    }

    /// The same; `None` while others may not know that we are back.
    pub fn returns(&self, now: Instant) -> Option<u64> {
        let state = self.state();
        let is_back = state.until.is_none() || !state.has_been_away(now);
        (is_back && state.known_from.is_none_or(|from| now >= from)).then_some(state.returns)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_was_away_for_a_minute_is_unknown_to_others_until_their_lists_are_new() {
        let held = Held::default();
        let begun = Instant::now();
        let after = |seconds| begun + Duration::from_secs(seconds);
        assert_eq!(held.returns(begun), Some(0), "a tool, which runs nothing");

        held.renewed(HashSet::new(), begun);
        assert_eq!(held.returns(begun), None);
        assert_eq!(held.returns(after(4)), Some(1));
        held.renewed(HashSet::new(), after(40));
        assert_eq!(held.returns(after(40)), Some(1), "others have listed us all the time");
        // Frozen, and not asked for its leases yet.
        assert_eq!(held.returns(after(40 + 60)), None);
        assert!(held.renewed(HashSet::new(), after(40 + 60)).is_back);
        held.is_alone();
        assert_eq!(held.returns(after(40 + 60)), Some(2), "whoever ran beside us has written");
    }

    #[test]
    fn who_is_alone_is_unknown_to_nobody() {
        let held = Held::default();
        held.renewed(HashSet::new(), Instant::now());
        held.is_alone();
        assert_eq!((held.returns(Instant::now()), held.count()), (Some(0), 0));
    }
}
