//! Who hashes next. A password takes a processor for a quarter of a second, so whoever sends many could keep everybody else
//! waiting.
//!
//! Those who wait are served by rank: how many others of the same network, or at the same account, were there when they
//! came. The first of each network comes before the second of any. So sixteen guesses from one network, or at one account
//! from sixteen networks, delay somebody else by one turn and not by sixteen. Within a rank, those come first who are at
//! home: in a session, or on a network from which the account's right password came before. A member at home does not
//! overtake a lower rank: otherwise one member with a script could keep all newcomers out.

use std::collections::{BTreeMap, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::oneshot;

/// Who wants a password hashed or compared.
#[derive(Debug, Clone, Default)]
pub struct Asker {
    /// The mail address, in the form in which it is compared. Whether there is such an account makes no difference.
    pub account: Option<String>,
    /// `None`: not known, as for everybody on this machine.
    pub network: Option<u128>,
    /// In a session, or on a network from which the account's right password came before.
    pub at_home: bool,
}

impl Asker {
    /// A member in a session.
    pub(crate) fn in_session(account: &str) -> Self {
        Self { account: Some(account.to_owned()), network: None, at_home: true }
    }

    fn parties(&self) -> impl Iterator<Item = Party> {
        let account = self.account.clone().map(if self.at_home { Party::Home } else { Party::Account });
        account.into_iter().chain(self.network.map(Party::Network))
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
enum Party {
    /// Strangers at an account.
    Account(String),
    /// Its member, as far as one knows: not held up by strangers who guess.
    Home(String),
    Network(u128),
}

/// Where somebody waits. The smallest is served next.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
struct Place {
    rank: usize,
    is_stranger: bool,
    arrival: u64,
}

/// More do not wait: they would be told to come back in any case, and each takes a place among the host's requests
/// meanwhile. Who comes when so many wait takes the place of the last one, if that would be served later.
const MOST_WAITING: usize = 64;

/// Cheap to clone.
#[derive(Clone)]
pub(crate) struct Turns(Arc<Mutex<Queue>>);

struct Queue {
    free: usize,
    waiting: BTreeMap<Place, oneshot::Sender<()>>,
    /// How many of each party wait or have a turn.
    present: HashMap<Party, usize>,
    arrivals: u64,
}

impl Queue {
    /// Gives a turn that has become free to who is next.
    fn pass_on(&mut self) {
        match self.waiting.pop_first() {
            // It always arrives: a waiting caller leaves the queue before it stops listening, see [`Waiting`].
            Some((_, next)) => drop(next.send(())),
            None => self.free += 1,
        }
    }
}

/// Somebody is counted among their party until this is dropped.
struct Presence {
    turns: Turns,
    parties: Vec<Party>,
}

impl Drop for Presence {
    fn drop(&mut self) {
        let mut queue = self.turns.lock();
        for party in &self.parties {
            if let Some(count) = queue.present.get_mut(party) {
                *count -= 1;
                if *count == 0 {
                    queue.present.remove(party);
                }
            }
        }
    }
}

/// A turn. Dropped, it goes to who is next.
pub(crate) struct Turn {
    turns: Turns,
    _presence: Presence,
}

impl Drop for Turn {
    fn drop(&mut self) {
        self.turns.lock().pass_on();
    }
}

/// Somebody who waits, and may give up at any moment: also when they have been given a turn and have not taken it.
struct Waiting {
    turns: Turns,
    place: Place,
    given: oneshot::Receiver<()>,
}

impl Drop for Waiting {
    fn drop(&mut self) {
        let mut queue = self.turns.lock();
        let waits = queue.waiting.remove(&self.place).is_some();
        if !waits && self.given.try_recv().is_ok() {
            queue.pass_on();
        }
    }
}

impl Turns {
    pub(crate) fn new(at_once: usize) -> Self {
        let queue = Queue { free: at_once, waiting: BTreeMap::new(), present: HashMap::new(), arrivals: 0 };
        Self(Arc::new(Mutex::new(queue)))
    }

    #[cfg(test)]
    pub(crate) fn waiting(&self) -> usize {
        self.lock().waiting.len()
    }

    #[cfg(test)]
    pub(crate) fn next_rank(&self) -> Option<usize> {
        self.lock().waiting.first_key_value().map(|(place, _)| place.rank)
    }

    fn lock(&self) -> MutexGuard<'_, Queue> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// `None`: it has taken too long, or too many wait.
    pub(crate) async fn take(&self, asker: &Asker, patience: Duration) -> Option<Turn> {
        let parties: Vec<Party> = asker.parties().collect();
        let (presence, mut waiting) = {
            let mut queue = self.lock();
            let rank = parties.iter().filter_map(|party| queue.present.get(party)).max().copied().unwrap_or(0);
            for party in &parties {
                *queue.present.entry(party.clone()).or_default() += 1;
            }
            let presence = Presence { turns: self.clone(), parties };
            if let Some(left) = queue.free.checked_sub(1) {
                queue.free = left;
                return Some(Turn { turns: self.clone(), _presence: presence });
            }
            queue.arrivals += 1;
            let place = Place { rank, is_stranger: !asker.at_home, arrival: queue.arrivals };
            if queue.waiting.len() >= MOST_WAITING {
                if queue.waiting.last_key_value().is_some_and(|(last, _)| *last < place) {
                    drop(queue);
                    return None;
                }
                queue.waiting.pop_last();
            }
            let (give, given) = oneshot::channel();
            queue.waiting.insert(place, give);
            (presence, Waiting { turns: self.clone(), place, given })
        };
        match tokio::time::timeout(patience, &mut waiting.given).await {
            Ok(Ok(())) => Some(Turn { turns: self.clone(), _presence: presence }),
            // Too long, or somebody of a lower rank came.
            Ok(Err(_)) | Err(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use tokio::task::JoinSet;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn asker(account: &str, network: u128) -> Asker {
        Asker { account: Some(account.to_owned()), network: Some(network), at_home: false }
    }

    /// In which order those named are served, when all of them come in this order while the only turn is taken.
    async fn served(askers: Vec<(&'static str, Asker)>) -> Vec<&'static str> {
        let turns = Turns::new(1);
        let first = turns.take(&Asker::default(), PATIENCE).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut all = JoinSet::new();
        for (nth, (name, asker)) in askers.into_iter().enumerate() {
            let (theirs, order) = (turns.clone(), Arc::clone(&order));
            all.spawn(async move {
                let turn = theirs.take(&asker, PATIENCE).await.unwrap();
                order.lock().unwrap().push(name);
                drop(turn);
            });
            while turns.lock().waiting.len() <= nth {
                tokio::task::yield_now().await;
            }
        }
        drop(first);
        all.join_all().await;
        let queue = turns.lock();
        assert_eq!((queue.free, queue.waiting.len(), queue.present.len()), (1, 0, 0));
        drop(queue);
        Arc::into_inner(order).unwrap().into_inner().unwrap()
    }

    #[tokio::test]
    async fn sixteen_guesses_of_one_network_hold_the_next_person_up_for_one_turn() {
        let mut askers: Vec<_> = (0..16).map(|_| ("guess", asker("ada", 1))).collect();
        askers.push(("finn", asker("finn", 2)));
        let order = served(askers).await;
        assert_eq!(order.iter().position(|name| *name == "finn"), Some(1), "{order:?}");
    }

    #[tokio::test]
    async fn neither_many_accounts_nor_many_networks_help_a_guesser() {
        for guess in [(|nth| asker(&format!("account {nth}"), 1)) as fn(u128) -> Asker, |nth| asker("ada", nth)] {
            let mut askers: Vec<_> = (0..16).map(|nth| ("guess", guess(nth))).collect();
            askers.push(("finn", asker("finn", 99)));
            let order = served(askers).await;
            assert_eq!(order.iter().position(|name| *name == "finn"), Some(1), "{order:?}");
        }
    }

    #[tokio::test]
    async fn who_is_at_home_comes_before_strangers_and_not_again_and_again() {
        let home = |account: &str, network| Asker { at_home: true, ..asker(account, network) };
        let order = served(vec![
            ("stranger", asker("eve", 1)),
            ("other stranger", asker("mallory", 2)),
            ("home", home("ada", 3)),
            ("home again", home("ada", 3)),
        ])
        .await;
        assert_eq!(order, ["home", "stranger", "other stranger", "home again"]);
    }

    #[tokio::test]
    async fn the_owner_at_home_is_not_held_up_by_guesses_at_their_own_account() {
        let mut askers: Vec<_> = (0..16).map(|nth| ("guess", asker("ada", nth))).collect();
        askers.push(("ada", Asker { at_home: true, ..asker("ada", 99) }));
        let order = served(askers).await;
        assert_eq!(order.iter().position(|name| *name == "ada"), Some(0), "{order:?}");
    }

    #[tokio::test]
    async fn a_turn_that_nobody_takes_goes_to_the_next_one() {
        let turns = Turns::new(1);
        let first = turns.take(&Asker::default(), PATIENCE).await.unwrap();
        assert!(turns.take(&asker("ada", 1), Duration::from_millis(1)).await.is_none(), "she gave up");
        // Given to one who is cut off before it arrives.
        let asker = asker("eve", 1);
        let mut cut_off = Box::pin(turns.take(&asker, PATIENCE));
        assert!(is_pending_after_a_poll(&mut cut_off).await);
        drop(first);
        drop(cut_off);
        let queue = turns.lock();
        assert_eq!((queue.free, queue.waiting.len(), queue.present.len()), (1, 0, 0));
    }

    #[tokio::test]
    async fn where_too_many_wait_the_last_one_makes_room_for_who_comes_before_them() {
        let turns = Turns::new(1);
        let first = turns.take(&Asker::default(), PATIENCE).await.unwrap();
        let mut guesses = JoinSet::new();
        for nth in 0..MOST_WAITING {
            let theirs = turns.clone();
            guesses.spawn(async move { theirs.take(&asker("ada", 1), PATIENCE).await.is_some() });
            while turns.waiting() <= nth {
                tokio::task::yield_now().await;
            }
        }
        assert!(turns.take(&asker("ada", 1), PATIENCE).await.is_none(), "one more guess");
        let finn = asker("finn", 2);
        let mut log_in = Box::pin(turns.take(&finn, PATIENCE));
        assert!(is_pending_after_a_poll(&mut log_in).await);
        assert_eq!(guesses.join_next().await.unwrap().ok(), Some(false), "the last guess");
        assert_eq!(turns.waiting(), MOST_WAITING);
        drop((first, log_in));
        assert!(guesses.join_all().await.into_iter().all(|served| served));
        let queue = turns.lock();
        assert_eq!((queue.free, queue.waiting.len(), queue.present.len()), (1, 0, 0));
    }

    /// Polls once; whether it is still waiting.
    async fn is_pending_after_a_poll<F: Future + Unpin>(future: &mut F) -> bool {
        std::future::poll_fn(|context| {
            std::task::Poll::Ready(std::pin::Pin::new(&mut *future).poll(context).is_pending())
        })
        .await
    }
}
