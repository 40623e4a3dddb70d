//! The loop of one process: begins what is due or asked for, takes on what another one left, and keeps the leases of what it
//! runs.

use std::collections::HashSet;
use std::panic::AssertUnwindSafe;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration as StdDuration;

use futures_util::FutureExt;
use time::{Duration, OffsetDateTime};
use tokio::task::JoinSet;
use tokio::time::{Instant, sleep, sleep_until, timeout_at};
use tokio_util::sync::CancellationToken;

use crate::job::{Job, JobError};
use crate::jobs::{Entry, Inner};
use crate::metrics;
use crate::run::{Run, Stop};
use crate::store::{Ended, Row, Taken};

/// How long a lease lasts without renewal. A dead holder's run goes on elsewhere within this and a second.
pub(crate) const SPAN: StdDuration = StdDuration::from_secs(5);
/// How often leases are renewed.
const RENEW_EVERY: StdDuration = StdDuration::from_secs(1);
const RETRY_RENEWAL_AFTER: StdDuration = StdDuration::from_millis(250);
/// How often a process looks for something to do.
const LOOK_EVERY: StdDuration = StdDuration::from_secs(1);
/// How long a look may take: its statements may hang.
const LOOKS_WITHIN: StdDuration = StdDuration::from_secs(10);
/// How long a run that has to end may take to come to its next step. Then it is dropped where it is.
const STEP: StdDuration = StdDuration::from_secs(5);
/// A run that so many processes took on, one after the other, without any progress is given up: it may be what ends them.
const MOST_TAKES: i32 = 20;
/// After a failure a job is tried again so soon, and so often; then it waits until it is due.
const TRIED_AGAIN_AFTER: Duration = Duration::minutes(10);
const TRIED_AGAIN: i32 = 3;
/// A clock that is so much behind itself has been set back.
const SET_BACK: Duration = Duration::minutes(1);

/// The jobs that run in this process.
pub(crate) type Mine = Arc<Mutex<HashSet<&'static str>>>;

impl Inner {
    pub(crate) async fn work(self: &Arc<Self>, shutdown: CancellationToken) {
        self.entries.iter().for_each(|entry| metrics::begin(entry.name));
        let (mut tasks, mut declared) = (JoinSet::new(), false);
        loop {
            let look = async {
                if !declared {
                    self.declare(true).await?;
                    declared = true;
                }
                self.look(&mut tasks, &shutdown).await
            };
            match timeout_at(Instant::now() + LOOKS_WITHIN, look).await {
                Ok(Ok(())) => {}
                Ok(Err(error)) => tracing::debug!(%error, "the jobs could not be read; retrying"),
                Err(_) => tracing::debug!("the jobs could not be read in time; retrying"),
            }
            while tasks.try_join_next().is_some() {}
            tokio::select! {
                () = shutdown.cancelled() => break,
                () = self.wake.notified() => {}
                () = sleep(LOOK_EVERY) => {}
            }
        }
        while tasks.join_next().await.is_some() {}
    }

