//! The stream of events, one for all contexts. A process that finds it missing makes it.

use std::sync::Arc;
use std::time::Duration;

use async_nats::jetstream::consumer::{AckPolicy, Consumer, DeliverPolicy, pull};
use async_nats::jetstream::stream::{Config, DiscardPolicy, RetentionPolicy, StorageType};
use async_nats::jetstream::{Context, ErrorCode, context::CreateStreamErrorKind};

/// Older events are fetched from their owner. Events hold what members have written, and the stream forgets nobody who leaves:
/// so it keeps events for a short time only.
const MAX_AGE: Duration = Duration::from_secs(24 * 60 * 60);
const MAX_BYTES: i64 = 1024 * 1024 * 1024;
/// An event that comes a second time within this time is known by its id.
const DOUBLES_KNOWN_FOR: Duration = Duration::from_secs(120);
/// A consumer that nobody asks for longer is gone.
const IDLE_FOR: Duration = Duration::from_secs(30);

#[derive(Clone)]
pub(crate) struct Stream {
    pub context: Context,
    inner: Arc<Inner>,
}

struct Inner {
    name: String,
    prefix: String,
    replicas: usize,
}

impl Stream {
    pub fn new(context: Context, prefix: &str, replicas: usize) -> Self {
        let inner = Inner { name: format!("{prefix}-events"), prefix: prefix.to_owned(), replicas };
        Self { context, inner: Arc::new(inner) }
    }

    /// `event`: its name, in which dots are levels, so that others may ask for some events alone.
    pub fn subject(&self, context: &str, event: &str) -> String {
        format!("{}.events.{context}.{event}", self.inner.prefix)
    }

    fn config(&self) -> Config {
        Config {
            name: self.inner.name.clone(),
            subjects: vec![format!("{}.events.>", self.inner.prefix)],
            retention: RetentionPolicy::Limits,
            storage: StorageType::File,
            discard: DiscardPolicy::Old,
            max_age: MAX_AGE,
            max_bytes: MAX_BYTES,
            duplicate_window: DOUBLES_KNOWN_FOR,
            num_replicas: self.inner.replicas,
            ..Config::default()
        }
    }

    /// Makes the stream if it is missing. One that is there is given what it should be.
    pub async fn ensure(&self) -> Result<(), async_nats::Error> {
        let wanted = self.config();
        match self.context.create_stream(wanted.clone()).await {
            Ok(_) => Ok(()),
            Err(error) => match error.kind() {
                CreateStreamErrorKind::JetStream(reason) if reason.error_code() == ErrorCode::STREAM_NAME_EXIST => {
                    self.context.update_stream(wanted).await?;
                    Ok(())
                }
                _ => Err(error.into()),
            },
        }
    }

    /// A consumer of a context's events: of those that come from now on, or from the place `from` in the stream.
    pub async fn consumer(
        &self,
        context: &str,
        from: Option<u64>,
    ) -> Result<Consumer<pull::Config>, async_nats::Error> {
        let config = pull::Config {
            deliver_policy: match from {
                Some(start_sequence) => DeliverPolicy::ByStartSequence { start_sequence },
                None => DeliverPolicy::New,
            },
            ack_policy: AckPolicy::None,
            filter_subject: format!("{}.events.{context}.>", self.inner.prefix),
            inactive_threshold: IDLE_FOR,
            memory_storage: true,
            num_replicas: 1,
            ..pull::Config::default()
        };
        Ok(self.context.create_consumer_on_stream(config, self.inner.name.as_str()).await?)
    }
}
