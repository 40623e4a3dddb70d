//! A machine whose clock is wrong, by libfaketime.

use std::path::PathBuf;

use anyhow::{Context, Result};

use super::{Column, NOTHING, Row};
use crate::stand::{Bug, Shape, Stand};

/// One host of three is restarted on a machine whose clock is off by a day, and then on one with the right time.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Fault {
    Forward,
    Back,
}

const fn row(name: &'static str, fault: Fault) -> Row {
    Row {
        name,
        shape: Shape::ThreeHosts,
        fault: super::Fault::Clock(fault),
        excuse: NOTHING,
        bug: Bug::Program("time-of-the-machine"),
        column: Column::Failed,
    }
}

pub const ROWS: &[Row] = &[row("clock-a-day-ahead", Fault::Forward), row("clock-a-day-behind", Fault::Back)];

/// Where Debian and others put the library.
pub fn library() -> Option<PathBuf> {
    let folders = std::fs::read_dir("/usr/lib").ok()?.filter_map(|entry| Some(entry.ok()?.path()));
    folders.map(|folder| folder.join("faketime/libfaketime.so.1")).find(|library| library.exists())
}

pub async fn inflict(fault: Fault, stand: &mut Stand) -> Result<()> {
    let library = library().context("libfaketime is not installed")?.to_string_lossy().into_owned();
    let by = if fault == Fault::Forward { "+1d" } else { "-1d" };
    let off = [
        ("LD_PRELOAD", library.as_str()),
        ("FAKETIME", by),
        ("FAKETIME_DONT_FAKE_MONOTONIC", "1"),
        ("DONT_FAKE_MONOTONIC", "1"),
    ];
    stand.hosts[1].stop().await?;
    stand.start_host_with(1, &off)?;
    stand.until_it_answers(1).await?;
    super::pause(8).await;
    stand.hosts[1].stop().await?;
    stand.start_host(1)?;
    stand.until_it_answers(1).await
}
