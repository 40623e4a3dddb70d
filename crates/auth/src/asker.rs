//! Who hashes next. A password takes a processor for a quarter of a second, so whoever sends many could keep everybody else
//! waiting.
//!
//! Those who wait are served by rank (`turns`): how many others of the same network, or at the same account, were there when
//! they came. The first of each network comes before the second of any. So sixteen guesses from one network, or at one account
//! from sixteen networks, delay somebody else by one turn and not by sixteen. Within a rank, those come first who are at
//! home: in a session, or on a network from which the account's right password came before. A member at home does not
//! overtake a lower rank: otherwise one member with a script could keep all newcomers out.

use std::time::Duration;

use crate::domain::Email;

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
    /// A member in a session, by their mail address. However it is spelled, they are one party with their log-ins at home.
    pub(crate) fn in_session(email: &str) -> Self {
        let account = Email::new(email).map_or_else(|_| email.to_owned(), |email| email.key().to_owned());
        Self { account: Some(account), network: None, at_home: true }
    }

    /// `None`: it has taken too long, or too many wait.
    pub(crate) async fn turn(&self, turns: &Turns, patience: Duration) -> Option<Turn> {
        let account = self.account.clone().map(if self.at_home { Party::Home } else { Party::Account });
        let parties: Vec<Party> = account.into_iter().chain(self.network.map(Party::Network)).collect();
        turns.take(&parties, !self.at_home, patience).await
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(crate) enum Party {
    /// Strangers at an account.
    Account(String),
    /// Its member, as far as one knows: not held up by strangers who guess.
    Home(String),
    Network(u128),
}

pub(crate) type Turns = turns::Turns<Party>;
pub(crate) type Turn = turns::Turn<Party>;

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use tokio::task::JoinSet;

    use super::*;

    const PATIENCE: Duration = Duration::from_secs(60);

    fn asker(account: &str, network: u128) -> Asker {
        Asker { account: Some(account.to_owned()), network: Some(network), at_home: false }
    }

    /// In which order those named are served, when all of them come in this order while the only turn is taken.
    async fn served(askers: Vec<(&'static str, Asker)>) -> Vec<&'static str> {
        let turns = Turns::new(1, usize::MAX);
        let first = Asker::default().turn(&turns, PATIENCE).await.unwrap();
        let order = Arc::new(Mutex::new(Vec::new()));
        let mut all = JoinSet::new();
        for (nth, (name, asker)) in askers.into_iter().enumerate() {
            let (theirs, order) = (turns.clone(), Arc::clone(&order));
            all.spawn(async move {
                let turn = asker.turn(&theirs, PATIENCE).await.unwrap();
                order.lock().unwrap().push(name);
                drop(turn);
            });
            while turns.waiting() <= nth {
                tokio::task::yield_now().await;
            }
        }
        drop(first);
        all.join_all().await;
        assert!(turns.is_idle());
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

    #[test]
    fn a_member_is_one_party_however_their_address_is_spelled() {
        let account = |email| Asker::in_session(email).account;
        assert_eq!(account("ada@b\u{fc}cher.example"), account("ada@xn--bcher-kva.example"));
        assert_ne!(account("ada@example.org"), account("eve@example.org"));
    }
}
