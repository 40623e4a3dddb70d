//! What members wrote in other databases, as far as it was announced because this one may not show it yet.

use std::collections::HashMap;

use kernel::{LogPosition, UserId};

use super::REMEMBERED;

#[derive(Default)]
pub(super) struct ToldElsewhere {
    /// A member's last in each log.
    of: HashMap<UserId, Vec<LogPosition>>,
    /// What anybody may have written, when there were too many members.
    of_anybody: Vec<LogPosition>,
}

impl ToldElsewhere {
    pub fn remember(&mut self, user: UserId, at: LogPosition) {
        if self.of.len() >= REMEMBERED && !self.of.contains_key(&user) {
            tracing::warn!("too many members wait for what they wrote in other databases; everybody's reads wait");
            for at in self.of.drain().flat_map(|(_, all)| all) {
                keep_later(&mut self.of_anybody, at);
            }
        }
        keep_later(self.of.entry(user).or_default(), at);
    }

    pub fn all_of(&self, user: UserId) -> Vec<LogPosition> {
        let own = self.of.get(&user).into_iter().flatten();
        own.chain(&self.of_anybody).copied().collect()
    }

    /// Everybody shows it.
    pub fn is_over(&mut self, user: UserId, at: LogPosition) {
        if let Some(all) = self.of.get_mut(&user) {
            all.retain(|kept| *kept != at);
            if all.is_empty() {
                self.of.remove(&user);
            }
        }
        self.of_anybody.retain(|kept| *kept != at);
    }
}

/// One for each log.
fn keep_later(all: &mut Vec<LogPosition>, at: LogPosition) {
    match all.iter_mut().find(|kept| kept.log == at.log) {
        Some(kept) => kept.position = kept.position.max(at.position),
        None => all.push(at),
    }
}

#[cfg(test)]
mod tests {
    use kernel::Position;
    use time::OffsetDateTime;

    use super::*;

    fn at(log: &'static str, sequence: i64) -> LogPosition {
        LogPosition { log: Some(log), position: Position { transaction: 1, sequence } }
    }

    fn user() -> UserId {
        UserId::new(OffsetDateTime::UNIX_EPOCH)
    }

    #[test]
    fn a_members_last_of_each_log_is_kept_until_everybody_shows_it() {
        let (mut told, ada, bob) = (ToldElsewhere::default(), user(), user());
        for at in [at("books", 2), at("books", 1), at("users", 1), at("books", 3)] {
            told.remember(ada, at);
        }
        assert_eq!((told.all_of(ada), told.all_of(bob)), (vec![at("books", 3), at("users", 1)], vec![]));
        told.is_over(ada, at("books", 2));
        assert_eq!(told.all_of(ada).len(), 2, "there is a later one");
        told.is_over(ada, at("books", 3));
        assert_eq!(told.all_of(ada), [at("users", 1)]);
    }

    #[test]
    fn of_too_many_members_nothing_is_forgotten() {
        let mut told = ToldElsewhere::default();
        (0..=i64::try_from(REMEMBERED).unwrap()).for_each(|nth| told.remember(user(), at("books", nth)));
        assert_eq!(told.all_of(user()), [at("books", i64::try_from(REMEMBERED).unwrap() - 1)]);
        assert!(told.of.len() <= REMEMBERED);
    }
}
