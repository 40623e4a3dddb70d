//! The jobs of the host: those of its contexts, its own, and when each is due.

pub mod command_line;
mod months;
mod reconcile;

use std::sync::Arc;

use anyhow::Context as _;
use async_trait::async_trait;
use cqrs::CommandBus;
use jobs::{Entry, Job, JobError, Run};

use crate::settings::Settings;

pub use months::Months;
pub use reconcile::Reconcile;

/// Each with its schedule. A job without a setting is an error here, when the host starts.
pub fn scheduled(settings: &Settings, jobs: Vec<Arc<dyn Job>>) -> anyhow::Result<Vec<Entry>> {
    jobs.into_iter()
        .map(|job| {
            let schedule = settings.jobs.schedule(job.name());
            let schedule = schedule.with_context(|| format!("the job {} has no setting", job.name()))??;
            Ok(Entry { job, schedule })
        })
        .collect()
}

/// Forgets the answers of all contexts that were stored for whoever asks again.
pub struct ForgetAnswers(pub CommandBus);

#[async_trait]
impl Job for ForgetAnswers {
    fn name(&self) -> &'static str {
        "commands.forget_answers"
    }

    async fn run(&self, run: &Run) -> Result<(), JobError> {
        run.until_nothing_is_left("answers", || self.0.sweep_idempotency_keys()).await
    }
}
