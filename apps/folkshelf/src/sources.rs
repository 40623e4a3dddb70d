//! Events of other databases, on the command line.

use anyhow::bail;
use clap::Subcommand;
use event_bus::EventBus;
use time::format_description::well_known::Rfc3339;

#[derive(Subcommand)]
pub enum Sources {
    List,
    /// Import the events of a context from the beginning again, when its database does not know the last one any more that is
    /// here. What is here already is passed over.
    Reset {
        context: String,
    },
}

pub async fn run(events: &EventBus, command: Sources) -> anyhow::Result<()> {
    match command {
        Sources::List => {
            for source in events.sources().await? {
                let state = if source.running { "running" } else { "not running" };
                let heard = source.heard_at.and_then(|at| at.format(&Rfc3339).ok());
                println!(
                    "{:<14} {:.1} s late, heard {}, {state}{}",
                    source.context,
                    source.lag_seconds,
                    heard.as_deref().unwrap_or("never"),
                    source.last_error.map_or(String::new(), |error| format!("\n    {error}")),
                );
            }
            Ok(())
        }
        Sources::Reset { context } => match events.reset_source(&context).await? {
            true => Ok(()),
            false => bail!("no events of {context} are imported into this database"),
        },
    }
}
