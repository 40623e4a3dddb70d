//! Events that come late, or cannot be handled.

use std::time::{Duration, Instant};

use anyhow::{Result, ensure};
use sqlx::Connection;

use super::{Column, NOTHING, POISONED, Row, pause};
use crate::checker::Excuse;
use crate::stand::{Bug, Shape, Stand};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// A transaction that began before all others is open for four seconds: what is committed meanwhile is hidden.
    OpenTransaction,
    /// An event that nobody can read.
    Poison,
}

pub const ROWS: &[Row] = &[
    Row {
        name: "transactions-out-of-order",
        shape: Shape::ThreeHosts,
        fault: super::Fault::Events(Fault::OpenTransaction),
        excuse: NOTHING,
        bug: Bug::Program("own-writes-not-waited-for"),
        column: Column::Stale,
    },
    Row {
        name: "poison-event",
        shape: Shape::OneHost,
        fault: super::Fault::Events(Fault::Poison),
        excuse: Excuse { dead_letters: 10, ..NOTHING },
        bug: Bug::Program("never-parks"),
        column: Column::Lost,
    },
];

const POISON: &str = "
    insert into event_bus.log
        (id, name, version, aggregate_type, aggregate_id, aggregate_version, payload, actor, occurred_at)
    values (gen_random_uuid(), 'borrow.approved', 1, 'borrow', $1::uuid, 1, '{}',
        '{\"kind\": \"system\", \"name\": \"poison\"}', now())";

/// Four tries of one event take a quarter of a minute.
const PARKED_WITHIN: Duration = Duration::from_secs(40);

pub async fn inflict(fault: Fault, stand: &mut Stand) -> Result<()> {
    match fault {
        Fault::OpenTransaction => {
            let mut connection = stand.connect("folkshelf").await?;
            let mut transaction = connection.begin().await?;
            sqlx::raw_sql("select pg_current_xact_id()").execute(&mut *transaction).await?;
            pause(4).await;
            transaction.commit().await?;
        }
        Fault::Poison => {
            let mut connection = stand.connect_as("folkshelf_borrowing", "folkshelf").await?;
            sqlx::query(POISON).bind(POISONED).execute(&mut connection).await?;
            connection.close().await?;
            for letter in parked(stand).await? {
                let output = stand.command_line(0, &["dead-letters", "retry", &letter]).await?;
                ensure!(output.status.success(), "retry: {}", String::from_utf8_lossy(&output.stderr));
            }
            pause(2).await;
        }
    }
    Ok(())
}

/// The ids of what is parked, once there is something. When there is nothing in time, the checker finds what is missing.
async fn parked(stand: &Stand) -> Result<Vec<String>> {
    let mut connection = stand.connect("folkshelf").await?;
    let until = Instant::now() + PARKED_WITHIN;
    loop {
        let statement = "select id::text from event_bus.dead_letter";
        let parked: Vec<String> = sqlx::query_scalar(statement).fetch_all(&mut connection).await?;
        if !parked.is_empty() || Instant::now() >= until {
            return Ok(parked);
        }
        pause(1).await;
    }
}
