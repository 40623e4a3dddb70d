//! Rows to books. A batch is one transaction: rows leave `import_row`, books, events and counts come, all or
//! nothing. So a kill at any line costs the batch under way and imports no row twice; whoever comes next goes on with the
//! rows that are left.

use std::panic::AssertUnwindSafe;
use std::sync::Arc;
use std::time::Duration;

use bibliography::table::Layout;
use books_events::BookEvent;
use database::Database;
use event_bus::{Heard, OwnEvents};
use futures_util::FutureExt;
use kernel::{Clock, Position, UserId};
use serde_json::Value;
use sqlx::types::Json;
use sqlx::{Postgres, Transaction};
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio::time::Instant;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::ImportSettings;
use super::batch::{Batch, Waiting};
use crate::ports::Pace;
use crate::stored;

/// Without a word that there is something to do, we look this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long one turn waits for the views.
const VIEWS_WITHIN: Duration = Duration::from_millis(500);
/// Imports that are looked at for one that nobody else works on: more than there are hosts.
const LOOKED_AT: i64 = 16;
/// A batch waits so long for requests to be quick again, at most.
const GIVES_WAY: Duration = Duration::from_secs(2);
const LOOKS_AGAIN: Duration = Duration::from_millis(50);
/// After so long without the views, the books are in PostgreSQL and that has to do.
const VIEWS_GIVEN_UP: time::Duration = time::Duration::minutes(2);
/// An upload of which no row was stored for so long: its host died, or gave it up.
pub(crate) const ABANDONED_AFTER: time::Duration = time::Duration::minutes(5);
/// Uploads that are forgotten at once.
const FORGOTTEN: i64 = 20;
/// How often a batch may fail for a reason of its own.
const ATTEMPTS: i32 = 3;

struct Claimed {
    id: Uuid,
    owner: UserId,
    layout: Option<Layout>,
    imported: i32,
}

/// What a turn did.
enum Turn {
    Nothing,
    Batch,
    /// All rows are on the shelf; the views may not show it yet.
    Finished {
        id: Uuid,
        last: Option<Position>,
        since: OffsetDateTime,
    },
}

#[derive(Clone)]
pub(crate) struct Worker {
    pool: Database,
    events: OwnEvents<BookEvent>,
    clock: Arc<dyn Clock>,
    pace: Arc<dyn Pace>,
    settings: ImportSettings,
    pub(crate) wake: Arc<Notify>,
}

impl Worker {
    pub(crate) fn new(
        pool: Database,
        events: OwnEvents<BookEvent>,
        clock: Arc<dyn Clock>,
        pace: Arc<dyn Pace>,
        settings: ImportSettings,
    ) -> Self {
        Self { pool, events, clock, pace, settings, wake: Arc::new(Notify::new()) }
    }

