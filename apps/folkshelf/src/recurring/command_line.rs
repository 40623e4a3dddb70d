//! Jobs, for the command line.

use anyhow::bail;
use jobs::{Asked, JobStatus, Jobs, RunStatus};
use kernel::actor::RecordedActor;

pub async fn list(jobs: &Jobs) -> anyhow::Result<()> {
    for job in jobs.list().await? {
        println!("{:<30} {:<14} {}", job.name, job.schedule, state(&job));
        if let Some(last) = &job.last {
            println!("    {}", ended(last));
        }
    }
    Ok(())
}

fn state(job: &JobStatus) -> String {
    match (&job.current, job.asked_at, job.due_at) {
        (Some(run), ..) => {
            let progress = &run.progress;
            let of = progress.total.map_or_else(String::new, |total| format!(" of {total}"));
            let ends = if run.cancel_asked { ", is to end" } else { "" };
            format!("runs since {}: {}{of}{ends}", run.started_at, progress.done)
        }
        (None, Some(at), _) => format!("asked for at {at}"),
        (None, None, Some(at)) => format!("due {at}"),
        (None, None, None) => "off".to_owned(),
    }
}

fn ended(run: &RunStatus) -> String {
    let counts: Vec<String> = run.progress.counts.iter().map(|(what, number)| format!("{what} {number}")).collect();
    let outcome = run.outcome.as_deref().unwrap_or_default();
    let at = run.ended_at.map_or_else(String::new, |at| at.to_string());
    let why = match (&run.code, &run.error) {
        (Some(code), Some(error)) => format!(": {code}, {error}"),
        _ => String::new(),
    };
    format!("{outcome} at {at} ({}){why}", counts.join(", "))
}

pub async fn ask(jobs: &Jobs, name: &str) -> anyhow::Result<()> {
    let by = RecordedActor::System { name: "command line".to_owned() };
    match jobs.ask(name, &by).await? {
        Asked::Yes => println!("a running host begins it"),
        Asked::Already => println!("it runs already, or somebody has asked before"),
        Asked::Unknown => bail!("there is no job {name}"),
    }
    Ok(())
}

pub async fn cancel(jobs: &Jobs, name: &str) -> anyhow::Result<()> {
    match jobs.cancel(name).await? {
        Asked::Yes => println!("it ends at its next step"),
        Asked::Already => println!("it does not run, or is ending"),
        Asked::Unknown => bail!("there is no job {name}"),
    }
    Ok(())
}
