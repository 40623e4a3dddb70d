//! Checked rows to books. A batch is one transaction: rows leave `import_row`, books, events and counts come, all or
//! nothing. So a kill at any line costs the batch under way and imports no row twice; whoever comes next goes on with the
//! rows that are left.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use books_events::{BookCreated, BookEvent};
use event_bus::{EventBus, Meta};
use kernel::actor::RecordedActor;
use kernel::{BookId, Clock, Position, UserId};
use sqlx::types::Json;
use sqlx::{PgConnection, PgPool, Postgres, Transaction};
use time::OffsetDateTime;
use tokio::sync::Notify;
use tokio_util::sync::CancellationToken;
use uuid::Uuid;

use super::ImportSettings;
use crate::domain::BookDetails;
use crate::stored::{self, Stored};

/// Without a word that there is something to do, we look this often.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// How long one turn waits for the views.
const VIEWS_WITHIN: Duration = Duration::from_secs(5);
/// After so long without the views, the books are in PostgreSQL and that has to do.
const VIEWS_GIVEN_UP: time::Duration = time::Duration::minutes(2);
/// An upload that neither came to an end nor was refused: its host died.
const ABANDONED_AFTER: time::Duration = time::Duration::hours(1);
/// How often a batch may fail for a reason of its own.
const ATTEMPTS: i32 = 3;

struct Claimed {
    id: Uuid,
    owner: UserId,
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
    pool: PgPool,
    events: EventBus,
    clock: Arc<dyn Clock>,
    settings: ImportSettings,
    pub(crate) wake: Arc<Notify>,
}

impl Worker {
    pub(crate) fn new(pool: PgPool, events: EventBus, clock: Arc<dyn Clock>, settings: ImportSettings) -> Self {
        Self { pool, events, clock, settings, wake: Arc::new(Notify::new()) }
    }

