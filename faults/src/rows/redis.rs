//! Redis emptied, restarted, set back, paused and away.

use anyhow::Result;

use super::{ALONE, Column, NOTHING, Row, pause};
use crate::stand::{Bug, Shape, Stand};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Wiped,
    /// Killed and started empty.
    Restarted,
    /// Killed, and started with what it had saved ten seconds before.
    SetBack,
    /// It answers nobody for five seconds.
    Paused,
    /// Away for so many seconds.
    Away(u64),
}

const fn row(name: &'static str, fault: Fault) -> Row {
    Row {
        name,
        shape: Shape::ThreeHosts,
        fault: super::Fault::Redis(fault),
        excuse: ALONE,
        bug: Bug::Program("not-rebuilt"),
        column: Column::Stale,
    }
}

pub const ROWS: &[Row] = &[
    Row { excuse: NOTHING, ..row("redis-wiped", Fault::Wiped) },
    row("redis-restarted", Fault::Restarted),
    Row { bug: Bug::Program("marker-believed"), ..row("redis-set-back", Fault::SetBack) },
    Row { bug: Bug::Program("own-writes-not-waited-for"), ..row("redis-paused", Fault::Paused) },
    row("redis-away-60s", Fault::Away(60)),
];

pub async fn inflict(fault: Fault, stand: &mut Stand) -> Result<()> {
    match fault {
        Fault::Wiped => {
            stand.redis.tell(&["FLUSHALL"]).await;
        }
        Fault::Restarted => {
            stand.redis.kill().await;
            stand.redis.start_again().await;
        }
        Fault::SetBack => {
            stand.redis.tell(&["SAVE"]).await;
            pause(10).await;
            stand.redis.kill().await;
            stand.redis.start_again().await;
        }
        Fault::Paused => {
            stand.redis.tell(&["CLIENT PAUSE 5000 ALL"]).await;
            pause(5).await;
        }
        Fault::Away(seconds) => {
            stand.redis.kill().await;
            pause(seconds).await;
            stand.redis.start_again().await;
        }
    }
    Ok(())
}
