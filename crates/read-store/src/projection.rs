//! A context's handle to its own documents and lists.

use std::sync::{
    Arc, OnceLock,
    atomic::{AtomicU32, AtomicU64, Ordering},
};
use std::time::Duration;

use deadpool_redis::redis::{self, FromRedisValue, RedisResult, ScriptInvocation, Value};

use crate::{
    Document, Local, ReadStoreError, Rebuild, Settings, Stamp, Stamps, Subject,
    call::Caller,
    changes::Changes,
    generation::{Keys, PAGE, WRITE},
    link::Connected,
    metrics,
    seal::{About, Seal},
};

/// So many documents go into one script: it holds Redis for two or three milliseconds.
pub(crate) const CHUNK: usize = 100;

/// Added to every source's schema: documents are sealed since then, and what an older program wrote or reads is not.
const SEALED: u32 = 1_000;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    Ascending,
    Descending,
}

/// A page of a list.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPage {
    pub bodies: Vec<Vec<u8>>,
    /// The length of the whole list.
    pub total: u64,
    /// Score and id of the last document shown: where [`Projection::page_after`] goes on. `None`: the page is empty.
    pub last: Option<(f64, String)>,
}

/// Cheap to clone; bound to one projection of one community.
#[derive(Clone)]
pub struct Projection {
    pub(crate) inner: Arc<Inner>,
}

pub(crate) struct Inner {
    pub(crate) name: String,
    pub(crate) keys: Keys,
    pub(crate) caller: Arc<Caller>,
    pub(crate) settings: Arc<Settings>,
    seal: Seal,
    pub(crate) source: OnceLock<Arc<dyn Rebuild>>,
    /// [`Rebuild::schema`] of the source, and [`SEALED`].
    schema: AtomicU32,
    pub(crate) changes: Arc<Changes>,
    /// The generation last seen served. A guess that lets `get` ask for the marker and the document at once.
    number: AtomicU64,
}

/// On whose behalf a chunk is written.
#[derive(Clone, Copy)]
pub(crate) enum Writer<'t> {
    Live,
    /// While somebody waits for the answer to what they did.
    Through,
    Rebuild {
        token: &'t str,
    },
}

pub(crate) enum Chunk {
    Written,
    /// The rebuild's token is gone.
    Lost,
}

impl Projection {
    pub(crate) fn new(name: &str, caller: Arc<Caller>, settings: Arc<Settings>, changes: Arc<Changes>) -> Self {
        metrics::announce(name);
        Self {
            inner: Arc::new(Inner {
                name: name.to_owned(),
                keys: Keys::new(&settings.prefix, name),
                seal: Seal::new(&settings.secret, &settings.other_secrets),
                caller,
                settings,
                changes,
                source: OnceLock::new(),
                schema: AtomicU32::new(SEALED + 1),
                number: AtomicU64::new(0),
            }),
        }
    }

    pub fn name(&self) -> &str {
        &self.inner.name
    }

