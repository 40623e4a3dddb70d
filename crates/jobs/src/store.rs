//! Jobs, their runs and results in PostgreSQL. Leases are by the database's clock; due times by that of the hosts.

use std::collections::BTreeMap;

use database::Database;
use kernel::actor::RecordedActor;
use serde_json::Value;
use sqlx::types::Json;
use time::OffsetDateTime;
use uuid::Uuid;

use crate::run::{Progress, Run};
use crate::runner::SPAN;
use crate::schedule::Schedule;

/// Runs of one job that are kept.
const HISTORY: i64 = 50;

#[derive(Debug, Clone)]
pub(crate) struct Store(pub Database);

/// A job's row.
#[derive(Debug, Clone)]
pub(crate) struct Row {
    pub name: String,
    pub schedule: String,
    pub declared_at: OffsetDateTime,
    pub planned_at: OffsetDateTime,
    pub due_at: Option<OffsetDateTime>,
    pub asked_at: Option<OffsetDateTime>,
    pub asked_by: Option<Json<RecordedActor>>,
    pub failures: i32,
    pub succeeded_at: Option<OffsetDateTime>,
    pub run_id: Option<Uuid>,
    /// Somebody has the run under way, and has said so lately.
    pub held: bool,
    pub cancel_asked: bool,
}

/// A run that this process holds from now on.
pub(crate) struct Taken {
    pub run: Uuid,
    pub started_at: OffsetDateTime,
    /// How often it was taken on since it last came further.
    pub takes: i32,
    pub progress: Progress,
    pub cursor: Option<Value>,
    pub cancel_asked: bool,
}

/// What changes when a run is over.
pub(crate) struct Ended<'e> {
    pub at: OffsetDateTime,
    pub outcome: &'static str,
    pub code: Option<&'static str>,
    pub error: Option<&'e str>,
    /// It is tried again then, if that is sooner than it is due.
    pub again_at: Option<OffsetDateTime>,
}

fn counts(of: Value) -> BTreeMap<String, u64> {
    serde_json::from_value(of).unwrap_or_default()
}

fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

