//! The databases of other contexts: what was told there is imported from their processes, and these are asked whether they show
//! what was told here.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use async_trait::async_trait;
use cqrs::{Logs, OtherDatabases, ToldThere};
use event_bus::Owner;
use futures_util::future::join_all;
use kernel::Position;

use crate::contexts::Context;
use crate::http::edge::internal::peer::Peer;
use crate::peers::Peers;
use crate::settings::Settings;

/// A database, through the process that answers for it.
struct Database {
    peer: Arc<Peer>,
    /// What it did not show in time. Nobody waits for it until it shows that.
    late: Mutex<Option<Late>>,
}

#[derive(Clone)]
struct Late {
    context: &'static str,
    position: Position,
    families: Vec<String>,
}

impl Late {
    fn of(told: ToldThere<'_>) -> Self {
        let families = told.families.iter().map(|family| (*family).to_owned()).collect();
        Self { context: told.context, position: told.position, families }
    }
}

struct Databases(Vec<Database>);

/// `None`: all contexts are in the database of this process.
pub fn logs(settings: &Settings, peers: &Peers) -> Option<Logs> {
    let own = settings.contexts.in_database();
    if own.len() == Context::ALL.len() {
        return None;
    }
    let own: Vec<&'static str> = own.into_iter().map(Context::name).collect();
    let is_foreign = |peer: &Arc<Peer>| peer.contexts.iter().any(|context| !own.contains(context));
    let foreign = peers.all().into_iter().filter(is_foreign);
    let databases = foreign.map(|peer| Database { peer, late: Mutex::default() }).collect();
    Some(Logs { own, others: Arc::new(Databases(databases)) })
}

/// Where the events of each context come from that is in another database.
pub fn owners(settings: &Settings, peers: &[Arc<Peer>]) -> Vec<(String, Arc<dyn Owner>)> {
    let own = settings.contexts.in_database();
    let foreign = Context::ALL.iter().filter(|context| !own.contains(context)).map(|context| context.name());
    let owners = foreign.filter_map(|context| {
        let peer = peers.iter().find(|peer| peer.contexts.contains(&context))?;
        Some((context.to_owned(), Arc::clone(peer) as Arc<dyn Owner>))
    });
    owners.collect()
}

impl Database {
    fn late(&self) -> MutexGuard<'_, Option<Late>> {
        self.late.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn is_late(&self) -> bool {
        let Some(Late { context, position, families }) = self.late().clone() else { return false };
        let families: Vec<&str> = families.iter().map(String::as_str).collect();
        let before = ToldThere { context, position, families: &families };
        let is_late = !self.peer.shows(before, Duration::ZERO).await.unwrap_or(false);
        if !is_late {
            self.late().take();
        }
        is_late
    }

    /// A process that is away shows nothing to anybody: it is not waited for either.
    async fn shows(&self, told: ToldThere<'_>, within: Duration) -> bool {
        if self.is_late().await {
            return false;
        }
        let shown = self.peer.shows(told, within).await;
        if matches!(shown, Ok(false)) && self.late().replace(Late::of(told)).is_none() {
            tracing::warn!(
                peer = self.peer.url(),
                context = told.context,
                "another database does not show in time what is told here; nobody waits for it until it does"
            );
        }
        shown.unwrap_or(false)
    }
}

#[async_trait]
impl OtherDatabases for Databases {
    async fn shown(&self, told: ToldThere<'_>, within: Duration) -> bool {
        join_all(self.0.iter().map(|database| database.shows(told, within))).await.into_iter().all(|shown| shown)
    }
}
