//! Whether PostgreSQL is away. One task of the process asks, on a connection of its own; nobody's request is a probe.
//! It asks for the time, so that every host has PostgreSQL's.

use std::io;
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use breaker::{Breaker, BreakerSettings, BreakerState};
use kernel::CorrectedClock;
use prometheus::{IntGauge, register_int_gauge};
use sqlx::postgres::{PgConnectOptions, PgConnection};
use sqlx::{ConnectOptions, Error};
use tokio::sync::watch;
use tokio::time::{Instant, MissedTickBehavior, timeout};

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

    /// Sets the clock once, before anything is done by it.
    pub async fn set_clock(&self, options: &PgConnectOptions) -> Result<(), Error> {
        look(&mut None, options, &mut Skew::new(&self.0.clock)).await
    }

    /// Asks PostgreSQL again and again. Never ends.
    pub async fn watch(&self, options: PgConnectOptions) {
        let mut every = tokio::time::interval(EVERY);
        every.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut connection = None;
        let mut skew = Skew::new(&self.0.clock);
        loop {
            every.tick().await;
            let Some(permit) = self.0.breaker.admit(Instant::now()) else { continue };
            match look(&mut connection, &options, &mut skew).await {
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

/// Whether it answers: on the connection that we have, else on a new one.
async fn look(
    connection: &mut Option<PgConnection>,
    options: &PgConnectOptions,
    skew: &mut Skew<'_>,
) -> Result<(), Error> {
    if let Some(mut held) = connection.take()
        && matches!(timeout(WITHIN, skew.measure(&mut held)).await, Ok(Ok(())))
    {
        *connection = Some(held);
        return Ok(());
    }
    let opened = timeout(WITHIN, async {
        let mut opened = options.connect().await?;
        skew.measure(&mut opened).await?;
        Ok(opened)
    });
    match opened.await {
        Ok(Ok(opened)) => {
            *connection = Some(opened);
            Ok(())
        }
        Ok(Err(error)) if refuses_only_us(&error) => Ok(()),
        Ok(Err(error)) => Err(error),
        Err(_) => Err(Error::PoolTimedOut),
    }
}

/// Whether the server works and has no room for this connection, or no right: others may have one.
fn refuses_only_us(error: &Error) -> bool {
    // 57P03: it starts up or shuts down.
    matches!(error, Error::Database(error) if error.code().as_deref() != Some("57P03"))
}
