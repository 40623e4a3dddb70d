//! Making a projection again from its source; `generation.rs` says why nothing is lost meanwhile.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use futures_util::{StreamExt, TryStreamExt, stream};
use tokio::sync::mpsc;
use uuid::Uuid;

use crate::{
    BoxError, Document, Projection, ReadStoreError, RebuildError,
    generation::{BEGIN, LEASE, RETIRE},
    link::Connected,
    metrics,
    projection::{CHUNK, Chunk, Writer},
};

/// Asked of the source at a time.
const READ_AT_ONCE: i64 = 1_000;
/// So many chunks wait to be written at most.
const READ_AHEAD: usize = 40;
/// Chunks on their way to Redis at the same time: one is prepared while another runs.
const IN_FLIGHT: usize = 2;
/// Documents of an old generation removed by one script.
const RETIRED_AT_ONCE: usize = 200;
/// How often a rebuild that was lost half way starts over before it leaves the rest to the watcher.
const ATTEMPTS: usize = 5;

/// The source of a projection.
#[async_trait]
pub trait Rebuild: Send + Sync + 'static {
    /// The name under which the context takes its [`Projection`].
    fn name(&self) -> &'static str;

    /// Raise it whenever the documents or the lists change their form: the projection is then rebuilt at start-up.
    fn schema(&self) -> u32 {
        1
    }

    /// About `limit` documents with their lists, ordered by id, behind `after`; an empty answer is the end. Document ids are
    /// UUIDs here. A thing that is gone is left out. Must read what is committed when it is called, so no replica that lags.
    async fn documents(&self, after: Option<Uuid>, limit: i64) -> Result<Vec<Document>, BoxError>;
}

/// What a rebuild has done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rebuilt {
    pub documents: u64,
    pub took: Duration,
}

/// What the watcher finds.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Beginning {
    /// Nothing to do. `leftovers`: other generations have keys.
    Ready {
        leftovers: bool,
    },
    /// A newer program's.
    Newer,
    Busy,
    Begun(Lease),
}

#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Lease {
    token: String,
}

enum Act {
    Renew,
    Finish,
    Abandon,
}

impl Projection {
    /// Takes the lease if the projection needs a rebuild, or if it is `forced`.
    pub(crate) async fn begin(&self, forced: bool) -> Result<Beginning, ReadStoreError> {
        let inner = &self.inner;
        let token = Uuid::new_v4().to_string();
        let (outcome, generations): (String, u64) = inner
            .caller
            .call("rebuild_begin", inner.settings.write_timeout, async |mut at: Connected| {
                let mut call = BEGIN.key(&inner.keys.generation);
                call.key(&inner.keys.rebuild).key(&inner.keys.generations).key(&inner.keys.sequence);
                call.arg(&*at.run).arg(inner.schema()).arg(&token);
                call.arg(inner.settings.rebuild_lease.as_millis().to_string()).arg(u8::from(forced));
                call.invoke_async(&mut at.connection).await
            })
            .await?;
        Ok(match outcome.as_str() {
            "begun" => Beginning::Begun(Lease { token }),
            "busy" => Beginning::Busy,
            "newer" => Beginning::Newer,
            _ => Beginning::Ready { leftovers: generations > 1 },
        })
    }

    /// Builds the generation that `lease` stands for to its end, or gives it up.
    pub(crate) async fn build(&self, lease: &Lease) -> Result<Rebuilt, RebuildError> {
        let name = self.name();
        let started = tokio::time::Instant::now();
        tracing::info!(projection = name, "rebuild begins");
        let built = tokio::select! {
            built = self.fill(lease) => built,
            lost = self.keep(lease) => Err(lost),
        };
        let built = match built {
            Ok(()) => self.lease(lease, Act::Finish).await,
            Err(error) => Err(error),
        };
        let outcome = match built {
            Ok(documents) => {
                let took = started.elapsed();
                tracing::info!(projection = name, documents, ?took, "rebuild finished");
                metrics::rebuild(name, "finished");
                Ok(Rebuilt { documents, took })
            }
            Err(error) => {
                metrics::rebuild(name, if matches!(error, RebuildError::Lost) { "lost" } else { "failed" });
                self.abandon(lease).await;
                Err(error)
            }
        };
        self.retire().await;
        outcome
    }

