//! Members' files, in a folder or in an S3 bucket: the only place that knows `object_store`.

mod https;

use std::io::{self, Read};
use std::sync::{Arc, LazyLock};
use std::time::Duration;

use anyhow::Context as _;
use async_trait::async_trait;
use books::{FilePieces, FileStore, FilesUnavailable};
use breaker::{Breaker, BreakerSettings, BreakerState};
use futures_util::stream::{self, StreamExt};
use object_store::aws::AmazonS3Builder;
use object_store::buffered::BufWriter;
use object_store::local::LocalFileSystem;
use object_store::path::Path;
use object_store::{BackoffConfig, ObjectStore, ObjectStoreExt, RetryConfig};
use prometheus::{IntCounterVec, IntGauge, register_int_counter_vec, register_int_gauge};
use secrecy::ExposeSecret;
use tokio::io::AsyncWriteExt;
use tokio::time::{Instant, timeout};

use crate::settings::{Files, S3};

/// One call of the store: of a part of a file, where it is large.
const CALL: Duration = Duration::from_secs(10);
/// A file up to this size is one call; a larger one comes in parts of it. S3 takes no smaller ones than 5 MiB.
const PART: usize = 8 * 1024 * 1024;
/// Read from the disk at once.
const PIECE: u64 = 1024 * 1024;
/// After so many failures in a row the store is left alone for a while: no import waits for one that is away.
const AWAY: BreakerSettings = BreakerSettings { failures: 2, wait: Duration::from_secs(10) };

static FAILURES: LazyLock<IntCounterVec> = LazyLock::new(|| {
    register_int_counter_vec!("file_store_failures_total", "Calls of the file store that failed.", &["operation"])
        .expect("each metric is registered once")
});

static STATE: LazyLock<IntGauge> = LazyLock::new(|| {
    register_int_gauge!("file_store_breaker_state", "Whether the file store is asked: 0 yes, 1 a probe, 2 no.")
        .expect("each metric is registered once")
});

/// The store of this host.
pub struct FileKeeper {
    store: Arc<dyn ObjectStore>,
    breaker: Breaker,
}

