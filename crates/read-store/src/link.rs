//! The one connection of the process.
//!
//! Commands of all tasks are multiplexed over it. It is not the client library's reconnecting manager, because that one
//! exchanges the connection unseen: we must know for every answer which Redis **process** gave it. A Redis that was
//! restarted from an old snapshot answers as if nothing had happened, with documents of another time. So each connection is
//! asked for the `run_id` of its server before anybody may use it, and the scripts compare it with the one in the
//! generation marker (`generation.rs`). There is no moment at which a restart goes unnoticed.
//!
//! Where several servers are, the connection leads to the master, as long as most name it (`masters.rs`).

use std::{
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicU64, Ordering},
    },
    time::Duration,
};

use deadpool_redis::redis::{
    self, AsyncConnectionConfig, Client, ErrorKind, RedisError, RedisResult, aio::MultiplexedConnection,
};
use tokio::runtime::Handle;

use crate::masters::{Master, Named};

/// The slowest script takes milliseconds; this only frees what waits for a server that is stuck. Callers have shorter
/// limits of their own.
const RESPONSE_TIMEOUT: Duration = Duration::from_secs(10);

#[derive(Clone)]
pub(crate) struct Connected {
    pub(crate) connection: MultiplexedConnection,
    /// The `run_id` of the server process at the other end; with the epoch, where it was made master.
    pub(crate) run: Arc<str>,
    serial: u64,
    /// As whom we found it.
    named: Option<Named>,
}

/// Where it leads.
pub(crate) enum Way {
    To(Client),
    ToMaster(Master),
}

impl Way {
    /// The present server; waits for a master.
    async fn client(&self) -> RedisResult<(Client, Option<Named>)> {
        match self {
            Self::To(client) => Ok((client.clone(), None)),
            Self::ToMaster(master) => {
                let named = master.found().await?;
                Ok((master.client(&named)?, Some(named)))
            }
        }
    }

    /// Whether a server that we found as this may still be used.
    fn leads_to(&self, named: Option<&Named>) -> bool {
        match self {
            Self::To(_) => true,
            Self::ToMaster(master) => named.is_some_and(|named| master.now().as_ref() == Some(named)),
        }
    }
}

impl Connected {
    pub(crate) fn serial(&self) -> u64 {
        self.serial
    }
}

pub(crate) struct Link {
    way: Way,
    connect_timeout: Duration,
    /// The connection's own task lives here and not on the runtime of whoever called first (a worker of the HTTP server).
    runtime: Handle,
    slot: RwLock<Option<Connected>>,
    connecting: tokio::sync::Mutex<()>,
    serials: AtomicU64,
}

impl Link {
    pub(crate) fn new(way: Way, connect_timeout: Duration, runtime: Handle) -> Self {
        Self {
            way,
            connect_timeout,
            runtime,
            slot: RwLock::new(None),
            connecting: tokio::sync::Mutex::new(()),
            serials: AtomicU64::new(0),
        }
    }

    /// The present connection, or a new one.
    pub(crate) async fn connected(self: &Arc<Self>) -> RedisResult<Connected> {
        if let Some(connected) = self.present() {
            return Ok(connected);
        }
        let _alone = self.connecting.lock().await;
        if let Some(connected) = self.present() {
            return Ok(connected);
        }
        let (client, named) = self.way.client().await?;
        // A task of its own: a caller that gives up does not undo the work for the next one.
        let link = Arc::clone(self);
        self.runtime
            .spawn(async move { link.connect(client, named).await })
            .await
            .map_err(|_| RedisError::from((ErrorKind::Io, "the task that connects has ended")))?
    }

    async fn connect(&self, client: Client, named: Option<Named>) -> RedisResult<Connected> {
        let config = AsyncConnectionConfig::new()
            .set_connection_timeout(Some(self.connect_timeout))
            .set_response_timeout(Some(RESPONSE_TIMEOUT));
        let mut connection = client.get_multiplexed_async_connection_with_config(&config).await?;
        let info: String = redis::cmd("INFO").query_async(&mut connection).await?;
        let run = field(&info, "run_id")
            .ok_or_else(|| RedisError::from((ErrorKind::Client, "the server does not tell its run_id")))?;
        if let Some(policy) = field(&info, "maxmemory_policy").filter(|policy| policy.starts_with("allkeys")) {
            tracing::warn!(policy, "Redis may evict parts of a projection: set maxmemory-policy noeviction");
        }
        if named.is_some() && field(&info, "role") != Some("master") {
            return Err(RedisError::from((ErrorKind::Client, "who is named the master does not know it yet")));
        }
        tracing::info!(run_id = run, at = %client.get_connection_info().addr(), "connected to Redis");
        let run = named.as_ref().map_or_else(|| run.to_owned(), |named| format!("{run}:{}", named.epoch));
        let serial = self.serials.fetch_add(1, Ordering::Relaxed);
        let connected = Connected { connection, run: run.into(), serial, named };
        *self.slot.write().unwrap_or_else(PoisonError::into_inner) = Some(connected.clone());
        Ok(connected)
    }

    fn present(&self) -> Option<Connected> {
        let slot = self.slot.read().unwrap_or_else(PoisonError::into_inner);
        slot.as_ref().filter(|connected| self.way.leads_to(connected.named.as_ref())).cloned()
    }

    /// The server that the connection leads to, for a connection of another kind.
    pub(crate) async fn client(&self) -> RedisResult<Client> {
        Ok(self.way.client().await?.0)
    }

    /// Not to be used again. A newer connection than this one stays.
    pub(crate) fn discard(&self, serial: u64) {
        let mut slot = self.slot.write().unwrap_or_else(PoisonError::into_inner);
        if slot.as_ref().is_some_and(|connected| connected.serial == serial) {
            *slot = None;
        }
    }
}

pub(crate) fn field<'i>(info: &'i str, name: &str) -> Option<&'i str> {
    info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':')).map(str::trim)
}
