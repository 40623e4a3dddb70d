//! How far the subscriptions of this process are, in memory and in the table.
//!
//! An effect in PostgreSQL commits together with its checkpoint. An event that has no effect there, or has it elsewhere, may
//! be handled again after a crash. The checkpoint after such an event is kept in memory. All of these are written to the
//! table together: every 250 ms, at every stop, and at once while another process waits for them, which is told so with the
//! commit.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use kernel::Position;
use sqlx::{ConnectOptions, Connection, PgConnection, PgPool};
use tokio::sync::{Notify, OwnedMutexGuard};
use tokio::time::Instant;
use uuid::Uuid;

use crate::told::Reached;

/// How long the table may lag behind memory.
const FLUSH_EVERY: Duration = Duration::from_millis(250);
/// How long every move is told at once after another process has asked for it.
const HURRY_FOR: Duration = Duration::from_secs(1);
/// A row that somebody had locked is tried again this soon.
const AGAIN_AFTER: Duration = Duration::from_millis(2);
/// A flush that has no answer by then is tried again on another connection.
const FLUSH_WITHIN: Duration = Duration::from_secs(2);

#[derive(Debug, Clone, Copy)]
struct Place {
    /// Everything up to here is handled.
    reached: Position,
    /// As the table has it …
    flushed: Position,
    /// … and since when.
    flushed_at: Instant,
}

impl Place {
    fn at(position: Position) -> Self {
        Self { reached: position, flushed: position, flushed_at: Instant::now() }
    }
}

/// Until when every move is written to the table, and told, at once.
#[derive(Default)]
struct Hurry(Mutex<Option<Instant>>);

impl Hurry {
    fn begin(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now() + HURRY_FOR);
    }

    fn lasts(&self) -> bool {
        let until = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        until.is_some_and(|until| Instant::now() < until)
    }
}

/// The checkpoint of one subscription.
pub(crate) struct Checkpoint {
    name: &'static str,
    hurry: Arc<Hurry>,
    /// `None`: to be read from the table, at the start and whenever somebody else may have moved it. Locked while the
    /// table's row is being moved.
    place: Arc<tokio::sync::Mutex<Option<Place>>>,
    told: Told,
}

/// How far the other processes were last told that a subscription is.
#[derive(Clone, Default)]
struct Told(Arc<Mutex<Position>>);

impl Told {
    fn set(&self, position: Position) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = position;
    }

    fn is(&self, position: Position) -> bool {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) == position
    }
}

impl Checkpoint {
    fn new(name: &'static str, hurry: &Arc<Hurry>) -> Self {
        Self { name, hurry: Arc::clone(hurry), place: Arc::default(), told: Told::default() }
    }

    /// How far the subscription is, from the table where memory does not know.
    pub async fn load(&self, pool: &PgPool) -> Result<Position, sqlx::Error> {
        let mut place = self.place.lock().await;
        if let Some(place) = *place {
            return Ok(place.reached);
        }
        let row = sqlx::query!(
            r#"select transaction_id::text::bigint as "transaction_id!", position
            from event_bus.subscription where name = $1"#,
            self.name,
        )
        .fetch_one(pool)
        .await?;
        let position = Position { transaction: row.transaction_id, sequence: row.position };
        *place = Some(Place::at(position));
        Ok(position)
    }

    pub async fn forget(&self) {
        *self.place.lock().await = None;
    }

    /// Forgets it if the table, asked at `asked_at`, has another checkpoint than we have written: somebody has set it.
    pub async fn forget_if_set(&self, asked_at: Instant, position: Position) -> bool {
        let mut place = self.place.lock().await;
        let set = place.is_some_and(|place| asked_at > place.flushed_at && position != place.flushed);
        if set {
            *place = None;
        }
        set
    }

    /// All events up to `to` are handled; the table learns it later. `false`: it was set elsewhere meanwhile.
    pub async fn reach(&self, from: Position, to: Position) -> bool {
        let mut place = self.place.lock().await;
        match place.as_mut().filter(|place| place.reached == from) {
            Some(place) => {
                place.reached = to;
                true
            }
            None => false,
        }
    }

