//! One a process.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use breaker::Breaker;
use deadpool_redis::redis::Client;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::{
    Projection, ReadStoreError, Rebuild, RebuildError, Rebuilt, Script, Settings, SettingsError,
    call::Caller,
    changes::Changes,
    generation::STATUS,
    link::{Connected, Link},
    metrics,
    settings::is_key_part,
    watcher,
};

/// Cheap to clone.
#[derive(Clone)]
pub struct ReadStore {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Arc<Settings>,
    caller: Arc<Caller>,
    changes: Arc<Changes>,
    projections: Mutex<BTreeMap<String, Projection>>,
}

/// How a projection is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProjectionStatus {
    pub name: String,
    /// Whether it is served from Redis.
    pub ready: bool,
    pub documents: u64,
    /// By whichever process.
    pub rebuilding: Option<Progress>,
}

/// How far a rebuild is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    pub documents: u64,
    pub started_at: OffsetDateTime,
}

impl ReadStore {
    /// Does not wait for Redis and succeeds without one. The connection lives on the runtime this is called on.
    pub fn connect(settings: Settings) -> Result<Self, SettingsError> {
        if !is_key_part(&settings.prefix) {
            return Err(SettingsError::Prefix(settings.prefix));
        }
        let client = Client::open(settings.url.as_str()).map_err(SettingsError::Url)?;
        let runtime = tokio::runtime::Handle::try_current().map_err(|_| SettingsError::NoRuntime)?;
        let link = Link::new(client.clone(), settings.connect_timeout, runtime);
        let breaker = Breaker::new(settings.breaker, metrics::breaker);
        let caller = Arc::new(Caller::new(breaker, link));
        let changes = Arc::new(Changes::new(client, Arc::clone(&caller), &settings));
        Ok(Self {
            inner: Arc::new(Inner { settings: Arc::new(settings), caller, changes, projections: Mutex::default() }),
        })
    }

    /// The handle of a context, named after it. It becomes readable once its source is registered and a rebuild is through.
    ///
    /// # Panics
    /// When `name` is not made of letters, digits, `-`, `_` and `.`.
    pub fn projection(&self, name: &str) -> Projection {
        assert!(is_key_part(name), "{name:?} cannot be the name of a projection");
        let mut projections = self.projections();
        projections
            .entry(name.to_owned())
            .or_insert_with(|| {
                let Inner { caller, settings, changes, .. } = &*self.inner;
                Projection::new(name, Arc::clone(caller), Arc::clone(settings), Arc::clone(changes))
            })
            .clone()
    }

    /// Tells where a projection can be rebuilt from. The first source of a name counts. Before [`Self::run_watcher`].
    pub fn register(&self, source: Arc<dyn Rebuild>) -> Projection {
        let projection = self.projection(source.name());
        let schema = source.schema();
        if projection.inner.source.set(source).is_ok() {
            projection.inner.reads_schema(schema);
        }
        projection
    }

    /// Rebuilds a projection now, while the present one is served, and waits for the end. Also takes back a projection that
    /// a newer program had rebuilt in its form.
    pub async fn rebuild(&self, name: &str) -> Result<Rebuilt, RebuildError> {
        let projection = self.registered().into_iter().find(|projection| projection.name() == name);
        projection.ok_or_else(|| RebuildError::Unknown(name.to_owned()))?.rebuild().await
    }

    /// Every registered projection, as it is now.
    pub async fn status(&self) -> Result<Vec<ProjectionStatus>, ReadStoreError> {
        let mut all = Vec::new();
        for projection in self.registered() {
            all.push(self.status_of(&projection).await?);
        }
        Ok(all)
    }

    async fn status_of(&self, projection: &Projection) -> Result<ProjectionStatus, ReadStoreError> {
        let inner = &projection.inner;
        let (ready, documents, rebuilding, written, started) = self
            .inner
            .caller
            // Nobody else can answer this: it waits longer than a read that PostgreSQL can take over.
            .call("status", inner.settings.write_timeout, async |mut at: Connected| {
                let mut call = STATUS.key(&inner.keys.generation);
                call.key(&inner.keys.rebuild).arg(&inner.keys.base).arg(&*at.run).arg(inner.schema());
                call.invoke_async::<(bool, u64, bool, u64, i64)>(&mut at.connection).await
            })
            .await?;
        Ok(ProjectionStatus {
            name: inner.name.clone(),
            ready,
            documents,
            rebuilding: rebuilding.then(|| Progress {
                documents: written,
                started_at: OffsetDateTime::from_unix_timestamp(started).unwrap_or(OffsetDateTime::UNIX_EPOCH),
            }),
        })
    }

    /// Whether Redis answers, for the health check.
    pub async fn ping(&self) -> Result<(), ReadStoreError> {
        self.inner
            .caller
            .call("ping", self.inner.settings.read_timeout, async |mut at: Connected| {
                deadpool_redis::redis::cmd("PING").exec_async(&mut at.connection).await
            })
            .await
    }

    /// What Redis says of itself, in its own words.
    pub(crate) async fn info(&self) -> Result<String, ReadStoreError> {
        self.inner
            .caller
            .call("info", self.inner.settings.write_timeout, async |mut at: Connected| {
                deadpool_redis::redis::cmd("INFO").query_async(&mut at.connection).await
            })
            .await
    }

    /// A script of another part of the host, on keys of its own: they begin with `name`, which is also the metric's label.
    ///
    /// # Panics
    /// When `name` is not made of letters, digits, `-`, `_` and `.`.
    pub fn script(&self, name: &'static str, text: &str) -> Script {
        assert!(is_key_part(name), "{name:?} cannot begin a key");
        let Inner { caller, settings, .. } = &*self.inner;
        let base = format!("{}:{{{name}}}:", settings.prefix);
        Script::new(name, text, base, settings.read_timeout, Arc::clone(caller))
    }

    /// Until `shutdown`: looks after the registered projections (one that is missing or of another time is rebuilt, by one
    /// process at a time), and listens to what changes, without which [`crate::Local`] keeps nothing.
    pub async fn run_watcher(&self, shutdown: CancellationToken) {
        tokio::join!(watcher::run(self.registered(), &shutdown), self.inner.changes.run(&shutdown));
    }

    /// Waits until no process answers from memory what was true before `since`, the time of the last change that matters,
    /// at most `within`. Returns whether that is certain.
    pub async fn known_everywhere(&self, since: Instant, within: Duration) -> bool {
        self.inner.changes.known_everywhere(since.into(), within).await
    }

    /// Tells every process of the community a text, see [`Self::on_announcement`]. After a later
    /// [`Self::known_everywhere`] every process has heard it or has no [`Self::session`].
    pub async fn announce(&self, text: &str) -> Result<(), ReadStoreError> {
        self.inner.changes.announce(text).await
    }

    /// Who is told what any process announces, this one too. The first hearer counts.
    pub fn on_announcement(&self, hearer: impl Fn(&str) + Send + Sync + 'static) {
        self.inner.changes.on_announcement(Box::new(hearer));
    }

    /// As long as it stays the same, this process has heard every announcement of that time. `None`: it may have missed one.
    pub fn session(&self) -> Option<u64> {
        self.inner.changes.session()
    }

    /// Lets every process read anew what it keeps in memory.
    pub async fn forget_kept(&self) -> Result<(), ReadStoreError> {
        self.inner.changes.forget().await
    }

    fn registered(&self) -> Vec<Projection> {
        self.projections().values().filter(|projection| projection.inner.source.get().is_some()).cloned().collect()
    }

    fn projections(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Projection>> {
        self.inner.projections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
