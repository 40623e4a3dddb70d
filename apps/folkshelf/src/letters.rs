//! Letters that wait or were given up, for the command line.

use auth::{ListMails, MailState, RetryMail};
use cqrs::{Caller, CommandBus, QueryBus};
use kernel::{Actor, Page, PageRequest};
use uuid::Uuid;

/// So many are shown, or tried again at once.
const MOST: u32 = 100;

async fn letters(
    queries: &QueryBus,
    caller: &Caller,
    state: Option<MailState>,
) -> anyhow::Result<Page<auth::MailView>> {
    let query = ListMails { state, page: PageRequest::first(MOST) };
    Ok(queries.asking::<ListMails>()?.ask(caller, query).await?)
}

/// Prints the newest.
pub async fn list(queries: &QueryBus, actor: Actor) -> anyhow::Result<()> {
    let page = letters(queries, &Caller::new(actor, ""), None).await?;
    for letter in &page.items {
        let state = match (letter.given_up_at, letter.next_attempt_at) {
            (Some(at), _) => format!("given up {at}"),
            (None, Some(at)) => format!("tried again {at}"),
            (None, None) => "waits".to_owned(),
        };
        println!("{}  {}  {}  {} tries, {state}", letter.id, letter.kind, letter.recipient, letter.attempts);
        if let Some(error) = &letter.error {
            println!("    {error}");
        }
    }
    println!("{} in all", page.total);
    Ok(())
}

/// Lets one wait again, or without an id the newest that were given up. Returns how many.
pub async fn retry(
    (commands, queries): (&CommandBus, &QueryBus),
    actor: Actor,
    id: Option<Uuid>,
) -> anyhow::Result<usize> {
    let caller = Caller::new(actor, "");
    let ids = match id {
        Some(id) => vec![id],
        None => letters(queries, &caller, Some(MailState::GivenUp)).await?.items.iter().map(|it| it.id).collect(),
    };
    for mail in &ids {
        commands.dispatch::<RetryMail>()?.send(&caller, RetryMail { mail: *mail }).await?;
    }
    Ok(ids.len())
}
