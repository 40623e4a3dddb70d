//! Events that a subscription could not handle, for the command line.

use anyhow::bail;
use clap::Subcommand;
use event_bus::EventBus;
use uuid::Uuid;

#[derive(Subcommand)]
pub enum DeadLetters {
    List,
    /// Try the event again, wherever its subscription runs.
    Retry {
        id: Uuid,
    },
    /// Forget it: the event stays unhandled for that subscription.
    Drop {
        id: Uuid,
    },
    /// List them by reason: subscription, event, and an error that differs in nothing but ids, numbers and quoted values.
    Groups,
    /// Try all events of a group again.
    RetryGroup {
        group: String,
    },
    /// Forget a whole group: its events stay unhandled for that subscription.
    DropGroup {
        group: String,
    },
}

pub async fn run(events: &EventBus, command: DeadLetters) -> anyhow::Result<()> {
    match command {
        DeadLetters::List => {
            let (letters, total) = events.dead_letters(0, 100).await?;
            for letter in letters {
                println!(
                    "{}  {}  {} {}  {} tries, parked {}\n    {}",
                    letter.id,
                    letter.subscription,
                    letter.event_name,
                    letter.aggregate_id,
                    letter.attempts,
                    letter.parked_at,
                    letter.error
                );
            }
            println!("{total} in all");
        }
        DeadLetters::Retry { id } => {
            if !events.retry_dead_letter(id).await? {
                bail!("there is no dead letter {id}");
            }
            println!("it will be tried again where its subscription runs");
        }
        DeadLetters::Drop { id } => {
            if !events.drop_dead_letter(id).await? {
                bail!("there is no dead letter {id}");
            }
        }
        DeadLetters::Groups => {
            for group in events.dead_letter_groups().await? {
                println!(
                    "{}  {}  {}  {} letters, {} to be retried, parked {} to {}\n    {}",
                    group.id,
                    group.subscription,
                    group.event_name,
                    group.letters,
                    group.retry_requested,
                    group.first_parked_at,
                    group.last_parked_at,
                    group.reason
                );
            }
        }
        DeadLetters::RetryGroup { group } => {
            let mut all = 0;
            loop {
                let asked = events.retry_dead_letters(&group).await?;
                all += asked.changed;
                if !asked.more {
                    break;
                }
            }
            if all == 0 {
                bail!("there is nothing to retry in group {group}");
            }
            println!("{all} will be tried again where their subscription runs");
        }
        DeadLetters::DropGroup { group } => {
            let mut all = 0;
            loop {
                let dropped = events.drop_dead_letters(&group).await?;
                all += dropped.changed;
                if !dropped.more {
                    break;
                }
            }
            if all == 0 {
                bail!("there is no group {group}");
            }
            println!("{all} dropped");
        }
    }
    Ok(())
}
