//! The jobs of a process, and what people ask of them.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::sync::Arc;

use database::Database;
use jiff::tz::TimeZone;
use kernel::Clock;
use kernel::actor::RecordedActor;
use serde_json::Value;
use sqlx::types::Json;
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use crate::job::Job;
use crate::run::Progress;
use crate::runner::Mine;
use crate::schedule::Schedule;
use crate::store::{Row, Store};

/// A job and when it is due.
pub struct Entry {
    pub name: &'static str,
    /// `None`: other processes do it. This one lists it, and passes on that somebody wants it.
    pub job: Option<Arc<dyn Job>>,
    pub schedule: Schedule,
}

impl Entry {
    /// The schedule that all hosts go by: that of the one that started last.
    pub(crate) fn in_effect(&self, stored: &str) -> Cow<'_, Schedule> {
        match stored.parse() {
            Ok(other) if stored != self.schedule.as_str() => Cow::Owned(other),
            _ => Cow::Borrowed(&self.schedule),
        }
    }
}

pub(crate) struct Inner {
    pub entries: Vec<Entry>,
    pub store: Store,
    pub clock: Arc<dyn Clock>,
    pub zone: TimeZone,
    /// This process, among those that share the database.
    pub holder: Uuid,
    pub wake: Notify,
    pub mine: Mine,
}

impl Inner {
    pub(crate) fn names(&self) -> Vec<String> {
        self.entries.iter().map(|entry| entry.name.to_owned()).collect()
    }

    pub(crate) fn entry(&self, name: &str) -> Option<&Entry> {
        self.entries.iter().find(|entry| entry.name == name)
    }

    pub(crate) async fn declare(&self, changes: bool) -> Result<(), sqlx::Error> {
        let now = self.clock.now();
        for Entry { name, schedule, .. } in &self.entries {
            self.store.declare(name, schedule, now, schedule.next(now, &self.zone), changes).await?;
        }
        Ok(())
    }

    /// Of these jobs; also where no host has made them known yet.
    async fn rows(&self, names: &[String]) -> Result<Vec<Row>, sqlx::Error> {
        let rows = self.store.rows(names).await?;
        if rows.len() >= names.len() {
            return Ok(rows);
        }
        self.declare(false).await?;
        self.store.rows(names).await
    }
}

/// A job as people see it.
#[derive(Debug, Clone)]
pub struct JobStatus {
    pub name: String,
    /// Five fields, or `off`.
    pub schedule: String,
    pub due_at: Option<OffsetDateTime>,
    /// Somebody wants it now, and no host has begun yet.
    pub asked_at: Option<OffsetDateTime>,
    /// The run under way, if there is one.
    pub current: Option<RunStatus>,
    /// The last run that ended.
    pub last: Option<RunStatus>,
    pub succeeded_at: Option<OffsetDateTime>,
}

#[derive(Debug, Clone)]
pub struct RunStatus {
    pub id: Uuid,
    /// Who asked for it; `None`: it was due.
    pub asked_by: Option<RecordedActor>,
    pub started_at: OffsetDateTime,
    pub ended_at: Option<OffsetDateTime>,
    /// `done`, `failed` or `cancelled`; `None`: it is under way.
    pub outcome: Option<String>,
    /// Why it failed: a code, and a text for operators.
    pub code: Option<String>,
    pub error: Option<String>,
    pub progress: Progress,
    /// A host works on it. Else one takes it on soon.
    pub held: bool,
    /// It ends at its next step.
    pub cancel_asked: bool,
}

/// What became of a wish.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Asked {
    /// A host begins it, or ends it, within seconds.
    Yes,
    /// It is under way; or there was nothing to cancel.
    Already,
    /// There is no such job.
    Unknown,
}

/// What a job found out.
#[derive(Debug, Clone)]
pub struct Finding {
    pub key: String,
    pub made_at: OffsetDateTime,
    pub value: Value,
}

/// Cheap to clone.
#[derive(Clone)]
pub struct Jobs {
    inner: Arc<Inner>,
}

impl Jobs {
    /// `database` is that of the role `folkshelf_event_bus`; schedules are meant in `zone`.
    pub fn new(database: Database, clock: Arc<dyn Clock>, zone: TimeZone, entries: Vec<Entry>) -> Self {
        let holder = Uuid::now_v7();
        let (wake, mine) = (Notify::new(), Mine::default());
        Self { inner: Arc::new(Inner { entries, store: Store(database), clock, zone, holder, wake, mine }) }
    }

    /// Runs jobs until `shutdown`. In every process: a job runs in one of them.
    pub async fn run(&self, shutdown: CancellationToken) {
        self.inner.work(shutdown).await;
    }

    /// Those that this program has, by name.
    pub async fn list(&self) -> Result<Vec<JobStatus>, sqlx::Error> {
        let names = self.inner.names();
        let rows = self.inner.rows(&names).await?;
        let newest = sqlx::query_as!(
            RunRow,
            r#"select run.id as "id!", run.job as "job!", run.asked_by as "asked_by: Json<RecordedActor>",
                run.started_at as "started_at!", run.ended_at, run.outcome, run.code, run.error, run.done as "done!",
                run.total, run.counts as "counts!: Json<BTreeMap<String, u64>>"
            from event_bus.job cross join lateral (
                (select * from event_bus.job_run where job_run.job = job.name and ended_at is null)
                union all
                (select * from event_bus.job_run where job_run.job = job.name and ended_at is not null
                    order by started_at desc, id desc limit 1)
            ) run
            where job.name = any($1)"#,
            &names,
        )
        .fetch_all(&self.inner.store.0)
        .await?;
        Ok(rows.into_iter().map(|row| status(row, &newest)).collect())
    }

