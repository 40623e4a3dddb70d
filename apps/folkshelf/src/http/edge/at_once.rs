//! What one member may have under way at the same time on this host, where each costs something for as long as the
//! client likes: a file on its way, a large answer being read.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use kernel::UserId;

pub struct AtOnce {
    most: usize,
    members: Mutex<HashMap<UserId, usize>>,
}

/// One of them. It ends when it is dropped.
pub struct Turn {
    of: Arc<AtOnce>,
    user: UserId,
}

impl AtOnce {
    pub fn new(most: usize) -> Arc<Self> {
        Arc::new(Self { most, members: Mutex::default() })
    }

    fn members(&self) -> MutexGuard<'_, HashMap<UserId, usize>> {
        self.members.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// One more, unless the member has as many as they may.
    pub fn begin(self: &Arc<Self>, user: UserId) -> Option<Turn> {
        let mut members = self.members();
        let under_way = members.entry(user).or_default();
        if *under_way >= self.most {
            return None;
        }
        *under_way += 1;
        Some(Turn { of: Arc::clone(self), user })
    }
}

impl Drop for Turn {
    fn drop(&mut self) {
        let mut members = self.of.members();
        if let Some(under_way) = members.get_mut(&self.user) {
            *under_way -= 1;
            if *under_way == 0 {
                members.remove(&self.user);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_member_has_so_many_and_a_turn_that_ended_is_free_again() {
        let (at_once, now) = (AtOnce::new(2), time::OffsetDateTime::UNIX_EPOCH);
        let (ada, eve) = (UserId::new(now), UserId::new(now));
        let (first, _second) = (at_once.begin(ada), at_once.begin(ada).unwrap());
        assert!(at_once.begin(ada).is_none() && at_once.begin(eve).is_some());
        drop(first);
        assert!(at_once.begin(ada).is_some());
        assert_eq!(at_once.members().len(), 1, "who has none is not kept");
    }
}
