//! A run under way, as its job sees it.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration as StdDuration;

use kernel::Clock;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use time::OffsetDateTime;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::job::{Job, JobError};
use crate::runner::SPAN;
use crate::store::{Store, Taken};

/// A cursor beyond this is a mistake of the job.
const LARGEST_CURSOR: usize = 16 * 1024;
/// And so is a result.
const LARGEST_RESULT: usize = 1024 * 1024;
/// Results of one job that are kept.
const RESULTS: i64 = 240;

/// How far a run is.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Progress {
    pub done: u64,
    /// Of so many, where that is known.
    pub total: Option<u64>,
    /// What it did, by name.
    pub counts: BTreeMap<String, u64>,
}

/// Why a run has to end before its job is done.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Stop {
    Cancelled,
    /// The host stops; another one continues.
    Shutdown,
    /// Another host may hold it.
    Lost,
}

#[derive(Debug)]
struct State {
    progress: Progress,
    cursor: Option<Value>,
    /// By this process's clock: until then nobody else takes the run.
    held_until: Instant,
    stop: Option<Stop>,
}

pub struct Run {
    pub(crate) job: &'static str,
    pub(crate) id: Uuid,
    pub(crate) holder: Uuid,
    /// `None`: by hand.
    store: Option<Store>,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) started_at: OffsetDateTime,
    pub(crate) stopping: CancellationToken,
    state: Mutex<State>,
}

impl Run {
    pub(crate) fn new(
        job: &'static str,
        holder: Uuid,
        store: Store,
        clock: Arc<dyn Clock>,
        asked: Instant,
        taken: Taken,
    ) -> Self {
        Self {
            job,
            id: taken.run,
            holder,
            store: Some(store),
            clock,
            started_at: taken.started_at,
            stopping: CancellationToken::new(),
            state: Mutex::new(State {
                progress: taken.progress,
                cursor: taken.cursor,
                held_until: asked + SPAN,
                stop: None,
            }),
        }
    }

    /// Beside all hosts: no row tells of it, and nothing it keeps is stored.
    fn by_hand(job: &'static str, clock: Arc<dyn Clock>) -> Self {
        let no_end = Instant::now() + StdDuration::from_secs(24 * 60 * 60);
        Self {
            job,
            id: Uuid::nil(),
            holder: Uuid::nil(),
            store: None,
            started_at: clock.now(),
            clock,
            stopping: CancellationToken::new(),
            state: Mutex::new(State { progress: Progress::default(), cursor: None, held_until: no_end, stop: None }),
        }
    }

    /// The present time.
    pub fn now(&self) -> OffsetDateTime {
        self.clock.now()
    }

    /// When the run began, in whichever process.
    pub fn started_at(&self) -> OffsetDateTime {
        self.started_at
    }

    /// To be called before each step: an error when the run has to end.
    pub fn proceed(&self) -> Result<(), JobError> {
        if self.stop().is_some() { Err(JobError::Stopped) } else { Ok(()) }
    }

    /// So much more is done.
    pub fn advance(&self, by: u64) {
        self.state().progress.done += by;
    }

    pub fn set_total(&self, total: u64) {
        self.state().progress.total = Some(total);
    }

    /// Adds to one of the figures that tell what the run did.
    pub fn count(&self, what: &str, by: u64) {
        *self.state().progress.counts.entry(what.to_owned()).or_default() += by;
    }

    /// One of the figures as it now is.
    pub fn counted(&self, what: &str) -> u64 {
        self.state().progress.counts.get(what).copied().unwrap_or(0)
    }

    /// Steps that each return how much they did, until one does nothing.
    pub async fn until_nothing_is_left<F, E>(&self, what: &str, mut step: impl FnMut() -> F) -> Result<(), JobError>
    where
        F: Future<Output = Result<u64, E>>,
        E: Into<JobError>,
    {
        self.count(what, 0);
        loop {
            self.proceed()?;
            let did = step().await.map_err(Into::into)?;
            if did == 0 {
                return Ok(());
            }
            self.advance(did);
            self.count(what, did);
        }
    }

    /// Where an earlier holder of this run came to.
    pub fn cursor<T: DeserializeOwned>(&self) -> Result<Option<T>, JobError> {
        let cursor = self.state().cursor.clone();
        Ok(cursor.map(serde_json::from_value).transpose()?)
    }

    /// From here the run goes on when this process dies.
    pub async fn save<T: Serialize>(&self, cursor: &T) -> Result<(), JobError> {
        self.refuse_lost()?;
        let cursor = bounded(serde_json::to_value(cursor)?, LARGEST_CURSOR)?;
        self.state().cursor = Some(cursor);
        match &self.store {
            Some(store) if !store.save(self).await? => self.lost(),
            _ => Ok(()),
        }
    }

    /// Keeps a result under `key` for people to read, in the place of an older one. The oldest beyond 240 go.
    pub async fn keep<T: Serialize>(&self, key: &str, result: &T) -> Result<(), JobError> {
        self.refuse_lost()?;
        let value = bounded(serde_json::to_value(result)?, LARGEST_RESULT)?;
        match &self.store {
            Some(store) if !store.keep(self, key, &value, RESULTS).await? => self.lost(),
            _ => Ok(()),
        }
    }

    /// Under which keys results are kept.
    pub async fn kept(&self) -> Result<Vec<String>, JobError> {
        match &self.store {
            Some(store) => Ok(store.keys(self.job).await?),
            None => Ok(Vec::new()),
        }
    }

    /// What is done is stored also when the run has to end.
    fn refuse_lost(&self) -> Result<(), JobError> {
        if self.stop() == Some(Stop::Lost) { Err(JobError::Stopped) } else { Ok(()) }
    }

    fn lost(&self) -> Result<(), JobError> {
        self.end(Stop::Lost);
        Err(JobError::Stopped)
    }

    pub(crate) fn end(&self, why: Stop) {
        self.state().stop.get_or_insert(why);
        self.stopping.cancel();
    }

    pub(crate) fn stop(&self) -> Option<Stop> {
        let state = self.state();
        state.stop.or((Instant::now() >= state.held_until).then_some(Stop::Lost))
    }

    /// The lease was renewed by a statement that began at `asked`.
    pub(crate) fn hold(&self, asked: Instant) {
        self.state().held_until = asked + SPAN;
    }

    pub(crate) fn held_until(&self) -> Instant {
        self.state().held_until
    }

    pub(crate) fn progress(&self) -> Progress {
        self.state().progress.clone()
    }

    pub(crate) fn saved_cursor(&self) -> Option<Value> {
        self.state().cursor.clone()
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Does one of `jobs` here and now, beside what hosts do, and returns what it counted: for tests of contexts.
pub async fn do_by_hand(
    jobs: &[Arc<dyn Job>],
    name: &str,
    clock: Arc<dyn Clock>,
) -> Result<BTreeMap<String, u64>, JobError> {
    let Some(job) = jobs.iter().find(|job| job.name() == name) else {
        return Err(JobError::Failed { code: "UNKNOWN", source: format!("there is no job {name}").into() });
    };
    let run = Run::by_hand(job.name(), clock);
    job.run(&run).await?;
    Ok(run.progress().counts)
}

fn bounded(value: Value, largest: usize) -> Result<Value, JobError> {
    let size = value.to_string().len();
    if size <= largest {
        return Ok(value);
    }
    let source = format!("it has {size} bytes; {largest} are the most").into();
    Err(JobError::Failed { code: "TOO_LARGE", source })
}
