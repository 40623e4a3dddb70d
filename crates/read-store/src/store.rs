//! One a process.

use std::{
    collections::BTreeMap,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, Instant},
};

use deadpool_redis::redis;
use futures_util::future;
use time::OffsetDateTime;
use tokio_util::sync::CancellationToken;

use crate::{
    Projection, ReadStoreError, Rebuild, RebuildError, Rebuilt, Script, Settings, SettingsError, call::Caller,
    generation::STATUS, link::Connected, servers::Servers, settings::is_key_part, watcher,
};

/// Cheap to clone.
#[derive(Clone)]
pub struct ReadStore {
    inner: Arc<Inner>,
}

struct Inner {
    settings: Arc<Settings>,
    servers: Servers,
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
        let settings = Arc::new(settings);
        let servers = Servers::new(&settings)?;
        Ok(Self { inner: Arc::new(Inner { settings, servers, projections: Mutex::default() }) })
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
                let Inner { settings, servers, .. } = &*self.inner;
                Projection::new(name, servers.caller(name), Arc::clone(settings), servers.changes(name))
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

    pub(crate) async fn status_of(&self, projection: &Projection) -> Result<ProjectionStatus, ReadStoreError> {
        let inner = &projection.inner;
        let (ready, documents, rebuilding, written, started) = inner
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

    /// Whether Redis answers, for the health check: all of it, where there are several servers.
    pub async fn ping(&self) -> Result<(), ReadStoreError> {
        let limit = self.inner.settings.read_timeout;
        let ping = async |caller: Arc<Caller>| {
            let ping = async |mut at: Connected| redis::cmd("PING").exec_async(&mut at.connection).await;
            caller.call("ping", limit, ping).await
        };
        future::try_join_all(self.inner.servers.all_callers().into_iter().map(ping)).await.map(drop)
    }

    /// How many of the Sentinels, or of the named nodes of a cluster, answer, and how many they are. `None`: there is one server.
    pub fn answering(&self) -> Option<(usize, usize)> {
        self.inner.servers.answering()
    }

    /// What each server says of itself, in its own words.
    pub(crate) async fn infos(&self) -> Result<Vec<String>, ReadStoreError> {
        let limit = self.inner.settings.write_timeout;
        let ask = async |caller: Arc<Caller>| {
            let info = async |mut at: Connected| redis::cmd("INFO").query_async(&mut at.connection).await;
            caller.call("info", limit, info).await
        };
        future::try_join_all(self.inner.servers.all_callers().into_iter().map(ask)).await
    }

    /// A script of another part of the host, on keys of its own: they begin with `name`, which is also the metric's label.
    ///
    /// # Panics
    /// When `name` is not made of letters, digits, `-`, `_` and `.`.
    pub fn script(&self, name: &'static str, text: &str) -> Script {
        assert!(is_key_part(name), "{name:?} cannot begin a key");
        let Inner { servers, settings, .. } = &*self.inner;
        let base = format!("{}:{{{name}}}:", settings.prefix);
        Script::new(name, text, base, settings.read_timeout, servers.caller(name))
    }

    /// Until `shutdown`: looks after the registered projections (one that is missing or of another time is rebuilt, by one
    /// process at a time), and listens to what changes, without which [`crate::Local`] keeps nothing.
    pub async fn run_watcher(&self, shutdown: CancellationToken) {
        let changes = self.inner.servers.all_changes();
        let listening = future::join_all(changes.iter().map(|changes| changes.run(&shutdown)));
        tokio::join!(watcher::run(self.registered(), &shutdown), listening);
    }

    /// Waits until no process answers from memory what was true before `since`, the time of the last change that matters,
    /// at most `within`. Returns whether that is certain.
    pub async fn known_everywhere(&self, since: Instant, within: Duration) -> bool {
        let changes = self.inner.servers.all_changes();
        let known = changes.iter().map(|changes| changes.known_everywhere(since.into(), within));
        future::join_all(known).await.into_iter().all(|known| known)
    }

    /// Tells every process of the community a text, see [`Self::on_announcement`]. After a later
    /// [`Self::known_everywhere`] every process has heard it or has no [`Self::session`].
    pub async fn announce(&self, text: &str) -> Result<(), ReadStoreError> {
        self.inner.servers.announcements().announce(text).await
    }

    /// Who is told what any process announces, this one too. The first hearer counts.
    pub fn on_announcement(&self, hearer: impl Fn(&str) + Send + Sync + 'static) {
        self.inner.servers.announcements().on_announcement(Box::new(hearer));
    }

    /// As long as it stays the same, this process has heard every announcement of that time. `None`: it may have missed one.
    pub fn session(&self) -> Option<u64> {
        self.inner.servers.announcements().session()
    }

    /// Lets every process read anew what it keeps in memory.
    pub async fn forget_kept(&self) -> Result<(), ReadStoreError> {
        let changes = self.inner.servers.all_changes();
        future::try_join_all(changes.iter().map(|changes| changes.forget())).await.map(drop)
    }

    pub(crate) fn registered(&self) -> Vec<Projection> {
        self.projections().values().filter(|projection| projection.inner.source.get().is_some()).cloned().collect()
    }

    fn projections(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, Projection>> {
        self.inner.projections.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
