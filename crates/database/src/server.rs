//! Whether PostgreSQL is away. One task of the process asks, on a connection of its own; nobody's request is a probe.
//! It asks for the time, so that every host has PostgreSQL's.

use std::io;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use breaker::{Breaker, BreakerSettings, BreakerState};
use kernel::CorrectedClock;
use prometheus::{IntGauge, register_int_gauge};
use sqlx::Error;
use sqlx::postgres::PgConnection;
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, timeout};

use crate::address::no_primary;
use crate::route::Route;
use crate::skew::Skew;

/// How often PostgreSQL is asked. It is noticed this soon after it is back.
const EVERY: Duration = Duration::from_millis(250);
/// How long an answer may take, and then a new connection.
const WITHIN: Duration = Duration::from_secs(1);

static BREAKER: LazyLock<IntGauge> = LazyLock::new(|| {
    register_int_gauge!("database_breaker_state", "0 closed, 1 half-open, 2 open").expect("registered once")
});

/// Cheap to clone.
#[derive(Clone)]
pub struct Server(Arc<Inner>);

struct Inner {
    breaker: Breaker,
    away: watch::Sender<bool>,
    clock: Arc<CorrectedClock>,
}

impl Server {
    /// Counts as there until [`Self::watch`] finds it away, which also keeps `clock` right.
    pub fn new(clock: Arc<CorrectedClock>) -> Self {
        Self::reporting(clock, |state| BREAKER.set(state.number()))
    }

    /// One that is never found away.
    pub fn unwatched() -> Self {
        Self::reporting(Arc::default(), |_| {})
    }

    fn reporting(clock: Arc<CorrectedClock>, changed: fn(BreakerState)) -> Self {
        // The task that asks is sure of what it reports, and asks at its own pace.
        let settings = BreakerSettings { failures: 1, wait: Duration::ZERO };
        Self(Arc::new(Inner { breaker: Breaker::new(settings, changed), away: watch::Sender::new(false), clock }))
    }

    pub fn is_away(&self) -> bool {
        *self.0.away.borrow()
    }

    /// Resolves when PostgreSQL is away.
    pub async fn went_away(&self) {
        let mut away = self.0.away.subscribe();
        if away.wait_for(|away| *away).await.is_err() {
            std::future::pending().await
        }
    }

    /// The error of a call that was not made. A kind that callers take for a lost connection.
    pub(crate) fn refusal() -> Error {
        Error::Io(io::Error::new(io::ErrorKind::NotConnected, "PostgreSQL is away: the circuit breaker is open"))
    }

    /// Finds the primary and sets the clock once, before anything is done by it.
    pub async fn find(&self, route: &Route) -> Result<(), Error> {
        Probe::of(route).look(&mut Skew::new(&self.0.clock)).await
    }

    /// Asks PostgreSQL again and again, and moves the routes when another host has become the primary. `pooled`: the way
    /// through a pooler, which may be away by itself. Never ends.
    pub async fn watch(&self, direct: Route, pooled: Option<Route>) {
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut direct = Probe::of(&direct);
        let mut pooled = pooled.as_ref().map(Probe::of);
        let mut skew = Skew::new(&self.0.clock);
        loop {
            every.tick().await;
            let Some(permit) = self.0.breaker.admit(Instant::now()) else { continue };
            let mut outcome = direct.look(&mut skew).await;
            if let (Ok(()), Some(pooled)) = (&outcome, &mut pooled) {
                outcome = match pooled.look(&mut skew).await {
                    // All of its connections may be in use, and the server is there.
                    Err(Error::PoolTimedOut) => Ok(()),
                    outcome => outcome,
                };
            }
            match outcome {
                Ok(()) => {
                    permit.succeeded();
                    if self.0.away.send_replace(false) {
                        tracing::info!("PostgreSQL answers again");
                    }
                }
                Err(error) => {
                    permit.failed(Instant::now());
                    if !self.0.away.send_replace(true) {
                        tracing::error!(%error, "PostgreSQL is away: what needs it is refused at once");
                    }
                }
            }
        }
    }
}

/// Looks after one route, on a connection of its own.
struct Probe {
    route: Route,
    held: Option<PgConnection>,
}

impl Probe {
    fn of(route: &Route) -> Self {
        Self { route: route.clone(), held: None }
    }

    /// Whether a server answers that takes writes: on the connection that we have, else on a new one to each host. Where
    /// the address names one host alone, that one has to answer and no more: reads go on while writes are switched off.
    async fn look(&mut self, skew: &mut Skew<'_>) -> Result<(), Error> {
        let several = self.route.address().names_several();
        if let Some(mut held) = self.held.take()
            && let Ok(Ok(told)) = timeout(WITHIN, skew.measure(&mut held)).await
            && !(several && told.is_read_only)
        {
            self.held = Some(held);
            return Ok(());
        }
        let (hosts, current) = (self.route.address().hosts(), self.route.host());
        let mut failed = None;
        // The one that was the primary first: it may only have restarted.
        for host in std::iter::once(current).chain((0..hosts.len()).filter(|host| *host != current)) {
            let opened = timeout(WITHIN, async {
                let mut opened = self.route.connect(host).await?;
                let told = skew.measure(&mut opened).await?;
                Ok((opened, told))
            });
            match opened.await.unwrap_or(Err(Error::PoolTimedOut)) {
                Ok((_, told)) if several && told.is_read_only => {}
                Ok((opened, _)) => {
                    if host != current {
                        let (name, port) = (hosts[host].get_host(), hosts[host].get_port());
                        tracing::warn!(host = name, port, "another host is PostgreSQL's primary now");
                        self.route.move_to(host);
                    }
                    self.held = Some(opened);
                    return Ok(());
                }
                Err(error) if host == current && refuses_only_us(&error) => return Ok(()),
                Err(error) => failed = Some(error),
            }
        }
        Err(failed.unwrap_or_else(no_primary))
    }
}

/// Whether the server works and has no room for this connection, or no right: others may have one.
fn refuses_only_us(error: &Error) -> bool {
    // 57P03: it starts up or shuts down.
    matches!(error, Error::Database(error) if error.code().as_deref() != Some("57P03"))
}