    /// From begin to end, whether or not it is needed.
    pub(crate) async fn rebuild(&self) -> Result<Rebuilt, RebuildError> {
        for _ in 0..ATTEMPTS {
            let Beginning::Begun(lease) = self.begin(true).await? else {
                return Err(RebuildError::Busy);
            };
            match self.build(&lease).await {
                Err(RebuildError::Lost) => {
                    tracing::warn!(projection = self.name(), "rebuild lost half way")
                }
                outcome => return outcome,
            }
        }
        Err(RebuildError::Lost)
    }

    /// Lets go of the lease, so that the next one need not wait for its end.
    pub(crate) async fn abandon(&self, lease: &Lease) {
        if let Err(error) = self.lease(lease, Act::Abandon).await {
            tracing::debug!(projection = self.name(), %error, "the lease of a failed rebuild runs out by itself");
        }
    }

    /// Reads ahead of what is written: whoever of the two is held up for a moment does not hold up the other.
    async fn fill(&self, lease: &Lease) -> Result<(), RebuildError> {
        let source = self.source()?;
        let (read, mut to_write) = mpsc::channel(READ_AHEAD);
        let reading = async move {
            let mut after = None;
            loop {
                let mut documents = source.documents(after, READ_AT_ONCE).await.map_err(RebuildError::Source)?;
                let Some(last) = documents.last() else { return Ok(()) };
                after = Some(last.id.parse().map_err(|error: uuid::Error| RebuildError::Source(error.into()))?);
                while !documents.is_empty() {
                    let rest = documents.split_off(documents.len().min(CHUNK));
                    if read.send(std::mem::replace(&mut documents, rest)).await.is_err() {
                        // Writing has failed, and says why.
                        return Ok(());
                    }
                }
            }
        };
        let chunks = stream::poll_fn(|context| to_write.poll_recv(context));
        let writing = chunks
            .map(async |chunk: Vec<Document>| self.write_built(lease, &chunk).await)
            .buffer_unordered(IN_FLIGHT)
            .try_collect::<()>();
        tokio::try_join!(reading, writing)?;
        Ok(())
    }

    async fn write_built(&self, lease: &Lease, chunk: &[Document]) -> Result<(), RebuildError> {
        for document in chunk {
            document.check()?;
        }
        match self.write_chunk(chunk, Writer::Rebuild { token: &lease.token }).await? {
            Chunk::Written => Ok(()),
            Chunk::Lost => Err(RebuildError::Lost),
        }
    }

    /// Renews the lease while a slow source is read; ends only when it is lost.
    async fn keep(&self, lease: &Lease) -> RebuildError {
        loop {
            tokio::time::sleep(self.inner.settings.rebuild_lease / 4).await;
            // On any other error Redis may be back before the lease ends; a chunk will tell.
            if let Err(lost @ RebuildError::Lost) = self.lease(lease, Act::Renew).await {
                return lost;
            }
        }
    }

    async fn lease(&self, lease: &Lease, act: Act) -> Result<u64, RebuildError> {
        let inner = &self.inner;
        let act = match act {
            Act::Renew => "renew",
            Act::Finish => "finish",
            Act::Abandon => "abandon",
        };
        let (outcome, documents): (String, u64) = inner
            .caller
            .call("rebuild_lease", inner.settings.write_timeout, async |mut at: Connected| {
                let mut call = LEASE.key(&inner.keys.generation);
                call.key(&inner.keys.rebuild).arg(&*at.run).arg(&lease.token).arg(act);
                call.arg(inner.settings.rebuild_lease.as_millis().to_string());
                call.invoke_async(&mut at.connection).await
            })
            .await?;
        if outcome == "ok" { Ok(documents) } else { Err(RebuildError::Lost) }
    }

    /// Removes what is neither served nor built. Whatever stops it, the watcher goes on with it.
    pub(crate) async fn retire(&self) {
        let inner = &self.inner;
        loop {
            let more = inner
                .caller
                .call("rebuild_retire", inner.settings.write_timeout, async |mut at: Connected| {
                    let mut call = RETIRE.key(&inner.keys.generation);
                    call.key(&inner.keys.rebuild).key(&inner.keys.generations);
                    call.arg(&inner.keys.base).arg(RETIRED_AT_ONCE);
                    call.invoke_async::<bool>(&mut at.connection).await
                })
                .await;
            match more {
                Ok(true) => {}
                Ok(false) => return,
                Err(error) => {
                    tracing::debug!(projection = %inner.name, %error, "an old generation is left for later");
                    return;
                }
            }
        }
    }

    fn source(&self) -> Result<&Arc<dyn Rebuild>, RebuildError> {
        self.inner.source.get().ok_or_else(|| RebuildError::Unknown(self.name().to_owned()))
    }
}