    /// Answers made of this projection's documents, kept in this process: at most `bytes` of them, as `weigh` counts.
    pub fn local<V: Clone + Send + Sync + 'static>(&self, bytes: u64, weigh: fn(&V) -> usize) -> Local<V> {
        self.local_of(self.name(), bytes, weigh)
    }

    /// As [`Self::local`], for what is not an answer: measured under a name of its own.
    pub fn local_of<V: Clone + Send + Sync + 'static>(
        &self,
        named: &str,
        bytes: u64,
        weigh: fn(&V) -> usize,
    ) -> Local<V> {
        Local::new(named, Arc::clone(&self.inner.changes), bytes, weigh)
    }

    /// Lets every process read anew what it keeps of these ids; they need not be documents.
    pub async fn outdate(&self, ids: &[String]) -> Result<(), ReadStoreError> {
        self.inner.changes.outdate(self.name(), ids).await
    }

    /// For [`Local`], taken before what depends on `subject` is read. `None`: changes are not heard of, so nothing is kept.
    pub fn stamp(&self, subject: Subject<'_>) -> Option<Stamp> {
        self.inner.changes.stamp(self.name(), subject)
    }

    /// As [`Self::stamp`], for all documents with these ids at once.
    pub fn stamps(&self, ids: impl IntoIterator<Item = impl AsRef<str>>) -> Option<Stamps> {
        self.inner.changes.stamps(self.name(), ids)
    }

    /// Whether none of them has changed since.
    pub fn hold(&self, stamps: &Stamps) -> bool {
        self.inner.changes.hold(stamps)
    }

    /// Writes each document that is newer than what is there. Of two with the same id the newer one stays, in whatever order
    /// they come. Takes effect chunk by chunk; after an error write all of it again.
    ///
    /// Succeeds without an effect when the projection is not built: the rebuild that follows reads the same from the source.
    pub async fn write(&self, documents: &[Document]) -> Result<(), ReadStoreError> {
        for document in documents {
            document.check()?;
        }
        for chunk in documents.chunks(CHUNK) {
            self.write_chunk(chunk, Writer::Live).await?;
        }
        Ok(())
    }

    pub(crate) fn through_timeout(&self) -> Duration {
        self.inner.settings.through_timeout
    }

    /// As [`Self::write`], of a command that has committed: it waits for Redis less long.
    pub(crate) async fn write_through(&self, document: &Document) -> Result<(), ReadStoreError> {
        document.check()?;
        self.write_chunk(std::slice::from_ref(document), Writer::Through).await.map(drop)
    }

    pub(crate) async fn write_chunk(&self, chunk: &[Document], writer: Writer<'_>) -> Result<Chunk, ReadStoreError> {
        let inner = &self.inner;
        let within = if matches!(writer, Writer::Through) {
            inner.settings.through_timeout
        } else {
            inner.settings.write_timeout
        };
        let (operation, token, lease) = match writer {
            Writer::Live => ("write", "", 0),
            Writer::Through => ("write_through", "", 0),
            Writer::Rebuild { token } => ("rebuild_write", token, inner.settings.rebuild_lease.as_millis()),
        };
        // Before Redis is called: sealing is work of ours, not time that Redis takes.
        let bodies = chunk.iter().map(|document| inner.sealed(document)).collect::<Result<Vec<_>, _>>()?;
        let (outcome, written): (String, u64) = inner
            .caller
            .call(operation, within, async |mut at: Connected| {
                let mut call = WRITE.key(&inner.keys.generation);
                call.key(&inner.keys.rebuild);
                call.arg(&inner.keys.base).arg(&*at.run).arg(inner.schema()).arg(token).arg(lease.to_string());
                call.arg(inner.changes.channel()).arg(&inner.name);
                for (document, body) in chunk.iter().zip(&bodies) {
                    arguments(&mut call, document, body.as_deref());
                }
                call.invoke_async(&mut at.connection).await
            })
            .await?;
        match outcome.as_str() {
            "lost" => Ok(Chunk::Lost),
            "superseded" => Err(ReadStoreError::unavailable(
                std::io::ErrorKind::ResourceBusy,
                "a newer program has rebuilt the projection in another form",
            )),
            _ => {
                metrics::written(&inner.name, written);
                Ok(Chunk::Written)
            }
        }
    }

    /// The body of one document, in one round trip. `None`: the projection has no such document, ask PostgreSQL.
    pub async fn get(&self, id: &str) -> Result<Option<Vec<u8>>, ReadStoreError> {
        let bodies = self.get_many(&[id]).await?;
        Ok(bodies.into_iter().next().flatten())
    }

    /// The bodies of several documents, in the order asked for.
    pub async fn get_many<I: AsRef<str>>(&self, ids: &[I]) -> Result<Vec<Option<Vec<u8>>>, ReadStoreError> {
        let bodies = match self.bodies(ids).await {
            Ok(sealed) => self.opened(ids.iter().map(AsRef::as_ref).zip(sealed.iter().map(Option::as_deref))).await,
            Err(error) => Err(error),
        };
        self.counted(bodies, |bodies| {
            let hits = bodies.iter().flatten().count();
            (hits, bodies.len() - hits)
        })
    }

    async fn bodies<I: AsRef<str>>(&self, ids: &[I]) -> Result<Vec<Option<Vec<u8>>>, ReadStoreError> {
        let inner = &self.inner;
        // The second time only when the generation has changed since the last call.
        for _ in 0..2 {
            let guess = inner.number.load(Ordering::Relaxed);
            let (number, bodies) = inner
                .caller
                .call("get", inner.settings.read_timeout, async |mut at: Connected| {
                    let mut ask = redis::pipe();
                    ask.cmd("HMGET").arg(&inner.keys.generation).arg(&["run", "schema", "number"]);
                    for id in ids {
                        ask.cmd("HGET").arg(inner.keys.document(guess, id.as_ref())).arg("body");
                    }
                    let mut answers = ask.query_async::<Vec<Value>>(&mut at.connection).await?.into_iter();
                    let marker = answers.next().unwrap_or(Value::Nil);
                    let number = self.served(marker, &at.run)?;
                    let bodies = answers.map(Option::<Vec<u8>>::from_redis_value).collect::<Result<Vec<_>, _>>()?;
                    Ok((number, bodies))
                })
                .await?;
            match number {
                None => return Err(ReadStoreError::NotReady),
                Some(number) if number == guess => return Ok(bodies),
                Some(number) => inner.number.store(number, Ordering::Relaxed),
            }
        }
        Err(ReadStoreError::NotReady)
    }

    /// The number of the generation that may be read, if there is one.
    fn served(&self, marker: Value, run: &str) -> RedisResult<Option<u64>> {
        let (served_run, schema, number) = <(Option<String>, Option<u32>, Option<u64>)>::from_redis_value(marker)?;
        let valid = planted::bug("marker-believed")
            || served_run.as_deref() == Some(run) && schema == Some(self.inner.schema());
        Ok(number.filter(|_| valid))
    }

    /// The page of `list` that begins behind `offset` documents. A list that nothing is in is empty.
    pub async fn page(
        &self,
        list: &str,
        offset: u64,
        limit: u32,
        direction: Direction,
    ) -> Result<ListPage, ReadStoreError> {
        // Lua counts exactly up to 2^53, and no list is that long.
        let offset = offset.min(1 << 53).to_string();
        self.list(list, limit, direction, &[offset.as_bytes()]).await
    }

    /// The page of `list` that begins behind a document, whether or not it is still there. Who walks a list so sees each
    /// document once whose score does not change meanwhile.
    pub async fn page_after(
        &self,
        list: &str,
        (score, id): (f64, &str),
        limit: u32,
        direction: Direction,
    ) -> Result<ListPage, ReadStoreError> {
        self.list(list, limit, direction, &[score.to_string().as_bytes(), id.as_bytes()]).await
    }

    async fn list(
        &self,
        list: &str,
        limit: u32,
        direction: Direction,
        from: &[&[u8]],
    ) -> Result<ListPage, ReadStoreError> {
        let inner = &self.inner;
        let answer = inner
            .caller
            .call("page", inner.settings.read_timeout, async |mut at: Connected| {
                let mut call = PAGE.key(&inner.keys.generation);
                call.arg(&inner.keys.base).arg(&*at.run).arg(inner.schema()).arg(list).arg(limit);
                call.arg(u8::from(direction == Direction::Descending)).arg(from);
                call.invoke_async::<(String, u64, String, String, Vec<(String, Vec<u8>)>)>(&mut at.connection).await
            })
            .await;
        let page = match answer {
            Ok((outcome, total, score, id, documents)) if outcome == "ok" => {
                let sealed = documents.iter().map(|(id, body)| (id.as_str(), Some(body.as_slice())));
                self.opened(sealed).await.map(|bodies| ListPage {
                    bodies: bodies.into_iter().flatten().collect(),
                    total,
                    last: score.parse().ok().map(|score| (score, id)),
                })
            }
            Ok((outcome, ..)) => {
                if outcome == "damaged" {
                    tracing::warn!(projection = %inner.name, list, "a listed document is missing: rebuilding");
                }
                Err(ReadStoreError::NotReady)
            }
            Err(error) => Err(error),
        };
        self.counted(page, |_| (1, 0))
    }

    /// The bodies, opened. One that does not open was put there by somebody else, or sealed with another secret: then nothing
    /// there is believed, and all is rebuilt.
    async fn opened<'i>(
        &self,
        sealed: impl Iterator<Item = (&'i str, Option<&'i [u8]>)>,
    ) -> Result<Vec<Option<Vec<u8>>>, ReadStoreError> {
        let inner = &self.inner;
        let mut bodies = Vec::new();
        for (id, body) in sealed {
            match body.map(|body| inner.seal.open(inner.about(id), body)) {
                Some(None) => {
                    tracing::warn!(projection = %inner.name, id, "a document in Redis is not one of ours: rebuilding");
                    let distrust =
                        inner.caller.call("distrust", inner.settings.read_timeout, async |mut at: Connected| {
                            redis::cmd("DEL").arg(&inner.keys.generation).exec_async(&mut at.connection).await
                        });
                    distrust.await?;
                    return Err(ReadStoreError::NotReady);
                }
                opened => bodies.push(opened.flatten()),
            }
        }
        Ok(bodies)
    }

    /// Every read ends here.
    pub(crate) fn counted<T>(
        &self,
        answer: Result<T, ReadStoreError>,
        hits_and_misses: impl FnOnce(&T) -> (usize, usize),
    ) -> Result<T, ReadStoreError> {
        let name = &self.inner.name;
        match &answer {
            Ok(value) => {
                let (hits, misses) = hits_and_misses(value);
                metrics::reads(name, "hit", hits as u64);
                metrics::reads(name, "miss", misses as u64);
            }
            Err(ReadStoreError::NotReady) => metrics::reads(name, "not_ready", 1),
            Err(_) => metrics::reads(name, "failed", 1),
        }
        answer
    }
}