    /// One of them with its last runs, newest first.
    pub async fn get(&self, name: &str) -> Result<Option<(JobStatus, Vec<RunStatus>)>, sqlx::Error> {
        if self.inner.entry(name).is_none() {
            return Ok(None);
        }
        let Some(row) = self.inner.rows(&[name.to_owned()]).await?.pop() else { return Ok(None) };
        let runs = sqlx::query_as!(
            RunRow,
            r#"select id, job, asked_by as "asked_by: Json<RecordedActor>", started_at, ended_at, outcome, code, error, done,
                total, counts as "counts: Json<BTreeMap<String, u64>>"
            from event_bus.job_run where job = $1 order by started_at desc, id desc"#,
            name,
        )
        .fetch_all(&self.inner.store.0)
        .await?;
        let ended = runs.iter().filter(|run| run.ended_at.is_some()).map(|run| run.status(None)).collect();
        Ok(Some((status(row, &runs), ended)))
    }

    /// Lets a host begin the job now, also one that is off.
    pub async fn ask(&self, name: &str, by: &RecordedActor) -> Result<Asked, sqlx::Error> {
        if self.inner.entry(name).is_none() {
            return Ok(Asked::Unknown);
        }
        self.inner.rows(&[name.to_owned()]).await?;
        let asked = sqlx::query!(
            "update event_bus.job set asked_at = $2, asked_by = $3 where name = $1 and run_id is null and asked_at is null",
            name,
            self.inner.clock.now(),
            Json(by) as _,
        )
        .execute(&self.inner.store.0)
        .await?;
        self.inner.wake.notify_one();
        Ok(if asked.rows_affected() == 1 { Asked::Yes } else { Asked::Already })
    }

    /// Lets the run under way end at its next step, wherever it is; or forgets that somebody asked for one.
    pub async fn cancel(&self, name: &str) -> Result<Asked, sqlx::Error> {
        if self.inner.entry(name).is_none() {
            return Ok(Asked::Unknown);
        }
        let cancelled = sqlx::query!(
            "update event_bus.job set cancel_asked = run_id is not null, asked_at = null, asked_by = null
            where name = $1 and (asked_at is not null or (run_id is not null and not cancel_asked))",
            name,
        )
        .execute(&self.inner.store.0)
        .await?;
        Ok(if cancelled.rows_affected() == 1 { Asked::Yes } else { Asked::Already })
    }

    /// What a job found out, newest key first.
    pub async fn findings(&self, name: &str, limit: i64) -> Result<Vec<Finding>, sqlx::Error> {
        sqlx::query_as!(
            Finding,
            "select key, made_at, value from event_bus.job_result where job = $1 order by key desc limit $2",
            name,
            limit,
        )
        .fetch_all(&self.inner.store.0)
        .await
    }

    pub async fn finding(&self, name: &str, key: &str) -> Result<Option<Finding>, sqlx::Error> {
        sqlx::query_as!(
            Finding,
            "select key, made_at, value from event_bus.job_result where job = $1 and key = $2",
            name,
            key,
        )
        .fetch_optional(&self.inner.store.0)
        .await
    }
}

struct RunRow {
    id: Uuid,
    job: String,
    asked_by: Option<Json<RecordedActor>>,
    started_at: OffsetDateTime,
    ended_at: Option<OffsetDateTime>,
    outcome: Option<String>,
    code: Option<String>,
    error: Option<String>,
    done: i64,
    total: Option<i64>,
    counts: Json<BTreeMap<String, u64>>,
}

impl RunRow {
    /// `job`: that of a run under way.
    fn status(&self, job: Option<&Row>) -> RunStatus {
        RunStatus {
            id: self.id,
            asked_by: self.asked_by.as_ref().map(|by| by.0.clone()),
            started_at: self.started_at,
            ended_at: self.ended_at,
            outcome: self.outcome.clone(),
            code: self.code.clone(),
            error: self.error.clone(),
            progress: Progress {
                done: self.done.unsigned_abs(),
                total: self.total.map(i64::unsigned_abs),
                counts: self.counts.0.clone(),
            },
            held: job.is_some_and(|job| job.held),
            cancel_asked: job.is_some_and(|job| job.cancel_asked),
        }
    }
}

/// `runs`: newest first.
fn status(row: Row, runs: &[RunRow]) -> JobStatus {
    let of_this = || runs.iter().filter(|run| run.job == row.name);
    JobStatus {
        current: of_this().find(|run| run.ended_at.is_none()).map(|run| run.status(Some(&row))),
        last: of_this().find(|run| run.ended_at.is_some()).map(|run| run.status(None)),
        name: row.name,
        schedule: row.schedule,
        due_at: row.due_at,
        asked_at: row.asked_at,
        succeeded_at: row.succeeded_at,
    }
}