    pub(crate) async fn run(&self, shutdown: CancellationToken) {
        while !shutdown.is_cancelled() {
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

    /// One batch of the oldest import that nobody else works on. `true`: there may be more to do at once.
    pub(crate) async fn tick(&self) -> Result<bool, sqlx::Error> {
        let mut claimed = None;
        match self.turn(&mut claimed).await {
            Ok(Turn::Nothing) => Ok(false),
            Ok(Turn::Batch) => Ok(true),
            Ok(Turn::Finished { id, last, since }) => self.complete(id, last, since).await,
            Err(error) => {
                if let Some(id) = claimed.filter(|_| !event_bus::unavailable(&error)) {
                    self.count_failure(id).await?;
                }
                Err(error)
            }
        }
    }

    async fn turn(&self, claimed: &mut Option<Uuid>) -> Result<Turn, sqlx::Error> {
        let mut tx = self.pool.begin().await?;
        let Some(import) = sqlx::query!(
            "select id, owner_id, last_transaction, last_sequence, updated_at from books.import
            where status in ('queued', 'running') order by created_at, id limit 1 for update skip locked",
        )
        .fetch_optional(&mut *tx)
        .await?
        else {
            return Ok(Turn::Nothing);
        };
        *claimed = Some(import.id);
        let rows = sqlx::query!(
            r#"delete from books.import_row where (import_id, row) in (
                select import_id, row from books.import_row where import_id = $1 order by row limit $2
            ) returning row, book as "book: Json<BookDetails>""#,
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
            return Ok(Turn::Finished { id: import.id, last, since: import.updated_at });
        }
        let mut rows: Vec<(i32, BookDetails)> = rows.into_iter().map(|row| (row.row, row.book.0)).collect();
        rows.sort_unstable_by_key(|(row, _)| *row);
        let books = rows.into_iter().map(|(_, book)| book).collect();
        self.shelve(tx, &Claimed { id: import.id, owner: import.owner_id.into() }, books).await?;
        Ok(Turn::Batch)
    }

    async fn shelve(
        &self,
        mut tx: Transaction<'_, Postgres>,
        import: &Claimed,
        books: Vec<BookDetails>,
    ) -> Result<(), sqlx::Error> {
        let (owner, now, all) = (import.owner, self.clock.now(), books.len());
        // Two imports onto one shelf take turns, so that each sees what the other has put there.
        sqlx::query!("select pg_advisory_xact_lock(hashtextextended($1, 0))", owner.to_string())
            .fetch_one(&mut *tx)
            .await?;
        let gone = sqlx::query_scalar!("select deleted from books.member where id = $1 for share", owner.uuid())
            .fetch_optional(&mut *tx)
            .await?;
        if gone == Some(true) {
            sqlx::query!("delete from books.import where id = $1", import.id).execute(&mut *tx).await?;
            return tx.commit().await;
        }
        let new = without_duplicates(&mut tx, owner, books).await?;
        let (mut rows, mut events) = (Vec::with_capacity(new.len()), Vec::with_capacity(new.len()));
        for book in new {
            let id = BookId::new(now);
            rows.push(Stored::new(id, &book));
            let created = BookCreated {
                book_id: id,
                owner_id: owner,
                title: book.title.into_string(),
                authors: book.authors.into_iter().map(|author| author.into_string()).collect(),
                lending: book.lending,
            };
            events.push((BookEvent::from(created), 1));
        }
        stored::insert(&mut tx, owner, &rows, now).await?;
        let meta = Meta { actor: RecordedActor::User { id: owner }, trace: None, occurred_at: now };
        let last = event_bus::append_all(&mut tx, &meta, &events).await?;
        sqlx::query!(
            "update books.import set status = 'running', imported = imported + $2, duplicates = duplicates + $3,
                last_transaction = coalesce($4, last_transaction), last_sequence = coalesce($5, last_sequence),
                attempts = 0, updated_at = $6
            where id = $1",
            import.id,
            count(rows.len()),
            count(all - rows.len()),
            last.map(|position| position.transaction),
            last.map(|position| position.sequence),
            now,
        )
        .execute(&mut *tx)
        .await?;
        tx.commit().await
    }

    /// Says completed once the views show every book. No transaction is open while it waits.
    async fn complete(&self, id: Uuid, last: Option<Position>, since: OffsetDateTime) -> Result<bool, sqlx::Error> {
        if let Some(last) = last
            && !self.events.settled(last, VIEWS_WITHIN).await
        {
            if self.clock.now() - since < VIEWS_GIVEN_UP {
                return Ok(false);
            }
            tracing::warn!(import = %id, "completed before every view was refreshed");
        }
        sqlx::query!(
            "update books.import set status = 'completed', updated_at = $2 where id = $1 and status in ('queued', 'running')",
            id,
            self.clock.now(),
        )
        .execute(&self.pool)
        .await?;
        Ok(true)
    }

    async fn count_failure(&self, id: Uuid) -> Result<(), sqlx::Error> {
        sqlx::query!(
            "update books.import set attempts = attempts + 1, updated_at = $3,
                status = case when attempts + 1 >= $2 then 'failed' else status end
            where id = $1",
            id,
            ATTEMPTS,
            self.clock.now(),
        )
        .execute(&self.pool)
        .await?;
        Ok(())
    }

    /// Forgets uploads whose host died while it received them.
    pub(crate) async fn forget_abandoned(&self) -> Result<u64, sqlx::Error> {
        let forgotten = sqlx::query!(
            "delete from books.import where status = 'receiving' and created_at < $1",
            self.clock.now() - ABANDONED_AFTER,
        )
        .execute(&self.pool)
        .await?;
        Ok(forgotten.rows_affected())
    }
}

/// What is neither on the shelf yet nor earlier in the batch: the same ISBN, or the same title and first author.
async fn without_duplicates(
    connection: &mut PgConnection,
    owner: UserId,
    books: Vec<BookDetails>,
) -> Result<Vec<BookDetails>, sqlx::Error> {
    let keys: Vec<Vec<u8>> = books.iter().map(stored::shelf_key).collect();
    let isbns: Vec<String> =
        books.iter().filter_map(|book| book.isbn.as_ref()).map(|isbn| isbn.isbn13().to_owned()).collect();
    // Each half has an index of its own.
    let there = sqlx::query!(
        r#"select shelf_key as "shelf_key!", isbn13 from books.book where owner_id = $1 and shelf_key = any($2)
        union all
        select shelf_key, isbn13 from books.book where owner_id = $1 and isbn13 = any($3)"#,
        owner.uuid(),
        &keys,
        &isbns,
    )
    .fetch_all(connection)
    .await?;
    let mut seen_keys: HashSet<Vec<u8>> = HashSet::new();
    let mut seen_isbns: HashSet<String> = HashSet::new();
    for row in there {
        seen_keys.insert(row.shelf_key);
        seen_isbns.extend(row.isbn13);
    }
    let mut new = Vec::with_capacity(books.len());
    for (book, key) in books.into_iter().zip(keys) {
        let isbn = book.isbn.as_ref().map(|isbn| isbn.isbn13().to_owned());
        if seen_keys.contains(&key) || isbn.as_ref().is_some_and(|isbn| seen_isbns.contains(isbn)) {
            continue;
        }
        seen_keys.insert(key);
        seen_isbns.extend(isbn);
        new.push(book);
    }
    Ok(new)
}

fn count(number: usize) -> i32 {
    i32::try_from(number).unwrap_or(i32::MAX)
}