impl Inner {
    pub(crate) fn schema(&self) -> u32 {
        self.schema.load(Ordering::Relaxed)
    }

    pub(crate) fn reads_schema(&self, of_source: u32) {
        self.schema.store(SEALED + of_source, Ordering::Relaxed);
    }

    fn about<'a>(&'a self, id: &'a str) -> About<'a> {
        About { projection: &self.name, id }
    }

    fn sealed(&self, document: &Document) -> Result<Option<Vec<u8>>, ReadStoreError> {
        let Some(body) = &document.body else { return Ok(None) };
        let sealed = self.seal.close(self.about(&document.id), body);
        sealed.map(Some).ok_or_else(|| ReadStoreError::Invalid { id: document.id.clone(), what: "it is too long" })
    }
}

/// As `scripts/write.lua` takes a document with its sealed body.
fn arguments(call: &mut ScriptInvocation<'_>, document: &Document, body: Option<&[u8]>) {
    let listings = if body.is_some() { document.lists.as_slice() } else { &[] };
    let names: Vec<&str> = listings.iter().map(|listing| listing.list.as_str()).collect();
    call.arg(&document.id)
        .arg(document.version)
        .arg(u8::from(body.is_some()))
        .arg(body.unwrap_or_default())
        .arg(names.join("\n"))
        .arg(names.len());
    for listing in listings {
        call.arg(&listing.list).arg(listing.score.to_string());
    }
}
