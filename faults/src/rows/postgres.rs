//! PostgreSQL restarted, away, replaced by its standby, or busy.

use anyhow::{Context, Result};
use sqlx::Connection;

use super::{AWAY, Column, Row, pause};
use crate::stand::{Bug, Shape, Stand};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// Ended in order, and started.
    Fast,
    /// Ended where it is, and started: it recovers from its log.
    Immediate,
    /// Away for so many seconds.
    Away(u64),
    /// The primary is gone for good; the standby takes its place and its address.
    Failover,
    /// Every answer takes a while: slow statements hold the connections of a context, ten seconds long.
    Exhausted,
}

pub const ROWS: &[Row] = &[
    Row {
        name: "postgres-restarted-immediately",
        shape: Shape::OneHost,
        fault: super::Fault::Postgres(Fault::Immediate),
        excuse: AWAY,
        bug: Bug::AsynchronousCommit,
        column: Column::Lost,
    },
    Row {
        name: "postgres-restarted-fast",
        shape: Shape::ThreeHosts,
        fault: super::Fault::Postgres(Fault::Fast),
        excuse: AWAY,
        bug: Bug::Program("answer-not-stored"),
        column: Column::Doubled,
    },
    Row {
        name: "postgres-away-60s",
        shape: Shape::ThreeHosts,
        fault: super::Fault::Postgres(Fault::Away(60)),
        excuse: AWAY,
        bug: Bug::Program("answer-not-stored"),
        column: Column::Doubled,
    },
    Row {
        name: "primary-lost",
        shape: Shape::ThreeHosts,
        fault: super::Fault::Postgres(Fault::Failover),
        excuse: AWAY,
        bug: Bug::AsynchronousStandby,
        column: Column::Lost,
    },
    Row {
        name: "pool-exhausted",
        shape: Shape::ThreeHosts,
        fault: super::Fault::Postgres(Fault::Exhausted),
        excuse: AWAY,
        bug: Bug::Program("answer-not-stored"),
        column: Column::Doubled,
    },
];

pub async fn inflict(fault: Fault, stand: &mut Stand) -> Result<()> {
    match fault {
        Fault::Fast => {
            stand.postgres.stop().await;
            stand.postgres.start_again().await;
        }
        Fault::Immediate => {
            stand.postgres.kill().await;
            stand.postgres.start_again().await;
        }
        Fault::Away(seconds) => {
            stand.postgres.stop().await;
            pause(seconds).await;
            stand.postgres.start_again().await;
        }
        Fault::Failover => {
            let standby = stand.standby.take().context("a standby")?;
            // It hears nothing for a second: what it does not have is not acknowledged.
            standby.command("alter system set primary_conninfo = ''").await;
            standby.command("select pg_reload_conf()").await;
            pause(1).await;
            stand.postgres.crash().await;
            let lost = std::mem::replace(&mut stand.postgres, standby);
            stand.postgres.command("alter system reset synchronous_standby_names").await;
            stand.as_superuser("select pg_promote(true)").await?;
            // Where clients find the primary, whatever does that: here the line.
            for line in &stand.lines {
                line.lead_to(&format!("127.0.0.1:{}", stand.postgres.port()));
            }
            drop(lost);
        }
        Fault::Exhausted => {
            // Whoever writes a borrow or a book waits for the lock, and keeps a connection meanwhile.
            let mut connection = stand.connect("folkshelf").await?;
            let mut transaction = connection.begin().await?;
            sqlx::raw_sql("lock table borrowing.borrow, books.book in exclusive mode")
                .execute(&mut *transaction)
                .await?;
            pause(10).await;
            transaction.rollback().await?;
        }
    }
    Ok(())
}
