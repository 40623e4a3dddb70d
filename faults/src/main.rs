//! Faults, one at a time, under load: `just faults`. See docs/reliability.md.

mod checker;
mod ledger;
mod load;
mod look;
mod report;
mod rows;
mod run;
mod stand;
#[cfg(test)]
mod tests;

use std::path::PathBuf;

use anyhow::{Result, bail, ensure};
use clap::Parser;

use crate::report::{head, markdown, row};
use crate::rows::Row;
use crate::run::{Extent, chaos, run};

#[derive(Parser)]
enum Command {
    /// Breaks what the rows name, all of them when none is named.
    Run {
        rows: Vec<String>,
        /// Each row with its bug, which must be found.
        #[arg(long)]
        planted: bool,
        /// How many runs of each.
        #[arg(long, default_value_t = 1)]
        times: usize,
        /// Where to write the table.
        #[arg(long)]
        markdown: Option<PathBuf>,
    },
    /// Faults at random, one after the other.
    Chaos { seconds: u64, seed: Option<u64> },
    /// The rows.
    List,
}

#[tokio::main]
async fn main() -> Result<()> {
    match Command::parse() {
        Command::Run { rows, planted, times, markdown: file } => {
            let unknown = rows.iter().find(|name| Row::all().all(|row| row.name != **name));
            if let Some(name) = unknown {
                bail!("there is no row {name}; `faults list` prints them");
            }
            let (mut outcomes, mut wrong) = (Vec::new(), Vec::new());
            println!("{}", head());
            for chosen in Row::all().filter(|row| rows.is_empty() || rows.iter().any(|name| name == row.name)) {
                for _ in 0..times {
                    let outcome = match run(chosen, planted, Extent::FULL).await {
                        Ok(outcome) => outcome,
                        Err(error) => {
                            println!("{}: {error:#}", chosen.name);
                            wrong.push(chosen.name);
                            continue;
                        }
                    };
                    println!("{}", row(&outcome));
                    if !outcome.is_right() {
                        println!("{}", outcome.verdict.examples());
                        wrong.push(outcome.name);
                    }
                    outcomes.push(outcome);
                }
            }
            if let Some(file) = file {
                std::fs::write(file, markdown(&outcomes))?;
            }
            ensure!(wrong.is_empty(), "not as they have to be: {}", wrong.join(", "));
        }
        Command::Chaos { seconds, seed } => {
            let seed = seed.unwrap_or_else(rand::random);
            println!("seed {seed}");
            let outcome = chaos(seconds, seed).await?;
            println!("{}\n{}\n{}", head(), row(&outcome), outcome.verdict.examples());
            ensure!(outcome.is_right(), "seed {seed} found something");
        }
        Command::List => {
            for row in Row::all() {
                println!("{:<32} {:<15} {}", row.name, row.shape.name(), row.bug.name());
            }
        }
    }
    Ok(())
}
