//! The databases of other contexts: what was told there is imported from their processes, and these are asked whether they show
//! what was told here.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use async_trait::async_trait;
use cqrs::{Logs, OtherDatabases, ToldThere};
use event_bus::Owner;
use futures_util::future::join_all;

use crate::contexts::Context;
use crate::http::edge::internal::peer::Peer;
use crate::peers::Peers;
use crate::settings::Settings;

/// A database as the process sees it that answers for it.
struct Database {
    peer: Arc<Peer>,
    /// It did not show in time what it was asked for last: nobody waits until it does.
    is_late: AtomicBool,
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
    let databases = foreign.map(|peer| Database { peer, is_late: AtomicBool::new(false) }).collect();
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
    /// A process that is away shows nothing to anybody, and is not waited for.
    async fn shows(&self, told: ToldThere<'_>, within: Duration) -> bool {
        let within = if self.is_late.load(Ordering::Relaxed) { Duration::ZERO } else { within };
        let shown = self.peer.shows(told, within).await.unwrap_or(false);
        if self.is_late.swap(!shown, Ordering::Relaxed) == shown && !shown {
            tracing::warn!(
                peer = self.peer.url(),
                context = told.context,
                "another database does not show in time what is told here"
            );
        }
        shown
    }
}

#[async_trait]
impl OtherDatabases for Databases {
    async fn shown(&self, told: ToldThere<'_>, within: Duration) -> bool {
        join_all(self.0.iter().map(|database| database.shows(told, within))).await.into_iter().all(|shown| shown)
    }
}
