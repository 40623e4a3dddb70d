//! Letters that wait or were given up, for the command line: those of accounts, and those for notifications.

use auth::{ListMails, MailState, RetryMail};
use cqrs::{Caller, CommandBus, QueryBus};
use kernel::{Actor, ErrorKind, Page, PageRequest, Refusal};
use notifications::{DeliveryState, DeliveryView, ListDeliveries, RetryDelivery};
use time::OffsetDateTime;
use uuid::Uuid;

/// So many of each are shown, or tried again at once.
const MOST: u32 = 100;

async fn of_accounts(
    queries: &QueryBus,
    caller: &Caller,
    state: Option<MailState>,
) -> anyhow::Result<Page<auth::MailView>> {
    let query = ListMails { state, page: PageRequest::first(MOST) };
    Ok(queries.asking::<ListMails>()?.ask(caller, query).await?)
}

async fn for_notifications(
    queries: &QueryBus,
    caller: &Caller,
    state: DeliveryState,
) -> anyhow::Result<Page<DeliveryView>> {
    let query = ListDeliveries { state: Some(state), notification: None, page: PageRequest::first(MOST) };
    Ok(queries.asking::<ListDeliveries>()?.ask(caller, query).await?)
}

/// Prints the newest.
pub async fn list(queries: &QueryBus, actor: Actor) -> anyhow::Result<()> {
    let caller = Caller::new(actor, "");
    let page = of_accounts(queries, &caller, None).await?;
    let mut total = page.total;
    for letter in &page.items {
        let what = format!("{}  {}  {}", letter.id, letter.kind, letter.recipient);
        print(&what, letter.attempts, letter.given_up_at, letter.next_attempt_at, letter.error.as_deref());
    }
    for state in [DeliveryState::Pending, DeliveryState::Failed] {
        let page = for_notifications(queries, &caller, state).await?;
        total += page.total;
        for letter in &page.items {
            let what = format!("{}  {}  member {}", letter.id, letter.kind, letter.user_id);
            print(&what, letter.tries, letter.settled_at, letter.next_try_at, letter.error.as_deref());
        }
    }
    println!("{total} in all");
    Ok(())
}

fn print(what: &str, tries: i32, given_up: Option<OffsetDateTime>, next: Option<OffsetDateTime>, error: Option<&str>) {
    let state = match (given_up, next) {
        (Some(at), _) => format!("given up {at}"),
        (None, Some(at)) => format!("tried again {at}"),
        (None, None) => "waits".to_owned(),
    };
    println!("{what}  {tries} tries, {state}");
    if let Some(error) = error {
        println!("    {error}");
    }
}

/// Lets one wait again, or without an id the newest that were given up. Returns how many.
pub async fn retry(
    (commands, queries): (&CommandBus, &QueryBus),
    actor: Actor,
    id: Option<Uuid>,
) -> anyhow::Result<usize> {
    let caller = Caller::new(actor, "");
    let (mails, deliveries) = (commands.dispatch::<RetryMail>()?, commands.dispatch::<RetryDelivery>()?);
    if let Some(id) = id {
        return match mails.send(&caller, RetryMail { mail: id }).await {
            Err(unknown) if unknown.kind() == ErrorKind::NotFound => {
                deliveries.send(&caller, RetryDelivery { delivery: id }).await?;
                Ok(1)
            }
            outcome => {
                outcome?;
                Ok(1)
            }
        };
    }
    let given_up = of_accounts(queries, &caller, Some(MailState::GivenUp)).await?.items;
    for letter in &given_up {
        mails.send(&caller, RetryMail { mail: letter.id }).await?;
    }
    let failed = for_notifications(queries, &caller, DeliveryState::Failed).await?.items;
    for letter in &failed {
        deliveries.send(&caller, RetryDelivery { delivery: letter.id }).await?;
    }
    Ok(given_up.len() + failed.len())
}
