use std::fmt;

use async_trait::async_trait;
use cqrs::{Call, QueryHandler};
use database::Database;
use kernel::text::composed;
use kernel::{Actor, ErrorKind, Permission, Query, Refusal, UserId};
use serde::{Deserialize, Serialize};

use crate::domain::Email;

/// More than anybody looks through.
const FOUND: i64 = 1_000;

/// Shorter beginnings fit almost everybody: they find nobody.
const SHORTEST: usize = 3;

/// Whose mail address begins like this, in any case: at most 1,000, the newest. Only administrators find anybody: others
/// could learn an address letter by letter.
#[derive(Clone, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct FindAccounts {
    beginning: String,
}

impl FindAccounts {
    /// `None`: `actor` would find nobody by what they typed, so that there is nothing to ask and nothing to wait for.
    pub fn by(actor: &Actor, typed: &str) -> Option<Self> {
        let beginning = typed.trim();
        let finds = actor.may(Permission::Admin) && beginning.chars().count() >= SHORTEST;
        finds.then(|| Self { beginning: beginning.to_owned() })
    }
}

impl fmt::Debug for FindAccounts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("FindAccounts(…)")
    }
}

impl Query for FindAccounts {
    const NAME: &'static str = "find_accounts";
    type Answer = Vec<UserId>;
    type Error = FindAccountsError;
}

// Whatever another process sends, the handler asks `FindAccounts::by` again.
cqrs::travels_as_it_is!(FindAccounts);

#[derive(Debug, thiserror::Error)]
pub enum FindAccountsError {
    #[error("the database failed")]
    Database(#[from] sqlx::Error),
}

impl Refusal for FindAccountsError {
    fn kind(&self) -> ErrorKind {
        let Self::Database(error) = self;
        event_bus::error_kind(error)
    }

    fn code(&self) -> &'static str {
        "INTERNAL"
    }
}

pub(crate) struct FindAccountsHandler(pub Database);

/// What a person types is text to find, not a pattern.
fn beginning(text: &str) -> String {
    let escaped = text.replace('\\', "\\\\").replace('%', "\\%").replace('_', "\\_");
    format!("{escaped}%")
}

#[async_trait]
impl QueryHandler<FindAccounts> for FindAccountsHandler {
    async fn handle(&self, call: &Call, query: FindAccounts) -> Result<Vec<UserId>, FindAccountsError> {
        let Some(FindAccounts { beginning: typed }) = FindAccounts::by(call.actor(), &query.beginning) else {
            return Ok(Vec::new());
        };
        let typed = typed.to_lowercase();
        let composed = composed(&typed);
        // A whole address is found in every spelling; of a part of a domain nobody knows the ASCII form.
        let whole = Email::new(&typed).ok();
        let found = sqlx::query_scalar!(
            "select id from auth.account where email like $1 or email_key like $2 or email_key = $3
            order by created_at desc, id desc limit $4",
            beginning(&typed),
            beginning(&composed),
            whole.as_ref().map(Email::key),
            FOUND,
        )
        .fetch_all(&self.0)
        .await?;
        Ok(found.into_iter().map(UserId::from).collect())
    }
}