    /// Moves the row in the table, in the transaction of the effect. `None`: the lease is lost, or the checkpoint was set
    /// elsewhere; the effect must be undone.
    pub async fn advance(
        &self,
        connection: &mut PgConnection,
        holder: Uuid,
        from: Position,
        to: Position,
    ) -> Result<Option<Advanced>, sqlx::Error> {
        let place = Arc::clone(&self.place).lock_owned().await;
        let Some(Place { flushed, .. }) = place.filter(|place| place.reached == from) else { return Ok(None) };
        let text = self.hurry.lasts().then(|| Reached::told([(self.name, to)]));
        let told = text.as_ref().map(|_| self.told.clone());
        let moved = sqlx::query_scalar!(
            r#"select event_bus.advance($1, $2, $3::bigint::text::xid8, $4, $5::bigint::text::xid8, $6) as "moved!"
            from (select case when $7::text is not null then pg_notify('event_bus_log', $7) end) as told"#,
            self.name,
            holder,
            flushed.transaction,
            flushed.sequence,
            to.transaction,
            to.sequence,
            text,
        )
        .fetch_one(connection)
        .await?;
        Ok(moved.then_some(Advanced { place, to, told, committed: false }))
    }
}

/// A checkpoint that was moved in a transaction which has not ended. If it is dropped without [`Advanced::committed`], the
/// place in memory is cleared, and the next turn reads it from the table.
pub(crate) struct Advanced {
    place: OwnedMutexGuard<Option<Place>>,
    to: Position,
    /// Where the commit tells it.
    told: Option<Told>,
    committed: bool,
}

impl Advanced {
    pub fn committed(mut self) {
        self.committed = true;
        if let Some(told) = &self.told {
            told.set(self.to);
        }
    }
}

impl Drop for Advanced {
    fn drop(&mut self) {
        *self.place = self.committed.then(|| Place::at(self.to));
    }
}

/// The checkpoints of the subscriptions that this process may run.
#[derive(Default)]
pub(crate) struct Checkpoints {
    all: Mutex<Vec<Arc<Checkpoint>>>,
    hurry: Arc<Hurry>,
    hurried: Notify,
}

impl Checkpoints {
    pub fn add(&self, name: &'static str) -> Arc<Checkpoint> {
        let checkpoint = Arc::new(Checkpoint::new(name, &self.hurry));
        self.all.lock().unwrap_or_else(PoisonError::into_inner).push(Arc::clone(&checkpoint));
        checkpoint
    }

    /// Another process waits for how far we are.
    pub fn hurry(&self) {
        self.hurry.begin();
        self.hurried.notify_one();
    }

    /// Writes the checkpoints every 250 ms, and after every move while another process waits. `moved` is notified of every
    /// move. Never ends.
    pub async fn keep(&self, pool: &PgPool, holder: Uuid, moved: &Notify) {
        let (mut failing, mut asked) = (false, false);
        loop {
            let any_moved = moved.notified();
            let kept = async {
                let complete = self.flush(pool, holder).await?;
                asked = asked && !self.tell(pool).await?;
                Ok::<_, sqlx::Error>(complete)
            };
            let wait = match kept.await {
                Ok(complete) => {
                    failing = false;
                    if complete { FLUSH_EVERY } else { AGAIN_AFTER }
                }
                Err(error) => {
                    if !std::mem::replace(&mut failing, true) {
                        tracing::warn!(%error, "checkpoints cannot be written for now");
                    }
                    FLUSH_EVERY
                }
            };
            tokio::select! {
                () = tokio::time::sleep(wait) => {}
                () = self.hurried.notified() => asked = true,
                () = any_moved, if self.hurry.lasts() => {}
            }
        }
    }

