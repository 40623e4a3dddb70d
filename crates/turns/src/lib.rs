//! Whose turn it is, where a host does only so many at once and a single caller could keep everybody else waiting.
//!
//! Those who wait are served by rank: how many others of the same party were there when they came, waiting or at work. The
//! first of each party comes before the second of any. A party is whatever one may have only once: a member, a network, an
//! account. A caller may belong to several; the fullest one counts. Besides, a party may be bounded in what it has at work.

use std::collections::{BTreeMap, HashMap};
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// Where somebody waits. The smallest is served next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    rank: usize,
    yields: bool,
    arrival: u64,
}

/// More do not wait: they would be told to come back in any case, and each takes a place among the host's requests
/// meanwhile. Who comes when so many wait takes the place of the last one, if that would be served later.
const MOST_WAITING: usize = 64;

/// Cheap to clone.
pub struct Turns<P: Eq + Hash>(Arc<Mutex<Queue<P>>>);

impl<P: Eq + Hash> Clone for Turns<P> {
    fn clone(&self) -> Self {
        Self(Arc::clone(&self.0))
    }
}

/// Of one party.
#[derive(Default)]
struct Present {
    /// Who wait or have a turn.
    all: usize,
    /// Who have a turn.
    at_work: usize,
}

struct Waits<P> {
    parties: Arc<[P]>,
    give: oneshot::Sender<()>,
}

struct Queue<P> {
    free: usize,
    most_of_a_party: usize,
    waiting: BTreeMap<Place, Waits<P>>,
    present: HashMap<P, Present>,
    arrivals: u64,
}

impl<P: Clone + Eq + Hash> Queue<P> {
    fn come(&mut self, parties: &[P]) {
        for party in parties {
            self.present.entry(party.clone()).or_default().all += 1;
        }
    }
}

impl<P: Eq + Hash> Queue<P> {
    fn leave(&mut self, parties: &[P]) {
        for party in parties {
            if let Some(present) = self.present.get_mut(party) {
                present.all -= 1;
                if present.all == 0 {
                    self.present.remove(party);
                }
            }
        }
    }

    fn rank(&self, parties: &[P]) -> usize {
        parties.iter().filter_map(|party| self.present.get(party)).map(|present| present.all).max().unwrap_or(0)
    }

    fn may_work(&self, parties: &[P]) -> bool {
        let at_work = |party: &P| self.present.get(party).map_or(0, |present| present.at_work);
        parties.iter().all(|party| at_work(party) < self.most_of_a_party)
    }

    fn begin(&mut self, parties: &[P]) {
        self.free -= 1;
        for party in parties {
            if let Some(present) = self.present.get_mut(party) {
                present.at_work += 1;
            }
        }
    }

    /// Gives a turn that has become free to who is next. It may let more than one begin: others may have waited for the end
    /// of this one, and not for a free turn.
    fn end(&mut self, parties: &[P]) {
        self.free += 1;
        for party in parties {
            if let Some(present) = self.present.get_mut(party) {
                present.at_work -= 1;
            }
        }
        while self.free > 0 {
            let next = self.waiting.iter().find(|(_, waits)| self.may_work(&waits.parties)).map(|(place, _)| *place);
            let Some(Waits { parties, give }) = next.and_then(|place| self.waiting.remove(&place)) else { return };
            self.begin(&parties);
            // It always arrives: a waiting caller leaves the queue before it stops listening, see [`Waiting`].
            give.send(()).ok();
        }
    }
}

/// Somebody is counted among their parties until this is dropped.
struct Presence<P: Eq + Hash> {
    turns: Turns<P>,
    parties: Arc<[P]>,
}

impl<P: Eq + Hash> Drop for Presence<P> {
    fn drop(&mut self) {
        self.turns.lock().leave(&self.parties);
    }
}

/// A turn. Dropped, it goes to who is next.
pub struct Turn<P: Eq + Hash>(Presence<P>);

impl<P: Eq + Hash> Drop for Turn<P> {
    fn drop(&mut self) {
        self.0.turns.lock().end(&self.0.parties);
    }
}

/// Somebody who waits, and may give up at any moment: also when they have been given a turn and have not taken it.
struct Waiting<P: Eq + Hash> {
    /// `None`: the turn was taken, and has it.
    presence: Option<Presence<P>>,
    place: Place,
    given: oneshot::Receiver<()>,
}

impl<P: Eq + Hash> Drop for Waiting<P> {
    fn drop(&mut self) {
        let Some(Presence { turns, parties }) = &self.presence else { return };
        let mut queue = turns.lock();
        let waits = queue.waiting.remove(&self.place).is_some();
        if !waits && self.given.try_recv().is_ok() {
            queue.end(parties);
        }
    }
}

impl<P: Eq + Hash> Turns<P> {
    /// So many at once, and of one party no more than `most_of_a_party`.
    pub fn new(at_once: usize, most_of_a_party: usize) -> Self {
        let (waiting, present) = (BTreeMap::new(), HashMap::new());
        Self(Arc::new(Mutex::new(Queue { free: at_once, most_of_a_party, waiting, present, arrivals: 0 })))
    }

    /// How many wait.
    pub fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    /// The rank of the first of those who wait.
    pub fn next_rank(&self) -> Option<usize> {
        self.lock().waiting.first_key_value().map(|(place, _)| place.rank)
    }

    /// Whether nobody waits or has a turn.
    pub fn is_idle(&self) -> bool {
        let queue = self.lock();
        queue.waiting.is_empty() && queue.present.is_empty()
    }

    fn lock(&self) -> MutexGuard<'_, Queue<P>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<P: Clone + Eq + Hash> Turns<P> {
    /// Waits for a turn, at most for `patience`. Whoever `yields` comes after others of the same rank. `None`: it has taken
    /// too long, or too many wait.
    pub async fn take(&self, parties: &[P], yields: bool, patience: Duration) -> Option<Turn<P>> {
        let mut waiting = {
            let mut queue = self.lock();
            let (rank, may_work) = (queue.rank(parties), queue.may_work(parties));
            queue.come(parties);
            let presence = Presence { turns: self.clone(), parties: parties.into() };
            if queue.free > 0 && may_work {
                queue.begin(parties);
                return Some(Turn(presence));
            }
            queue.arrivals += 1;
            let place = Place { rank, yields, arrival: queue.arrivals };
            if queue.waiting.len() >= MOST_WAITING {
                if queue.waiting.last_key_value().is_some_and(|(last, _)| *last < place) {
                    drop(queue);
                    return None;
                }
                queue.waiting.pop_last();
            }
            let (give, given) = oneshot::channel();
            queue.waiting.insert(place, Waits { parties: Arc::clone(&presence.parties), give });
            Waiting { presence: Some(presence), place, given }
        };
        match tokio::time::timeout(patience, &mut waiting.given).await {
            Ok(Ok(())) => waiting.presence.take().map(Turn),
            // Too long, or somebody of a lower rank came.
            Ok(Err(_)) | Err(_) => None,
        }
    }
}

#[cfg(test)]
mod tests;
