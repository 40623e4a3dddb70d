//! The jobs of the host: those of its contexts, its own, and when each is due.

pub mod command_line;
mod months;
mod reconcile;

use std::sync::Arc;

use anyhow::{Context as _, bail};
use async_trait::async_trait;
use cqrs::CommandBus;
use jobs::{Entry, Job, JobError, Run};

use crate::http::edge::internal::peer::Peer;
use crate::settings::Settings;

pub use months::Months;
pub use reconcile::Reconcile;

/// Every job of the community with its schedule; `jobs` are those that this process can do. A job without a setting is an
/// error here, when the host starts.
pub fn scheduled(settings: &Settings, mut jobs: Vec<Arc<dyn Job>>) -> anyhow::Result<Vec<Entry>> {
    let mut entries = Vec::new();
    for (name, schedule) in settings.jobs.schedules() {
        let schedule = schedule.with_context(|| format!("the schedule of {name}"))?;
        let at = jobs.iter().position(|job| job.name() == name);
        entries.push(Entry { name, job: at.map(|at| jobs.swap_remove(at)), schedule });
    }
    match jobs.first() {
        None => Ok(entries),
        Some(job) => bail!("the job {} has no setting", job.name()),
    }
}

/// Forgets the answers of all contexts that were stored for whoever asks again.
pub struct ForgetAnswers {
    pub commands: CommandBus,
    pub peers: Vec<Arc<Peer>>,
}

#[async_trait]
impl Job for ForgetAnswers {
    fn name(&self) -> &'static str {
        "commands.forget_answers"
    }

    async fn run(&self, run: &Run) -> Result<(), JobError> {
        run.until_nothing_is_left("answers", || self.commands.sweep_idempotency_keys()).await?;
        for peer in &self.peers {
            let forget = || async { peer.forget_answers().await.map_err(JobError::refused) };
            run.until_nothing_is_left("answers", forget).await?;
        }
        Ok(())
    }
}
