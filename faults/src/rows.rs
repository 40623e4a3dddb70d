//! The faults: each breaks one thing, and mends what nobody else would.

mod clock;
mod events;
mod hosts;
mod network;
mod postgres;
mod redis;

use std::time::Duration;

use anyhow::Result;

use crate::checker::Excuse;
use crate::stand::{Bug, Shape, Stand};

/// In which column a planted bug must show.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Column {
    Lost,
    Doubled,
    Stale,
    Failed,
}

pub struct Row {
    pub name: &'static str,
    pub shape: Shape,
    pub fault: Fault,
    pub excuse: Excuse,
    pub bug: Bug,
    pub column: Column,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Hosts(hosts::Fault),
    Postgres(postgres::Fault),
    Redis(redis::Fault),
    Network(network::Fault),
    Clock(clock::Fault),
    Events(events::Fault),
}

/// The borrow of the event that is planted to be parked.
pub const POISONED: &str = "01936f8e-0000-7000-8000-00000000dead";

/// 503 and no answer for a while.
const AWAY: Excuse = Excuse { unavailable: true, old_without_token: false, dead_letters: 0 };
/// Nothing at all.
const NOTHING: Excuse = Excuse { unavailable: false, old_without_token: false, dead_letters: 0 };
/// Hosts cannot tell each other of writes that the views do not show yet; nothing fails.
const ALONE: Excuse = Excuse { unavailable: false, old_without_token: true, dead_letters: 0 };

impl Row {
    pub fn all() -> impl Iterator<Item = &'static Self> {
        [hosts::ROWS, postgres::ROWS, redis::ROWS, network::ROWS, clock::ROWS, events::ROWS].into_iter().flatten()
    }

    /// Whether it may come at any time, on three hosts, together with others.
    pub fn may_be_drawn(&self) -> bool {
        self.shape == Shape::ThreeHosts && !self.needs_standby() && !matches!(self.fault, Fault::Clock(_))
    }

    pub fn needs_standby(&self) -> bool {
        self.fault == Fault::Postgres(postgres::Fault::Failover)
    }
}

impl Fault {
    /// Returns when the fault is over. Hosts may still be recovering then.
    pub async fn inflict(self, stand: &mut Stand) -> Result<()> {
        match self {
            Self::Hosts(fault) => hosts::inflict(fault, stand).await,
            Self::Postgres(fault) => postgres::inflict(fault, stand).await,
            Self::Redis(fault) => redis::inflict(fault, stand).await,
            Self::Network(fault) => network::inflict(fault, stand).await,
            Self::Clock(fault) => clock::inflict(fault, stand).await,
            Self::Events(fault) => events::inflict(fault, stand).await,
        }
    }
}

async fn pause(seconds: u64) {
    tokio::time::sleep(Duration::from_secs(seconds)).await;
}
