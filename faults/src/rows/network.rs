//! The network between a host and PostgreSQL.

use anyhow::Result;

use super::{AWAY, Column, Row, pause};
use crate::stand::{Bug, Shape, Stand};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    /// All connections of one host end, and none can be made for ten seconds.
    Cut,
    /// Connections of one host stay open, and nothing passes for ten seconds.
    HalfOpen,
}

const fn row(name: &'static str, fault: Fault) -> Row {
    Row {
        name,
        shape: Shape::ThreeHosts,
        fault: super::Fault::Network(fault),
        excuse: AWAY,
        bug: Bug::Program("answer-not-stored"),
        column: Column::Doubled,
    }
}

pub const ROWS: &[Row] = &[row("network-cut", Fault::Cut), row("network-half-open", Fault::HalfOpen)];

pub async fn inflict(fault: Fault, stand: &mut Stand) -> Result<()> {
    let line = &stand.lines[1];
    match fault {
        Fault::Cut => {
            line.cut(true);
            pause(10).await;
            line.cut(false);
        }
        Fault::HalfOpen => {
            line.stall(true);
            pause(10).await;
            line.stall(false);
        }
    }
    Ok(())
}