impl Store {
    /// Makes the job known. `changes`: its schedule holds from now on, whatever it was.
    pub async fn declare(
        &self,
        name: &str,
        schedule: &Schedule,
        now: OffsetDateTime,
        due_at: Option<OffsetDateTime>,
        changes: bool,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "insert into event_bus.job (name, schedule, declared_at, planned_at, due_at) values ($1, $2, $3, $3, $4)
            on conflict (name) do update
                set schedule = excluded.schedule, planned_at = excluded.planned_at, due_at = excluded.due_at
                where $5 and job.schedule <> excluded.schedule",
            name,
            schedule.as_str(),
            now,
            due_at,
            changes,
        )
        .execute(&self.0)
        .await?;
        Ok(())
    }

    pub async fn rows(&self, names: &[String]) -> Result<Vec<Row>, sqlx::Error> {
        sqlx::query_as!(
            Row,
            r#"select name, schedule, declared_at, planned_at, due_at, asked_at,
                asked_by as "asked_by: Json<RecordedActor>", failures, succeeded_at, run_id,
                coalesce(held_until > now(), false) as "held!", cancel_asked
            from event_bus.job where name = any($1) order by name"#,
            names,
        )
        .fetch_all(&self.0)
        .await
    }

    /// The clock went back since it was worked out when the job is due.
    pub async fn plan(
        &self,
        row: &Row,
        now: OffsetDateTime,
        due_at: Option<OffsetDateTime>,
    ) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update event_bus.job set planned_at = $3, due_at = $4 where name = $1 and planned_at = $2",
            row.name,
            row.planned_at,
            now,
            due_at,
        )
        .execute(&self.0)
        .await?;
        Ok(())
    }

    /// Begins a run, unless another process was faster. `due_at`: when it is due next.
    pub async fn begin(
        &self,
        row: &Row,
        holder: Uuid,
        now: OffsetDateTime,
        due_at: Option<OffsetDateTime>,
    ) -> Result<Option<Taken>, sqlx::Error> {
        let begun = sqlx::query!(
            r#"with begun as (
                update event_bus.job
                set run_id = $2, holder = $3, held_until = now() + make_interval(secs => $4), cancel_asked = false,
                    asked_at = null, asked_by = null, planned_at = $5, due_at = $6
                where name = $1 and run_id is null and asked_at is not distinct from $7
                    and due_at is not distinct from $8
                returning name
            )
            insert into event_bus.job_run (id, job, cause, asked_by, started_at)
            select $2, name, case when $7::timestamptz is null then 'schedule' else 'asked' end, $9, $5 from begun
            returning id"#,
            row.name,
            Uuid::now_v7(),
            holder,
            SPAN.as_secs_f64(),
            now,
            due_at,
            row.asked_at,
            row.due_at,
            row.asked_by.as_ref() as _,
        )
        .fetch_optional(&self.0)
        .await?;
        Ok(begun.map(|begun| Taken {
            run: begun.id,
            started_at: now,
            takes: 1,
            progress: Progress::default(),
            cursor: None,
            cancel_asked: false,
        }))
    }

    /// Takes a run on whose holder has not renewed its lease.
    pub async fn take_over(&self, row: &Row, holder: Uuid) -> Result<Option<Taken>, sqlx::Error> {
        let taken = sqlx::query!(
            r#"with taken as (
                update event_bus.job set holder = $2, held_until = now() + make_interval(secs => $4)
                where name = $1 and run_id = $3 and (held_until is null or held_until <= now())
                returning run_id, cancel_asked
            )
            update event_bus.job_run set takes = takes + 1 from taken where id = taken.run_id
            returning id, started_at, takes, done, total, counts, cursor, taken.cancel_asked"#,
            row.name,
            holder,
            row.run_id,
            SPAN.as_secs_f64(),
        )
        .fetch_optional(&self.0)
        .await?;
        Ok(taken.map(|run| Taken {
            run: run.id,
            started_at: run.started_at,
            takes: run.takes,
            progress: Progress {
                done: run.done.unsigned_abs(),
                total: run.total.map(i64::unsigned_abs),
                counts: counts(run.counts),
            },
            cursor: run.cursor,
            cancel_asked: run.cancel_asked,
        }))
    }

    /// Renews the lease and shows how far the run is. Whether somebody wants it to end; `None`: it is another's.
    pub async fn renew(&self, run: &Run) -> Result<Option<bool>, sqlx::Error> {
        let Progress { done, total, counts } = run.progress();
        sqlx::query_scalar!(
            r#"with held as (
                update event_bus.job set held_until = now() + make_interval(secs => $4)
                where name = $1 and holder = $2 and run_id = $3
                returning cancel_asked
            ), shown as (
                update event_bus.job_run set done = $5, total = $6, counts = $7
                where id = $3 and exists (select from held)
                    and (done, total, counts) is distinct from ($5, $6, $7)
            )
            select cancel_asked as "cancel_asked!" from held"#,
            run.job,
            run.holder,
            run.id,
            SPAN.as_secs_f64(),
            signed(done),
            total.map(signed),
            Json(counts) as _,
        )
        .fetch_optional(&self.0)
        .await
    }

    /// Stores how far the run is and where it would go on. `false`: it is another's.
    pub async fn save(&self, run: &Run) -> Result<bool, sqlx::Error> {
        let Progress { done, total, counts } = run.progress();
        let saved = sqlx::query!(
            "with held as (
                select name from event_bus.job where name = $1 and holder = $2 and run_id = $3 and held_until > now()
                for update
            )
            update event_bus.job_run set done = $4, total = $5, counts = $6, cursor = $7, takes = 1
            where id = $3 and exists (select from held)",
            run.job,
            run.holder,
            run.id,
            signed(done),
            total.map(signed),
            Json(counts) as _,
            run.saved_cursor(),
        )
        .execute(&self.0)
        .await?;
        Ok(saved.rows_affected() == 1)
    }

    /// `false`: the run is another's.
    pub async fn keep(&self, run: &Run, key: &str, value: &Value, most: i64) -> Result<bool, sqlx::Error> {
        let mut tx = self.0.begin().await?;
        let kept = sqlx::query!(
            "with held as (
                select name from event_bus.job where name = $1 and holder = $2 and run_id = $3 and held_until > now()
                for update
            )
            insert into event_bus.job_result (job, key, made_at, value) select name, $4, $5, $6 from held
            on conflict (job, key) do update set made_at = excluded.made_at, value = excluded.value",
            run.job,
            run.holder,
            run.id,
            key,
            run.now(),
            value,
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "delete from event_bus.job_result where job = $1 and key in
                (select key from event_bus.job_result where job = $1 order by key desc offset $2)",
            run.job,
            most,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(kept.rows_affected() == 1)
    }

    pub async fn keys(&self, job: &str) -> Result<Vec<String>, sqlx::Error> {
        sqlx::query_scalar!("select key from event_bus.job_result where job = $1", job).fetch_all(&self.0).await
    }

    /// Ends a run, and removes the oldest ones of its job. `false`: it is another's.
    pub async fn end(&self, run: &Run, ended: &Ended<'_>) -> Result<bool, sqlx::Error> {
        let Progress { done, total, counts } = run.progress();
        let mut tx = self.0.begin().await?;
        let over = sqlx::query!(
            "with over as (
                update event_bus.job
                set run_id = null, holder = null, held_until = null, cancel_asked = false,
                    failures = case $4 when 'failed' then failures + 1 else 0 end,
                    succeeded_at = case $4 when 'done' then $5 else succeeded_at end,
                    due_at = least(due_at, $6)
                where name = $1 and holder = $2 and run_id = $3
                returning name
            )
            update event_bus.job_run
            set ended_at = $5, outcome = $4, code = $7, error = $8, done = $9, total = $10, counts = $11, cursor = null
            where id = $3 and exists (select from over)",
            run.job,
            run.holder,
            run.id,
            ended.outcome,
            ended.at,
            ended.again_at,
            ended.code,
            ended.error,
            signed(done),
            total.map(signed),
            Json(counts) as _,
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "delete from event_bus.job_run where job = $1 and ended_at is not null and id in
                (select id from event_bus.job_run where job = $1 order by started_at desc, id desc offset $2)",
            run.job,
            HISTORY,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await?;
        Ok(over.rows_affected() == 1)
    }

    /// Gives the run back: another process need not wait for the lease to run out.
    pub async fn release(&self, run: &Run) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update event_bus.job set held_until = now() where name = $1 and holder = $2 and run_id = $3",
            run.job,
            run.holder,
            run.id,
        )
        .execute(&self.0)
        .await?;
        Ok(())
    }
}