#[derive(Debug, thiserror::Error)]
enum Fault {
    #[error("it was left alone because it failed a moment ago")]
    Away,
    #[error("it did not answer in time")]
    TooSlow,
    #[error(transparent)]
    Store(#[from] object_store::Error),
    #[error(transparent)]
    Io(#[from] io::Error),
    #[error(transparent)]
    Thread(#[from] tokio::task::JoinError),
}

impl FileKeeper {
    /// `None`: there is none.
    pub fn open(settings: &Files) -> anyhow::Result<Option<Self>> {
        let store: Arc<dyn ObjectStore> = match (&settings.folder, &settings.s3) {
            (Some(folder), _) => {
                let opened = std::fs::create_dir_all(folder).map_err(anyhow::Error::from);
                let opened = opened.and_then(|()| Ok(LocalFileSystem::new_with_prefix(folder)?));
                Arc::new(opened.with_context(|| format!("files.folder {} cannot be used", folder.display()))?)
            }
            (None, Some(s3)) => Arc::new(bucket(s3).context("files.s3 cannot be used")?),
            (None, None) => return Ok(None),
        };
        for operation in ["put", "get", "delete"] {
            FAILURES.with_label_values(&[operation]);
        }
        let breaker = Breaker::new(AWAY, |state: BreakerState| STATE.set(state.number()));
        Ok(Some(Self { store, breaker }))
    }

    /// Writes a small file, reads it and removes it.
    pub async fn look(&self) -> anyhow::Result<()> {
        let name = format!("doctor-{}", uuid::Uuid::now_v7());
        self.put(&name, Box::new(&b"folkshelf"[..])).await?;
        let mut pieces = self.get(&name).await?.context("a file that was just written is not there")?;
        while let Some(piece) = pieces.next().await {
            piece?;
        }
        Ok(self.delete(&name).await?)
    }

    /// Asks the store, unless it is away, and counts how that went.
    async fn ask<T>(
        &self,
        operation: &str,
        call: impl Future<Output = Result<T, Fault>>,
    ) -> Result<T, FilesUnavailable> {
        let Some(permit) = self.breaker.admit(Instant::now()) else {
            return Err(FilesUnavailable(Box::new(Fault::Away)));
        };
        let answered = call.await;
        if answered.is_ok() {
            permit.succeeded();
        } else {
            FAILURES.with_label_values(&[operation]).inc();
            permit.failed(Instant::now());
        }
        answered.map_err(|fault| FilesUnavailable(Box::new(fault)))
    }
}

fn bucket(s3: &S3) -> object_store::Result<impl ObjectStore> {
    let mut builder = AmazonS3Builder::from_env()
        .with_http_connector(https::Https)
        .with_bucket_name(&s3.bucket)
        .with_region(&s3.region)
        // After a short outage the caller asks again.
        .with_retry(RetryConfig { max_retries: 1, retry_timeout: CALL, backoff: BackoffConfig::default() });
    if let Some(endpoint) = &s3.endpoint {
        builder = builder.with_endpoint(endpoint).with_allow_http(endpoint.starts_with("http://"));
    }
    if let (Some(id), Some(secret)) = (&s3.access_key_id, &s3.secret_access_key) {
        builder = builder.with_access_key_id(id).with_secret_access_key(secret.expose_secret());
    }
    builder.build()
}

async fn in_time<T, E: Into<Fault>>(call: impl Future<Output = Result<T, E>>) -> Result<T, Fault> {
    timeout(CALL, call).await.map_err(|_| Fault::TooSlow)?.map_err(Into::into)
}

/// Hands all of a file to the writer, which does not keep the last part before it is shut down.
async fn write(writer: &mut BufWriter, mut file: Box<dyn Read + Send>) -> Result<(), Fault> {
    loop {
        let read = tokio::task::spawn_blocking(move || {
            let mut piece = Vec::new();
            file.by_ref().take(PIECE).read_to_end(&mut piece).map(|_| (file, piece))
        });
        let piece;
        (file, piece) = read.await??;
        if piece.is_empty() {
            return Ok(());
        }
        in_time(writer.put(piece.into())).await?;
    }
}

#[async_trait]
impl FileStore for FileKeeper {
    async fn put(&self, name: &str, file: Box<dyn Read + Send>) -> Result<(), FilesUnavailable> {
        self.ask("put", async {
            let mut writer = BufWriter::with_capacity(Arc::clone(&self.store), Path::from(name), PART);
            if let Err(fault) = write(&mut writer, file).await {
                // Parts that came are the store's to forget where it does not answer (docs/operations.md).
                in_time(writer.abort()).await.ok();
                return Err(fault);
            }
            in_time(writer.shutdown()).await
        })
        .await
    }

    async fn get(&self, name: &str) -> Result<Option<FilePieces>, FilesUnavailable> {
        let path = Path::from(name);
        let found = self.ask("get", async {
            match in_time(self.store.get(&path)).await {
                Err(Fault::Store(object_store::Error::NotFound { .. })) => Ok(None),
                found => found.map(Some),
            }
        });
        let Some(found) = found.await? else { return Ok(None) };
        let pieces = stream::try_unfold(found.into_stream(), |mut pieces| async {
            let next = timeout(CALL, pieces.next()).await.map_err(|_| Fault::TooSlow).and_then(|next| {
                let piece = next.transpose()?;
                Ok(piece.map(Vec::from))
            });
            match next {
                Ok(piece) => Ok(piece.map(|piece| (piece, pieces))),
                Err(fault) => Err(FilesUnavailable(Box::new(fault))),
            }
        });
        Ok(Some(pieces.boxed()))
    }

    async fn delete(&self, name: &str) -> Result<(), FilesUnavailable> {
        let path = Path::from(name);
        self.ask("delete", async {
            match in_time(self.store.delete(&path)).await {
                Err(Fault::Store(object_store::Error::NotFound { .. })) => Ok(()),
                deleted => deleted,
            }
        })
        .await
    }
}
