//! A standby that answers reads in the primary's place, as far as its copy of the event log has come.
//!
//! One task of the process asks it how far that is (`EventBus::watch_replica`). While the standby does not answer, follows
//! from too far behind or is no standby any more, nobody reads there, and nobody waits to find that out.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use kernel::Position;
use prometheus::{IntCounterVec, register_int_counter_vec};
use sqlx::Error;
use sqlx::postgres::{PgConnection, PgPool};
use tokio::sync::watch;

use crate::address::Address;
use crate::route::Route;

/// How long a read waits for a connection to the standby before it goes to the primary.
const ACQUIRE: Duration = Duration::from_millis(250);

static READS: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!(
        "database_replica_reads_total",
        "Reads that a replica may answer, by who did: replica or primary.",
        &["by"]
    )
    .expect("registered once")
});

/// Cheap to clone.
#[derive(Clone)]
pub struct Replica(Arc<Inner>);

struct Inner {
    route: Route,
    /// `None`: nobody reads there now.
    reached: watch::Sender<Option<Position>>,
}

impl Replica {
    /// `ways`: as the role of the event log, by each password.
    pub fn new(ways: Vec<Address>) -> Self {
        for by in ["replica", "primary"] {
            READS.with_label_values(&[by]);
        }
        Self(Arc::new(Inner { route: Route::new(ways), reached: watch::Sender::new(None) }))
    }

    pub fn pool(&self, connections: u32, ways: Vec<Address>) -> PgPool {
        self.0.route.pool_within(ACQUIRE, connections, ways)
    }

    pub(crate) fn route(&self) -> &Route {
        &self.0.route
    }

    /// A connection for whoever asks how far it is.
    pub async fn connect(&self) -> Result<PgConnection, Error> {
        self.0.route.connect(self.0.route.host()).await
    }

    /// Whether that server is a standby: once promoted it goes its own way.
    pub async fn follows(connection: &mut PgConnection) -> Result<bool, Error> {
        sqlx::query_scalar("select pg_is_in_recovery()").fetch_one(connection).await
    }

    /// How far its copy of the log is; `None`: nobody shall read there.
    pub fn report(&self, reached: Option<Position>) {
        self.0.reached.send_replace(reached);
    }

    pub(crate) fn has(&self, position: Position) -> bool {
        self.0.reached.borrow().is_some_and(|reached| position <= reached)
    }

    /// Resolves when nobody shall read there any more.
    pub(crate) async fn lost(&self) {
        let mut reached = self.0.reached.subscribe();
        if reached.wait_for(Option::is_none).await.is_err() {
            std::future::pending().await
        }
    }
}

pub(crate) fn count(by: &str) {
    READS.with_label_values(&[by]).inc();
}
