//! The table.

use crate::run::Outcome;

const HEAD: [&str; 10] =
    ["fault", "load", "for", "requests", "acknowledged", "lost", "doubled", "stale", "failed", "recovered in"];

fn cells(outcome: &Outcome) -> [String; 10] {
    let verdict = &outcome.verdict;
    let name = match outcome.planted {
        Some((bug, _)) => format!("{} with {bug}", outcome.name),
        None => outcome.name.to_owned(),
    };
    [
        name,
        outcome.shape.name().to_owned(),
        format!("{:.1} s", outcome.lasted),
        verdict.sent.to_string(),
        verdict.acknowledged.to_string(),
        verdict.lost.len().to_string(),
        verdict.doubled.len().to_string(),
        verdict.stale.len().to_string(),
        verdict.failed.len().to_string(),
        format!("{:.1} s", verdict.recovered),
    ]
}

pub fn head() -> String {
    line(&HEAD.map(str::to_owned))
}

pub fn row(outcome: &Outcome) -> String {
    line(&cells(outcome))
}

fn line(cells: &[String; 10]) -> String {
    const WIDTHS: [usize; 10] = [32, 15, 8, 9, 13, 6, 8, 6, 7, 12];
    let padded = cells.iter().zip(WIDTHS).map(|(cell, width)| format!("{cell:<width$}"));
    padded.collect::<Vec<_>>().join(" ").trim_end().to_owned()
}

pub fn markdown(outcomes: &[Outcome]) -> String {
    let of = |cells: &[String; 10]| format!("| {} |\n", cells.join(" | "));
    let rows: String = outcomes.iter().map(|outcome| of(&cells(outcome))).collect();
    format!("{}|{}\n{rows}", of(&HEAD.map(str::to_owned)), "---|".repeat(HEAD.len()))
}
