//! Hosts that are killed, frozen and stopped.

use anyhow::{Context, Result};

use super::{AWAY, Column, NOTHING, Row, pause};
use crate::stand::{Bug, CONTEXTS, Shape, Stand};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// `kill -9` of a host, which is away for two seconds.
    Kill(usize),
    /// The same of the process that holds the leases of subscriptions.
    KillLeader,
    /// The same of the process of a context.
    KillContext(&'static str),
    /// The same of the process that imports into a context's database, five times in a row.
    KillImporter(&'static str),
    /// The process of a context is frozen for five seconds.
    Freeze(&'static str),
    /// Every host is asked to stop and started anew, one after the other.
    Roll,
}

pub const ROWS: &[Row] = &[
    Row {
        name: "host-killed",
        shape: Shape::ThreeHosts,
        fault: super::Fault::Hosts(Fault::Kill(1)),
        excuse: AWAY,
        bug: Bug::Program("answer-not-stored"),
        column: Column::Doubled,
    },
    Row {
        name: "only-host-killed",
        shape: Shape::OneHost,
        fault: super::Fault::Hosts(Fault::Kill(0)),
        excuse: AWAY,
        bug: Bug::Program("checkpoint-first"),
        column: Column::Lost,
    },
    Row {
        name: "subscriptions-killed",
        shape: Shape::ThreeHosts,
        fault: super::Fault::Hosts(Fault::KillLeader),
        excuse: AWAY,
        bug: Bug::Program("own-writes-not-waited-for"),
        column: Column::Stale,
    },
    Row {
        name: "hosts-stopped-one-by-one",
        shape: Shape::ThreeHosts,
        fault: super::Fault::Hosts(Fault::Roll),
        excuse: NOTHING,
        bug: Bug::Program("stops-at-once"),
        column: Column::Failed,
    },
    Row {
        name: "borrowing-killed",
        shape: Shape::FiveDatabases,
        fault: super::Fault::Hosts(Fault::KillContext("borrowing")),
        excuse: AWAY,
        bug: Bug::Program("answer-not-stored"),
        column: Column::Doubled,
    },
    Row {
        name: "importer-killed",
        shape: Shape::FiveDatabases,
        fault: super::Fault::Hosts(Fault::KillImporter("notifications")),
        excuse: AWAY,
        bug: Bug::Program("cursor-first"),
        column: Column::Lost,
    },
    Row {
        name: "importer-frozen",
        shape: Shape::FiveDatabases,
        fault: super::Fault::Hosts(Fault::Freeze("notifications")),
        excuse: AWAY,
        bug: Bug::Program("answer-not-stored"),
        column: Column::Doubled,
    },
];

pub async fn inflict(fault: Fault, stand: &mut Stand) -> Result<()> {
    match fault {
        Fault::Kill(nth) => kill(stand, nth, 2).await,
        Fault::KillLeader => {
            let nth = leader(stand).await?;
            kill(stand, nth, 6).await
        }
        Fault::KillContext(context) => kill(stand, nth_of(context)?, 2).await,
        Fault::KillImporter(context) => {
            for _ in 0..5 {
                let nth = nth_of(context)?;
                kill(stand, nth, 1).await?;
                stand.until_it_answers(nth).await?;
                pause(2).await;
            }
            Ok(())
        }
        Fault::Freeze(context) => {
            let nth = nth_of(context)?;
            stand.hosts[nth].signal("STOP")?;
            pause(5).await;
            stand.hosts[nth].signal("CONT")
        }
        Fault::Roll => {
            for nth in 0..stand.hosts.len() {
                stand.hosts[nth].stop().await?;
                stand.start_host(nth)?;
                stand.until_it_answers(nth).await?;
                pause(1).await;
            }
            Ok(())
        }
    }
}

async fn kill(stand: &mut Stand, nth: usize, away: u64) -> Result<()> {
    stand.hosts[nth].kill()?;
    pause(away).await;
    stand.start_host(nth)
}

fn nth_of(context: &str) -> Result<usize> {
    CONTEXTS.iter().position(|&other| other == context).context("a context")
}

/// Each host names itself in its connections' settings nowhere: the first that was started has taken every lease.
async fn leader(_stand: &Stand) -> Result<usize> {
    Ok(0)
}