    /// Tells how far those are that have moved untold: what another process waits for may have been handled just before it
    /// asked. `false`: not all, because some are being moved.
    async fn tell(&self, pool: &PgPool) -> Result<bool, sqlx::Error> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let (mut complete, mut untold) = (true, Vec::new());
        for checkpoint in &all {
            match checkpoint.place.try_lock() {
                Ok(place) => untold.extend(place.map(|place| (checkpoint, place.reached))),
                Err(_) => complete = false,
            }
        }
        untold.retain(|(checkpoint, reached)| !checkpoint.told.is(*reached));
        if !untold.is_empty() {
            let text = Reached::told(untold.iter().map(|(checkpoint, reached)| (checkpoint.name, *reached)));
            sqlx::query!("select pg_notify('event_bus_log', $1)", text).execute(pool).await?;
            untold.iter().for_each(|(checkpoint, reached)| checkpoint.told.set(*reached));
        }
        Ok(complete)
    }

    /// Writes all checkpoints of this process to the table. `false`: not all, because some rows were locked.
    async fn flush(&self, pool: &PgPool, holder: Uuid) -> Result<bool, sqlx::Error> {
        if self.ahead().is_empty() {
            return Ok(true);
        }
        // First the connection: while one is waited for, nothing is locked.
        let mut connection = pool.acquire().await?;
        self.flush_on(&mut connection, holder).await
    }

    /// The last one, before leases are given back. On a connection of its own: those of the pool may be in the hands of
    /// work that was cut short.
    pub async fn flush_last(&self, pool: &PgPool, holder: Uuid) -> Result<(), sqlx::Error> {
        let flushing = async {
            let mut connection = pool.connect_options().connect().await?;
            while !self.flush_on(&mut connection, holder).await? {
                tokio::time::sleep(AGAIN_AFTER).await;
            }
            connection.close().await
        };
        tokio::time::timeout(FLUSH_WITHIN, flushing).await.unwrap_or(Err(sqlx::Error::PoolTimedOut))
    }

    /// Those that the table lags behind, locked. One that is being moved is left out: it goes down with its effect, or next
    /// time.
    fn ahead(&self) -> Vec<Ahead> {
        let all = self.all.lock().unwrap_or_else(PoisonError::into_inner);
        let ahead = all.iter().filter_map(|checkpoint| {
            let guard = Arc::clone(&checkpoint.place).try_lock_owned().ok()?;
            let place = (*guard).filter(|place| place.reached != place.flushed)?;
            Some(Ahead { name: checkpoint.name, told: checkpoint.told.clone(), place, guard })
        });
        ahead.collect()
    }

    async fn flush_on(&self, connection: &mut PgConnection, holder: Uuid) -> Result<bool, sqlx::Error> {
        let ahead = self.ahead();
        if ahead.is_empty() {
            return Ok(true);
        }
        let tell = self.hurry.lasts();
        let written = tokio::time::timeout(FLUSH_WITHIN, write(connection, holder, &ahead, tell)).await;
        let written = written.unwrap_or(Err(sqlx::Error::PoolTimedOut));
        let Ok(rows) = written else {
            // Whether the table knows is not known.
            ahead.into_iter().for_each(|mut one| *one.guard = None);
            return written.map(|_| false);
        };
        let mut complete = true;
        for Ahead { name, told, place, mut guard } in ahead {
            match rows.iter().find(|row| row.0 == name) {
                Some((_, true)) => {
                    *guard = Some(Place::at(place.reached));
                    if tell {
                        told.set(place.reached);
                    }
                }
                // The lease is lost, or the checkpoint was set elsewhere.
                Some((_, false)) => *guard = None,
                None => complete = false,
            }
        }
        Ok(complete)
    }
}

struct Ahead {
    name: &'static str,
    told: Told,
    place: Place,
    guard: OwnedMutexGuard<Option<Place>>,
}

/// Moves the rows that nobody has locked: it waits for no lock, so it is in nobody's way. Each with whether it was moved.
/// `tell`: other processes hear of those that were.
async fn write(
    connection: &mut PgConnection,
    holder: Uuid,
    ahead: &[Ahead],
    tell: bool,
) -> Result<Vec<(String, bool)>, sqlx::Error> {
    let names: Vec<String> = ahead.iter().map(|one| one.name.to_owned()).collect();
    let column = |of: fn(&Place) -> i64| -> Vec<i64> { ahead.iter().map(|one| of(&one.place)).collect() };
    let rows = sqlx::query!(
        r#"with ahead as (
            select * from unnest($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[])
                as ahead (name, from_transaction, from_position, to_transaction, to_position)
        ), free as (
            select name from event_bus.subscription where name = any($2) for no key update skip locked
        ), moved as (
            update event_bus.subscription
            set transaction_id = ahead.to_transaction::text::xid8, position = ahead.to_position
            from ahead join free using (name)
            where subscription.name = ahead.name and subscription.lease_holder = $1
                and subscription.transaction_id = ahead.from_transaction::text::xid8
                and subscription.position = ahead.from_position
            returning subscription.name, ahead.to_transaction || ' ' || ahead.to_position as place
        ), told as (
            select pg_notify('event_bus_log', $7::text || string_agg(name || ' ' || place, ',')) from moved
            having count(*) > 0 and $7::text is not null
        )
        select free.name, moved.name is not null as "moved!" from free left join moved using (name)
            cross join (select count(*) from told) as told"#,
        holder,
        &names,
        &column(|place| place.flushed.transaction),
        &column(|place| place.flushed.sequence),
        &column(|place| place.reached.transaction),
        &column(|place| place.reached.sequence),
        tell.then_some(Reached::BEGINNING),
    )
    .fetch_all(connection)
    .await?;
    Ok(rows.into_iter().map(|row| (row.name, row.moved)).collect())
}
