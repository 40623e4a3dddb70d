//! Whose log a position is of, where contexts have databases of their own (ADR 79).

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use event_bus::{Heard, Scope};
use kernel::{LogPosition, Position};

use crate::Shared;

/// What a command told, as another database is asked for it.
#[derive(Debug, Clone, Copy)]
pub struct ToldThere<'t> {
    /// The context that told it.
    pub context: &'static str,
    /// In the log of its database.
    pub position: Position,
    pub families: &'t [&'t str],
}

/// The databases of other contexts, through the processes that run them.
#[async_trait]
pub trait OtherDatabases: Send + Sync {
    /// Waits until all that consume one of the families show what was told, at most `within`. Whether they do.
    async fn shown(&self, told: ToldThere<'_>, within: Duration) -> bool;
}

/// The database of this process, where there are others.
pub struct Logs {
    /// The contexts that have their tables in it.
    pub own: Vec<&'static str>,
    pub others: Arc<dyn OtherDatabases>,
}

impl Logs {
    fn own(&self, context: &str) -> Option<&'static str> {
        self.own.iter().find(|own| **own == context).copied()
    }
}

impl Shared {
    /// As it is told to callers.
    pub fn named(&self, context: &str, position: Position) -> LogPosition {
        let log = self.logs.as_ref().and_then(|logs| logs.own(context));
        LogPosition { log, position }
    }

    /// In whose log it is; `None`: in that of this process.
    pub fn foreign(&self, at: LogPosition) -> Option<&'static str> {
        at.log.filter(|log| self.logs.as_ref().is_some_and(|logs| logs.own(log).is_none()))
    }

    /// As [`event_bus::EventBus::wait_for`], wherever it was told.
    pub async fn wait_for(&self, at: LogPosition, scope: Scope<'_>, within: Duration) -> Heard {
        match self.foreign(at) {
            Some(context) => self.events.wait_for_source(context, at.position, scope, within).await,
            None => self.events.wait_for(at.position, scope, within).await,
        }
    }

    /// Whether the tables of `context` know of it. A client names the position: it may be one that never comes.
    pub async fn is_known(&self, at: LogPosition, context: &str) -> bool {
        match self.foreign(at) {
            Some(_) => self.told_elsewhere_is_known(at, context, Duration::ZERO).await == Heard::Yes,
            None => self.events.has_passed(at.position, Scope::Applier(context)),
        }
    }

    /// Waits until the tables of `context` know of what another database told, at most `within`. Of its own log a command
    /// finds everything in the tables, or its context is late and nobody waits.
    pub async fn told_elsewhere_is_known(&self, at: LogPosition, context: &str, within: Duration) -> Heard {
        match self.foreign(at) {
            Some(log) => self.events.wait_for_source(log, at.position, Scope::Applier(context), within).await,
            None => Heard::Yes,
        }
    }

    /// Waits until the views of all databases show what `context` told, at most `within`.
    pub async fn shown_everywhere(
        &self,
        context: &str,
        position: Position,
        families: &[&str],
        within: Duration,
    ) -> bool {
        let here = async { self.events.wait_for(position, Scope::ConsumersOf(families), within).await == Heard::Yes };
        let there = async {
            let Some(logs) = &self.logs else { return true };
            let Some(context) = logs.own(context) else { return true };
            logs.others.shown(ToldThere { context, position, families }, within).await
        };
        let (here, there) = tokio::join!(here, there);
        here && there
    }
}
