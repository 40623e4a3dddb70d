//! Bringing a context's events onto the road, as they are told.
//!
//! Every process that runs a context does so. Those of one context tell the same events in the same order, and the server keeps
//! of each the first that comes: so no lease is needed, and none can be held by a process that is frozen.

use std::time::Duration;

use async_nats::jetstream::context::{PublishAckFuture, PublishErrorKind};
use async_nats::jetstream::message::PublishMessage;
use event_bus::{Carried, EventBus, FeedError, Following};
use futures_util::future::try_join_all;
use tokio::time::{Instant, sleep, timeout};

use crate::{Road, WITHIN, metrics};

/// Pauses after failures begin with this one, and double …
const FIRST_PAUSE: Duration = Duration::from_millis(50);
/// … up to this.
const LONGEST_PAUSE: Duration = Duration::from_secs(1);

/// Why events were not taken.
#[derive(Debug, thiserror::Error)]
enum Trouble {
    #[error("NATS is away")]
    Away,
    #[error("the stream is missing")]
    NoStream,
    #[error("NATS did not take events: {0}")]
    Refused(async_nats::Error),
    #[error(transparent)]
    Feed(#[from] FeedError),
}

impl Road {
    /// Publishes what a context of this database tells from now on, in order, and each event until the server has it. Ends only
    /// when the context is another database's.
    pub async fn relay(&self, bus: EventBus, context: &str) {
        let mut failures = 0;
        let mut following = loop {
            match bus.follow(context).await {
                Ok(following) => break following,
                Err(FeedError::NotOwned(_)) => return,
                Err(error) => pause(context, &error.into(), &mut failures).await,
            }
        };
        if let Ok(Err(error)) = timeout(WITHIN, self.stream.ensure()).await {
            tracing::debug!(%error, "the stream of events cannot be made for now");
        }
        let lag = metrics::RELAY_LAG_SECONDS.with_label_values(&[context]);
        loop {
            let events = next(&mut following, context).await;
            let told_at = Instant::now();
            while !events.is_empty() {
                match self.publish(context, &events).await {
                    Ok(()) => {
                        failures = 0;
                        lag.set(0.0);
                        break;
                    }
                    Err(trouble) => {
                        lag.set(told_at.elapsed().as_secs_f64());
                        pause(context, &trouble, &mut failures).await;
                    }
                }
            }
        }
    }

    async fn publish(&self, context: &str, events: &[Carried]) -> Result<(), Trouble> {
        if !self.is_connected() {
            return Err(Trouble::Away);
        }
        let sending = async {
            let mut acknowledged: Vec<PublishAckFuture> = Vec::with_capacity(events.len());
            for carried in events {
                acknowledged.extend(self.send(context, carried).await?);
            }
            try_join_all(acknowledged.into_iter().map(IntoFuture::into_future)).await.map_err(trouble)
        };
        let outcome = match timeout(WITHIN, sending).await {
            Ok(outcome) => outcome,
            Err(_) => Err(Trouble::Refused("no answer in time".into())),
        };
        match outcome {
            Ok(taken) => {
                let doubled = taken.iter().filter(|ack| ack.duplicate).count();
                count(context, "doubled", doubled);
                count(context, "taken", taken.len() - doubled);
                Ok(())
            }
            Err(Trouble::NoStream) => {
                self.stream.ensure().await.map_err(Trouble::Refused)?;
                Err(Trouble::NoStream)
            }
            Err(trouble) => Err(trouble),
        }
    }

    /// `None`: it is larger than the server takes; importers find it missing and fetch it from its owner.
    async fn send(&self, context: &str, carried: &Carried) -> Result<Option<PublishAckFuture>, Trouble> {
        let body = serde_json::to_vec(carried).map_err(|error| Trouble::Refused(error.into()))?;
        let id = carried.event.id.to_string();
        let message = PublishMessage::build().payload(body.into()).message_id(id);
        let subject = self.stream.subject(context, &carried.event.name);
        match self.stream.context.send_publish(subject, message).await {
            Ok(acknowledged) => Ok(Some(acknowledged)),
            Err(error) if error.kind() == PublishErrorKind::MaxPayloadExceeded => {
                count(context, "too_large", 1);
                Ok(None)
            }
            Err(error) => Err(trouble(error)),
        }
    }
}

async fn next(following: &mut Following, context: &str) -> Vec<Carried> {
    let mut failures = 0;
    loop {
        match following.next().await {
            Ok(page) => return page.events,
            Err(error) => pause(context, &error.into(), &mut failures).await,
        }
    }
}

fn trouble(error: async_nats::jetstream::context::PublishError) -> Trouble {
    match error.kind() {
        PublishErrorKind::StreamNotFound => Trouble::NoStream,
        _ => Trouble::Refused(error.into()),
    }
}

fn count(context: &str, outcome: &str, events: usize) {
    let events = u64::try_from(events).unwrap_or(u64::MAX);
    metrics::PUBLISHED.with_label_values(&[context, outcome]).inc_by(events);
}

async fn pause(context: &str, trouble: &Trouble, failures: &mut u32) {
    if *failures == 0 && !matches!(trouble, Trouble::NoStream) {
        tracing::warn!(context, error = %trouble, "events are not taken by NATS for now; importers ask for them here");
    }
    sleep(FIRST_PAUSE.saturating_mul(1 << (*failures).min(10)).min(LONGEST_PAUSE)).await;
    *failures = failures.saturating_add(1);
}
