//! `folkshelf doctor`: looks at everything that a host needs, and says what is wrong and what to do. Changes nothing.
//!
//! The configuration itself was read and checked before.

mod copies;
mod files;
mod finding;
mod hosts;
mod letters;
mod machine;
mod pooler;
mod postgres;
mod processes;
mod read_side;

use anyhow::bail;

use crate::doctor::finding::{Finding, Verdict};
use crate::settings::{Environment, Settings};

const CONFIGURATION: &str = "configuration";

/// Prints what it finds. An error when something is wrong.
pub async fn run(settings: &Settings) -> anyhow::Result<()> {
    let mut findings = vec![configuration(settings)];
    findings.extend(machine::look(settings));
    findings.push(letters::look(settings).await);
    findings.extend(postgres::look(settings).await);
    findings.extend(read_side::look(settings).await);
    findings.extend(files::look(settings).await);
    findings.extend(processes::look(settings).await);
    for finding in &findings {
        println!("{finding}");
    }
    let count = |verdict| findings.iter().filter(|finding| finding.verdict == verdict).count();
    let (wrong, look) = (count(Verdict::Wrong), count(Verdict::Look));
    println!("{} looked at, {look} worth a look, {wrong} wrong", findings.len());
    if wrong > 0 {
        bail!("{wrong} of {} are wrong", findings.len());
    }
    Ok(())
}

fn configuration(settings: &Settings) -> Finding {
    if settings.environment == Environment::Development {
        let todo = "Set environment = \"production\" where strangers reach the host.";
        return Finding::look(
            CONFIGURATION,
            "read; it is one for development, with secrets that everybody knows",
            todo,
        );
    }
    if settings.accepted_risks.is_empty() {
        return Finding::fine(CONFIGURATION, "read, for production, no risk accepted");
    }
    let risks = settings.accepted_risks.join(", ");
    Finding::look(CONFIGURATION, format!("read; accepted_risks names {risks}"), "See that each is still meant.")
}