    pub(crate) fn clock(&self) -> Arc<dyn Clock> {
        Arc::clone(&self.clock)
    }

    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        while shutdown.run_until_cancelled(self.give_way()).await.is_some() {
            match self.tick().await {
                Ok(true) => continue,
                Ok(false) => {}
                Err(error) => tracing::warn!(%error, "an import has to wait"),
            }
            tokio::select! {
                () = shutdown.cancelled() => return,
                () = self.wake.notified() => {}
                () = tokio::time::sleep(LOOK_EVERY) => {}
            }
        }
    }

    /// Lets requests go first while they are slow, but not for ever.
    async fn give_way(&self) {
        let gives_up = Instant::now() + GIVES_WAY;
        while self.pace.requests_are_slow() && Instant::now() < gives_up {
            tokio::time::sleep(LOOKS_AGAIN).await;
        }
    }

    /// One batch of an import that nobody else works on, of the member whose last turn is the longest ago. `true`: there may
    /// be more to do at once.
    pub(crate) async fn tick(&self) -> Result<bool, sqlx::Error> {
        let mut claimed = None;
        // A panic at a row's hostile cell ends this import and not the work on all others.
        let turn = AssertUnwindSafe(self.batch(&mut claimed)).catch_unwind().await;
        let (error, is_import) = match turn {
            Ok(Ok(more)) => return Ok(more),
            Ok(Err(error)) => {
                let is_import = !event_bus::unavailable(&error);
                (error, is_import)
            }
            Err(_) => (sqlx::Error::WorkerCrashed, true),
        };
        if let Some(id) = claimed {
            // The transaction that failed also undid its turn. Without a new one this import would be the first again.
            self.end_turn(id).await?;
            if is_import {
                self.count_failure(id).await?;
            }
        }
        Err(error)
    }

    async fn end_turn(&self, import: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "insert into books.import_turn (owner_id, nth, at)
            select owner_id, nextval('books.import_turns'), $2 from books.import where id = $1
            on conflict (owner_id) do update set nth = excluded.nth, at = excluded.at",
            import,
            self.clock.now(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    async fn batch(&self, claimed: &mut Option<Uuid>) -> Result<bool, sqlx::Error> {
        let turn = match self.turn(claimed, false).await? {
            Turn::Finished { id, last, since } => {
                *claimed = None;
                if self.complete(id, last, since).await? {
                    return Ok(true);
                }
                // Its views are late; others go on.
                self.turn(claimed, true).await?
            }
            turn => turn,
        };
        Ok(matches!(turn, Turn::Batch))
    }

    /// `with_rows`: passes over imports that only wait for the views.
    async fn turn(&self, claimed: &mut Option<Uuid>, with_rows: bool) -> Result<Turn, sqlx::Error> {
        // Those of the version before are `queued` and `running`. A member has few that are under way, so this is short.
        let next = sqlx::query!(
            "select import.id, owner_id from books.import left join books.import_turn using (owner_id)
            where status in ('ready', 'shelving', 'queued', 'running')
                and (not $1 or exists (select from books.import_row where import_id = import.id))
            order by nth nulls first, created_at, import.id limit $2",
            with_rows,
            LOOKED_AT,
        )
        .fetch_all(&self.pool)
        .await?;
        for candidate in next {
            let mut tx = self.pool.begin().await?;
            if self.claim(&mut tx, candidate.owner_id).await? {
                return self.work_on(tx, claimed, candidate.id).await;
            }
        }
        Ok(Turn::Nothing)
    }

    /// Whether this is the only worker on the imports of this member: each of two must see what the other has put on the
    /// shelf, and neither waits while others have something to do.
    async fn claim(&self, tx: &mut Transaction<'_, Postgres>, owner: Uuid) -> Result<bool, sqlx::Error> {
        sqlx::query_scalar!(
            r#"select pg_try_advisory_xact_lock(hashtextextended($1, 0)) as "locked!""#,
            owner.to_string()
        )
        .fetch_one(&mut **tx)
        .await
    }

    async fn work_on(
        &self,
        mut tx: Transaction<'_, Postgres>,
        claimed: &mut Option<Uuid>,
        id: Uuid,
    ) -> Result<Turn, sqlx::Error> {
        let Some(import) = sqlx::query!(
            r#"select id, owner_id, imported, layout as "layout: Json<Layout>", last_transaction, last_sequence, updated_at
            from books.import where id = $1 and status in ('ready', 'shelving', 'queued', 'running') for update skip locked"#,
            id,
        )
        .fetch_optional(&mut *tx)
        .await?
        else {
            // Done by another worker since; there may be more.
            return Ok(Turn::Batch);
        };
        sqlx::query!(
            "insert into books.import_turn (owner_id, nth, at) values ($1, nextval('books.import_turns'), $2)
            on conflict (owner_id) do update set nth = excluded.nth, at = excluded.at",
            import.owner_id,
            self.clock.now(),
        )
        .execute(&mut *tx)
        .await?;
        *claimed = Some(import.id);
        let rows = sqlx::query!(
            r#"select row, cells, book as "book: Json<Value>" from books.import_row
            where import_id = $1 order by row limit $2"#,
            import.id,
            self.settings.batch,
        )
        .fetch_all(&mut *tx)
        .await?;
        if rows.is_empty() {
            let last = import
                .last_transaction
                .zip(import.last_sequence)
                .map(|(transaction, sequence)| Position { transaction, sequence });
            // The turn counts: an import whose views are late goes behind the others.
            tx.commit().await?;
            return Ok(Turn::Finished { id: import.id, last, since: import.updated_at });
        }
        let rows = rows
            .into_iter()
            .map(|row| match row.book {
                Some(book) => (row.row, Waiting::of_older_host(book.0)),
                None => (row.row, Waiting::Cells(row.cells.unwrap_or_default())),
            })
            .collect();
        let claimed = Claimed {
            id: import.id,
            owner: import.owner_id.into(),
            layout: import.layout.map(|layout| layout.0),
            imported: import.imported,
        };
        self.shelve(tx, &claimed, rows).await?;
        Ok(Turn::Batch)
    }

    async fn shelve(
        &self,
        mut tx: Transaction<'_, Postgres>,
        import: &Claimed,
        rows: Vec<(i32, Waiting)>,
    ) -> Result<(), sqlx::Error> {
        let (owner, now) = (import.owner, self.clock.now());
        let gone = sqlx::query_scalar!("select deleted from books.member where id = $1 for share", owner.uuid())
            .fetch_optional(&mut *tx)
            .await?;
        if gone == Some(true) {
            sqlx::query!("delete from books.import where id = $1", import.id).execute(&mut *tx).await?;
            return tx.commit().await;
        }
        let room = self.settings.max_rows.saturating_sub(u32::try_from(import.imported).unwrap_or(0));
        let shelf_room = stored::room(&mut tx, owner, self.settings.max_books).await?;
        let batch = Batch { import: import.id, owner, layout: import.layout.as_ref(), now, room, shelf_room };
        let last_row = rows.last().map_or(0, |(row, _)| *row);
        let done = batch.shelve(&mut tx, rows).await?;
        sqlx::query!(
            "delete from books.import_row where import_id = $1 and row <= $2",
            import.id,
            done.row.unwrap_or(last_row),
        )
        .execute(&mut *tx)
        .await?;
        sqlx::query!(
            "update books.import set status = case when layout is null then 'running' else 'shelving' end,
                imported = imported + $2, duplicates = duplicates + $3, skipped = skipped + $4, failed = failed + $5,
                noted = noted + $6, left_out = (
                    select coalesce(jsonb_object_agg(reason, number), '{}') from (
                        select reason, sum(number) as number from (
                            select key as reason, value::integer as number from jsonb_each_text(left_out)
                            union all select key, value::integer from jsonb_each_text($7)
                        ) counted group by reason
                    ) summed
                ),
                last_transaction = coalesce($8, last_transaction), last_sequence = coalesce($9, last_sequence),
                attempts = 0, updated_at = $10
            where id = $1",
            import.id,
            i32::try_from(done.imported).unwrap_or(i32::MAX),
            done.report.duplicates,
            done.report.skipped,
            done.report.failed,
            done.report.noted,
            Json(&done.report.reasons) as _,
            done.last.map(|position| position.transaction),
            done.last.map(|position| position.sequence),
            now,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    /// Says completed once the views show every book. No transaction is open while it waits.
    async fn complete(&self, id: Uuid, last: Option<Position>, since: OffsetDateTime) -> Result<bool, sqlx::Error> {
        if let Some(last) = last
            && self.events.shown(last, VIEWS_WITHIN).await != Heard::Yes
        {
            if self.clock.now() - since < VIEWS_GIVEN_UP {
                return Ok(false);
            }
            tracing::warn!(import = %id, "completed before every view was refreshed");
        }
        sqlx::query!(
            "with completed as (
                update books.import set status = 'completed', updated_at = $2
                where id = $1 and status in ('ready', 'shelving', 'queued', 'running') returning id
            )
            delete from books.import_book where import_id in (select id from completed)",
            id,
            self.clock.now(),
        )
        .execute(&self.pool)
        .await?;
        Ok(true)
    }

    async fn count_failure(&self, id: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "with failed as (
                update books.import set attempts = attempts + 1, updated_at = $3,
                    status = case when attempts + 1 >= $2 then 'failed' else status end
                where id = $1 returning id, status
            ), claims as (
                delete from books.import_book where import_id in (select id from failed where status = 'failed')
            )
            delete from books.import_row where import_id in (select id from failed where status = 'failed')",
            id,
            ATTEMPTS,
            self.clock.now(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets uploads whose host died while it read them.
    pub(crate) async fn forget_abandoned(&self) -> Result<u64, sqlx::Error> {
        let forgotten = sqlx::query!(
            "delete from books.import where id in (
                select id from books.import where status = 'receiving' and updated_at < $1 limit $2
                for update skip locked
            )",
            self.clock.now() - ABANDONED_AFTER,
            FORGOTTEN,
        )
        .execute(&self.pool)
        .await?;
        Ok(forgotten.rows_affected())
    }
}
