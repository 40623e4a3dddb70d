//! What a process has running on the bus, and its end.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;
use tokio_util::sync::CancellationToken;

use crate::bus::{EventBus, Inner};
use crate::import::{self, Importer, Owner};
use crate::{lease, source};

/// How long a turn may take to end at a stop: its statements may hang.
const STOPS_WITHIN: Duration = Duration::from_secs(10);

/// The runners of a process. Dropping it stops them wherever they are; [`Running::stop`] lets them finish.
pub struct Running {
    pub(crate) bus: EventBus,
    pub(crate) shutdown: CancellationToken,
    pub(crate) runners: JoinSet<()>,
    /// What the runners need around them: leases, wakes, the tail, imports, measuring.
    pub(crate) keepers: JoinSet<()>,
}

impl Running {
    /// Imports the events of contexts that live in another database, as far as no other process does. From now on nobody can
    /// append their events here. All that this database imports must be among `sources`.
    pub async fn import(&mut self, sources: Vec<(String, Arc<dyn Owner>)>) -> Result<(), sqlx::Error> {
        let bus = &self.bus.inner;
        for (context, _) in &sources {
            source::declare(&bus.pool, context).await?;
        }
        let contexts: Vec<String> = sources.iter().map(|(context, _)| context.clone()).collect();
        let all = source::contexts(&bus.pool).await?;
        if let Some(forgotten) = all.iter().find(|context| !contexts.contains(context)) {
            let text = format!("this database imports the events of {forgotten}, and nobody says from where");
            return Err(sqlx::Error::Configuration(text.into()));
        }
        bus.arrivals.declare(&all);
        if sources.is_empty() {
            return Ok(());
        }
        let all: Arc<HashSet<String>> = Arc::new(all.into_iter().collect());
        for (context, owner) in sources {
            self.keepers.spawn(Importer::new(bus, context, owner, &all).run());
        }
        self.keepers.spawn(import::keep_leases(Arc::clone(bus), contexts));
        Ok(())
    }

    /// Lets every runner finish its turn, then gives the leases back.
    pub async fn stop(mut self) {
        self.shutdown.cancel();
        let ended = async { while self.runners.join_next().await.is_some() {} };
        if tokio::time::timeout(STOPS_WITHIN, ended).await.is_err() {
            tracing::warn!("subscriptions did not end their turn; it is undone");
            self.runners.shutdown().await;
        }
        // Only now: until its last turn is done a runner needs its lease.
        self.keepers.shutdown().await;
        let Inner { pool, holder, checkpoints, .. } = &*self.bus.inner;
        if let Err(error) = checkpoints.flush_last(pool, *holder).await {
            tracing::warn!(%error, "checkpoints were not written; some events are looked at again");
        }
        if let Err(error) = lease::release(pool, *holder).await {
            tracing::warn!(%error, "leases were not given back; they run out by themselves");
        }
    }
}
