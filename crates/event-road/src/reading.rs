//! A consumer of the stream, read by one bounded request after the other.

use std::time::Duration;

use async_nats::jetstream::consumer::{Consumer, pull};
use event_bus::Carried;
use futures_util::{FutureExt, StreamExt};
use tokio::time::{Instant, sleep, timeout, timeout_at};

use crate::incoming::QUIET;
use crate::stream::Stream;
use crate::{AGAIN, WITHIN};

/// A request for messages stays open for at least this long.
const LEAST: Duration = Duration::from_millis(50);
/// When it ends the server says so. One that does not by then has lost the consumer.
const ANSWERS_WITHIN: Duration = Duration::from_millis(500);
/// So many messages are asked for at once.
const AT_ONCE: usize = 500;
/// … and so many bytes of them: a server may take messages of megabytes.
const MOST_BYTES: usize = 64 * 1024 * 1024;

/// A consumer, and what was asked of it.
pub(crate) struct Reading {
    consumer: Consumer<pull::Config>,
    pub made_at: Instant,
    asked: Option<Asked>,
    /// When a message came last, or the owner had no more.
    pub stirred_at: Instant,
}

/// Messages that may still come.
struct Asked {
    batch: pull::Batch,
    left: usize,
    until: Instant,
}

/// What the road brought.
pub(crate) enum Brought {
    Events(Vec<Came>),
    /// For [`QUIET`].
    Nothing,
    /// The consumer is gone, or the server.
    Lost(async_nats::Error),
}

/// A message; `None`: it cannot be read.
pub(crate) type Came = (Option<u64>, Option<Carried>);

/// A consumer; `None`, after a while, when there is none to be had.
pub(crate) async fn make(stream: Stream, context: String, from: Option<u64>) -> Option<Reading> {
    let failed = match timeout(WITHIN, stream.consumer(&context, from)).await {
        Ok(Ok(consumer)) => return Some(Reading::new(consumer)),
        Ok(Err(error)) => error,
        Err(_) => "no answer in time".into(),
    };
    tracing::debug!(context, error = %failed, "NATS gives no consumer for now");
    match timeout(WITHIN, stream.ensure()).await {
        Ok(Ok(())) => {}
        Ok(Err(error)) => tracing::debug!(%error, "the stream of events cannot be made for now"),
        Err(_) => tracing::debug!("the stream of events cannot be made for now: no answer in time"),
    }
    sleep(AGAIN).await;
    None
}

impl Reading {
    fn new(consumer: Consumer<pull::Config>) -> Self {
        let now = Instant::now();
        Self { consumer, made_at: now, asked: None, stirred_at: now }
    }

    /// What comes next, as soon as there is something, with all that is there with it.
    pub async fn next(&mut self, limit: usize) -> Brought {
        loop {
            let mut asked = match self.asked.take() {
                Some(asked) => asked,
                None => match self.ask().await {
                    Ok(asked) => asked,
                    Err(error) => return Brought::Lost(error),
                },
            };
            let mut came = Vec::new();
            match timeout_at(asked.until, asked.batch.next()).await {
                Ok(Some(Ok(message))) => came.push(read(&message)),
                Ok(Some(Err(error))) => return Brought::Lost(error),
                Ok(None) if self.stirred_at.elapsed() < QUIET => continue,
                Ok(None) => return Brought::Nothing,
                Err(_) => return Brought::Lost("no answer in time".into()),
            }
            self.stirred_at = Instant::now();
            // An error is dropped here: the next request meets it again.
            drop(self.drain(asked, limit, &mut came));
            return Brought::Events(came);
        }
    }

    /// What is there by now.
    pub async fn ready(&mut self, limit: usize) -> Result<Vec<Came>, async_nats::Error> {
        let asked = match self.asked.take() {
            Some(asked) => asked,
            None => {
                self.stirred_at = Instant::now();
                self.ask().await?
            }
        };
        let mut came = Vec::new();
        self.drain(asked, limit, &mut came)?;
        Ok(came)
    }

    fn drain(&mut self, mut asked: Asked, limit: usize, came: &mut Vec<Came>) -> Result<(), async_nats::Error> {
        while came.len() < limit.min(asked.left) {
            match asked.batch.next().now_or_never() {
                Some(Some(Ok(message))) => came.push(read(&message)),
                Some(Some(Err(error))) => return Err(error),
                // It has ended.
                Some(None) => return Ok(()),
                None => break,
            }
        }
        asked.left -= came.len();
        if asked.left > 0 {
            self.asked = Some(asked);
        }
        Ok(())
    }

    /// Until nothing will have come for [`QUIET`].
    async fn ask(&self) -> Result<Asked, async_nats::Error> {
        let expires = QUIET.saturating_sub(self.stirred_at.elapsed()).max(LEAST);
        let until = Instant::now() + expires + ANSWERS_WITHIN;
        let asking = self.consumer.batch().max_messages(AT_ONCE).max_bytes(MOST_BYTES).expires(expires).messages();
        let batch = timeout_at(until, asking).await.map_err(|_| "no answer in time")??;
        Ok(Asked { batch, left: AT_ONCE, until })
    }
}

fn read(message: &async_nats::jetstream::Message) -> Came {
    let sequence = message.info().ok().map(|info| info.stream_sequence);
    (sequence, serde_json::from_slice(&message.payload).ok())
}