    /// Begins and takes on what there is.
    async fn look(self: &Arc<Self>, tasks: &mut JoinSet<()>, shutdown: &CancellationToken) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        for row in self.store.rows(&self.names()).await? {
            let Some(entry) = self.entry(&row.name) else { continue };
            self.show(entry, &row, now);
            let Some(job) = &entry.job else { continue };
            if self.mine.lock().unwrap_or_else(PoisonError::into_inner).contains(entry.name) {
                continue;
            }
            let asked = Instant::now();
            let taken = match row.run_id {
                Some(_) if row.held => None,
                Some(_) => self.store.take_over(&row, self.holder).await?,
                None => self.begin(entry, &row, now).await?,
            };
            if let Some(taken) = taken {
                self.start(tasks, shutdown, job, asked, taken);
            }
        }
        Ok(())
    }

    async fn begin(&self, entry: &Entry, row: &Row, now: OffsetDateTime) -> Result<Option<Taken>, sqlx::Error> {
        let schedule = entry.in_effect(&row.schedule);
        let trusted = self.clock.is_trusted();
        if trusted && row.planned_at > now + SET_BACK {
            let due_at = schedule.next(now, &self.zone);
            self.store.plan(row, now, due_at).await?;
            return Ok(None);
        }
        let is_due = trusted && row.due_at.is_some_and(|due_at| due_at <= now);
        if !is_due && row.asked_at.is_none() {
            return Ok(None);
        }
        // From now and not from when it was due: what was missed is made up for once.
        let due_at = if is_due { schedule.next(now, &self.zone) } else { row.due_at };
        self.store.begin(row, self.holder, now, due_at).await
    }

    fn start(
        self: &Arc<Self>,
        tasks: &mut JoinSet<()>,
        shutdown: &CancellationToken,
        job: &Arc<dyn Job>,
        asked: Instant,
        taken: Taken,
    ) {
        let (name, job, inner, shutdown) = (job.name(), Arc::clone(job), Arc::clone(self), shutdown.clone());
        let mine = Arc::clone(&self.mine);
        mine.lock().unwrap_or_else(PoisonError::into_inner).insert(name);
        tasks.spawn(async move {
            metrics::RUNNING.with_label_values(&[name]).set(1);
            inner.carry_out(&*job, &shutdown, asked, taken).await;
            metrics::RUNNING.with_label_values(&[name]).set(0);
            mine.lock().unwrap_or_else(PoisonError::into_inner).remove(name);
            inner.wake.notify_one();
        });
    }

    async fn carry_out(&self, job: &dyn Job, shutdown: &CancellationToken, asked: Instant, taken: Taken) {
        let (takes, cancel_asked) = (taken.takes, taken.cancel_asked);
        let run = Run::new(job.name(), self.holder, self.store.clone(), Arc::clone(&self.clock), asked, taken);
        if cancel_asked {
            run.end(Stop::Cancelled);
        }
        if takes > MOST_TAKES {
            let source = format!("{takes} hosts began and none came further").into();
            return self.settle(&run, Err(JobError::Failed { code: "INTERRUPTED", source })).await;
        }
        if takes > 1 {
            tracing::info!(job = run.job, takes, "a run goes on that another host began");
        }
        let outcome = tokio::select! {
            outcome = AssertUnwindSafe(job.run(&run)).catch_unwind() => outcome.unwrap_or_else(|_| {
                Err(JobError::Failed { code: "PANIC", source: "it panicked: see the log".into() })
            }),
            () = self.keep(&run, shutdown) => Err(JobError::Stopped),
        };
        self.settle(&run, outcome).await;
    }

    /// Keeps the lease, and returns when the run may not go on.
    async fn keep(&self, run: &Run, shutdown: &CancellationToken) {
        let mut next = Instant::now() + RENEW_EVERY;
        let last_step = async {
            run.stopping.cancelled().await;
            sleep(STEP).await;
        };
        tokio::pin!(last_step);
        loop {
            tokio::select! {
                () = sleep_until(next) => {}
                () = shutdown.cancelled(), if run.stop().is_none() => run.end(Stop::Shutdown),
                () = &mut last_step => return,
                () = sleep_until(run.held_until()) => return run.end(Stop::Lost),
            }
            if Instant::now() < next {
                continue;
            }
            let asked = Instant::now();
            match timeout_at(run.held_until(), self.store.renew(run)).await {
                Ok(Ok(Some(cancel_asked))) => {
                    run.hold(asked);
                    if cancel_asked {
                        run.end(Stop::Cancelled);
                    }
                    next = asked + RENEW_EVERY;
                }
                Ok(Ok(None)) | Err(_) => return run.end(Stop::Lost),
                Ok(Err(error)) => {
                    tracing::debug!(job = run.job, %error, "a job's lease was not renewed; retrying");
                    next = Instant::now() + RETRY_RENEWAL_AFTER;
                }
            }
        }
    }

    async fn settle(&self, run: &Run, outcome: Result<(), JobError>) {
        let at = self.clock.now();
        let mut ended = Ended { at, outcome: "done", code: None, error: None, again_at: None };
        let text;
        match outcome {
            Ok(()) => {}
            Err(JobError::Stopped) if run.stop() == Some(Stop::Cancelled) => ended.outcome = "cancelled",
            Err(JobError::Stopped) if run.stop() == Some(Stop::Shutdown) => {
                if let Err(error) = self.store.release(run).await {
                    tracing::debug!(job = run.job, %error, "a run was not given back; its lease runs out");
                }
                return;
            }
            Err(JobError::Stopped) => {
                tracing::warn!(job = run.job, "a run was left to another host: its lease was not renewed in time");
                return;
            }
            // Until the lease runs out nobody tries again.
            Err(JobError::Away(error)) => {
                tracing::warn!(job = run.job, %error, "a run has to wait: a server is away");
                return;
            }
            Err(JobError::Failed { code, source }) => {
                tracing::error!(job = run.job, code, error = %source, "a job failed");
                text = with_causes(&*source);
                ended = Ended { outcome: "failed", code: Some(code), error: Some(&text), ..ended };
                ended.again_at = self.again_at(run, at).await;
            }
        }
        match self.store.end(run, &ended).await {
            Ok(true) => {
                metrics::RUNS.with_label_values(&[run.job, ended.outcome]).inc();
                let seconds = (at - run.started_at).as_seconds_f64().max(0.0);
                metrics::RUN_SECONDS.with_label_values(&[run.job]).observe(seconds);
                tracing::info!(job = run.job, outcome = ended.outcome, seconds, counts = ?run.progress().counts, "a job ended");
            }
            Ok(false) => tracing::warn!(job = run.job, "another host holds the run; this host's result does not count"),
            Err(error) => tracing::warn!(job = run.job, %error, "the end of a run was not stored; it goes on"),
        }
    }

    async fn again_at(&self, run: &Run, now: OffsetDateTime) -> Option<OffsetDateTime> {
        let rows = self.store.rows(&[run.job.to_owned()]).await.ok()?;
        let row = rows.first().filter(|row| row.due_at.is_some() && row.failures < TRIED_AGAIN)?;
        self.entry(&row.name).map(|_| now + TRIED_AGAIN_AFTER)
    }

    fn show(&self, entry: &Entry, row: &Row, now: OffsetDateTime) {
        let name = [entry.name];
        let last = row.succeeded_at.map_or(0.0, |at| at.unix_timestamp() as f64);
        metrics::LAST_SUCCESS.with_label_values(&name).set(last);
        let since = entry
            .in_effect(&row.schedule)
            .next(row.succeeded_at.unwrap_or(row.declared_at), &self.zone)
            .map_or(0.0, |expected| (now - expected).as_seconds_f64().max(0.0));
        metrics::OVERDUE.with_label_values(&name).set(since);
    }
}

/// An error with its causes, for operators.
fn with_causes(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text.chars().take(2_000).collect()
}
