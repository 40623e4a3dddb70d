//! Who sees a book: one rule for lists, searches, suggestions, counts and single reads.
//!
//! A book is seen by everybody when its owner is active and offers it. What its owner does not offer (`lending: off`) the
//! owner alone sees; the books of an owner who is not active nobody sees. PostgreSQL has the rule as a condition, Redis
//! holds in its public lists what everybody sees, and a book that was read is held against [`Visible`].

use books_events::Lending;
use kernel::{Actor, UserId};
use sqlx::{Postgres, QueryBuilder};
use uuid::Uuid;

/// The rule for everybody, as a condition on `books.book`. Statements that sqlx checks spell it out; a test holds them to it.
pub(crate) const TO_EVERYBODY: &str = "owner_active and lending <> 'off'";

/// What of a book decides who sees it.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Visible {
    pub owner: UserId,
    pub owner_active: bool,
    pub lending: Lending,
}

impl Visible {
    /// Of a row of `books.book`.
    pub fn of_row(owner: Uuid, owner_active: bool, lending: &str) -> Self {
        Self { owner: owner.into(), owner_active, lending: Lending::from_name(lending).unwrap_or(Lending::Off) }
    }

    pub fn to_everybody(self) -> bool {
        self.owner_active && self.lending != Lending::Off
    }

    pub fn visible_to(self, viewer: &Actor) -> bool {
        self.to_everybody() || (self.owner_active && viewer.is(self.owner))
    }
}

/// Whose eyes a list is for.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) enum Eyes {
    #[default]
    Everybody,
    /// The whole shelf of one member, for that member.
    Owner(UserId),
}

impl Eyes {
    /// The condition, after `where`.
    pub fn push(self, sql: &mut QueryBuilder<Postgres>) {
        match self {
            Self::Everybody => sql.push(TO_EVERYBODY),
            Self::Owner(owner) => sql.push("owner_active and owner_id = ").push_bind(owner.uuid()),
        };
    }

    /// The condition for what these eyes see anywhere, not in this list alone.
    pub fn push_known(self, sql: &mut QueryBuilder<Postgres>) {
        match self {
            Self::Everybody => sql.push(TO_EVERYBODY),
            Self::Owner(owner) => {
                sql.push("owner_active and (lending <> 'off' or owner_id = ").push_bind(owner.uuid()).push(")")
            }
        };
    }

    /// Who sees what they do not offer, too.
    pub fn owner(self) -> Option<UserId> {
        match self {
            Self::Everybody => None,
            Self::Owner(owner) => Some(owner),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use super::*;

    /// Statements on books that show them to somebody and spell the rule otherwise.
    fn otherwise(source: &str) -> Vec<String> {
        let one_line = source.split_whitespace().collect::<Vec<_>>().join(" ");
        // The caller's own shelf.
        let own = ["owner_id = $1 and owner_active", "owner_active and owner_id = "];
        let public = own.iter().fold(one_line.replace(TO_EVERYBODY, ""), |text, own| text.replace(own, ""));
        let conditions = ["where owner_active", "and owner_active", "not owner_active", "(owner_active"];
        let found = conditions.iter().flat_map(|condition| public.match_indices(condition));
        found.map(|(at, _)| public[at..].chars().take(80).collect()).collect()
    }

    #[test]
    fn every_query_shows_what_the_one_rule_lets_it() {
        let queries = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/queries");
        let mut looked_at = 0;
        for file in std::fs::read_dir(queries).unwrap().map(|file| file.unwrap().path()) {
            let source = std::fs::read_to_string(&file).unwrap();
            assert_eq!(otherwise(&source), Vec::<String>::new(), "{}", file.display());
            looked_at += 1;
        }
        assert!(looked_at > 10);
        let canary = "select id from books.book where owner_active and category = $1";
        assert_eq!(otherwise(canary).len(), 1);
    }
}
