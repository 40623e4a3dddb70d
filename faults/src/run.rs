//! One row: a stand, a load, a fault in the middle, and a verdict.

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Result;
use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

use crate::checker::{Excuse, Verdict, Window, judge};
use crate::load::Load;
use crate::look::look;
use crate::rows::{Column, Fault, Row};
use crate::stand::{Shape, Stand};

/// How much load there is.
#[derive(Debug, Clone, Copy)]
pub struct Extent {
    pairs: usize,
    before: Duration,
    /// The load goes on until nothing has gone wrong for so long …
    quiet: f64,
}

impl Extent {
    pub const FULL: Self = Self { pairs: 4, before: Duration::from_secs(5), quiet: 5.0 };
    #[cfg(test)]
    pub const SHORT: Self = Self { pairs: 2, before: Duration::from_secs(2), quiet: 3.0 };
}

/// … and no longer than this after the fault.
const AFTER: f64 = 20.0;

pub struct Outcome {
    pub name: &'static str,
    pub shape: Shape,
    /// The bug that was planted, and where it must show.
    pub planted: Option<(&'static str, Column)>,
    pub verdict: Verdict,
    /// How long the fault was there.
    pub lasted: f64,
}

impl Outcome {
    /// Whether it is as it has to be: green without a bug, red in its column with one.
    pub fn is_right(&self) -> bool {
        let Verdict { lost, doubled, stale, failed, .. } = &self.verdict;
        match self.planted {
            None => self.verdict.is_green(),
            Some((_, Column::Lost)) => !lost.is_empty(),
            Some((_, Column::Doubled)) => !doubled.is_empty(),
            Some((_, Column::Stale)) => !stale.is_empty(),
            Some((_, Column::Failed)) => !failed.is_empty(),
        }
    }
}

/// Where the logs of hosts are kept, when `FOLKSHELF_FAULTS_LOGS` says so.
fn kept() -> Option<PathBuf> {
    std::env::var_os("FOLKSHELF_FAULTS_LOGS").map(PathBuf::from)
}

pub async fn run(row: &Row, planted: bool, extent: Extent) -> Result<Outcome> {
    let bug = planted.then_some(row.bug);
    let mut stand = Stand::build(row.shape, bug, row.needs_standby()).await?;
    let load = Load::begin(&stand, extent.pairs).await?;
    tokio::time::sleep(extent.before).await;
    let window = break_and_mend(&mut stand, &load, row.fault).await?;
    until_quiet(&load, window, extent.quiet).await;
    let verdict = verdict(&stand, load, row.excuse, &[window]).await?;
    Ok(Outcome {
        name: row.name,
        shape: row.shape,
        planted: bug.map(|bug| (bug.name(), row.column)),
        verdict,
        lasted: window.to - window.from,
    })
}

async fn break_and_mend(stand: &mut Stand, load: &Load, fault: Fault) -> Result<Window> {
    let from = load.ledger.now();
    fault.inflict(stand).await?;
    Ok(Window { from, to: load.ledger.now() })
}

async fn until_quiet(load: &Load, window: Window, quiet: f64) {
    loop {
        tokio::time::sleep(Duration::from_millis(250)).await;
        let (now, trouble) = (load.ledger.now(), load.ledger.last_trouble().unwrap_or(0.0));
        if now - trouble.max(window.to) >= quiet || now - window.to >= AFTER {
            return;
        }
    }
}

async fn verdict(stand: &Stand, load: Load, excuse: Excuse, windows: &[Window]) -> Result<Verdict> {
    let ledger = load.end().await;
    let found = look(stand).await?;
    let records = ledger.with(|records| records.clone());
    let verdict = judge(&records, &found, excuse, windows);
    if let Some(folder) = kept() {
        stand.keep_logs(&folder)?;
    }
    Ok(verdict)
}

/// Faults one after another, drawn by `seed`, before the one before is quite over.
pub async fn chaos(seconds: u64, seed: u64) -> Result<Outcome> {
    let mut dice = StdRng::seed_from_u64(seed);
    let rows: Vec<&Row> = Row::all().filter(|row| row.may_be_drawn()).collect();
    let mut stand = Stand::build(Shape::ThreeHosts, None, false).await?;
    let load = Load::begin(&stand, Extent::FULL.pairs).await?;
    tokio::time::sleep(Extent::FULL.before).await;
    let mut windows = Vec::new();
    let mut excuse = Excuse { unavailable: false, old_without_token: false, dead_letters: 0 };
    while load.ledger.now() < seconds as f64 {
        let row = rows[dice.random_range(0..rows.len())];
        println!("{:6.1} s  {}", load.ledger.now(), row.name);
        windows.push(break_and_mend(&mut stand, &load, row.fault).await?);
        excuse.unavailable |= row.excuse.unavailable;
        excuse.old_without_token |= row.excuse.old_without_token;
        tokio::time::sleep(Duration::from_millis(dice.random_range(0..4000))).await;
    }
    if let Some(&last) = windows.last() {
        until_quiet(&load, last, Extent::FULL.quiet).await;
    }
    let lasted = load.ledger.now();
    let verdict = verdict(&stand, load, excuse, &windows).await?;
    Ok(Outcome { name: "chaos", shape: Shape::ThreeHosts, planted: None, verdict, lasted })
}
